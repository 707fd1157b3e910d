"""Compare results with their clips and with each other: once per pair, in the thread, honest when a file is gone."""

import ast
import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from jobs.errors import MediaError
from jobs.job import Job
from jobs.result_ports import Copy, CopyKind, Keepsake, Pair
from sandbox.discord.views import InteractionView
from tests.bot.results import answer, children, deliver, delivered, keep_file, keep_files, press, told
from tests.bot.world import BotWorld, open_bot_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path) as opened:
        keep_files(opened, tmp_path / "shelf")
        yield opened


def compared(world: BotWorld, job: Job) -> list[Any]:
    """Return the comparisons that stand in a job's thread."""
    return [each for each in world.messages("Mia", job.thread_id or 0) if "**Before and after**" in each.content]


async def test_before_and_after_stand_in_the_thread_once(world: BotWorld) -> None:
    job = await delivered(world)
    first = told(world, await press(world, job, "compare"))
    (message,) = compared(world, job)
    assert f"/{message.channel_id}/{message.id}" in first
    assert message.attachments[0].filename == f"luma-{job.code}.mp4"
    world.discord_clock.advance(3600)
    await world.restart()
    assert told(world, await press(world, job, "compare")) == first
    assert len(compared(world, job)) == 1
    assert len(world.clips.made) == 1


async def test_fifty_presses_make_one_encode(world: BotWorld) -> None:
    job = await delivered(world)
    world.clips.hang_compare = asyncio.Event()
    pressing = [asyncio.create_task(press(world, job, "compare")) for _ in range(50)]
    await world.clips.begun.wait()
    world.clips.hang_compare.set()
    await asyncio.gather(*pressing)
    assert len(world.clips.made) == len(compared(world, job)) == 1


async def test_one_members_comparisons_are_made_one_after_another(world: BotWorld) -> None:
    jobs = [await delivered(world) for _ in range(4)]
    world.clips.hang_compare = asyncio.Event()
    pressing = [asyncio.create_task(press(world, job, "compare")) for job in jobs]
    await world.clips.begun.wait()
    for _ in range(50):  # as long as the others would need to begin too
        await asyncio.to_thread(lambda: None)
    assert len(world.clips.made) == 1, "all places to work would be taken from everybody else"
    world.clips.hang_compare.set()
    await asyncio.gather(*pressing)
    assert [len(compared(world, job)) for job in jobs] == [1] * 4


async def test_a_comparison_that_was_deleted_is_posted_again_without_an_encode(world: BotWorld) -> None:
    job = await delivered(world)
    await press(world, job, "compare")
    (message,) = compared(world, job)
    world.server.world.delete_message(world.server.world.find_message(message.id))
    world.discord_clock.advance(3600)
    await press(world, job, "compare")
    assert len(compared(world, job)) == len(world.clips.made) == 1


async def test_a_kept_comparison_outlives_its_parts(world: BotWorld) -> None:
    job = await delivered(world)
    await press(world, job, "compare")
    for name in (f"clip-{job.id}.mp4", f"result-{job.id}.mp4"):
        world.clips.path(name).unlink()
    assert "Side by side" in told(world, await press(world, job, "compare"))


async def test_a_missing_file_is_said_to_be_missing(world: BotWorld) -> None:
    job = await delivered(world)
    world.clips.path(f"clip-{job.id}.mp4").unlink()
    assert "no longer keep both" in told(world, await press(world, job, "compare"))
    assert compared(world, job) == []


async def test_somebody_else_is_shown_what_stands_but_makes_nothing(world: BotWorld) -> None:
    job = await delivered(world)
    assert "Only the member" in told(world, await press(world, job, "compare", "Noah"))
    assert world.clips.made == []
    await press(world, job, "compare")
    assert "Side by side" in told(world, await press(world, job, "compare", "Noah"))
    assert len(world.clips.made) == 1


async def test_an_encode_that_fails_is_told(world: BotWorld) -> None:
    job = await delivered(world)
    world.clips.on_compare = [MediaError("no")]
    assert "can't be put side by side" in told(world, await press(world, job, "compare"))


async def choose(world: BotWorld, shown: InteractionView, jobs: list[Job], user: str = "Mia") -> InteractionView:
    """Choose versions in the menu of a shown edit."""
    assert shown.message is not None
    menu = next(
        part["custom_id"]
        for row in world.actor.message(user, shown.message.id).components
        for part in row["components"]
        if part["custom_id"].startswith("luma:compare_two:")
    )
    view = await world.actor.select(user, shown.message.id, menu, [job.id for job in jobs])
    await world.settled()
    return view


async def line_of(world: BotWorld, count: int) -> list[Job]:
    """Return a line of delivered versions, each made from the one before."""
    line = [await delivered(world)]
    for number in range(1, count):
        world.discord_clock.advance(60)
        opened = await press(world, line[-1], "reword")
        await world.actor.submit_modal(opened.id, {"prompt": f"make it {number}"})
        line.append(await deliver(world, (await children(world, line[-1]))[0]))
    return line


