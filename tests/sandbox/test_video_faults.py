"""Each fault that can be switched on does what it says, and only as often as asked."""

import asyncio
import json
from pathlib import Path

import aiohttp
import av
import pytest

from sandbox.video import draw_clip
from sandbox.video.faults import KINDS, Faults
from tests.sandbox.video_client import Client, open_client


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_clip(tmp_path_factory.mktemp("faults") / "clip.mp4", 1, 320, 180)


async def result_url(client: Client) -> str:
    record = await client.ended(await client.submitted())
    return str(record["response"]["resultUrls"][0])


async def test_every_documented_code_can_refuse_a_submit(clip: Path) -> None:
    async with open_client(clip) as client:
        for code in (401, 402, 404, 422, 429, 455, 500, 501, 505):
            client.server.faults.add("submit", code, times=1)
            status, answer = await client.generate()
            assert (answer["code"], answer["data"]) == (code, None)
            assert status == (code if code in {429, 500} else 200)
            client.server.faults.add("submit-http", code, times=1)
            status, answer = await client.generate()
            assert (status, answer["code"]) == (code, code)
        assert not client.server.ledger.tasks
        assert (await client.generate())[1]["code"] == 200


async def test_a_submit_can_be_answered_with_html(clip: Path) -> None:
    async with open_client(clip) as client:
        body = {"prompt": "warm", "videoUrl": client.clip_url}
        for kind, status, created in (("submit-html", 200, 0), ("html-after", 502, 1)):
            client.server.faults.add(kind, times=1)
            async with client.session.post(client.server.url + "/api/v1/modify/generate", json=body) as response:
                assert (response.status, response.content_type) == (status, "text/html")
            assert len(client.server.ledger.tasks) == created


async def test_a_connection_can_break_before_or_after_the_task_exists(clip: Path) -> None:
    async with open_client(clip) as client:
        for kind, created in (("drop-before", 0), ("drop-after", 1)):
            client.server.faults.add(kind, times=1)
            with pytest.raises(aiohttp.ClientConnectionError):
                await client.generate()
            assert len(client.server.ledger.tasks) == created
        await client.mailbox.wait(1)


async def test_a_task_can_exist_although_the_answer_says_error_or_no_id(clip: Path) -> None:
    async with open_client(clip) as client:
        client.server.faults.add("error-after", times=1)
        assert (await client.generate())[1]["code"] == 500
        client.server.faults.add("no-id", times=1)
        assert (await client.generate())[1] == {"code": 200, "msg": "success", "data": None}
        assert len(client.server.ledger.tasks) == 2


async def test_an_answer_can_come_after_the_task_ended(clip: Path) -> None:
    async with open_client(clip) as client:
        client.server.faults.add("answer-late", 0.2, times=1)
        submit = asyncio.create_task(client.submitted())
        await client.mailbox.wait(1)
        assert not submit.done()
        assert client.mailbox.letters[0][1]["data"]["taskId"] == await submit


async def test_a_callback_can_come_before_the_answer(clip: Path) -> None:
    async with open_client(clip, work_seconds=30) as client:
        client.server.faults.add("early-callback", times=1)
        task_id = await client.submitted()
        assert [letter["data"]["taskId"] for _, letter in client.mailbox.letters] == [task_id]


async def test_work_can_fail_in_three_ways(clip: Path) -> None:
    async with open_client(clip) as client:
        for kind, flag, code in (("fail", 3, 501), ("create-failed", 2, 422), ("moderate", 3, 400)):
            client.server.faults.add(kind, f"because of {kind}", times=1)
            record = await client.ended(await client.submitted())
            assert (record["successFlag"], record["errorCode"]) == (flag, code)
            assert record["errorMessage"] == f"because of {kind}"
            assert record["response"] is None
        await client.mailbox.wait(3)
        assert {letter["code"] for _, letter in client.mailbox.letters} == {500}
        assert all("resultUrls" not in letter["data"] for _, letter in client.mailbox.letters)


async def test_work_can_take_longer(clip: Path) -> None:
    async with open_client(clip) as client:
        client.server.faults.add("delay", 60, times=1)
        slow = await client.submitted()
        quick = await client.submitted()
        assert (await client.ended(quick))["successFlag"] == 1
        assert (await client.record(slow))["successFlag"] == 0


async def test_a_callback_can_be_lost(clip: Path) -> None:
    async with open_client(clip) as client:
        client.server.faults.add("lose-callback", times=1)
        lost = await client.submitted()
        await client.ended(lost)
        kept = await client.submitted()
        await client.mailbox.wait(1)
        assert [letter["data"]["taskId"] for _, letter in client.mailbox.letters] == [kept]
        assert (await client.record(lost))["successFlag"] == 1


