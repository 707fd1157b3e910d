"""The way of a clip in and of a result out, through real downloads and real probes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import av
import pytest
from av.video.frame import VideoFrame

from jobs.errors import (
    BeyondUsError,
    DiskFullError,
    LumaBotError,
    MediaError,
    SourceUnavailableError,
    UnusableClipError,
)
from jobs.job import ClipSource, Job, Kind, Remark, Request, Result
from jobs.services import TemporaryLink
from media.clips import ClipLimits, ShelfClips
from media.edit import EditLimits, Editor
from media.fetch import Fetcher
from media.shelf import Shelf, ShelfKind, ShelfLimits
from tests.fakes import FakeClock, abilities_of
from tests.jobs.making import make_job
from tests.media.benches import Benches
from tests.media.making import Recipe, make_clip
from tests.media.watching import watch
from tests.media.wires import QUICK, open_server


class Studio:
    """Hold a server of files, and clips that fetch from it."""

    def __init__(self, benches: Benches, port: int, free: int, editor: Editor | None) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.renewed: list[ClipSource] = []
        self.address = f"http://127.0.0.1:{port}"
        self.fetcher = Fetcher(trusted_hosts=[f"127.0.0.1:{port}"], pace=QUICK, free=lambda _: 1 << 40)
        limits = ShelfLimits(max_bytes=1 << 40, free_bytes=0)
        self.shelf = Shelf(
            benches.folder / "shelf", FakeClock(), limits=limits, public_url="https://bot.example", free=lambda _: free
        )
        self.progress: list[float | None] = []
        self.benches, self.editor = benches, editor
        self.clips = self.build()

    def build(self, *, lay_sound: bool = True) -> ShelfClips:
        """Make the clips."""
        return ShelfClips(
            self.fetcher,
            self.benches.prober,
            self.shelf,
            limits=ClipLimits(2_000_000, 60.0),
            renew=self.renew,
            editor=self.editor,
            lay_sound=lay_sound,
            on_progress=lambda _, done: self.progress.append(done),
        )

    async def renew(self, source: ClipSource) -> str | None:
        """Give the address of an attachment again, if it still hangs there."""
        self.renewed.append(source)
        return f"{self.address}/renewed.mp4" if "renewed.mp4" in self.files else None

    def job(self, name: str = "clip.mp4", message_id: int | None = None) -> Job:
        """Make a job on one of the server's files, hanging on a message or not."""
        clip = ClipSource(f"{self.address}/{name}?hm=secret", name, message_id=message_id)
        return replace(make_job(), request=Request(Kind.MODIFY, "make it snow", clip=clip))

    def link(self, name: str) -> TemporaryLink:
        """Return the link of a result."""
        return TemporaryLink(f"{self.address}/{name}?token=secret", 5)


@asynccontextmanager
async def open_studio(benches: Benches, free: int = 1 << 40, *, edits: bool = False) -> AsyncIterator[Studio]:
    """Open a server and clips, which are edited where that is needed or refused."""

    async def talk(head: bytes, writer: asyncio.StreamWriter) -> None:
        name = head.split()[1].decode().partition("?")[0].lstrip("/")
        studio.asked.append(name)
        body = studio.files.get(name)
        status = "404 Not Found" if body is None else "200 OK"
        kind = "text/html" if name.endswith(".html") else "video/mp4"
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body or b'')}\r\n\r\n".encode()
        )
        writer.write(body or b"")
        await writer.drain()

    async with open_server(talk) as port:
        studio = Studio(benches, port, free, Editor(benches.workshop) if edits else None)
        await studio.shelf.open()
        try:
            yield studio
        finally:
            await studio.fetcher.close()


def _made(folder: Path, recipe: Recipe = Recipe(), suffix: str = "mp4") -> bytes:  # noqa: B008 - frozen
    return make_clip(folder / f"made.{suffix}", recipe).read_bytes()


async def test_a_clip_is_fetched_looked_at_and_kept(benches: Benches) -> None:
    async with open_studio(benches) as studio:
        studio.files["clip.mp4"] = clip = _made(benches.folder)
        prepared = await studio.clips.prepare(studio.job(), abilities_of())
        assert studio.clips.path(prepared.file).read_bytes() == clip
        assert (prepared.facts.width, prepared.facts.height, prepared.facts.duration_ms) == (160, 96, 800)
        link = studio.clips.public_link(prepared.file)
        assert link is not None
        assert link.url.startswith("https://bot.example/files/clip-")
        kept_ms = studio.clips.path(prepared.file).stat().st_mtime * 1000
        assert abs((link.expires_at_ms or 0) - kept_ms - 14 * 86_400_000) < 1_000
        assert list(studio.shelf.incoming.iterdir()) == []
        await studio.clips.discard(prepared.file)
        assert not studio.clips.path(prepared.file).exists()


