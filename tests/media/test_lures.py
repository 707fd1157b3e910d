"""Files that try to make FFmpeg open another file or an address: none of them may."""

import asyncio
import os
import shutil
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import av
import pytest

from media.children import COMMAND, ForkServer
from media.inside import opening
from media.limited import ChildRefusedError, run_child
from media.probe import LOOK_LIMITS
from tests.media.benches import Benches
from tests.media.making import make_clip
from tests.media.wires import open_server


class Canary(asyncio.DatagramProtocol):
    """Count who comes: over HTTP, where a real clip waits for them, and over UDP."""

    def __init__(self) -> None:
        self.visits: list[str] = []
        self.http = self.udp = 0

    def datagram_received(self, data: bytes, address: object) -> None:
        """Count a packet."""
        self.visits.append("udp")


@asynccontextmanager
async def open_canary(clip: bytes) -> AsyncIterator[Canary]:
    """Listen on both kinds of ports."""
    canary = Canary()

    async def talk(head: bytes, writer: asyncio.StreamWriter) -> None:
        canary.visits.append(head.decode())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(clip) + clip)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: canary, local_addr=("127.0.0.1", 0))
    try:
        async with open_server(talk) as port:
            canary.http, canary.udp = port, transport.get_extra_info("sockname")[1]
            yield canary
    finally:
        transport.close()


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def _avi_with_subtitles(playlist: bytes) -> bytes:
    """Build an AVI file of one subtitle stream in the GAB2 wrapping, which FFmpeg opens as a file of its own."""
    gab = b"GAB2\0" + struct.pack("<HI", 2, 2) + b"\0\0" + struct.pack("<HI", 4, len(playlist)) + playlist
    header = _chunk(b"avih", struct.pack("<14I", 40000, 0, 0, 16, 1, 0, 1, 0, 64, 64, 0, 0, 0, 0))
    stream = b"txts" + bytes(16) + struct.pack("<IIII", 1, 25, 0, 1) + bytes(20)
    lists = header + _chunk(b"LIST", b"strl" + _chunk(b"strh", stream) + _chunk(b"strf", bytes(40)))
    body = b"AVI " + _chunk(b"LIST", b"hdrl" + lists) + _chunk(b"LIST", b"movi" + _chunk(b"00tx", gab))
    return _chunk(b"RIFF", body)


def _box(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 8) + name + data


def _with_outside_data(clip: bytes, url: str) -> bytes:
    """Point an MP4 file's data reference at another place, as `dref` allows; the box keeps its size."""
    inside = _box(b"url ", b"\0\0\0\1")
    outside = _box(b"url ", bytes(4) + url.encode() + b"\0")
    place = clip.index(inside)
    grown = bytearray(clip[:place] + outside + clip[place + len(inside) :])
    for name in (b"dref", b"dinf", b"minf", b"mdia", b"trak", b"moov"):
        at = grown.rindex(name, 0, place) - 4
        size = struct.unpack(">I", grown[at : at + 4])[0] + len(outside) - len(inside)
        grown[at : at + 4] = struct.pack(">I", size)
    return bytes(grown)


