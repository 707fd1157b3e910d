"""The panel's words come from the bot's log, the exchanges and the video service's ledger."""

import asyncio
from typing import Any

import pytest

from sandbox.demo_watch import describe_exchange, follow_ledger, is_worth_telling, read_move
from sandbox.discord.model import Json
from sandbox.discord.page_panel import Panel
from sandbox.discord.recording import Exchange
from sandbox.video.ledger import Ledger


@pytest.mark.parametrize(
    ("line", "move"),
    [
        ({"job": "K7Q2M", "message": "accepted: running"}, ("K7Q2M", "running", "accepted")),
        ({"job": "K7Q2M", "message": "told: failed (timed_out)"}, ("K7Q2M", "failed", "told, timed_out")),
        ({"job": "K7Q2M", "message": "x: failed (x)"}, ("K7Q2M", "failed", "x")),
        ({"job": "K7Q2M", "message": "step failed: no such job"}, None),
        ({"message": "accepted: running"}, None),
        ({}, None),
    ],
)
def test_a_move_is_read_from_its_log_line(line: dict[str, Any], move: tuple[str, str, str] | None) -> None:
    assert read_move(line) == move


def test_warnings_errors_and_stray_lines_are_told_but_no_noise() -> None:
    assert is_worth_telling({"level": "ERROR", "message": "no"})
    assert is_worth_telling({"message": "Traceback (most recent call last):"})
    assert not is_worth_telling({"level": "INFO", "message": "yes"})
    assert not is_worth_telling({"level": "WARNING", "message": "davey is not installed, voice will NOT be supported"})


def test_an_exchange_is_told_with_short_ids_and_whole_in_its_details() -> None:
    path = "/channels/1576649583214198784/messages"
    files = [{"name": "luma.mp4", "size": 9}]
    title, status, detail = describe_exchange(Exchange("POST", path, {"content": "Hi"}, files, 200, {"id": "5"}))
    assert (title, status) == ("POST /channels/…8784/messages", 200)
    assert path in detail
    assert "luma.mp4 (9 bytes)" in detail


async def test_tasks_status_reads_and_callbacks_reach_the_panel() -> None:
    ledger, panel = Ledger(lambda: 0.0), Panel()
    events: asyncio.Queue[Json] = asyncio.Queue()
    said: list[str] = []

    async def titles(count: int) -> list[str]:
        found: list[str] = []
        while len(found) < count:
            event = await events.get()
            if event["kind"] == "flow":
                found.append(event["entry"]["title"].split()[0])
        return found

    with panel.listen(events.put_nowait):
        watch = asyncio.create_task(follow_ledger(ledger, panel, said.append))
        try:
            task = ledger.create("kie", "modify", {"prompt": "warmer"}, 60)
            assert await titles(1) == ["create"]
            task.polls += 1
            assert await titles(1) == ["status"]
            ledger.finish(task, "http://127.0.0.1/result", ("warm grade",), {})
            ledger.note_callback(task, 0)
            assert await titles(1) == ["callback"]
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
    (shown,) = panel.snapshot()["tasks"]
    assert (shown["state"], shown["edits"], shown["note"]) == ("success", ["warm grade"], "60 credits")
    assert said[-1].endswith("done: warm grade")
