"""Let Ace Data Cloud answer with the finished video: the real bot, real wires, a kill while the answer is awaited."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.crashing import CrashWorld
from tests.test_services_end_to_end import card_of, code_of, ending, last_task

pytestmark = pytest.mark.timeout(120)
WAITING = {"ACEDATA_MODE": "synchronous", "ACEDATA_TIMEOUT_SECONDS": "20"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[CrashWorld]:
    video = {"work_seconds": 0.1, "scene_seconds": 0.5, "scene_side": 160}
    async with CrashWorld(tmp_path, services=["acedata"], settings=WAITING, **video) as opened:
        yield opened


def states(world: CrashWorld) -> list[str]:
    """Return the state of every job, the oldest first."""
    return [row[0] for row in world.rows("SELECT state FROM jobs ORDER BY created_at_ms")]


def end_the_silence(world: CrashWorld) -> None:
    """Let the time in which an answer may still be stored be over; the bot must not run."""
    connection = sqlite3.connect(world.database)
    with connection:
        connection.execute("UPDATE jobs SET due_at_ms = created_at_ms WHERE state = 'submitting'")
    connection.close()


async def test_a_video_or_a_refusal_comes_with_the_answer_to_the_one_request(world: CrashWorld) -> None:
    view = await world.run("luma generate", {}, prompt="a quiet sea", aspect_ratio="1:1")
    assert "Ace Data Cloud" in card_of(view)
    message = await ending(world, view)
    assert [file.filename.endswith(".mp4") for file in message.attachments] == [True]
    extended = await world.run("luma extend", {}, prompt="the sun sets", job=code_of(view))
    assert (await ending(world, extended)).attachments
    tasks = list(world.video.ledger.tasks.values())
    assert [task.kind for task in tasks] == ["generate", "extend"]
    for task in tasks:
        assert task.request["timeout"] == 20
        assert not {"async", "callback_url"} & set(task.request)
        assert task.polls == 0

    world.video.faults.add("moderate", "nothing of the sort", times=1)
    view = await world.run("luma generate", {}, prompt="something else")
    assert "nothing of the sort" in (await ending(world, view)).content
    assert world.check() == []


async def test_an_answer_that_is_lost_is_told_at_once_and_not_asked_for_again(world: CrashWorld) -> None:
    for fault in ("drop-after", "fail"):
        world.video.faults.add(fault, times=1)
        view = await world.run("luma generate", {}, prompt=f"lost by {fault}")
        told = (await ending(world, view)).content
        assert "never heard what became of this edit" in told
        assert "Please try again." in told
        assert "still comes" not in told, "nothing can come any more"
    assert len(world.video.ledger.tasks) == 2
    assert len([line for line in world.lines if "outcome of a submit to acedata" in str(line.get("message"))]) == 2
    assert "orphan_suspected_total 2.0" in (await world.fetch("/metrics"))[1]
    assert world.check() == []


async def test_a_kill_while_the_answer_is_awaited_pays_once_and_tells_once(world: CrashWorld) -> None:
    world.video.faults.add("hold")
    view = await world.run("luma generate", {}, prompt="a long wait")
    await world.until(lambda: world.video.ledger.tasks)
    assert states(world) == ["submitting"]
    cancel = await world.discord.actor.slash("Mia", "edits", "luma cancel", {"job": code_of(view)})
    assert cancel.message is not None
    assert "has not answered yet" in cancel.message.content
    await world.bot.kill()
    world.video.faults.clear("hold")
    await last_task(world).ended.wait()

    await world.revive()
    again = await world.run("luma generate", {}, prompt="another meanwhile")
    assert (await ending(world, again)).attachments
    assert states(world) == ["submitting", "delivered"], "not resent, and not given up while an answer may be stored"
    await world.bot.kill()
    end_the_silence(world)
    await world.revive()
    assert "never heard what became of this edit" in (await ending(world, view)).content
    assert [task.prompt for task in world.video.ledger.tasks.values()] == ["a long wait", "another meanwhile"]
    assert world.check() == []
