"""Hold how the card tells of long work on a video."""

import asyncio
from dataclasses import replace
from pathlib import Path

from bot.cards import CardView, build_card
from bot.media_work import MediaWork, Work
from jobs.job import Job, State
from tests.bot.media_world import open_media_world
from tests.jobs.making import make_job
from tests.media.making import Recipe, make_clip


def words(view: CardView) -> str:
    return build_card(view).description or ""


def test_the_card_tells_of_the_work_in_each_state() -> None:
    job = make_job()
    assert "Making the clip ready**: 41 %" in words(CardView(job, work=Work(job, 0.419)))
    assert "Waiting for a place" in words(CardView(job, work=Work(job, None)))
    late = replace(job, state=State.DELIVERING)
    assert "Finished**: making the video ready to play here, 7 %" in words(CardView(late, work=Work(late, 0.07)))
    assert "In line" in words(CardView(job))


async def test_short_work_is_not_told_of() -> None:
    shown: list[Job] = []
    work, job = MediaWork(shown.append, after_seconds=3600.0), make_job()
    work.tell(job, 0.0)
    work.tell(job, 0.5)
    assert work.of(job.id) is None
    work.tell(job, 1.0)
    assert shown == []


async def test_long_work_is_told_of_when_it_has_changed_and_ends_silently() -> None:
    changed = asyncio.Event()
    shown: list[int | None] = []

    def show(job: Job) -> None:
        told = work.of(job.id)
        shown.append(told.percent if told else None)
        changed.set()

    work, job = MediaWork(show, after_seconds=0.01, every_seconds=0.01), make_job()
    work.tell(job, None)
    await changed.wait()
    for share in (0.25, 0.5):
        changed.clear()
        work.tell(job, share)
        await changed.wait()
    assert shown == [None, 25, 50]
    work.tell(job, 1.0)
    assert work.of(job.id) is None
    work.tell(replace(job, state=State.DELIVERED), 0.5)
    assert work.of(job.id) is None


async def test_a_conversion_that_lasts_shows_on_its_card(tmp_path: Path) -> None:
    async with open_media_world(tmp_path, after_seconds=0.05) as world:
        world.finish_with(make_clip(tmp_path / "result.mp4", Recipe()))
        job = await world.modify(make_clip(tmp_path / "film.webm", Recipe("vp9", 640, 360, frames=200)))
        job = await world.run(job)
        assert job.state is State.DELIVERED
        edits = [one for one in world.base.server.exchanges if one.method == "PATCH" and "/messages/" in one.path]
        told = [one for one in edits if "Making the clip ready" in str(one.request)]
        assert told