async def test_a_refused_clip_leaves_nothing(benches: Benches) -> None:
    async with open_studio(benches) as studio:
        studio.files |= {"clip.html": b"<html>", "lie.mp4": b"MZ" + bytes(99), "large.mp4": bytes(2_000_001)}
        for name, rule in {
            "clip.html": "link_page",
            "lie.mp4": "not_video",
            "large.mp4": "bytes",
            "gone": "link_gone",
        }.items():
            with pytest.raises(UnusableClipError) as refused:
                await studio.clips.prepare(studio.job(name), abilities_of())
            assert (refused.value.rule, "secret" in refused.value.text) == (rule, False)
        assert [path for path in studio.shelf.folder.rglob("*") if path.is_file()] == [studio.shelf.folder / "key"]


async def test_an_expired_attachment_is_asked_for_again_once(benches: Benches) -> None:
    async with open_studio(benches) as studio:
        with pytest.raises(UnusableClipError, match="404"):
            await studio.clips.prepare(studio.job("old.mp4", message_id=2), abilities_of())
        assert len(studio.renewed) == 1
        studio.files["renewed.mp4"] = _made(benches.folder)
        await studio.clips.prepare(studio.job("old.mp4", message_id=2), abilities_of())
        assert studio.asked == ["old.mp4", "old.mp4", "renewed.mp4"]
        with pytest.raises(UnusableClipError, match="404"):
            await studio.clips.prepare(studio.job("old.mp4"), abilities_of())
        assert len(studio.renewed) == 2


async def test_a_full_disk_stops_before_the_download(benches: Benches) -> None:
    async with open_studio(benches, free=-1) as studio:
        with pytest.raises(DiskFullError):
            await studio.clips.prepare(studio.job(), abilities_of())
        assert studio.asked == []


async def test_a_result_is_looked_at_like_a_strangers_file(benches: Benches) -> None:
    async with open_studio(benches) as studio:
        good = _made(benches.folder)
        studio.files |= {
            "good.mp4": good,
            "page.html": b"<html>",
            "html.mp4": b"<html>the video has moved</html>",
            "empty.mp4": b"",
            "no_frames.mp4": good[:200],
            "sound.mp4": b"RIFF\x04\x00\x00\x00AVI ",
        }
        job = studio.job()
        result = await studio.clips.fetch_result(job, studio.link("good.mp4"))
        assert result.facts is not None
        assert result.facts.duration_ms == 800
        assert studio.clips.path(result.file).is_file()
        errors: dict[str, type[LumaBotError]] = {}
        for name in ("page.html", "html.mp4", "empty.mp4", "no_frames.mp4", "sound.mp4", "gone.mp4"):
            with pytest.raises(MediaError) as failed:
                await studio.clips.fetch_result(job, studio.link(name))
            assert "secret" not in str(failed.value)
            errors[name] = type(failed.value)
        assert errors.pop("gone.mp4") is SourceUnavailableError
        assert set(errors.values()) == {MediaError}


async def test_a_result_that_we_alone_do_not_take_is_told_apart_from_one_that_is_broken(benches: Benches) -> None:
    async with open_studio(benches) as studio:
        studio.files["huge.mp4"] = _made(benches.folder) + bytes(2_000_000)
        studio.files["odd.mov"] = _odd(benches.folder / "odd.mov")
        for name, code, values in (("huge.mp4", "too_large", {"bytes": 2_000_000}), ("odd.mov", "unread", {})):
            with pytest.raises(BeyondUsError) as beyond:
                await studio.clips.fetch_result(studio.job(), studio.link(name))
            assert (beyond.value.remark.code, beyond.value.remark.values) == (code, values)
            assert "secret" not in str(beyond.value)
        assert not list(studio.shelf.incoming.iterdir())


@pytest.mark.parametrize("address", ["http://cdn.example/v.mp4", "https://cdn.example:8443/v.mp4"])
async def test_a_result_at_an_address_we_do_not_follow_is_told_apart_too(benches: Benches, address: str) -> None:
    async with open_studio(benches) as studio:
        with pytest.raises(BeyondUsError):
            await studio.clips.fetch_result(studio.job(), TemporaryLink(address + "?token=secret"))


