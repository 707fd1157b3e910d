"""`make demo` puts a clip through the real bot, with and without a person."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import av
import psutil  # type: ignore[import-untyped]  # it ships no types
import pytest

from sandbox.video.clip import draw_clip
from tests.environment import need_openapi
from tests.sandbox.demo_process import DemoProcess, demo

pytestmark = pytest.mark.timeout(120)
PROMPT = "Turn it black and white"


async def test_one_job_runs_without_a_person_and_leaves_its_evidence(tmp_path: Path) -> None:
    clip = draw_clip(tmp_path / "clip.mp4", 2, 320, 180)
    out, record = tmp_path / "out", tmp_path / "record.jsonl"
    arguments = ("--once", "--clip", clip, "--prompt", PROMPT, "--out", out, "--record", record, "--seconds", "0.1")
    async with demo(*arguments) as running:
        assert await running.end() == 0, running.text
    assert "delivered" in running.text
    check_video(out / "result.mp4")
    check_transcript(json.loads((out / "transcript.json").read_text()))
    check_record([json.loads(line) for line in record.read_text().splitlines()])


def check_video(path: Path) -> None:
    with av.open(str(path)) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
        assert 1.8 < float(film.duration or 0) / 1_000_000 < 2.3
    middle = frames[len(frames) // 2].astype(int)
    assert abs(middle[..., 0] - middle[..., 2]).mean() < 3  # no colour is left


def check_transcript(transcript: dict[str, Any]) -> None:
    card = transcript["channel"]["messages"][0]
    assert card["command"] == "luma modify"
    assert "Done" in card["embeds"][0]["title"]
    (thread,) = transcript["threads"]
    assert thread["id"] == card["thread"]["id"]
    ending = thread["messages"][-1]
    assert ending["pings_me"]
    assert ending["attachments"][0]["content_type"] == "video/mp4"


def check_record(exchanges: list[dict[str, Any]]) -> None:
    assert {tuple(one) for one in exchanges} == {("method", "path", "request", "files", "status", "response")}
    assert all(200 <= one["status"] < 300 for one in exchanges)
    (upload,) = [one for one in exchanges if one["files"]]
    assert upload["path"].endswith("/messages")
    assert set(upload["files"][0]) == {"name", "size"}
    sent = [one for one in exchanges if "commands" not in one["path"] and one["method"] != "GET"]
    hints = [one for one in sent if one["path"].startswith("/webhooks/")]  # once per member, for their eyes alone
    assert len(sent) - len(hints) <= 4
    assert len(hints) <= 1
    assert all(one["request"]["flags"] == 64 for one in hints)


async def test_every_request_and_answer_fits_discords_own_description(tmp_path: Path) -> None:
    clip = draw_clip(tmp_path / "clip.mp4", 1, 320, 180)
    arguments = ("--once", "--clip", clip, "--out", tmp_path, "--openapi", need_openapi(), "--seconds", "0.1")
    async with demo(*arguments) as running:
        assert await running.end() == 0, running.text
    assert "OpenAPI" not in running.text


async def test_a_bad_clip_ends_with_what_the_bot_said(tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"this is no video" * 100)
    async with demo("--once", "--clip", bad, "--out", tmp_path) as running:
        assert await running.end() == 1
    assert "not a video" in running.text
    assert not (tmp_path / "result.mp4").exists()
    assert (tmp_path / "transcript.json").exists()


async def test_a_clip_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    async with demo("--once", "--clip", tmp_path / "none.mp4") as running:
        assert await running.end() == 2
    assert "no file" in running.text


async def test_a_signal_stops_all_of_it(tmp_path: Path) -> None:
    async with demo("--serve", "--port", "0", "--out", tmp_path, "--seconds", "0.1", "--prompt", PROMPT) as running:
        await running.line_with("Open http://127.0.0.1:")
        children = running.children()
        assert any("bot" in child.cmdline() for child in children)
        os.kill(running.process.pid, signal.SIGINT)
        assert await running.end(20) == 0
        assert_gone(running, children)
    assert (tmp_path / "result.mp4").exists()


def assert_gone(running: DemoProcess, children: list[psutil.Process]) -> None:
    left = [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    assert left == [], running.text


async def test_a_bot_that_cannot_start_is_told_with_its_reason(tmp_path: Path) -> None:
    async with demo("--once", "--host", "127.0.0.300", "--out", tmp_path) as running:
        assert await running.end() == 1
    assert "cannot start" in running.text