async def test_a_callback_can_be_repeated(clip: Path) -> None:
    async with open_client(clip) as client:
        client.server.faults.add("repeat-callback", 4, times=1)
        task_id = await client.submitted()
        await client.mailbox.wait(5)
        assert {letter["data"]["taskId"] for _, letter in client.mailbox.letters} == {task_id}


async def test_callbacks_can_change_their_order(clip: Path) -> None:
    async with open_client(clip) as client:
        client.server.faults.add("reorder-callback", 60, times=1)
        first = await client.submitted()
        await client.ended(first)
        second = await client.submitted()
        await client.mailbox.wait(2)
        assert [letter["data"]["taskId"] for _, letter in client.mailbox.letters] == [second, first]


async def test_a_callback_can_be_late(clip: Path) -> None:
    async with open_client(clip) as client:
        client.server.faults.add("late-callback", 0.1, times=1)
        late = await client.submitted()
        await client.ended(late)
        await client.submitted()
        await client.mailbox.wait(2)
        assert client.mailbox.letters[1][1]["data"]["taskId"] == late


async def test_callbacks_can_have_the_other_documented_shapes(clip: Path) -> None:
    async with open_client(clip) as client:
        for count, shape in enumerate(("bare", "flat", "snake", "nested"), start=1):
            client.server.faults.add("odd-callback", shape, times=1)
            await client.submitted()
            await client.mailbox.wait(count)
        bare, flat, snake, nested = (letter for _, letter in client.mailbox.letters)
        assert (bare["data"], bare["code"], len(bare["taskId"])) == (None, 400, 32)
        assert flat["status"] == 1
        assert flat["videoUrl"].startswith("http")
        assert snake["taskId"] == snake["data"]["task_id"]
        assert nested["data"]["info"]["resultUrls"]


async def test_signatures_can_be_wrong_or_missing(clip: Path) -> None:
    async with open_client(clip, webhook_key="k", clock=lambda: 1_800_000_000.0) as client:
        client.server.faults.add("bad-signature", times=1)
        task_id = await client.submitted()
        await client.mailbox.wait(1)
        assert len(client.mailbox.letters[0][0]["X-Webhook-Signature"]) == 44
        client.server.faults.add("unsigned", times=1)
        await client.submitted()
        await client.mailbox.wait(2)
        assert "X-Webhook-Signature" not in client.mailbox.letters[1][0]
        assert task_id in client.server.ledger.tasks


async def test_status_requests_can_go_wrong_in_every_way(clip: Path) -> None:
    async with open_client(clip) as client:
        task_id = await client.submitted()
        await client.ended(task_id)
        path = "/api/v1/modify/record-info"
        for code in (401, 404, 422, 429, 455, 500, 501):
            client.server.faults.add("poll", code, times=1)
            assert (await client.get(path, taskId=task_id))[1]["code"] == code
        client.server.faults.add("poll", 500, times=1, contains="purple")
        assert (await client.get(path, taskId=task_id))[1]["code"] == 200
        client.server.faults.clear()
        client.server.faults.add("poll-http", 503, times=1, contains="warm")
        assert (await client.get(path, taskId=task_id))[0] == 503
        client.server.faults.add("poll-null", times=1)
        assert (await client.get(path, taskId=task_id))[1]["data"] is None
        # aiohttp asks once more by itself when a kept connection breaks on a GET
        client.server.faults.add("poll-drop", times=2)
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.get(path, taskId=task_id)
        client.server.faults.add("poll-html", times=1)
        async with client.session.get(client.server.url + path) as response:
            assert (response.status, response.content_type) == (502, "text/html")
        client.server.faults.add("poll-late", 0.01, times=1)
        assert (await client.record(task_id))["successFlag"] == 1


async def test_a_status_can_have_other_shapes(clip: Path) -> None:
    async with open_client(clip) as client:
        task_id = await client.submitted()
        await client.ended(task_id)
        client.server.faults.add("odd-status", "flat", times=1)
        record = await client.record(task_id)
        assert record["status"] == 1
        assert record["videoUrl"]
        client.server.faults.add("odd-status", "words", times=1)
        assert (await client.record(task_id))["successFlag"] == "SUCCESS"
        client.server.faults.add("odd-status", "unknown", times=1)
        assert (await client.record(task_id))["successFlag"] == 9
        client.server.faults.add("no-url", times=1)
        assert (await client.record(task_id))["response"]["resultUrls"] == []