def _odd(path: Path) -> bytes:
    """Make a video of a codec we do not take."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("mjpeg", rate=25, width=64, height=64, pix_fmt="yuvj420p")
        for _ in range(5):
            container.mux(video.encode(VideoFrame(64, 64, "yuvj420p")))
        container.mux(video.encode(None))
    return path.read_bytes()


async def test_a_result_within_the_limit_goes_as_it_is(benches: Benches) -> None:
    async with open_studio(benches) as studio:
        studio.files["good.mp4"] = _made(benches.folder)
        job = studio.job()
        result = await studio.clips.fetch_result(job, studio.link("good.mp4"))
        fitted = await studio.clips.fit(job, result, 1_000_000)
        assert fitted is not None
        assert (fitted.path, fitted.shrunk) == (studio.clips.path(result.file), False)
        with pytest.raises(MediaError, match="no longer"):
            await studio.clips.fit(job, Result("", "result-gone-0123456789abcdef.mp4"), 1_000_000)


async def test_a_clip_that_lies_on_the_shelf_is_taken_from_there(benches: Benches) -> None:
    async with open_studio(benches) as studio:
        path = studio.shelf.new_incoming("old", ShelfKind.RESULT)
        make_clip(path.with_suffix(".mp4")).rename(path)
        kept = await studio.shelf.place("old", ShelfKind.RESULT, path)
        job = studio.job("gone.mp4")
        clip = replace(job.request.clip or ClipSource(""), file=kept.name)
        job = replace(job, request=replace(job.request, clip=clip, start_seconds=5.0))
        prepared = await studio.clips.prepare(job, abilities_of())
        assert studio.asked == []
        assert await studio.clips.keeps(prepared.file)
        assert prepared.file != kept.name
        assert await studio.clips.keeps(kept.name)


async def test_a_clip_kept_no_longer_is_fetched_or_said_to_be_gone(benches: Benches) -> None:
    async with open_studio(benches) as studio:
        gone = f"result-old-{'0' * 16}.mp4"
        studio.files["renewed.mp4"] = make_clip(benches.folder / "renewed.mp4").read_bytes()
        hung = ClipSource("", "luma.mp4", channel_id=1, message_id=2, attachment_id=3, file=gone, job_id="old")
        job = studio.job()
        hanging = replace(job, request=replace(job.request, clip=hung))
        assert (await studio.clips.prepare(hanging, abilities_of())).file
        lost = replace(job, request=replace(job.request, clip=ClipSource("", "luma.mp4", file=gone, job_id="old")))
        with pytest.raises(UnusableClipError, match="no longer keep"):
            await studio.clips.prepare(lost, abilities_of())
        assert not await studio.clips.keeps(gone)
        assert not await studio.clips.keeps("")


async def test_without_an_editor_a_clip_that_will_not_do_is_refused(benches: Benches) -> None:
    async with open_studio(benches) as studio:
        studio.files["long.mp4"] = _made(benches.folder, Recipe(frames=300))
        studio.files["film.webm"] = _made(benches.folder, Recipe("vp9"), "webm")
        studio.files["new.mp4"] = _made(benches.folder, Recipe("hevc"))
        for name, text in {"long.mp4": "12.0 s long", "film.webm": "WEBM", "new.mp4": "HEVC"}.items():
            with pytest.raises(UnusableClipError, match=text):
                await studio.clips.prepare(studio.job(name), abilities_of())


async def test_a_clip_is_cut_and_converted_for_the_service(benches: Benches) -> None:
    async with open_studio(benches, edits=True) as studio:
        studio.files["long.webm"] = _made(benches.folder, Recipe("vp9", frames=400, flash=3.0), "webm")
        job = studio.job("long.webm")
        job = replace(job, request=replace(job.request, start_seconds=2.0))
        prepared = await studio.clips.prepare(job, abilities_of())
        assert prepared.notes == (
            Remark("cut", {"start_ms": 2_000, "end_ms": 12_000, "whole_ms": 16_000}),
            Remark("converted", {"container": "webm", "codec": "vp9"}),
        )
        assert (prepared.facts.container, prepared.facts.duration_ms) == ("mp4", 10_000)
        seen = watch(studio.clips.path(prepared.file))
        assert (seen.numbers[0], len(seen.numbers)) == (50, 250)
        assert seen.flash == pytest.approx(1.0, abs=0.001)
        assert (studio.progress[0], studio.progress[-1]) == (0.0, 1.0)
        assert all(done is not None and done <= 0.99 for done in studio.progress[:-1])
        assert list(studio.shelf.incoming.iterdir()) == []
        plain = _made(benches.folder)
        studio.files["plain.mp4"] = plain
        kept = await studio.clips.prepare(studio.job("plain.mp4"), abilities_of())
        assert (kept.notes, studio.clips.path(kept.file).read_bytes()) == ((), plain)


async def test_a_silent_result_gets_the_clips_sound_and_plays(benches: Benches) -> None:
    async with open_studio(benches, edits=True) as studio:
        studio.files["clip.mp4"] = _made(benches.folder, Recipe(frames=50, flash=1.0))
        studio.files["done.mp4"] = _made(benches.folder, Recipe("hevc", frames=50, flash=1.0, sound=False))
        studio.files["short.mp4"] = _made(benches.folder, Recipe(frames=30, sound=False))
        job = studio.job()
        job = replace(job, clip=await studio.clips.prepare(job, abilities_of()))
        result = await studio.clips.fetch_result(job, studio.link("done.mp4"))
        assert result.facts is not None
        assert (result.facts.video_codec, result.facts.audio_codec) == ("h264", "aac")
        assert result.notes == (Remark("sound_laid"),)
        seen = watch(studio.clips.path(result.file))
        assert seen.errors == 0
        assert seen.flash == pytest.approx(1.0, abs=0.001)
        assert seen.beep is not None
        assert abs(seen.beep - 1.0) < 0.02
        # Another length: no sound is laid under what it would not fit.
        short = await studio.clips.fetch_result(job, studio.link("short.mp4"))
        assert short.facts is not None
        assert (short.facts.audio_codec, short.notes) == ("", ())


async def test_no_sound_is_laid_where_that_is_switched_off(benches: Benches) -> None:
    async with open_studio(benches, edits=True) as studio:
        studio.clips = studio.build(lay_sound=False)
        studio.files["clip.mp4"] = _made(benches.folder, Recipe(frames=30))
        studio.files["done.mp4"] = _made(benches.folder, Recipe(frames=30, sound=False, movflags="+faststart"))
        job = studio.job()
        job = replace(job, clip=await studio.clips.prepare(job, abilities_of()))
        result = await studio.clips.fetch_result(job, studio.link("done.mp4"))
        assert result.facts is not None
        assert (result.facts.audio_codec, result.notes) == ("", ())
        assert studio.clips.path(result.file).read_bytes() == studio.files["done.mp4"]


async def test_a_result_that_cannot_be_made_playable_is_kept_as_it_came(benches: Benches) -> None:
    hasty = Editor(benches.workshop, EditLimits(seconds=0.01))
    async with open_studio(benches) as studio:
        studio.files["done.mkv"] = done = _made(benches.folder, Recipe("vp9"), "mkv")
        clips = ShelfClips(studio.fetcher, benches.prober, studio.shelf, limits=ClipLimits(), editor=hasty)
        result = await clips.fetch_result(studio.job(), studio.link("done.mkv"))
        assert clips.path(result.file).read_bytes() == done


async def test_a_result_over_the_limit_is_made_smaller_once(benches: Benches) -> None:
    async with open_studio(benches, edits=True) as studio:
        studio.files["done.mp4"] = done = _made(benches.folder, Recipe(width=640, height=360, frames=100, sound=False))
        job, limit = studio.job(), len(done) // 2
        result = await studio.clips.fetch_result(job, studio.link("done.mp4"))
        fitted = await studio.clips.fit(job, result, limit)
        assert fitted is not None
        assert (fitted.shrunk, fitted.size_bytes <= limit, fitted.path.stat().st_size) == (
            True,
            True,
            fitted.size_bytes,
        )
        again = await studio.clips.fit(job, result, limit)
        assert again == fitted
        assert await studio.clips.fit(job, result, 2_000) is None
        assert studio.clips.path(result.file).stat().st_size > limit


async def test_a_poster_and_a_comparison_are_kept_on_the_shelf(benches: Benches) -> None:
    async with open_studio(benches, edits=True) as studio:
        studio.files |= {"clip.mp4": _made(benches.folder), "done.mp4": _made(benches.folder, Recipe(frames=30))}
        job = studio.job()
        prepared = await studio.clips.prepare(job, abilities_of())
        result = await studio.clips.fetch_result(job, studio.link("done.mp4"))
        assert studio.clips.path(await studio.clips.poster(job, result)).read_bytes()[:2] == b"\xff\xd8"
        both = await benches.details(studio.clips.path(await studio.clips.compare(job, prepared.file, result.file)))
        assert (both.width, both.height, both.frames) == (160, 192, 30)