async def test_any_two_versions_are_compared_the_older_first(world: BotWorld) -> None:
    first, second, third = await line_of(world, 3)
    shown = await world.actor.slash("Mia", "edits", "luma show", {"job": second.code})
    await world.settled()
    view = await choose(world, shown, [third, first])
    text = told(world, view)
    posted = world.actor.message("Mia", int(text.rsplit("/", 1)[1]))
    assert f"**v1** (`{first.code}`) and **v3** (`{third.code}`)" in posted.content
    assert posted.channel_id == third.thread_id == first.thread_id
    made = world.clips.path(f"compare-{world.clips.made[-1][1]}.mp4")
    assert made.read_bytes() == f"V1=result-{first.id}.mp4|V3=result-{third.id}.mp4".encode()
    assert told(world, await choose(world, shown, [first, third])) == text
    assert len({name for _, name in world.clips.made if _ == "compare"}) == 1


async def test_results_of_two_lines_are_named_by_their_codes(world: BotWorld) -> None:
    first = await delivered(world)
    world.discord_clock.advance(60)
    other = (await line_of(world, 2))[1]
    shown = await world.actor.slash("Mia", "edits", "luma show", {"job": other.code})
    await world.settled()
    assert shown.message is not None
    message = world.server.world.find_message(shown.message.id)
    forged = str(message.components).replace(other.parent_job_id or "", first.id)
    message.components = ast.literal_eval(forged)
    posted = told(world, await choose(world, shown, [first, other]))
    text = world.actor.message("Mia", int(posted.rsplit("/", 1)[1])).content
    assert f"`{first.code}` and `{other.code}` side by side" in text
    made = world.clips.path(f"compare-{world.clips.made[-1][1]}.mp4").read_bytes().decode()
    assert made == f"{first.code}=result-{first.id}.mp4|{other.code}=result-{other.id}.mp4"


async def test_a_comparison_of_versions_from_before_they_had_names_is_made_anew(world: BotWorld) -> None:
    first, second = await line_of(world, 2)
    pair = Pair(second.id, first.id)
    await world.results.keep(pair, Keepsake.COMPARE, keep_file(world, f"compare-{pair.file_id}.mp4", b"BEFORE|AFTER"))
    await world.results.note_copy(CopyKind.COMPARE, pair, Copy(5, 50, world.clock.now_ms()))
    smaller = keep_file(world, f"small-{pair.file_id}.mp4", b"BEFORE|AFTER")
    shown = await world.actor.slash("Mia", "edits", "luma show", {"job": second.code})
    await world.settled()
    await choose(world, shown, [first, second])
    assert not world.clips.path(smaller).exists(), "it would be posted in its place"
    assert [kind for kind, _ in world.clips.made if kind == "compare"] == ["compare"]
    assert b"V1=" in world.clips.path(f"compare-{pair.file_id}.mp4").read_bytes()


async def test_a_result_beside_its_clip_says_before_and_after(world: BotWorld) -> None:
    job = await delivered(world)
    await press(world, job, "compare")
    made = world.clips.path(f"compare-{Pair(job.id).file_id}.mp4").read_bytes().decode()
    assert made == f"BEFORE=clip-{job.id}.mp4|AFTER=result-{job.id}.mp4"


async def test_forged_choices_compare_nothing(world: BotWorld) -> None:
    mine, other = await delivered(world), await delivered(world, "Noah")
    shown = await world.actor.slash("Mia", "edits", "luma show", {"job": mine.code})
    local = world.server.world
    assert shown.message is not None
    message = local.find_message(shown.message.id)
    option = {"label": "x", "value": "x"}
    values = [[mine.id, other.id], [mine.id, "gone"], [mine.id, mine.id]]
    for number, chosen in enumerate(values):
        options = [option | {"value": value, "label": str(index)} for index, value in enumerate(dict.fromkeys(chosen))]
        menu = {
            "type": 3, "id": 50 + number, "custom_id": f"luma:compare_two:{number}", "options": options,
            "min_values": 1, "max_values": 2,
        }  # fmt: skip
        message.components = [{"type": 1, "id": 1, "components": [menu]}]
        view = await world.actor.select("Mia", message.id, f"luma:compare_two:{number}", list(dict.fromkeys(chosen)))
        await world.settled()
        assert answer(world, view).ephemeral
    assert [name for kind, name in world.clips.made if kind == "compare"] == []


async def test_a_result_deleted_during_the_encode_is_not_compared(world: BotWorld) -> None:
    job = await delivered(world)
    world.clips.hang_compare = asyncio.Event()
    pressing = asyncio.create_task(press(world, job, "compare"))
    await world.clips.begun.wait()
    await world.results.delete(job.id, job.user_id, now_ms=world.clock.now_ms())
    world.clips.hang_compare.set()
    assert "was deleted" in told(world, await pressing)
    assert compared(world, job) == []
    assert not world.clips.path(f"compare-{world.clips.made[0][1]}.mp4").exists()


async def test_a_comparison_too_large_for_anything_is_said_to_be(world: BotWorld) -> None:
    job = await delivered(world)
    world.clips.hosted = False
    world.clips.on_fit = [None]
    assert "too large" in told(world, await press(world, job, "compare"))
    world.clips.hosted = True
    world.clips.on_fit = [None]
    await press(world, job, "compare")
    (message,) = compared(world, job)
    assert "https://bot.example/files/compare-" in message.content
