"""KIE's wire shapes: generate, record-info, credit, download-url, callbacks, limits."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import av
import pytest

from sandbox.video import VideoServer, draw_clip
from sandbox.video.kie_shapes import sign
from tests.sandbox.video_client import open_client
from tests.sandbox.video_measure import measure


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_clip(tmp_path_factory.mktemp("kie") / "clip.mp4", 1, 320, 180)


async def test_a_task_runs_from_submit_to_result(clip: Path, tmp_path: Path) -> None:
    async with open_client(clip, instant=False) as client:
        status, answer = await client.generate("black and white", watermark="me")
        assert (status, answer["code"], answer["msg"]) == (200, 200, "success")
        task_id = answer["data"]["taskId"]
        assert re.fullmatch(r"[0-9a-f]{32}", task_id)
        record = await client.ended(task_id)
        assert set(record) == {"taskId", "paramJson", "successFlag", "response", "createTime", "completeTime",
                               "errorCode", "errorMessage"}  # fmt: skip
        assert record["successFlag"] == 1
        assert record["completeTime"] >= record["createTime"] > 1_600_000_000_000
        assert record["response"]["originUrls"] == [client.clip_url]
        asked = json.loads(record["paramJson"])
        assert asked["callBackUrl"] == client.mailbox.url
        assert asked["waterMark"] == "me"
        [url] = record["response"]["resultUrls"]
        status, data = await client.download(url)
        (tmp_path / "result.mp4").write_bytes(data)
        assert status == 200
        assert measure(tmp_path / "result.mp4").saturation < 3
        await client.mailbox.wait(1)
        _, letter = client.mailbox.letters[0]
        assert letter["code"] == 200
        assert letter["data"]["taskId"] == task_id
        assert letter["data"]["resultUrls"] == [url]
        assert json.loads(letter["data"]["promptJson"])["prompt"] == "black and white"


async def test_a_running_task_has_flag_0_and_no_response(clip: Path) -> None:
    async with open_client(clip) as client:
        client.server.faults.add("hold")
        task_id = await client.submitted()
        record = await client.record(task_id)
        assert (record["successFlag"], record["response"], record["completeTime"]) == (0, None, None)
        client.server.faults.clear("hold")
        assert (await client.ended(task_id))["successFlag"] == 1


async def test_callbacks_are_signed_when_a_key_is_set(clip: Path) -> None:
    async with open_client(clip, webhook_key="unit-test-key", clock=lambda: 1769670760.5) as client:
        task_id = await client.submitted()
        await client.mailbox.wait(1)
        headers, _ = client.mailbox.letters[0]
        assert headers["X-Webhook-Timestamp"] == "1769670760"
        assert headers["X-Webhook-Signature"] == sign("unit-test-key", task_id, 1769670760)["X-Webhook-Signature"]
    # worked out with OpenSSL from the documented rule
    known = sign("unit-test-key", "774d9a7dd608a0e49293903095e45a4c", 1769670760)
    assert known["X-Webhook-Signature"] == "SFsx/anD4ju6ArVzqHAgxABbfwMqwzjdFL+Eb+L/q2w="


async def test_callbacks_are_unsigned_without_a_key(clip: Path) -> None:
    async with open_client(clip) as client:
        await client.submitted()
        await client.mailbox.wait(1)
        assert "X-Webhook-Signature" not in client.mailbox.letters[0][0]


async def test_a_callback_nobody_takes_is_repeated_three_times_and_leaves_flag_4(clip: Path) -> None:
    async with open_client(clip) as client:
        client.mailbox.statuses = [500, 204, 302, 404]
        task_id = await client.submitted()
        await client.server.ledger.wait_for(lambda ledger: ledger.tasks[task_id].callback_failed)
        record = await client.record(task_id)
        assert record["successFlag"] == 4
        assert record["response"]["resultUrls"]
        assert client.server.ledger.tasks[task_id].callbacks == [500, 204, 302, 404]
        client.mailbox.statuses = [500, 500]
        task_id = await client.submitted()
        await client.server.ledger.wait_for(lambda ledger: ledger.tasks[task_id].callbacks == [500, 500, 200])
        assert (await client.record(task_id))["successFlag"] == 1


async def test_a_dead_callback_address_is_noted_as_unanswered(clip: Path) -> None:
    async with open_client(clip) as client:
        task_id = await client.submitted(callBackUrl="http://127.0.0.1:9/gone")
        await client.server.ledger.wait_for(lambda ledger: ledger.tasks[task_id].callback_failed)
        assert client.server.ledger.tasks[task_id].callbacks == [0, 0, 0, 0]


async def test_a_wrong_key_is_refused_everywhere(clip: Path) -> None:
    async with open_client(clip) as client:
        for header in ("", "Bearer nope", "Basic sandbox-key", "sandbox-key"):
            for method, path in (("POST", "modify/generate"), ("GET", "modify/record-info"), ("GET", "chat/credit"),
                                 ("POST", "common/download-url")):  # fmt: skip
                address = f"{client.server.url}/api/v1/{path}"
                async with client.session.request(method, address, headers={"Authorization": header}) as response:
                    assert (await response.json())["code"] == 401
        assert not client.server.ledger.tasks


async def test_requests_that_cannot_work_are_refused_without_a_task(clip: Path) -> None:
    async with open_client(clip) as client:
        cases: list[tuple[dict[str, Any], int]] = [
            ({"prompt": ""}, 422), ({"prompt": None}, 422), ({"prompt": "x" * 801}, 422),
            ({"videoUrl": ""}, 422), ({"videoUrl": "ftp://host/clip.mp4"}, 422), ({"videoUrl": "http://["}, 422),
            ({"videoUrl": client.clip_url + "x"}, 451), ({"videoUrl": "http://127.0.0.1:9/clip.mp4"}, 451),
            ({"videoUrl": client.server.url + "/control/ledger"}, 422), ({"callBackUrl": "nowhere"}, 422),
        ]  # fmt: skip
        for fields, code in cases:
            status, answer = await client.generate(**({"prompt": "warm"} | fields))
            assert (status, answer["code"], answer["data"]) == (200, code, None), fields
            assert answer["msg"]
        assert not client.server.ledger.tasks
        assert client.server.account.balance("kie") == client.server.options.credits
        async with client.session.post(client.server.url + "/api/v1/modify/generate", data=b"{") as response:
            assert (await response.json())["code"] == 422


async def test_clips_over_ten_seconds_and_webm_are_refused(clip: Path, tmp_path: Path) -> None:
    draw_clip(tmp_path / "long.mp4", 10.5, 64, 36, 12, sound=False)
    draw_clip(tmp_path / "ten.mp4", 10, 64, 36, 12)
    with av.open(str(tmp_path / "clip.webm"), "w") as container:
        stream = container.add_stream("libvpx-vp9", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
        container.mux(stream.encode(av.VideoFrame(64, 36, "yuv420p")))
        container.mux(stream.encode(None))
    async with open_client(tmp_path / "long.mp4") as client:
        _, answer = await client.generate()
        assert answer["code"] == 422
        assert "10.5 seconds" in answer["msg"]
        _, answer = await client.generate(videoUrl=client.clip_url.replace("long.mp4", "clip.webm"))
        assert answer["code"] == 422
        assert "MP4, MOV, AVI" in answer["msg"]
        _, answer = await client.generate(videoUrl=client.clip_url.replace("long.mp4", "ten.mp4"))
        assert answer["code"] == 200


async def test_more_than_20_tasks_in_10_seconds_are_refused(clip: Path) -> None:
    now = 1_800_000_000.0
    async with open_client(clip, creates_per_10s=20, parallel=0, clock=lambda: now) as client:
        answers = [await client.generate() for _ in range(21)]
        assert [answer["code"] for _, answer in answers] == [200] * 20 + [429]
        assert answers[-1][0] == 429
        assert len(client.server.ledger.tasks) == 20
        now += 9.9
        assert (await client.generate())[1]["code"] == 429
        now += 0.2
        assert (await client.generate())[1]["code"] == 200


async def test_more_tasks_at_once_than_allowed_are_refused(clip: Path) -> None:
    async with open_client(clip, parallel=3) as client:
        client.server.faults.add("hold")
        ids = [await client.submitted() for _ in range(3)]
        assert (await client.generate())[1]["code"] == 429
        client.server.faults.clear()
        for task_id in ids:
            await client.ended(task_id)
        assert (await client.generate())[1]["code"] == 200


async def test_credits_are_spent_on_success_only(clip: Path) -> None:
    async with open_client(clip, credits=100, price=60) as client:
        client.server.faults.add("fail", times=1)
        await client.ended(await client.submitted())
        assert (await client.get("/api/v1/chat/credit"))[1] == {"code": 200, "msg": "success", "data": 100}
        await client.ended(await client.submitted())
        assert (await client.get("/api/v1/chat/credit"))[1]["data"] == 40
        assert (await client.generate())[1]["code"] == 402
        assert client.server.ledger.billed == 60


async def test_a_download_link_is_good_for_twenty_minutes(clip: Path) -> None:
    now = 1_800_000_000.0
    async with open_client(clip, result_seconds=3600, clock=lambda: now) as client:
        record = await client.ended(await client.submitted())
        [result] = record["response"]["resultUrls"]
        _, answer = await client.post("/api/v1/common/download-url", {"url": result})
        link = answer["data"]
        assert (await client.download(link))[0] == 200
        now += 1201
        assert (await client.download(link))[0] == 403
        assert (await client.download(result))[0] == 200
        now += 3600
        assert (await client.download(result))[0] == 403
        for foreign in ("https://example.com/x.mp4", "", client.server.url + "/tempfile/none.mp4"):
            assert (await client.post("/api/v1/common/download-url", {"url": foreign}))[1]["code"] == 422


async def test_result_addresses_cannot_be_made_up_and_mind_a_key(clip: Path) -> None:
    async with open_client(clip) as client:
        [url] = (await client.ended(await client.submitted()))["response"]["resultUrls"]
        assert (await client.download(url.replace("signature=", "signature=0")))[0] == 403
        assert (await client.download(re.sub(r"expires=\d+", "expires=9999999999", url)))[0] == 403
        assert (await client.download(url.partition("?")[0]))[0] == 403
        async with client.session.get(url, headers={"Range": "bytes=0-99"}) as response:
            assert response.status == 206
            assert len(await response.read()) == 100
        assert client.server.ledger.violations == ["an Authorization header was sent to a file address"]
        async with client.session.get(url, headers={"User-Agent": "Python-urllib/3.11"}) as response:
            assert (response.status, await response.text()) == (403, "error code: 1010")


async def test_an_unknown_task_has_no_record(clip: Path) -> None:
    async with open_client(clip) as client:
        for task_id in ("", "none"):
            _, answer = await client.get("/api/v1/modify/record-info", taskId=task_id)
            assert answer == {"code": 422, "msg": "recordInfo is null", "data": None}


async def test_words_of_a_refused_kind_are_moderated_after_acceptance(clip: Path) -> None:
    async with open_client(clip) as client:
        record = await client.ended(await client.submitted("make it nsfw"))
        assert (record["successFlag"], record["response"]) == (3, None)
        assert "moderation" in record["errorMessage"]


async def test_the_ledger_file_holds_a_task_before_its_answer(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "ledger" / "tasks.jsonl"
    async with open_client(clip, ledger_path=path) as client:
        client.server.faults.add("hold")
        task_id = await client.submitted()
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert [line["event"] for line in lines] == ["created", "started"]
        assert lines[0]["task_id"] == task_id
        assert lines[0]["request"]["callBackUrl"] == client.mailbox.url
        client.server.faults.clear()
        await client.ended(task_id)
        await client.mailbox.wait(1)
        await client.server.ledger.wait_for(lambda ledger: bool(ledger.tasks[task_id].callbacks))
    events = [json.loads(line)["event"] for line in path.read_text().splitlines()]
    assert events == ["created", "started", "done", "callback"]


async def test_a_prompt_in_ledger_and_tasks_tells_what_was_done(clip: Path) -> None:
    async with open_client(clip, instant=False) as client:
        await client.ended(await client.submitted("warm, sharpen"))
        _, tasks = await client.get("/control/tasks")
        assert tasks[0]["applied"] == ["warm grade", "sharpened"]
        assert tasks[0]["made_by"] == "FFmpeg filters, not AI"
        _, ledger = await client.get("/control/ledger")
        assert (ledger["created"], ledger["billed"], ledger["repeated"]) == (1, 60, {})


async def test_two_tasks_for_one_callback_address_stand_out(clip: Path) -> None:
    async with open_client(clip) as client:
        await client.submitted()
        await client.submitted()
        assert (await client.get("/control/ledger"))[1]["repeated"] == {client.mailbox.url: 2}


async def test_stopping_in_the_middle_of_an_edit_is_quick(tmp_path: Path) -> None:
    long = draw_clip(tmp_path / "long.mp4", 8, 640, 360)
    async with open_client(long, instant=False) as client:
        await client.submitted("upscale to 4k, denoise, slow motion")
        await client.server.ledger.wait_for(lambda ledger: any(t.state == "working" for t in ledger.tasks.values()))
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 15


async def test_a_taken_port_is_told_and_leaves_nothing_open() -> None:
    async with VideoServer() as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(OSError, match="address already in use"):
            async with VideoServer(port=port):
                pass


async def test_forty_tasks_at_once_all_end(clip: Path) -> None:
    async with open_client(clip, parallel=0) as client:
        ids = [await client.submitted() for _ in range(40)]
        for task_id in ids:
            assert (await client.ended(task_id))["successFlag"] == 1
