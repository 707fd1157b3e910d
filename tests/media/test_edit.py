"""Real edits of real files, watched afterwards picture by picture."""

import asyncio
import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from jobs.errors import MediaError, UnusableClipError
from jobs.result_ports import BEFORE_AFTER
from media.edit import NICENESS, EditLimits, Editor
from media.inside.answers import rule_of
from media.inside.lettering import make_label
from media.plans import Frame, InputPlan, frame_of, plan_input
from media.probe import ClipDetails
from storage.job_store import CODE_LETTERS
from tests.fakes import abilities_of
from tests.media.benches import Benches
from tests.media.making import Recipe, draw_picture, make_clip
from tests.media.test_probe import VARYING
from tests.media.watching import Watched, watch

LONG = Recipe(frames=100, flash=2.0)
VOICES = (
    ("webm", "vorbis"), ("webm", "libopus"), ("mp4", "libmp3lame"), ("mkv", "flac"), ("mov", "alac"), ("mp4", "ac3"),
    ("mov", "pcm_s16le"),
)  # fmt: skip


@pytest.fixture
def editor(benches: Benches) -> Editor:
    """Open an editor on the test's workshop."""
    return Editor(benches.workshop, EditLimits(seconds=60.0))


def whole(details: ClipDetails) -> InputPlan:
    """Plan to convert all of a clip."""
    return InputPlan(frame_of(details), 0, details.duration_ms, ())


def _matrix() -> Iterator[tuple[str, Recipe]]:
    yield "mov", replace(LONG, rotation=90)
    yield "mp4", replace(LONG, width=90, height=160, sound=False)
    yield "mp4", replace(LONG, codec="hevc", pix_fmt="yuv420p10le", hdr=True)
    yield "mov", replace(LONG, width=161, height=97, pix_fmt="yuv444p")
    yield "mp4", replace(LONG, movflags="frag_keyframe+empty_moov")
    yield "mkv", replace(LONG, times_ms=VARYING, flash=None)
    yield "mp4", replace(LONG, times_ms=VARYING, flash=None)
    yield "mp4", replace(LONG, codec="hevc", times_ms=VARYING, rotation=270, flash=None)
    yield "webm", replace(LONG, codec="vp9", width=97, height=161, times_ms=VARYING, sound=False)
    yield "mkv", replace(LONG, codec="av1", pix_fmt="yuv420p10le", frames=40, flash=1.0)
    yield "3gp", replace(LONG, rotation=180, frames=40, flash=1.0)


def _apart(seen: Watched) -> float:
    """Return how long after the flash the beep comes, in seconds; 0 where one of them is not there."""
    return 0.0 if seen.beep is None or seen.flash is None else seen.beep - seen.flash