async def test_downloads_can_go_wrong_in_every_way(clip: Path) -> None:
    async with open_client(clip) as client:
        url, faults = await result_url(client), client.server.faults
        whole = (await client.download(url))[1]
        for status in (404, 403, 503):
            faults.add("result", status, times=1)
            assert (await client.download(url))[0] == status
        faults.add("result-html", times=1)
        assert (await client.download(url))[1].startswith(b"<!DOCTYPE html>")
        faults.add("result-empty", times=1)
        assert await client.download(url) == (200, b"")
        faults.add("result-cut", times=1)
        assert await client.download(url) == (200, whole[: len(whole) // 2])
        faults.add("result-truncated", times=1)
        with pytest.raises(aiohttp.ClientPayloadError):
            await client.download(url)
        faults.add("result-slow", 0.05, times=1)
        assert (await client.download(url))[1] == whole


async def test_a_result_can_be_padded_and_still_plays(clip: Path, tmp_path: Path) -> None:
    async with open_client(clip, instant=False) as client:
        client.server.faults.add("result-big", 30_000_000, times=1)
        _, data = await client.download(await result_url(client))
        assert len(data) == 30_000_000
        (tmp_path / "big.mp4").write_bytes(data)
        with av.open(str(tmp_path / "big.mp4")) as container:
            assert sum(1 for _ in container.decode(video=0)) == 24


async def test_uploads_balance_and_links_can_be_refused(clip: Path) -> None:
    async with open_client(clip) as client:
        client.server.faults.add("credit", 500, times=1)
        assert (await client.get("/api/v1/chat/credit"))[1]["code"] == 500
        client.server.faults.add("download-link", times=1)
        assert (await client.post("/api/v1/common/download-url", {"url": await result_url(client)}))[1]["code"] == 422
        client.server.faults.add("upload", 405, times=1)
        status, answer = await client.post("/api/file-url-upload", {})
        assert (status, answer["success"]) == (405, False)
        client.server.faults.add("upload-drop", times=1)
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.post("/api/file-url-upload", {})


async def test_faults_are_switched_by_the_control_endpoint(clip: Path) -> None:
    async with open_client(clip) as client:
        wanted = [{"kind": "submit", "value": 455, "times": 1}, {"kind": "fail", "contains": "purple"}]
        status, answer = await client.post("/control/faults", wanted)
        assert (status, [fault["kind"] for fault in answer["active"]]) == (200, ["submit", "fail"])
        assert (await client.generate())[1]["code"] == 455
        assert (await client.ended(await client.submitted("warm")))["successFlag"] == 1
        assert (await client.ended(await client.submitted("purple tint")))["successFlag"] == 3
        assert set((await client.get("/control/faults"))[1]["known"]) == set(KINDS)
        for wrong in ({"kind": "nonsense"}, {}, [1], {"kind": "fail", "times": 0}, {"kind": "fail", "tmes": 1}, "x"):
            assert (await client.post("/control/faults", wrong))[0] == 400
        async with client.session.delete(client.server.url + "/control/faults") as response:
            assert (await response.json())["active"] == []


async def test_reset_and_credits_set_the_scene_anew(clip: Path) -> None:
    async with open_client(clip) as client:
        client.server.faults.add("submit", 500)
        await client.post("/control/reset", {})
        await client.ended(await client.submitted())
        _, answer = await client.post("/control/credits", {"credits": 5, "service": "kie"})
        assert answer == {"balance": {"kie": 5, "acedata": 10_000, "lumalabs": 10_000}}
        assert (await client.generate())[1]["code"] == 402
        assert (await client.post("/control/credits", {}))[0] == 400
        await client.post("/control/reset", {})
        assert client.server.ledger.tasks == {}
        assert (await client.generate())[1]["code"] == 200


def test_faults_are_read_from_the_command_line() -> None:
    faults = Faults()
    fault = faults.parse("submit=429*2")
    assert (fault.kind, fault.value, fault.times) == ("submit", "429", 2)
    fault = faults.parse("moderate=too * rude")
    assert (fault.value, fault.times) == ("too * rude", None)
    assert faults.parse("hold").times is None
    assert faults.parse("acedata:submit=used_up*1").service == "acedata"
    with pytest.raises(ValueError, match="unknown service"):
        faults.parse("nobody:hold")
    with pytest.raises(ValueError, match="unknown fault"):
        faults.parse("sbmit=429")


def test_a_fault_is_taken_as_often_as_it_was_asked_for() -> None:
    faults = Faults()
    faults.add("fail", times=2, service="kie")
    taken = [faults.take("fail", "kie") is not None for _ in range(3)]
    assert taken == [True, True, False]
    faults.add("fail", service="kie")
    assert faults.take("fail", "acedata") is None
    json.dumps(faults.listing())
