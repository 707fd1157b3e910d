"""What the probe says of good files, broken ones, and files that are something else."""

import asyncio
import io
import random
import struct
import wave
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame

from jobs.errors import UnusableClipError
from tests.media.benches import Benches
from tests.media.making import Recipe, make_clip

CONTAINERS = {
    "mp4": ("h264", "hevc", "vp9", "av1", "mpeg4"),
    "mov": ("h264", "hevc", "mpeg4", "prores"),
    "mkv": ("h264", "hevc", "vp8", "vp9", "av1", "mpeg4"),
    "webm": ("vp8", "vp9", "av1"),
    "avi": ("h264", "mpeg4"),
    "3gp": ("h264", "mpeg4"),
    "gif": ("gif",),
}
NAMES = {"mkv": "matroska"}
VERDICTS = {
    "fine",
    "unreadable",
    "broken",
    "no_video",
    "not_video",
    "codec",
    "size",
    "fps",
    "still",
    "streams",
    "videos",
}
VARYING = tuple(n * 40 + (n % 3) * 13 for n in range(20))


def _good_clips() -> Iterator[tuple[str, Recipe]]:
    for suffix, codecs in CONTAINERS.items():
        for codec in codecs:
            yield suffix, Recipe(codec)
            yield suffix, Recipe(codec, width=96, height=160, sound=False)
    for suffix in ("mp4", "mov"):
        for turn in (90, 180, 270):
            yield suffix, Recipe(rotation=turn)
        for flags in ("faststart", "frag_keyframe+empty_moov", "frag_keyframe+empty_moov+default_base_moof"):
            yield suffix, Recipe(movflags=flags)
        yield suffix, Recipe(times_ms=VARYING)
    yield "mkv", Recipe(times_ms=VARYING)
    yield "webm", Recipe("vp9", times_ms=VARYING)
    yield "mp4", Recipe("hevc", pix_fmt="yuv420p10le")
    yield "mp4", Recipe("hevc", pix_fmt="yuv420p10le", hdr=True)
    yield "mov", Recipe("h264", width=161, height=97, pix_fmt="yuv444p")


@pytest.mark.timeout(120)
async def test_good_clips_are_read_exactly(benches: Benches) -> None:
    clips = list(_good_clips())
    assert len(clips) >= 48
    for number, (suffix, recipe) in enumerate(clips):
        path = make_clip(benches.folder / f"{number}.{suffix}", recipe)
        details = await benches.details(path)
        context = (suffix, recipe, details)
        turned = recipe.rotation in {90, 270}
        shown = (recipe.height, recipe.width) if turned else (recipe.width, recipe.height)
        assert (details.width, details.height) == shown, context
        assert details.container == NAMES.get(suffix, suffix), context
        assert details.video_codec == recipe.codec, context
        assert details.rotation == recipe.rotation, context
        assert bool(details.audio_ms) == bool(details.audio_codec) == (recipe.sound and suffix != "gif"), context
        assert abs(details.frames - recipe.frames) <= 1, context
        whole = VARYING[-1] + 40 if recipe.times_ms else recipe.frames * 1000 / recipe.fps
        assert abs(details.duration_ms - whole) <= 1000 / recipe.fps, context
        assert details.variable_frame_rate == bool(recipe.times_ms) or suffix == "avi", context
        assert details.faststart == ("moov" in recipe.movflags or "faststart" in recipe.movflags), context
        assert details.fragmented == ("frag" in recipe.movflags), context
        assert (details.bit_depth, details.hdr) == (10 if "10" in details.pix_fmt else 8, recipe.hdr), context
        assert details.size_bytes == path.stat().st_size


