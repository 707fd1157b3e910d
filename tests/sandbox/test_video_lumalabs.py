"""Luma Labs' wire shapes: modify, states, callbacks on each, delete, credits, errors."""

from pathlib import Path
from typing import Any

import aiohttp
import av
import numpy as np
import pytest

from sandbox.video import draw_clip
from tests.sandbox.video_client import Client, open_client
from tests.sandbox.video_measure import measure

BASE = "/dream-machine/v1"
GENERATION = {"id", "generation_type", "state", "failure_reason", "created_at", "assets", "model", "request"}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labs")
    red = av.VideoFrame.from_ndarray(np.full((90, 160, 3), (200, 30, 30), np.uint8), format="rgb24")
    red.save(str(folder / "red.png"))
    return draw_clip(folder / "clip.mp4", 1, 320, 180)


async def modify(client: Client, **fields: Any) -> tuple[int, dict[str, Any]]:
    body = {"generation_type": "modify_video", "media": {"url": client.clip_url}, "model": "ray-2", "mode": "flex_1",
            "prompt": "warm", "callback_url": client.mailbox.url} | fields  # fmt: skip
    return await client.post(f"{BASE}/generations/video/modify", body)


async def ended(client: Client, generation_id: str) -> dict[str, Any]:
    await client.server.ledger.tasks[generation_id].ended.wait()
    status, answer = await client.get(f"{BASE}/generations/{generation_id}")
    assert status == 200
    return dict(answer)


async def test_a_generation_passes_through_its_states_and_tells_each(clip: Path, tmp_path: Path) -> None:
    async with open_client(clip, instant=False) as client:
        client.server.faults.add("hold")
        status, answer = await modify(client)
        assert (status, set(answer), answer["state"], answer["assets"]) == (201, GENERATION, "queued", None)
        await client.mailbox.wait(1)
        assert (await client.get(f"{BASE}/generations/{answer['id']}"))[1]["state"] == "dreaming"
        client.server.faults.clear()
        done = await ended(client, answer["id"])
        assert (done["state"], done["failure_reason"], done["model"]) == ("completed", None, "ray-2")
        assert done["generation_type"] == "video"
        assert done["request"]["generation_type"] == "modify_video"
        await client.mailbox.wait(2)
        assert [letter["state"] for _, letter in client.mailbox.letters] == ["dreaming", "completed"]
        assert client.mailbox.letters[1][1] == done
        (tmp_path / "result.mp4").write_bytes((await client.download(done["assets"]["video"]))[1])
        assert measure(tmp_path / "result.mp4").warmth > measure(clip).warmth + 8


async def test_the_mode_decides_how_far_the_result_goes(clip: Path, tmp_path: Path) -> None:
    async with open_client(clip, instant=False) as client:
        saturation = []
        for mode in ("adhere_1", "flex_1", "reimagine_1"):
            _, answer = await modify(client, mode=mode, prompt="black and white")
            done = await ended(client, answer["id"])
            (tmp_path / "result.mp4").write_bytes((await client.download(done["assets"]["video"]))[1])
            saturation.append(measure(tmp_path / "result.mp4").saturation)
        assert saturation[0] > saturation[1] + 5 > saturation[2] + 10


async def test_the_first_frame_is_honoured(clip: Path, tmp_path: Path) -> None:
    async with open_client(clip, instant=False) as client:
        _, answer = await modify(client, first_frame={"url": client.clip_url.replace("clip.mp4", "red.png")})
        done = await ended(client, answer["id"])
        (tmp_path / "result.mp4").write_bytes((await client.download(done["assets"]["video"]))[1])
        assert np.abs(measure(tmp_path / "result.mp4").frames[0] - np.array([200, 30, 30])).mean() < 8


async def test_media_that_will_not_do_fails_with_a_reason(clip: Path, tmp_path: Path) -> None:
    draw_clip(tmp_path / "long.mp4", 12, 64, 36, 6, sound=False)
    async with open_client(tmp_path / "long.mp4") as client:
        _, answer = await modify(client)
        failed = await ended(client, answer["id"])
        assert failed["state"] == "failed"
        assert "ray-2 takes 10 s" in failed["failure_reason"]
        _, answer = await modify(client, model="ray-flash-2")
        assert (await ended(client, answer["id"]))["state"] == "completed"
        for media, words in ((client.clip_url + "x", "404"), (client.server.url + "/control/ledger", "not a video")):
            _, answer = await modify(client, media={"url": media})
            assert words in (await ended(client, answer["id"]))["failure_reason"]
        _, answer = await modify(client, model="ray-flash-2", first_frame={"url": client.clip_url})
        assert (await ended(client, answer["id"]))["failure_reason"] == "failed to moderate image"
        assert client.server.ledger.billed == 60


