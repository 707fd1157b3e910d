"""Lose no finished video to its size, to the disk or to a closed place, with real files."""

import re
import struct
from dataclasses import dataclass
from pathlib import Path

import pytest

from jobs.job import State
from jobs.services import Progress, Status
from tests.bot.media_world import ENDLESS, open_media_world
from tests.bot.results import press, told
from tests.media.making import Recipe, make_clip

LARGE = Recipe(width=640, height=360, frames=50, gop=25, movflags="+faststart")
SMALL = 1_200_000


def make_large(path: Path, size_bytes: int = 3_500_000) -> Path:
    """Make a video that plays and is as large as wanted: what follows its film is room that players skip."""
    make_clip(path, LARGE)
    missing = size_bytes - path.stat().st_size
    with path.open("ab") as file:
        file.write(struct.pack(">I4s", missing, b"free") + bytes(missing - 8))
    return path


def link_in(content: str) -> str:
    """Return the address in a message."""
    found = re.search(r"https?://\S+", content)
    assert found, content
    return found[0]


async def test_a_result_over_the_limit_comes_smaller_with_a_link_a_phone_can_seek_in(tmp_path: Path) -> None:
    async with open_media_world(tmp_path) as world:
        world.limit_uploads(SMALL)
        world.finish_with(make_large(tmp_path / "large.mp4"))
        job = await world.run(await world.modify(make_clip(tmp_path / "clip.mp4", Recipe())))
        assert job.state is State.DELIVERED
        message = world.ending(job)
        assert "smaller copy" in message.content
        (video,) = message.attachments
        assert video.size <= SMALL
        assert job.result is not None
        full = world.media.shelf.path(job.result.file).read_bytes()
        status, headers, body = await world.download(link_in(message.content))
        assert (status, body) == (200, full)
        assert headers["Accept-Ranges"] == "bytes"
        assert headers["Content-Type"] == "video/mp4"
        status, headers, body = await world.download(link_in(message.content), {"Range": "bytes=1000-1999"})
        assert (status, body) == (206, full[1000:2000])
        assert headers["Content-Range"] == f"bytes 1000-1999/{len(full)}"
        refused = [one for one in world.base.server.exchanges if one.status == 413]
        assert len(refused) <= 2