@pytest.mark.timeout(180)
async def test_whatever_goes_in_comes_out_playable(benches: Benches, editor: Editor) -> None:
    out = benches.folder / "out.mp4"
    for number, (suffix, recipe) in enumerate(_matrix()):
        path = make_clip(benches.folder / f"{number}.{suffix}", recipe)
        details = await benches.details(path)
        await editor.convert(path, whole(details), out, max_bytes=10_000_000)
        made = await benches.details(out)
        context = (suffix, recipe, details, made)
        assert (made.container, made.video_codec, made.pix_fmt, made.profile) == ("mp4", "h264", "yuv420p", "High"), (
            context
        )
        assert (made.width, made.height) == (details.width // 2 * 2, details.height // 2 * 2), context
        assert (made.faststart, made.fragmented, made.rotation, made.hdr) == (True, False, 0, False), context
        assert not made.variable_frame_rate, context
        assert abs(made.duration_ms - details.duration_ms) <= 1000 / made.fps + 1, context
        seen = watch(out)
        assert seen.errors == 0, context
        assert bool(seen.sound_seconds) == bool(details.audio_ms), context
        assert seen.sound_seconds <= made.duration_ms / 1000 + 0.001, context
        # In AVI, which has no times of its own, sound and pictures are apart from the start.
        assert _apart(seen) == pytest.approx(_apart(watch(path)), abs=0.02), context
        assert suffix == "avi" or abs(_apart(seen)) < 0.02, context


@pytest.mark.parametrize(("suffix", "codec"), [("mp4", "h264"), ("mov", "hevc"), ("mkv", "vp9"), ("webm", "vp8")])
async def test_a_cut_takes_exactly_the_pictures_asked_for(
    suffix: str, codec: str, benches: Benches, editor: Editor
) -> None:
    path = make_clip(benches.folder / f"clip.{suffix}", replace(LONG, codec=codec, gop=24))
    details = await benches.details(path)
    out = benches.folder / "out.mp4"
    for start, seconds, first, count in (
        (0.0, 1.0, 0, 25),
        (1.0, 2.0, 25, 50),
        (1.97, 0.4, 50, 10),
        (3.48, 9.0, 87, 13),
    ):
        length = min(int(seconds * 1000), details.duration_ms - int(start * 1000))
        await editor.convert(path, InputPlan(frame_of(details), round(start * 1000), length, ()), out, max_bytes=10**7)
        seen = watch(out)
        assert seen.numbers == list(range(first, first + count)), start
        assert seen.times == pytest.approx([number / 25 for number in range(count)], abs=0.001)
        assert abs(seen.sound_seconds - count / 25) < 0.025
        if first <= 50 < first + count:
            assert seen.flash == pytest.approx((50 - first) / 25, abs=0.001)
            assert seen.beep == pytest.approx((50 - first) / 25, abs=0.02)


async def test_a_long_clip_is_cut_to_the_services_limit(benches: Benches, editor: Editor) -> None:
    path = make_clip(benches.folder / "clip.mp4", replace(LONG, frames=350, fps=30))
    details = await benches.details(path)
    plan = plan_input(details, abilities_of(max_seconds=10), 1.5, 600.0)
    assert plan is not None
    await editor.convert(path, plan, benches.folder / "out.mp4", max_bytes=10**7)
    made = await benches.details(benches.folder / "out.mp4")
    assert (made.duration_ms, made.frames) == (10_000, 300)
    assert made.audio_ms <= 10_000
    assert watch(benches.folder / "out.mp4").numbers[0] == 45


async def test_sound_of_every_usual_kind_is_kept_and_cut_in_step(benches: Benches, editor: Editor) -> None:
    out, film = benches.folder / "out.mp4", Recipe(width=80, height=48, frames=60, flash=1.2)
    for suffix, voice in VOICES:
        recipe = replace(film, codec="vp8" if suffix == "webm" else "h264", voice=voice)
        path = make_clip(benches.folder / f"{voice}.{suffix}", recipe)
        frame = frame_of(await benches.details(path))
        for start_ms in (0, 1_000):
            await editor.convert(path, InputPlan(frame, start_ms, 1_400, ()), out, max_bytes=10_000_000)
            seen = watch(out)
            assert seen.flash == pytest.approx(1.2 - start_ms / 1000, abs=0.001), voice
            assert seen.beep is not None, voice
            assert abs(_apart(seen)) < 0.02, voice
            assert 1.37 < seen.sound_seconds <= 1.4, voice


async def test_the_clips_of_old_phones_and_cameras_keep_their_sound(benches: Benches, editor: Editor) -> None:
    out, small = benches.folder / "out.mp4", Recipe(width=176, height=144, fps=15, frames=30, flash=1.0)
    for suffix, codec, voice, heard in (
        ("3gp", "h263", "libopencore_amrnb", "amr_nb"),
        ("3gp", "mpeg4", "libopencore_amrnb", "amr_nb"),
        ("avi", "mpeg4", "libmp3lame", "mp3"),
        ("avi", "mpeg4", "pcm_s16le", "pcm_s16le"),
        ("avi", "h263", "adpcm_ms", "adpcm_ms"),
        ("avi", "mpeg4", "adpcm_ima_wav", "adpcm_ima_wav"),
        ("mov", "mpeg4", "adpcm_ima_qt", "adpcm_ima_qt"),
    ):
        path = make_clip(benches.folder / f"{codec} {voice}.{suffix}", replace(small, codec=codec, voice=voice))
        details, context = await benches.details(path), (suffix, codec, voice)
        assert (details.video_codec, details.audio_codec, details.audio_usable) == (codec, heard, True), context
        plan = plan_input(details, abilities_of(), 0.0, 600.0)
        assert plan is not None
        assert "silent" not in {note.code for note in plan.notes}, context
        await editor.convert(path, plan, out, max_bytes=10_000_000)
        seen = watch(out)
        assert _apart(seen) == pytest.approx(_apart(watch(path)), abs=0.02), context
        assert seen.beep == pytest.approx(1.0, abs=0.08), context
        assert seen.sound_seconds > 1.9, context


@pytest.mark.parametrize("turn", [90, 180, 270])
async def test_a_turned_clip_stands_upright(turn: int, benches: Benches, editor: Editor) -> None:
    upright = Recipe(width=200, height=120)
    path = benches.folder / "clip.mp4"
    with av.open(str(path), "w") as container:
        # Stored turned the other way: a player turns it counter-clockwise by its matrix.
        stored = [np.rot90(draw_picture(upright, number, 0.0), -turn // 90) for number in range(20)]
        video = container.add_stream("libx264", rate=25, height=stored[0].shape[0], width=stored[0].shape[1])
        video.set_display_rotation(turn)
        for picture in stored:
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            container.mux(video.encode(frame.reformat(format="yuv420p")))
        container.mux(video.encode(None))
    details = await benches.details(path)
    assert (details.width, details.height, details.rotation) == (200, 120, turn)
    await editor.convert(path, whole(details), benches.folder / "out.mp4", max_bytes=10**7)
    assert watch(benches.folder / "out.mp4").numbers == list(range(20))


async def test_a_varying_clip_keeps_its_moments(benches: Benches, editor: Editor) -> None:
    times = (0, 40, 80, 400, 440, 900, 940, 980, 1020, 1500, 1540, 1880)
    path = make_clip(benches.folder / "clip.mkv", Recipe(times_ms=times, flash=0.9))
    details = await benches.details(path)
    assert details.variable_frame_rate
    plan = InputPlan(Frame(160, 96, Fraction(25)), 0, details.duration_ms, ())
    await editor.convert(path, plan, benches.folder / "out.mp4", max_bytes=10**7)
    seen = watch(benches.folder / "out.mp4")
    assert seen.times == pytest.approx([number / 25 for number in range(len(seen.times))], abs=0.001)
    firsts = {number: seen.times[seen.numbers.index(number)] for number in set(seen.numbers)}
    assert firsts == {number: pytest.approx(time / 1000, abs=0.021) for number, time in enumerate(times)}
    assert seen.flash == pytest.approx(0.9, abs=0.021)
    assert seen.beep == pytest.approx(0.9, abs=0.01)


async def test_hdr_is_brought_to_ordinary_light(benches: Benches, editor: Editor) -> None:
    path = benches.folder / "clip.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx265", rate=25, width=64, height=64, options={"x265-params": "log-level=none"})
        video.pix_fmt = "yuv420p10le"
        context = video.codec_context
        context.color_trc, context.color_primaries, context.colorspace = 16, 9, 9
        for _ in range(10):
            frame = VideoFrame(64, 64, "yuv420p10le")
            for plane, level in zip(frame.planes, (640, 512, 512), strict=True):  # a grey of 520 cd/m2
                plane.update(np.full(plane.buffer_size // 2, level, np.uint16).tobytes())
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    details = await benches.details(path)
    assert details.hdr
    await editor.convert(path, whole(details), benches.folder / "out.mp4", max_bytes=10**7)
    with av.open(str(benches.folder / "out.mp4")) as container:
        frame = next(container.decode(video=0))
        assert (int(frame.color_trc), int(frame.color_primaries), int(frame.colorspace)) == (1, 1, 1)
        luma = frame.to_ndarray(format="yuv420p")[:64]
    # Untouched, the code value would stay 160, and a player would show it as a mid grey.
    assert 200 < luma.mean() < 225


async def test_a_clip_too_large_is_made_to_fit_the_service(benches: Benches, editor: Editor) -> None:
    path = _noise(benches.folder / "noise.mp4", 320, 240, 50)
    details = await benches.details(path)
    out = benches.folder / "out.mp4"
    await editor.convert(path, whole(details), out, max_bytes=400_000)
    assert out.stat().st_size <= 400_000
    with pytest.raises(UnusableClipError, match="smaller") as refused:
        await editor.convert(path, whole(details), out, max_bytes=5_000)
    assert refused.value.rule == "bytes"


def _noise(path: Path, width: int, height: int, frames: int, *, sound: bool = False) -> Path:
    source = np.random.default_rng(7)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        video = container.add_stream(
            "libx264", rate=25, width=width, height=height, options={"preset": "ultrafast", "crf": "20"}
        )
        video.pix_fmt = "yuv420p"
        audio = container.add_stream("aac", rate=48_000, layout="mono") if sound else None
        for _ in range(frames):
            picture = source.integers(60, 190, (height // 4, width // 4, 3), np.uint8).repeat(4, 0).repeat(4, 1)
            container.mux(video.encode(VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")))
        container.mux(video.encode(None))
        if audio is not None:
            samples = (source.normal(0, 3000, (1, 48_000 * frames // 25))).astype(np.int16)
            block = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            block.sample_rate = 48_000
            container.mux(audio.encode(block))
            container.mux(audio.encode(None))
    return path


async def test_the_encoder_works_on_whole_pictures_at_once(benches: Benches, editor: Editor) -> None:
    path, out = make_clip(benches.folder / "clip.mp4", Recipe()), benches.folder / "out.mp4"
    await editor.convert(path, whole(await benches.details(path)), out, max_bytes=10_000_000)
    # x264 writes its settings into the stream; slices would take half as long again, and more bytes.
    assert b" threads=2 lookahead_threads=1 sliced_threads=0 " in out.read_bytes()


@pytest.mark.timeout(120)
async def test_a_result_is_fitted_closely_under_a_limit(benches: Benches, editor: Editor) -> None:
    path = _noise(benches.folder / "noise.mp4", 640, 480, 100, sound=True)
    details = await benches.details(path)
    heard: list[float | None] = []
    out = benches.folder / "out.mp4"
    for share in (0.6, 0.25):
        limit = int(details.size_bytes * share)
        assert await editor.fit_to_bytes(path, details, out, limit, on_progress=heard.append)
        assert limit * 0.8 < out.stat().st_size <= limit
        made = await benches.details(out)
        assert abs(made.duration_ms - details.duration_ms) <= 40
        assert (made.audio_codec, made.faststart) == ("aac", True)
    shares = [done for done in heard if done is not None]
    assert 0.4 < max(shares) <= 1.0
    assert min(shares) < 0.5
    assert not await editor.fit_to_bytes(path, details, out, 20_000)
    assert not out.exists()


async def test_a_result_is_repacked_where_its_codecs_fit(benches: Benches, editor: Editor) -> None:
    out = benches.folder / "out.mp4"
    plays = make_clip(benches.folder / "plays.mp4", replace(LONG, movflags="faststart"))
    assert not await editor.make_playable(plays, await benches.details(plays), out)
    for name, recipe in {
        "late.mp4": LONG,
        "film.mkv": LONG,
        "phone.mov": LONG,
        "pieces.mp4": replace(LONG, movflags="frag_keyframe+empty_moov+delay_moov"),
    }.items():
        path = make_clip(benches.folder / name, recipe)
        details = await benches.details(path)
        assert await editor.make_playable(path, details, out)
        made, seen = await benches.details(out), watch(out)
        assert (made.container, made.faststart, made.fragmented, made.audio_codec) == ("mp4", True, False, "aac"), name
        assert (seen.numbers, seen.errors) == (list(range(100)), 0), name
        assert seen.flash == pytest.approx(2.0, abs=0.001), name
        assert seen.beep == pytest.approx(2.0, abs=0.02), name


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "hevc"), ("a.webm", "vp9"), ("a.avi", "mpeg4"), ("a.gif", "gif")]
)
async def test_a_result_is_encoded_where_they_do_not(name: str, codec: str, benches: Benches, editor: Editor) -> None:
    path = make_clip(benches.folder / name, replace(LONG, codec=codec, frames=50))
    details, out = await benches.details(path), benches.folder / "out.mp4"
    assert await editor.make_playable(path, details, out)
    made = await benches.details(out)
    assert (made.video_codec, made.pix_fmt, made.faststart) == ("h264", "yuv420p", True)
    assert made.frames in {50, 51}
    assert abs(made.duration_ms - details.duration_ms) <= 40


@pytest.mark.parametrize("codec", ["h264", "hevc"])
async def test_the_clips_own_sound_is_laid_under_a_silent_result(codec: str, benches: Benches, editor: Editor) -> None:
    clip = make_clip(benches.folder / "clip.mp4", LONG)
    result = make_clip(benches.folder / "result.mp4", replace(LONG, codec=codec, sound=False, movflags="faststart"))
    out = benches.folder / "out.mp4"
    assert await editor.make_playable(result, await benches.details(result), out, sound_of=clip)
    seen = watch(out)
    assert seen.numbers == list(range(100))
    assert seen.flash == pytest.approx(2.0, abs=0.001)
    assert seen.beep == pytest.approx(2.0, abs=0.02)
    assert (await benches.details(out)).audio_codec == "aac"


async def test_a_poster_shows_a_picture_from_within(benches: Benches, editor: Editor) -> None:
    path = make_clip(benches.folder / "clip.mp4", replace(LONG, width=400, height=240))
    out = benches.folder / "out.jpg"
    await editor.poster(path, await benches.details(path), out, side=200)
    data = out.read_bytes()
    assert data[:3] == b"\xff\xd8\xff"
    with av.open(str(out)) as container:
        frame = next(container.decode(video=0))
        assert (frame.width, frame.height) == (200, 120)
    assert [path.name for path in benches.workshop.folder.iterdir()] == []


@pytest.mark.parametrize(
    ("width", "height", "expected"), [(320, 180, (320, 360)), (180, 320, (360, 320))], ids=["landscape", "portrait"]
)
async def test_before_and_after_stand_in_one_video(
    width: int, height: int, expected: tuple[int, int], benches: Benches, editor: Editor
) -> None:
    before = make_clip(benches.folder / "before.mp4", Recipe(width=width, height=height, frames=40))
    after = make_clip(benches.folder / "after.mp4", Recipe(width=width, height=height, frames=50, sound=False))
    out = benches.folder / "out.mp4"
    details = [await benches.details(path) for path in (before, after)]
    await editor.compare(before, details[0], after, details[1], out)
    made = await benches.details(out)
    assert ((made.width, made.height), made.frames, made.duration_ms) == (expected, 50, 2000)
    assert (made.video_codec, made.audio_codec) == ("h264", "aac")
    with av.open(str(out)) as container:
        picture = next(container.decode(video=0)).to_ndarray(format="gray")
    halves = np.split(picture, 2, 0 if height < width else 1)
    for half in halves:
        label = half[4:22, 4:70]  # white letters on a black box
        assert label.max() > 200
        assert label.min() < 40
    assert not np.array_equal(halves[0][4:22, 4:70], halves[1][4:22, 4:70])


async def test_versions_are_lettered_with_their_names(benches: Benches, editor: Editor) -> None:
    clip = make_clip(benches.folder / "clip.mp4", Recipe(width=320, height=180, frames=5, sound=False))
    details, seen = await benches.details(clip), []
    for names in (("V1", "V4"), ("V4", "V1"), ("V1", "V4")):
        out = benches.folder / "out.mp4"
        await editor.compare(clip, details, clip, details, out, names=names)
        with av.open(str(out)) as container:
            seen.append(next(container.decode(video=0)).to_ndarray(format="gray"))
    halves = [[np.greater(half[4:22, 4:30], 128) for half in np.split(each, 2)] for each in seen]
    assert (halves[0][0] == halves[1][1]).mean() > 0.98
    assert (halves[0][1] == halves[1][0]).mean() > 0.98
    assert (halves[0][0] == halves[0][1]).mean() < 0.98
    letter = np.array([[int(dot) for dot in f"{row:05b}"] for row in (0x11, 0x11, 0x11, 0x11, 0x11, 0x0A, 0x04)])
    drawn = seen[0][4 + 2 : 4 + 16 : 2, 4 + 2 : 4 + 12 : 2] > 128
    assert (drawn == letter).all()


def test_every_word_that_names_a_half_can_be_lettered() -> None:
    for word in (*BEFORE_AFTER, "V0123456789", CODE_LETTERS[:13], CODE_LETTERS[13:]):
        assert make_label(word, 1920, 1080) is not None, word


async def test_pictures_of_another_shape_are_boxed_not_stretched(benches: Benches, editor: Editor) -> None:
    before = make_clip(benches.folder / "before.mp4", Recipe(width=96, height=160, frames=10))
    after = make_clip(benches.folder / "after.mp4", Recipe(width=320, height=180, frames=10))
    out = benches.folder / "out.mp4"
    await editor.compare(before, await benches.details(before), after, await benches.details(after), out)
    with av.open(str(out)) as container:
        top = next(container.decode(video=0)).to_ndarray(format="gray")[90:180]
    assert top[:, :90].mean() < 25
    assert top[:, -90:].mean() < 25
    assert top[:, 120:200].mean() > 30


async def test_a_broken_clip_and_a_deadline_end_in_words(benches: Benches) -> None:
    clip = make_clip(benches.folder / "clip.mp4", replace(LONG, width=640, height=480))
    details = await benches.details(clip)
    out = benches.folder / "out.mp4"
    hasty = Editor(benches.workshop, EditLimits(seconds=0.001))
    with pytest.raises(UnusableClipError) as refused:
        await hasty.convert(clip, whole(details), out, max_bytes=10**7)
    assert refused.value.rule == "convert"
    with pytest.raises(MediaError, match="did not end well"):
        await hasty.poster(clip, details, out)
    broken = benches.file("broken.mp4", b"nothing of a video")
    with pytest.raises(MediaError, match="not_video"):
        await Editor(benches.workshop).poster(broken, details, out)
    assert not out.exists()
    assert list(benches.workshop.folder.iterdir()) == []


async def test_a_cancelled_edit_leaves_nothing_running(benches: Benches, editor: Editor) -> None:
    clip = _noise(benches.folder / "noise.mp4", 1280, 720, 60)
    details = await benches.details(clip)
    begun, out = asyncio.Event(), benches.folder / "out.mp4"
    for least in (0.0, 0.001):  # before its bench is laid out, and while the child works
        begun.clear()

        def hear(done: float | None, least: float = least) -> None:
            if done is not None and done >= least:
                begun.set()

        task = asyncio.create_task(editor.convert(clip, whole(details), out, max_bytes=10**8, on_progress=hear))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert list(benches.workshop.folder.iterdir()) == []
        assert not benches.workshop.working.locked()
        assert not out.exists()


def test_a_full_disk_in_a_child_is_no_fault_of_the_clip() -> None:
    assert rule_of(OSError(errno.ENOSPC, "No space left on device")) == "disk"
    with pytest.raises(OSError, match="No space") as full:
        av.error.err_check(-errno.ENOSPC)
    assert rule_of(full.value) == "disk"
    assert rule_of(OSError(errno.EIO, "Input/output error")) == "unreadable"
    assert rule_of(ValueError("no picture")) == "unreadable"


async def test_an_edit_gives_way_to_the_bots_answers(benches: Benches, editor: Editor) -> None:
    path = make_clip(benches.folder / "clip.mkv", Recipe("hevc", frames=100))
    nice: set[int] = set()

    def look(_: float | None) -> None:
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if os.readlink(process / "cwd").startswith(str(benches.workshop.folder)):
                    nice.add(int((process / "stat").read_text().rpartition(")")[2].split()[16]))

    details = await benches.details(path)
    await editor.convert(path, whole(details), benches.folder / "out.mp4", max_bytes=1 << 30, on_progress=look)
    assert nice == {min(os.nice(0) + NICENESS, 19)}
