"""Ace Data Cloud's wire shapes: sync, async, callback, tasks, errors, limits, generate and extend."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import av
import numpy as np
import pytest

from sandbox.video.acedata import AceData
from sandbox.video.stills import read_last_frame
from tests.sandbox.video_client import Client, open_client
from tests.sandbox.video_measure import measure

RESULT = {"success", "task_id", "video_id", "prompt", "video_url", "video_height", "video_width", "state",
          "thumbnail_url", "thumbnail_width", "thumbnail_height"}  # fmt: skip


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ace") / "red.png"
    av.VideoFrame.from_ndarray(np.full((90, 160, 3), (200, 30, 30), np.uint8), format="rgb24").save(str(path))
    return path


@asynccontextmanager
async def ace(image: Path, **options: Any) -> AsyncIterator[Client]:
    async with open_client(image, scene_side=160, scene_seconds=1.0, **options) as client:
        yield client


async def videos(client: Client, **body: Any) -> tuple[int, dict[str, Any]]:
    return await client.post("/luma/videos", {"prompt": "a green forest"} | body)


async def task(client: Client, task_id: str) -> dict[str, Any]:
    status, answer = await client.post("/luma/tasks", {"action": "retrieve", "id": task_id})
    assert status == 200
    return dict(answer)


async def test_a_sync_request_is_answered_with_the_video(image: Path, tmp_path: Path) -> None:
    async with ace(image, instant=False) as client:
        status, answer = await videos(client)
        assert (status, set(answer)) == (200, RESULT)
        assert (answer["success"], answer["state"], answer["prompt"]) == (True, "completed", "a green forest")
        (tmp_path / "video.mp4").write_bytes((await client.download(answer["video_url"]))[1])
        video = measure(tmp_path / "video.mp4")
        assert (video.width, video.height) == (answer["video_width"], answer["video_height"]) == (160, 80)
        status, thumbnail = await client.download(answer["thumbnail_url"])
        assert thumbnail.startswith(b"\xff\xd8")


async def test_async_requests_are_answered_at_once_and_called_back(image: Path) -> None:
    async with ace(image) as client:
        client.server.faults.add("hold")
        status, first = await videos(client, callback_url=client.mailbox.url)
        assert (status, set(first)) == (200, {"task_id"})
        status, second = await videos(client, **{"async": True})
        assert (status, set(second), second["success"]) == (200, {"success", "task_id"}, True)
        pending = await task(client, first["task_id"])
        assert "response" not in pending
        assert "finished_at" not in pending
        assert pending["request"]["callback_url"] == client.mailbox.url
        client.server.faults.clear()
        await client.mailbox.wait(1)
        headers, letter = client.mailbox.letters[0]
        assert set(letter) == RESULT
        assert letter["task_id"] == first["task_id"]
        assert not [name for name in headers if "signature" in name.lower()]
        done = await task(client, first["task_id"])
        assert done["response"] == letter
        assert done["finished_at"] >= done["created_at"] > 1_600_000_000


async def test_a_batch_leaves_unknown_tasks_out(image: Path) -> None:
    async with ace(image) as client:
        ids = [(await videos(client, **{"async": True}))[1]["task_id"] for _ in range(3)]
        _, answer = await client.post("/luma/tasks", {"action": "retrieve_batch", "ids": [*ids, "none"]})
        assert (answer["count"], [item["id"] for item in answer["items"]]) == (3, ids)
        for wrong in ([], None, "x", ["a"] * 51):
            assert (await client.post("/luma/tasks", {"action": "retrieve_batch", "ids": wrong}))[0] == 400
        assert (await client.post("/luma/tasks", {"action": "retrieve", "id": "none"}))[0] == 404
        assert (await client.post("/luma/tasks", {"action": "dance"}))[0] == 400


async def test_wrong_requests_are_refused_by_code(image: Path) -> None:
    async with ace(image) as client:
        cases: list[dict[str, Any]] = [
            {"prompt": ""}, {"prompt": 5}, {"action": "dance"}, {"aspect_ratio": "2:1"}, {"loop": "yes"},
            {"action": "extend"}, {"action": "extend", "video_id": "none"},
            {"action": "extend", "video_url": client.clip_url}, {"start_image_url": client.clip_url + "x"},
            {"end_image_url": client.server.url + "/control/ledger"},
        ]  # fmt: skip
        for fields in cases:
            status, answer = await videos(client, **fields)
            assert (status, answer["error"]["code"]) == (400, "bad_request"), fields
            assert set(answer) == {"error", "trace_id"}
        assert not client.server.ledger.tasks


async def test_keys_balance_and_limits_have_their_codes(image: Path) -> None:
    async with ace(image, parallel=1, credits=60) as client:
        for header, status, code in (("", 400, "no_token"), ("Bearer x", 401, "invalid_token")):
            for path in ("videos", "tasks"):
                got, refusal = await client.post(f"/luma/{path}", {}, headers={"Authorization": header})
                assert (got, refusal["error"]["code"]) == (status, code)
        client.server.faults.add("hold")
        _, first = await videos(client, **{"async": True})
        status, answer = await videos(client, **{"async": True})
        assert (status, answer["error"]["code"]) == (429, "too_many_requests")
        client.server.faults.clear()
        await client.server.ledger.tasks[first["task_id"]].ended.wait()
        status, answer = await videos(client)
        assert (status, answer["error"]["code"]) == (403, "used_up")


async def test_failures_are_told_in_answer_callback_and_task(image: Path) -> None:
    async with ace(image) as client:
        for kind, status, code in (("fail", 500, "api_error"), ("moderate", 403, "forbidden")):
            client.server.faults.add(kind, "no such luck", times=1)
            answered, answer = await videos(client)
            assert (answered, answer["error"]) == (status, {"code": code, "message": "no such luck"})
            client.server.faults.add(kind, "no such luck", times=1)
            _, accepted = await videos(client, callback_url=client.mailbox.url)
            await client.mailbox.wait(1)
            _, letter = client.mailbox.letters.pop()
            assert (letter["success"], letter["error"]["code"]) == (False, code)
            assert (await task(client, accepted["task_id"]))["response"] == letter
        assert client.server.ledger.billed == 0


async def test_a_sync_request_can_take_too_long(image: Path) -> None:
    async with ace(image) as client:
        client.server.faults.add("hold")
        status, answer = await videos(client, timeout=0.05)
        assert (status, answer["error"]["code"]) == (504, "timeout")
        assert len(client.server.ledger.tasks) == 1


async def test_aspect_ratios_give_the_shape_asked_for(image: Path) -> None:
    async with ace(image, instant=False) as client:
        for ratio, wanted in (("16:9", 16 / 9), ("9:16", 9 / 16), ("1:1", 1), ("21:9", 21 / 9)):
            _, answer = await videos(client, aspect_ratio=ratio)
            assert answer["video_width"] / answer["video_height"] == pytest.approx(wanted, rel=0.35)
            assert (answer["video_width"] > answer["video_height"]) == (wanted > 1)


async def test_the_usual_size_is_the_vendors(image: Path) -> None:
    async with open_client(image, instant=True) as client:
        assert AceData(client.server.workshop).size("16:9") == (1360, 752)


async def test_start_and_end_images_and_the_loop_arrive_in_the_picture(image: Path, tmp_path: Path) -> None:
    async with ace(image, instant=False) as client:
        _, answer = await videos(client, start_image_url=client.clip_url, loop=True)
        (tmp_path / "video.mp4").write_bytes((await client.download(answer["video_url"]))[1])
        frames = measure(tmp_path / "video.mp4").frames
        red = np.array([200, 30, 30])
        assert np.abs(frames[0] - red).mean() < 8
        assert np.abs(frames[-1] - red).mean() < 8
        assert np.abs(frames[len(frames) // 2] - red).mean() > 30


async def test_extend_continues_from_the_last_frame_to_the_end_image(image: Path, tmp_path: Path) -> None:
    async with ace(image, instant=False) as client:
        _, first = await videos(client, prompt="a volcano", aspect_ratio="9:16")
        (tmp_path / "first.mp4").write_bytes((await client.download(first["video_url"]))[1])
        last = read_last_frame(tmp_path / "first.mp4").reformat(width=160, height=90, format="rgb24").to_ndarray()
        for how in ({"video_id": first["video_id"], "video_url": "ignored"}, {"video_url": first["video_url"]}):
            _, second = await videos(client, action="extend", end_image_url=client.clip_url, **how)
            (tmp_path / "second.mp4").write_bytes((await client.download(second["video_url"]))[1])
            video = measure(tmp_path / "second.mp4")
            assert (video.width, video.height) == (first["video_width"], first["video_height"])
            assert np.abs(video.frames[0] - last).mean() < 6
            assert np.abs(video.frames[-1] - np.array([200, 30, 30])).mean() < 8
        assert second["video_id"] != first["video_id"]


async def test_faults_reach_this_service_too(image: Path) -> None:
    async with ace(image) as client:
        faults = client.server.faults
        for value, status, code in (("429", 429, "too_many_requests"), ("used_up", 403, "used_up"),
                                    ("500", 500, "api_error"), ("401", 401, "invalid_token")):  # fmt: skip
            faults.add("submit", value, times=1, service="acedata")
            answered, answer = await videos(client)
            assert (answered, answer["error"]["code"]) == (status, code)
        faults.add("drop-after", times=1)
        with pytest.raises(aiohttp.ClientConnectionError):
            await videos(client, **{"async": True})
        faults.add("error-after", times=1)
        assert (await videos(client, **{"async": True}))[0] == 500
        assert len(client.server.ledger.tasks) == 2
        faults.add("no-url", times=1)
        assert (await videos(client))[1]["video_url"] is None
        faults.add("no-id", times=1)
        assert (await videos(client, **{"async": True}))[1] == {"success": True}
        _, accepted = await videos(client, **{"async": True})
        await client.server.ledger.tasks[accepted["task_id"]].ended.wait()
        faults.add("odd-status", times=1)
        assert (await task(client, accepted["task_id"]))["data"]["success"]
        faults.add("poll-null", times=1)
        assert (await task(client, accepted["task_id"]))["response"] is None
        faults.add("poll", 503, times=1)
        assert (await client.post("/luma/tasks", {"id": accepted["task_id"]}))[0] == 503
