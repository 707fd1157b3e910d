"""Compare and show real videos: real files, real encodes, real posters, on the local Discord."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from jobs.job import Job, Prepared, Result, State
from jobs.ports import VideoPost
from media.clips import ClipLimits, ShelfClips
from media.edit import EditLimits, Editor
from media.fetch import Fetcher
from media.shelf import Shelf, ShelfKind, ShelfLimits
from sandbox.discord.views import MessageView
from tests.bot.results import children, press, told
from tests.bot.world import BotWorld, open_bot_world
from tests.media.benches import Benches
from tests.media.making import Recipe, make_clip


class Studio:
    """Hold the world with a real shelf and editor behind its buttons."""

    def __init__(self, world: BotWorld, folder: Path) -> None:
        self.world, self.benches = world, Benches(folder)
        self.shelf = Shelf(folder / "shelf", world.clock, limits=ShelfLimits(free_bytes=0))
        workshop = self.benches.workshop
        self.clips = ShelfClips(
            Fetcher(), self.benches.prober, self.shelf, limits=ClipLimits(), editor=Editor(workshop, EditLimits(60.0))
        )
        desk = world.bot.desk
        world.bot.desk = replace(desk, results=replace(desk.results, gallery=self.clips))

    async def keep(self, job: Job, kind: ShelfKind, recipe: Recipe) -> str:
        """Put a real video on the shelf."""
        path = self.shelf.new_incoming(job.id, kind)
        make_clip(path.with_suffix(".mp4"), recipe).rename(path)
        return (await self.shelf.place(job.id, kind, path)).name

    async def deliver(self, job: Job, before: Recipe, after: Recipe) -> Job:
        """Bring a queued job to its end with real files."""
        opened = await self.world.delivery.open_place(job)
        clip, file = await self.keep(job, ShelfKind.CLIP, before), await self.keep(job, ShelfKind.RESULT, after)
        path = self.shelf.path(file)
        facts = (await self.benches.details(path)).facts
        job = await self.world.finish(
            job, thread_id=opened.thread_id, clip=Prepared(clip, facts), result=Result("https://r.example", file, facts)
        )
        posted = await self.world.delivery.post_result(job, VideoPost(path, f"luma-{job.code}.mp4"))
        ends = {"result_channel_id": posted.channel_id, "result_message_id": posted.message_id}
        return await self.world.put(job, state=State.DELIVERED, **ends)

    def uploaded(self, message: MessageView) -> Path:
        """Return the file on a message."""
        return self.world.server.world.find_message(message.id).attachments[0].path


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    async with open_bot_world(tmp_path) as world:
        opened = Studio(world, tmp_path)
        await opened.shelf.open()
        try:
            yield opened
        finally:
            await opened.clips.close()
            await opened.benches.workshop.close()


CLIP, EDIT = Recipe(frames=24, width=320, height=180), Recipe(frames=24, width=320, height=180, sound=False)


async def test_before_and_after_is_a_video_that_plays(studio: Studio) -> None:
    world = studio.world
    await world.modify()
    job = await studio.deliver(await world.only_job(), CLIP, EDIT)
    text = told(world, await press(world, job, "compare"))
    posted = world.actor.message("Mia", int(text.rsplit("/", 1)[1]))
    details = await studio.benches.details(studio.uploaded(posted))
    assert (details.video_codec, details.faststart, details.pix_fmt) == ("h264", True, "yuv420p")
    assert details.width * details.height > 320 * 180
    assert abs(details.duration_ms - 960) < 100


async def test_a_line_is_drawn_with_its_posters(studio: Studio) -> None:
    world = studio.world
    await world.modify()
    job = await studio.deliver(await world.only_job(), CLIP, EDIT)
    for number in range(2):
        world.discord_clock.advance(60)
        opened = await press(world, job, "reword")
        await world.actor.submit_modal(opened.id, {"prompt": f"make it warm and golden, like autumn, {number}"})
        turned = Recipe(frames=24, width=180, height=320) if number else EDIT
        job = await studio.deliver((await children(world, job))[0], CLIP, turned)
    for command, options in (("luma show", {"job": job.code}), ("luma history", {})):
        view = await world.actor.slash("Mia", "edits", command, options)
        await world.settled()
        assert view.message is not None
        shown = world.actor.message("Mia", view.message.id)
        with Image.open(studio.uploaded(shown)) as picture:
            assert picture.width == 1000
            # Posters are there: the frames are not of one colour.
            assert len(picture.convert("RGB").crop((100, 60, 380, 180)).getcolors(100_000) or ()) > 50
    assert len(list((studio.shelf.folder / "poster").iterdir())) == 3
