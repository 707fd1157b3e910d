"""Small files that would cost much: each is refused in a child that stays small, quickly and in clear words."""

import struct
import sys
import time
import zlib
from pathlib import Path

import av
import pytest
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from media.children import COMMAND, ChildFailedError, ForkServer
from media.limited import ChildRefusedError, run_child
from media.probe import LOOK_LIMITS
from tests.media.benches import Benches
from tests.media.making import Recipe, make_clip

U32 = struct.Struct(">I")
MATRIX = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)


def box(name: bytes, *parts: bytes) -> bytes:
    """Build one box."""
    data = b"".join(parts)
    return U32.pack(len(data) + 8) + name + data


def numbers(*values: int) -> bytes:
    """Write 32-bit numbers."""
    return b"".join(U32.pack(value) for value in values)


def movie(
    *, codec: bytes = b"avc1", width: int = 64, height: int = 64, scale: int = 25, duration: int = 25, count: int = 1,
    tracks: int = 1, data: bytes = b"clip", described: bytes = b""
) -> bytes:  # fmt: skip
    """Build an MP4 file by hand; `count` is the number of samples its table claims, all of one size."""
    entry = box(codec, bytes(6), b"\0\1", bytes(16), struct.pack(">HH", width, height), bytes(50), described)
    table = box(
        b"stbl",
        box(b"stsd", numbers(0, 1), entry),
        box(b"stts", numbers(0, 1, count, 1)),
        box(b"stsc", numbers(0, 1, 1, count, 1)),
        box(b"stsz", numbers(0, len(data), count)),
        box(b"stco", numbers(0, 1, 40)),
    )
    media = box(
        b"mdia",
        box(b"mdhd", numbers(0, 0, 0, scale, duration, 0)),
        box(b"hdlr", numbers(0, 0), b"vide", bytes(13)),
        box(b"minf", box(b"vmhd", numbers(1, 0, 0)), table),
    )
    header = box(b"mvhd", numbers(0, 0, 0, scale, duration, 1 << 16), bytes(12), MATRIX, bytes(24), numbers(2))
    track = box(b"trak", box(b"tkhd", numbers(7, 0, 0, 1, 0, duration), bytes(16), MATRIX, numbers(0, 0)), media)
    return box(b"ftyp", b"isom", numbers(512), b"isommp41") + box(b"mdat", data) + box(b"moov", header, track * tracks)


def _picture(side: int) -> bytes:
    lines = (b"\0" + bytes(side // 8 + 1)) * side
    head = box(b"IHDR", b"")[4:8] + struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)

    def part(name: bytes, data: bytes) -> bytes:
        return U32.pack(len(data)) + name + data + U32.pack(zlib.crc32(name + data))

    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head[4:]) + part(b"IDAT", zlib.compress(lines)) + part(b"IEND", b"")


def _bombs() -> dict[str, bytes]:
    depth = 20_000
    nested = b"".join(U32.pack(8 * (depth - level)) + b"moov" for level in range(depth))
    start = box(b"ftyp", b"isom", numbers(512), b"isommp41")
    return {
        "ten million samples": movie(count=10_000_000),
        "fifty million samples": movie(count=50_000_000),
        "a picture of 12000x12000": movie(codec=b"png ", width=12000, height=12000, data=_picture(12_000)),
        "a thousand tracks": movie(tracks=1_000),
        "twenty thousand tracks": movie(tracks=20_000),
        "boxes in boxes": start + nested,
        "twenty thousand boxes": start + box(b"moov", box(b"udta", b"") * 20_000),
        "a box of size 0": start + b"\0\0\0\0moov",
        "a box of size 1": start + b"\0\0\0\1moov" + bytes(3),
        "a box of size 7": start + b"\0\0\0\7moov" + bytes(20),
        "a box of size 2^63": start + b"\0\0\0\1moov\x80" + bytes(7),
        "a terabyte of mdat": start + b"\0\0\0\1mdat" + (1 << 40).to_bytes(8) + bytes(64),
        "no width": movie(width=0, height=0),
        "65535 pixels wide": movie(width=65535, height=65535),
        "a timescale of 0": movie(scale=0),
        "the longest duration": movie(duration=0xFFFFFFFF),
    }


# Runs the fork server between us and its children: a process forked from this one would be charged with this one's.
MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[2:])
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(done.returncode)
"""


async def look(benches: Benches, path: Path) -> tuple[str, int, float]:
    """Look at a file as the prober does; return the verdict, the child's memory in bytes, and the seconds it took."""
    measured = benches.folder / "memory"
    command = [sys.executable, "-I", "-c", MEASURE, str(measured), *COMMAND]
    began = time.monotonic()
    async with benches.workshop.bench(clip=path) as folder, ForkServer(command) as children:
        try:
            await run_child(children, "look", {"file": "clip"}, LOOK_LIMITS, folder)
            verdict = "fine"
        except ChildRefusedError as refused:
            verdict = refused.rule
        except ChildFailedError:
            verdict = "unreadable"
    return verdict, int(measured.read_text()) * 1024, time.monotonic() - began


async def test_bombs_are_refused_in_a_small_child(benches: Benches) -> None:
    bombs = _bombs()
    assert len(bombs) == 16
    for name, data in bombs.items():
        verdict, memory, seconds = await look(benches, benches.file("bomb.mp4", data))
        assert verdict in {"unreadable", "no_video", "broken", "codec", "streams", "videos", "size", "packets"}, name
        assert memory < 800 << 20, name
        assert seconds < 15, name


@pytest.mark.parametrize(("width", "height"), [(4160, 128), (128, 4160), (4096, 2416)])
async def test_a_picture_over_the_limit_is_refused(width: int, height: int, benches: Benches) -> None:
    clip = make_clip(benches.folder / "wide.mp4", Recipe(width=width, height=height, frames=3, sound=False))
    assert await benches.verdict(clip) in {"size", "broken"}


async def test_an_8k_clip_is_refused_without_its_memory(benches: Benches) -> None:
    path = benches.folder / "huge.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        assert isinstance(video, VideoStream)
        video.width, video.height, video.pix_fmt = 8192, 8192, "yuv420p"
        for _ in range(2):
            container.mux(video.encode(VideoFrame(8192, 8192, "yuv420p")))
        container.mux(video.encode(None))
    honest = path.read_bytes()
    assert (await look(benches, path))[0] == "size"
    # The same pictures under a header that calls them small: the decoder refuses them.
    large, small = struct.pack(">HH", 8192, 8192), struct.pack(">HH", 64, 64)
    verdict, memory, _ = await look(benches, benches.file("lie.mp4", honest.replace(large, small)))
    assert verdict in {"size", "broken", "unreadable"}
    assert memory < 300 << 20


async def test_a_4k_clip_is_taken(benches: Benches) -> None:
    clip = make_clip(benches.folder / "film.mp4", Recipe("hevc", width=4096, height=2304, frames=3, sound=False))
    details = await benches.details(clip)
    assert (details.width, details.height) == (4096, 2304)