async def test_where_no_smaller_copy_goes_a_link_comes_with_a_picture(tmp_path: Path) -> None:
    async with open_media_world(tmp_path) as world:
        world.limit_uploads(20_000)
        world.finish_with(make_large(tmp_path / "large.mp4"))
        job = await world.run(await world.modify(make_clip(tmp_path / "clip.mp4", Recipe())))
        message = world.ending(job)
        ends_ms = world.base.clock.now_ms() + 14 * 86_400_000
        found = re.search(r"too large to attach here. Watch or download it \(ends <t:(\d+):R>\)", message.content)
        assert found, message.content
        assert abs(int(found[1]) - ends_ms // 1000) < 60
        (picture,) = message.attachments
        assert picture.filename == f"luma-{job.code}.jpg"
        status, _, body = await world.download(picture.url)
        assert (status, body[:2]) == (200, b"\xff\xd8")
        assert (await world.download(link_in(message.content)))[0] == 200
        assert not list((world.media.shelf.folder / "poster").iterdir())


async def test_without_a_public_address_the_services_link_is_given_with_its_end(tmp_path: Path) -> None:
    async with open_media_world(tmp_path, public=False) as world:
        world.limit_uploads(20_000)
        world.finish_with(make_large(tmp_path / "large.mp4"))
        ends_ms = world.base.clock.now_ms() + 1_200_000
        world.base.provider.link_ends_ms = ends_ms
        job = await world.run(await world.modify(make_clip(tmp_path / "clip.mp4", Recipe())))
        content = world.ending(job).content
        assert f"{world.address}/results/large.mp4" in content
        assert f"<t:{ends_ms // 1000}:R>" in content


@dataclass
class Disk:
    """Be a small disk: what is on it counts against its size."""

    folder: Path
    size_bytes: int

    def free(self, _: Path) -> int:
        """Return how many bytes are left."""
        used = sum(path.stat().st_size for path in self.folder.rglob("*.mp4") if path.is_file())
        return self.size_bytes - used


@pytest.mark.timeout(120)
async def test_five_large_results_at_once_on_a_small_disk_are_all_delivered_in_the_end(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "media", ENDLESS)
    async with open_media_world(tmp_path, free=disk.free, disk_free_bytes=1_000_000) as world:
        result = make_large(tmp_path / "large.mp4")
        clip = make_clip(tmp_path / "clip.mp4", Recipe())
        people = ["Mia", "Noah", "Ada", "Robin"]
        jobs = [await world.modify(clip, user=name) for name in people]
        jobs.append(await world.modify(clip, user="Mia"))
        await world.step()
        world.finish_with(result)
        disk.size_bytes = disk.size_bytes - disk.free(tmp_path) + 9_000_000  # room for two of the five
        world.base.discord_clock.advance(31)
        await world.step()
        world.base.discord_clock.advance(61)
        await world.step()
        now = [await world.read(job) for job in jobs]
        waiting = [job for job in now if job.state is State.DELIVERING]
        assert waiting, [job.state for job in now]
        assert {job.hold for job in waiting} == {"there is no room on my disk"}
        assert "no room on my disk" in world.card(waiting[0])

        refused = await world.ask(clip, user="Noah")
        assert refused.message is not None
        assert refused.message.ephemeral
        assert "disk is full" in refused.message.content
        assert len(await world.base.jobs()) == 5
        assert [text for text in world.base.alarms.heard if "disk" in text]

        disk.size_bytes = ENDLESS
        for job in jobs:
            done = await world.run(job)
            assert done.state is State.DELIVERED
            assert world.ending(done).attachments
        assert (await world.ask(clip, user="Ada")).message is not None
        assert len(await world.base.jobs()) == 6


async def test_a_sweep_of_an_overfull_shelf_spares_what_open_edits_need(tmp_path: Path) -> None:
    async with open_media_world(tmp_path, shelf_bytes=1) as world:
        clip = make_clip(tmp_path / "clip.mp4", Recipe())
        world.finish_with(make_clip(tmp_path / "result.mp4", Recipe()))
        done = await world.run(await world.modify(clip))
        world.base.provider.status = Status(Progress.RUNNING)
        open_ = await world.run(await world.modify(clip), State.RUNNING)
        world.base.discord_clock.advance(3_600)
        swept = await world.media.shelf.sweep(await world.base.store.files_in_use())
        assert swept.removed == 2
        assert open_.clip is not None
        assert done.result is not None
        assert await world.media.clips.keeps(open_.clip.file)
        assert not await world.media.clips.keeps(done.result.file)
        world.finish_with(tmp_path / "result.mp4")
        assert (await world.run(open_)).state is State.DELIVERED


async def test_a_result_that_cannot_be_fetched_comes_as_the_services_link(tmp_path: Path) -> None:
    async with open_media_world(tmp_path) as world:
        world.finish_with(tmp_path / "nothing.mp4")
        job = await world.run(await world.modify(make_clip(tmp_path / "clip.mp4", Recipe())))
        assert job.state is State.DELIVERED
        content = world.ending(job).content
        assert "could not fetch the video myself" in content
        assert f"{world.address}/results/nothing.mp4" in content
        assert [text for text in world.base.alarms.heard if "could not be fetched" in text]


async def test_a_result_larger_than_what_is_fetched_comes_as_a_link_that_can_be_had_anew(tmp_path: Path) -> None:
    async with open_media_world(tmp_path) as world:
        world.finish_with(make_large(tmp_path / "film.mp4", 51_000_000))
        world.base.provider.link_ends_ms = world.base.clock.now_ms() + 1_200_000
        job = await world.run(await world.modify(make_clip(tmp_path / "clip.mp4", Recipe())))
        assert job.state is State.DELIVERED
        content = world.ending(job).content
        assert "The video is larger than 50 MB, the most that I fetch." in content
        assert link_in(content) == f"{world.address}/results/film.mp4"
        assert f"<t:{world.base.provider.link_ends_ms // 1000}:R>" in content
        assert "`/luma show` gives you a new one" in content

        world.base.discord_clock.advance(3_600)
        world.base.provider.link_ends_ms = world.base.clock.now_ms() + 1_200_000
        told_in = told(world.base, await press(world.base, job, "post"))
        again = world.base.actor.message("Mia", int(told_in.rsplit("/", 1)[1]))
        assert link_in(again.content) == f"{world.address}/results/film.mp4"
        assert f"<t:{world.base.provider.link_ends_ms // 1000}:R>" in again.content


async def test_a_disk_that_stays_full_ends_with_a_link_and_loses_nothing(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "media", ENDLESS)
    async with open_media_world(tmp_path, free=disk.free, disk_free_bytes=1_000) as world:
        job = await world.run(await world.modify(make_clip(tmp_path / "clip.mp4", Recipe())), State.RUNNING)
        world.finish_with(make_clip(tmp_path / "result.mp4", Recipe()))
        disk.size_bytes = 0
        world.base.discord_clock.advance(31)
        await world.step()
        assert (await world.read(job)).state is State.DELIVERING
        world.base.discord_clock.advance(24 * 3_600)
        job = await world.run(job)
        assert job.state is State.DELIVERED
        assert f"{world.address}/results/result.mp4" in world.ending(job).content