async def test_a_picture_lost_on_the_way_changes_no_rate(benches: Benches) -> None:
    lost = Recipe(times_ms=tuple(number * 40 for number in range(40) if number != 17), flash=None)
    late = Recipe("mpeg4", frames=40)  # in AVI, with sound, a picture's time is left empty before the second
    for name, recipe in {"lost.mp4": lost, "lost.mkv": lost, "late.avi": late}.items():
        details = await benches.details(make_clip(benches.folder / name, recipe))
        assert (details.fps, details.variable_frame_rate) == (25.0, False), name
        assert details.duration_ms in {1_600, 1_640}, name


def _boxes(data: bytes) -> dict[str, bytes]:
    boxes, position = {}, 0
    while position < len(data):
        size, name = struct.unpack(">I4s", data[position : position + 8])
        boxes[name.decode()] = data[position : position + size]
        position += size
    return boxes


def _patched(data: bytes, box: bytes, offset: int, value: int) -> bytes:
    """Overwrite a 32-bit number `offset` bytes after every box of a name."""
    changed, position = bytearray(data), 0
    while (position := data.find(box, position)) >= 0:
        position += 4
        changed[position + offset : position + offset + 4] = struct.pack(">I", value)
    return bytes(changed)


async def test_broken_files_get_exact_verdicts(benches: Benches) -> None:
    long = Recipe(frames=100, sound=False, options={"preset": "ultrafast", "tune": "zerolatency"})
    fast = make_clip(benches.folder / "fast.mp4", replace(long, movflags="faststart")).read_bytes()
    late = make_clip(benches.folder / "late.mp4", long).read_bytes()
    film = make_clip(benches.folder / "film.mkv", long).read_bytes()
    boxes, size = _boxes(fast), len(fast)
    lead = size - len(boxes["mdat"])
    expected = {
        "cut in ftyp": (fast[:20], "unreadable"),
        "cut in moov": (fast[: lead // 2], "unreadable"),
        "cut after moov": (fast[:lead], "broken"),
        "cut in the first picture": (fast[: lead + 60], "broken"),
        "cut in the middle": (fast[: lead + (size - lead) // 2], "fine"),
        "late index cut away": (late[: len(late) // 2], "unreadable"),
        "no moov": (boxes["ftyp"] + boxes["mdat"], "unreadable"),
        "moov only": (boxes["moov"], "broken"),
        "tail only": (fast[size // 2 :], "not_video"),
        "zeroed mdat": (fast[: lead + 8] + bytes(size - lead - 8), "broken"),
        "zeroed second half": (fast[: lead + (size - lead) // 2] + bytes((size - lead + 1) // 2), "fine"),
        "duration of nothing": (_patched(_patched(fast, b"mdhd", 16, 0), b"mvhd", 16, 0), "fine"),
        "duration of years": (_patched(_patched(fast, b"mdhd", 16, 0x7FFFFFFF), b"mvhd", 16, 0x7FFFFFFF), "fine"),
        "size of 65535 in its header": (_patched(fast, b"tkhd", 76, 65535 << 16), "fine"),
        "film cut at a third": (film[: len(film) * 3 // 10], "fine"),
        "film cut at two thirds": (film[: len(film) * 6 // 10], "fine"),
        "film cut in its header": (film[:200], "unreadable"),
    }
    got = {name: await benches.verdict(benches.file("broken.mp4", data)) for name, (data, _) in expected.items()}
    assert got == {name: verdict for name, (_, verdict) in expected.items()}
    for name, seconds in {
        "duration of nothing": 4.0,
        "duration of years": 4.0,
        "cut in the middle": 2.0,
        "zeroed second half": 2.0,
    }.items():
        details = await benches.details(benches.file("broken.mp4", expected[name][0]))
        assert abs(details.duration_ms / 1000 - seconds) < 0.6, name
        assert (details.width, details.height) == (160, 96)


@pytest.mark.timeout(120)
async def test_flipped_bits_never_reach_the_bot(benches: Benches) -> None:
    clip = make_clip(benches.folder / "clip.mp4", Recipe(movflags="faststart")).read_bytes()
    source = random.Random(20261129)

    def flipped(number: int) -> Path:
        data = bytearray(clip)
        for _ in range(source.randint(1, 8)):
            data[source.randrange(len(data))] ^= 1 << source.randrange(8)
        return benches.file(f"{number}.mp4", bytes(data))

    verdicts = Counter(await asyncio.gather(*(benches.verdict(flipped(number)) for number in range(200))))
    assert set(verdicts) <= VERDICTS, verdicts
    assert verdicts["fine"] > 50, verdicts


@pytest.mark.timeout(120)
async def test_a_cut_at_every_place_of_the_index_and_the_first_picture(benches: Benches) -> None:
    clip = make_clip(benches.folder / "clip.mp4", Recipe(movflags="faststart", sound=False)).read_bytes()
    lead = len(clip) - len(_boxes(clip)["mdat"])
    cuts = [*range(40, lead, 19), *range(lead, lead + 1200, 31)]
    assert len(cuts) >= 79

    async def look(cut: int) -> str:
        return await benches.verdict(benches.file(f"{cut}.mp4", clip[:cut]))

    verdicts = await asyncio.gather(*(look(cut) for cut in cuts))
    assert set(verdicts) <= {"no_video", "unreadable", "codec", "broken", "still", "fine"}


def _lies() -> dict[str, bytes]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("clip.mp4", b"clip")
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(16000))
    still = io.BytesIO()
    with av.open(still, "w", format="gif") as container:
        video = container.add_stream("gif", rate=1, width=16, height=16, pix_fmt="rgb8")
        frame = VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24").reformat(format="rgb8")
        container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return {
        "html": b"<!doctype html><video src='https://127.0.0.1/'></video>",
        "zip": archive.getvalue(),
        "exe": b"MZ" + bytes(600),
        "gif": still.getvalue(),
        "png": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(100),
        "wav": sound.getvalue(),
        "m3u8": b"#EXTM3U\n#EXTINF:1,\nclip.ts\n",
        "mpd": b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'></MPD>",
        "sdp": b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\n",
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "empty": b"",
        "one byte": b"\x00",
        "noise": random.Random(1).randbytes(1_000_000),
    }


async def test_files_that_are_something_else_are_refused(benches: Benches) -> None:
    lies = _lies()
    assert len(lies) == 14
    for name, data in lies.items():
        for suffix in ("mp4", "mov", "webm"):
            verdict = await benches.verdict(benches.file(f"lie.{suffix}", data))
            assert verdict == ("still" if name == "gif" else "not_video"), (name, suffix)


async def test_a_clip_of_a_codec_we_do_not_take_is_named(benches: Benches) -> None:
    path = benches.folder / "clip.mov"
    with av.open(str(path), "w") as container:
        video = container.add_stream("mjpeg", rate=Fraction(25), width=64, height=64, pix_fmt="yuvj420p")
        for _ in range(5):
            container.mux(video.encode(VideoFrame(64, 64, "yuvj420p")))
        container.mux(video.encode(None))
    with pytest.raises(UnusableClipError, match="encoded as mjpeg") as refused:
        await benches.prober.probe(path)
    assert refused.value.rule == "codec"


async def test_sound_alone_is_no_clip(benches: Benches) -> None:
    path = benches.folder / "sound.mp4"
    with av.open(str(path), "w") as container:
        audio = container.add_stream("aac", rate=48_000, layout="mono")
        assert isinstance(audio, AudioStream)
        frame = AudioFrame.from_ndarray(np.zeros((1, 48_000), np.int16), format="s16", layout="mono")
        frame.sample_rate = 48_000
        container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    assert await benches.verdict(path) == "no_video"


async def test_a_link_in_the_folder_is_no_clip(benches: Benches) -> None:
    clip = make_clip(benches.folder / "clip.mp4")
    link = benches.folder / "link.mp4"
    link.symlink_to(clip)
    for path in (link, benches.folder, Path("/dev/zero")):
        with pytest.raises(Exception, match="regular file"):
            await benches.prober.probe(path)