def lures(canary: Canary, clip_path: Path) -> dict[str, bytes]:
    """Write every lure we know, each leading to the canary or to a clip beside."""
    web, file, udp = f"http://127.0.0.1:{canary.http}/clip.mp4", str(clip_path), f"127.0.0.1:{canary.udp}"
    places = {
        "http": web,
        "path": file,
        "file": f"file://{file}",
        "name": clip_path.name,
        "concat": f"concat:{file}|{web}",
        "subfile": f"subfile,,start,0,end,9,,:{web}",
        "crypto": f"crypto+{web}",
        "tcp": f"tcp://127.0.0.1:{canary.http}",
        "udp": f"udp://{udp}",
        "gopher": f"gopher://127.0.0.1:{canary.http}/_GET",
        "data": "data:video/mp4;base64,AAAA",
    }
    lists = {f"m3u8 {name}": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{to}\n" for name, to in places.items()}
    texts = lists | {
        "m3u8 key": f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{web}"\n#EXTINF:1,\n{file}\n#EXT-X-ENDLIST\n',
        "m3u8 master": f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{web}\n",
        "ffconcat path": f"ffconcat version 1.0\nfile '{file}'\n",
        "ffconcat name": f"ffconcat version 1.0\nfile {clip_path.name}\n",
        "ffconcat http": f"ffconcat version 1.0\nfile {web}\n",
        "mpd": f"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static'><Period><AdaptationSet>"
        f"<Representation id='1'><BaseURL>{web}</BaseURL></Representation></AdaptationSet></Period></MPD>",
        "sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {canary.udp} RTP/AVP 96\n"
        "a=rtpmap:96 H264/90000\n",
        "svg": f"<svg xmlns:x='http://www.w3.org/1999/xlink'><image x:href='{web}'/></svg>",
        "asx": f"<asx><entry><ref href='{web}'/></entry></asx>",
        "lavfi": f"movie={file}",
    }
    made = {name: text.encode() for name, text in texts.items()}
    clip = clip_path.read_bytes()
    return made | {
        "avi with m3u8 http": _avi_with_subtitles(texts["m3u8 http"].encode()),
        "avi with m3u8 path": _avi_with_subtitles(texts["m3u8 path"].encode()),
        "avi with ffconcat": _avi_with_subtitles(texts["ffconcat path"].encode()),
        "mp4 of a file elsewhere": _with_outside_data(clip, f"file://{file}"),
        "mp4 of a page": _with_outside_data(clip, web),
    }


async def test_no_lure_opens_anything(benches: Benches) -> None:
    clip = make_clip(benches.folder / "clip.mp4")
    async with open_canary(clip.read_bytes()) as canary:
        made = lures(canary, clip)
        assert len(made) >= 24
        for name, data in made.items():
            # The names that make FFmpeg take a text for a playlist are gone: the child sees a name of ours.
            verdict = await benches.verdict(benches.file("lure.m3u8", data))
            # An MP4 file that names another place for its data is read as if it did not: its own bytes are taken.
            expected = {"avi": "no_video", "mp4": "fine"}.get(name[:3], "not_video")
            assert verdict == expected, name
        assert canary.visits == []


async def test_the_whitelists_alone_refuse_every_lure(benches: Benches) -> None:
    clip = make_clip(benches.folder / "clip.mp4")
    async with open_canary(clip.read_bytes()) as canary:
        for name, data in lures(canary, clip).items():
            for file in ("lure.m3u8", "lure.mp4", "lure"):
                path = benches.file(file, data)
                assert await asyncio.to_thread(_video_streams, path, None) == 0 or name.startswith("mp4"), name
        assert canary.visits == []


DEMUXERS = (
    "hls",
    "dash",
    "concat",
    "sdp",
    "rtp",
    "rtsp",
    "image2",
    "image2pipe",
    "lavfi",
    "tty",
    "ffmetadata",
    "mpegts",
)


async def test_demuxers_that_open_other_files_are_out_of_reach(benches: Benches) -> None:
    assert av.ffmpeg_version_info
    clip = make_clip(benches.folder / "clip.mp4")
    async with open_canary(clip.read_bytes()) as canary:
        for name, data in lures(canary, clip).items():
            path = benches.file("lure", data)
            for demuxer in DEMUXERS if not name.startswith("mp4") else ():
                assert await asyncio.to_thread(_video_streams, path, demuxer) == 0, demuxer
        assert canary.visits == []


def _video_streams(path: Path, demuxer: str | None) -> int:
    try:
        with av.open(str(path), format=demuxer, options=opening.reading_options("mov")) as container:
            return len(container.streams.video)
    except (av.FFmpegError, ValueError):
        return 0


async def test_the_child_opens_its_clip_and_nothing_else(benches: Benches) -> None:
    trace, tracer = benches.folder / "trace", shutil.which("strace")
    if tracer is None or await _exit_status(tracer, "-o", "/dev/null", "true"):
        assert tracer is not None or "CI" not in os.environ, "install strace: a change must be checked with it"
        pytest.skip("no working strace on this machine")
    command = [tracer, "-f", "-e", "trace=open,openat,connect,bind,socket,execve", "-o", str(trace), *COMMAND]
    clip = make_clip(benches.folder / "clip.mp4")
    async with open_canary(clip.read_bytes()) as canary:
        made = lures(canary, clip)
        for name in ("avi with m3u8 path", "mp4 of a file elsewhere", "mp4 of a page"):
            async with (
                ForkServer(command) as children,
                benches.workshop.bench(clip=benches.file("lure", made[name])) as it,
            ):
                with suppress(ChildRefusedError):
                    await run_child(children, "look", {"file": "clip"}, LOOK_LIMITS, it)
            lines = trace.read_text().splitlines()
            after = lines[next(at for at, line in enumerate(lines) if '"clip"' in line) :]
            allowed = ('"clip"', "/site-packages/", "/lib/python", "/proc/", "+++", "---")
            assert [line for line in after if not any(part in line for part in allowed)] == [], name


async def _exit_status(*command: str) -> int:
    process = await asyncio.create_subprocess_exec(*command)
    return await process.wait()


async def test_ffmpeg_is_loaded_in_the_child_alone() -> None:
    code = "import sys, media.clips, media.edit, media.images; sys.exit('av' in sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, cwd=Path(opening.__file__).parents[2])
    assert await process.wait() == 0