async def test_wrong_requests_are_refused_with_a_detail(clip: Path) -> None:
    async with open_client(clip) as client:
        cases: list[dict[str, Any]] = [
            {"media": None}, {"media": {"url": "x"}}, {"model": "ray-9"}, {"mode": "wild"}, {"first_frame": {}},
            {"generation_type": "video"},
        ]  # fmt: skip
        for fields in cases:
            status, answer = await modify(client, **fields)
            assert (status, list(answer)) == (400, ["detail"])
        assert not client.server.ledger.tasks
        status, answer = await client.post(
            f"{BASE}/generations/video/modify", {}, headers={"Authorization": "Bearer x"}
        )
        assert (status, answer) == (401, {"detail": "Invalid API key"})


async def test_deleting_stops_the_work_and_gives_the_credits_back(clip: Path) -> None:
    async with open_client(clip) as client:
        client.server.faults.add("hold")
        _, answer = await modify(client)
        assert (await client.get(f"{BASE}/credits"))[1] == {"credit_balance": 9940.0}
        address = f"{client.server.url}{BASE}/generations/{answer['id']}"
        async with client.session.delete(address) as response:
            assert (response.status, await response.read()) == (204, b"")
        assert (await client.get(f"{BASE}/credits"))[1] == {"credit_balance": 10000.0}
        assert (await client.get(f"{BASE}/generations/{answer['id']}"))[0] == 404
        async with client.session.delete(address) as response:
            assert response.status == 404


async def test_limits_and_credits_are_told(clip: Path) -> None:
    async with open_client(clip, parallel=1, credits=60) as client:
        client.server.faults.add("hold")
        _, first = await modify(client)
        assert (await modify(client))[0] == 429
        client.server.faults.clear()
        await ended(client, first["id"])
        assert await modify(client) == (400, {"detail": "Insufficient credits"})


async def test_generations_are_listed_newest_first(clip: Path) -> None:
    async with open_client(clip) as client:
        ids = [(await modify(client))[1]["id"] for _ in range(3)]
        _, answer = await client.get(f"{BASE}/generations", limit="2")
        assert [one["id"] for one in answer["generations"]] == ids[:0:-1]
        assert (answer["count"], answer["has_more"]) == (3, True)
        assert (await client.get(f"{BASE}/generations", limit="x"))[0] == 400


async def test_a_refused_callback_is_repeated_three_times(clip: Path) -> None:
    async with open_client(clip, instant=True) as client:
        client.mailbox.statuses = [500] * 4
        client.server.faults.add("hold")
        _, answer = await modify(client)
        task = client.server.ledger.tasks[answer["id"]]
        await client.server.ledger.wait_for(lambda ledger: len(ledger.tasks[task.task_id].callbacks) == 4)
        client.server.faults.clear()
        await client.mailbox.wait(5)
        assert client.mailbox.letters[-1][1]["state"] == "completed"


async def test_faults_reach_this_service_too(clip: Path) -> None:
    async with open_client(clip) as client:
        faults = client.server.faults
        for status in (401, 404, 429, 500, 503):
            faults.add("submit", status, times=1, service="lumalabs")
            assert (await modify(client))[0] == status
        faults.add("drop-after", times=1)
        with pytest.raises(aiohttp.ClientConnectionError):
            await modify(client)
        faults.add("error-after", times=1)
        assert (await modify(client))[0] == 500
        assert len(client.server.ledger.tasks) == 2
        faults.add("moderate", "no", times=1)
        _, answer = await modify(client)
        assert (await ended(client, answer["id"]))["failure_reason"] == "no"
        faults.add("no-id", times=1)
        assert "id" not in (await modify(client))[1]
        _, answer = await modify(client)
        await ended(client, answer["id"])
        path = f"{BASE}/generations/{answer['id']}"
        faults.add("no-url", times=1)
        assert (await client.get(path))[1]["assets"] is None
        faults.add("odd-status", times=1)
        assert (await client.get(path))[1]["state"] == "pondering"
        faults.add("poll-null", times=1)
        assert (await client.get(path))[1] is None
        faults.add("poll", 502, times=1)
        assert (await client.get(path))[0] == 502
