"""How a download can go wrong, and that good ones go right."""

import asyncio
import errno
import gzip
import hashlib
import os
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.errors import DiskFullError, LumaBotError, SourceUnavailableError, UnusableClipError
from media.pace import Pace, PaceLimits
from tests.media.certificates import Authority, open_authority
from tests.media.wires import PUBLIC, Talk, WrittenSockets, open_fetcher, open_server

CLIP = bytes(range(256)) * 40
LIMIT = 1_000_000


def say(head: str, body: bytes = b"") -> Talk:
    """Make a server that answers everything with these headers and bytes, and closes."""

    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {head}\r\n\r\n".encode() + body)
        await writer.drain()

    return talk


async def drip_body(_: bytes, writer: asyncio.StreamWriter) -> None:
    """Send a body a byte at a time, for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n")
    while True:
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0.01)


async def drip_head(_: bytes, writer: asyncio.StreamWriter) -> None:
    """Send headers a byte at a time, for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0.05)


async def say_nothing(_: bytes, writer: asyncio.StreamWriter) -> None:
    """Take the request and never answer."""
    await asyncio.Event().wait()


async def never_end(_: bytes, writer: asyncio.StreamWriter) -> None:
    """Send chunks as fast as they are taken, for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
        await writer.drain()


BAD_SERVERS: dict[str, tuple[Talk, type[LumaBotError], str]] = {
    "promises more than it sends": (say("200 OK\r\nContent-Length: 99999", CLIP), SourceUnavailableError, "broke"),
    "is cut in a chunk": (
        say("200 OK\r\nTransfer-Encoding: chunked", b"ffff\r\n" + CLIP),
        SourceUnavailableError,
        "broke",
    ),
    "ends its body by closing": (say("200 OK", CLIP), UnusableClipError, "how large"),
    "drips its body": (drip_body, SourceUnavailableError, "too slow"),
    "drips its headers": (drip_head, SourceUnavailableError, "too long"),
    "says nothing": (say_nothing, SourceUnavailableError, "too long"),
    "sends a bomb of gzip": (
        say("200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 10000", gzip.compress(bytes(10_000_000))),
        UnusableClipError,
        "packs",
    ),
    "promises 600 MB": (say("200 OK\r\nContent-Length: 600000000", CLIP), UnusableClipError, "larger than 1 MB"),
    "never ends": (never_end, UnusableClipError, "larger than 1 MB"),
    "has two lengths": (
        say("200 OK\r\nContent-Length: 5\r\nContent-Length: 6", b"clips!"),
        SourceUnavailableError,
        "broke",
    ),
    "has a negative length": (say("200 OK\r\nContent-Length: -5", b"clips"), SourceUnavailableError, "broke"),
    "has endless headers": (
        say("200 OK\r\n" + "X: a\r\n" * 200 + "Content-Length: 5"),
        SourceUnavailableError,
        "broke",
    ),
    "speaks no HTTP": (say("\x00\x01\x02 SSH-2.0"), SourceUnavailableError, "broke"),
    "has lost the file": (say("404 Not Found\r\nContent-Length: 0"), UnusableClipError, "answers 404"),
    "is busy": (say("503 Busy\r\nContent-Length: 0"), SourceUnavailableError, "answered 503"),
    "sends a page": (
        say("200 OK\r\nContent-Type: text/html\r\nContent-Length: 5", b"<html"),
        UnusableClipError,
        "web page",
    ),
    "sends a part nobody asked for": (
        say("206 Partial\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5", b"clips"),
        SourceUnavailableError,
        "part",
    ),
}


@pytest.mark.parametrize("case", BAD_SERVERS)
async def test_a_bad_download_is_refused_and_leaves_nothing(case: str, tmp_path: Path) -> None:
    talk, error, text = BAD_SERVERS[case]
    async with (
        open_server(talk) as port,
        open_fetcher(trusted=(f"127.0.0.1:{port}",), sockets=WrittenSockets(port)) as f,
    ):
        with pytest.raises(error, match=text) as failed:
            await f.fetch(f"http://127.0.0.1:{port}/clip.mp4?sig=secret", tmp_path / "clip", limit_bytes=LIMIT)
    assert list(tmp_path.iterdir()) == []
    chain: BaseException | None = failed.value
    while chain is not None:
        assert "secret" not in f"{chain!r} {chain}"
        chain = None if chain.__suppress_context__ else chain.__context__


LONG_CLIP = CLIP * 80


class Resuming:
    """Serve a long clip with an ETag, breaking the first answer once its first bytes are on the client's disk."""

    def __init__(self, part: Path, *etags: str) -> None:
        self.part = part
        self.etags = list(etags)
        self.ranges: list[str] = []

    async def talk(self, head: bytes, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if ": " in line)
        etag = self.etags.pop(0)
        self.ranges.append(fields.get("Range", ""))
        start = int(fields["Range"].removeprefix("bytes=").rstrip("-")) if fields.get("If-Range") == etag else 0
        status = "206 Partial" if start else "200 OK"
        size = len(LONG_CLIP)
        part = f"Content-Range: bytes {start}-{size - 1}/{size}\r\n" if start else ""
        writer.write(f"HTTP/1.1 {status}\r\nETag: {etag}\r\n{part}Content-Length: {size - start}\r\n\r\n".encode())
        if len(self.ranges) > 1:
            writer.write(LONG_CLIP[start:])
            await writer.drain()
            return
        writer.write(LONG_CLIP[:600_000])
        await writer.drain()
        while not self.part.exists() or self.part.stat().st_size < 500_000:  # noqa: ASYNC110 - a file has no event
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("etags", "goes_on"),
    [(['"a"', '"a"'], True), (['"a"', '"b"'], True), (['W/"a"', 'W/"a"'], False)],
    ids=["the same file goes on", "a changed file starts over", "a weak ETag starts over"],
)
async def test_a_broken_download_goes_on_where_it_can(etags: list[str], goes_on: bool, tmp_path: Path) -> None:
    server = Resuming(tmp_path / "clip.part", *etags)
    async with (
        open_server(server.talk) as port,
        open_fetcher(trusted=(f"127.0.0.1:{port}",), sockets=WrittenSockets(port)) as fetcher,
    ):
        url = f"http://127.0.0.1:{port}/clip.mp4"
        with pytest.raises(SourceUnavailableError):
            await fetcher.fetch(url, tmp_path / "clip", limit_bytes=LIMIT)
        fetched = await fetcher.fetch(url, tmp_path / "clip", limit_bytes=LIMIT)
    assert server.ranges[0] == ""
    assert bool(server.ranges[1]) == goes_on
    assert fetched.path.read_bytes() == LONG_CLIP
    assert (fetched.size_bytes, fetched.sha256) == (len(LONG_CLIP), hashlib.sha256(LONG_CLIP).hexdigest())
    assert [path.name for path in tmp_path.iterdir()] == ["clip"]


async def test_downloads_broken_off_again_and_again_do_not_fill_the_disk(tmp_path: Path) -> None:
    idle, server = 0.0, Resuming(tmp_path / "clip.part", '"a"')
    for name in ("oldest", "older", "old", "under way"):
        part = tmp_path / f"{name}.part"
        part.with_name(f"{name}.part-tag").write_text('"a"')
        with part.open("wb") as file:
            file.truncate(400 << 20)  # takes no room itself
        if name != "under way":
            idle += 1
            os.utime(part, (idle, idle))
    async with (
        open_server(server.talk) as port,
        open_fetcher(trusted=(f"127.0.0.1:{port}",), sockets=WrittenSockets(port)) as fetcher,
    ):
        with pytest.raises(SourceUnavailableError):
            await fetcher.fetch(f"http://127.0.0.1:{port}/clip.mp4", tmp_path / "clip", limit_bytes=LIMIT)
    kept = {f"{name}.{end}" for name in ("clip", "old", "under way") for end in ("part", "part-tag")}
    assert {path.name for path in tmp_path.iterdir()} == kept


Certificate = Callable[[Authority], ssl.SSLContext]
BAD_TLS: dict[str, Certificate] = {
    "of another host": lambda authority: authority.server("other.example"),
    "that has ended": lambda authority: authority.server("clips.example", ends="20010101000000Z"),
    "signed by itself": lambda authority: authority.server("clips.example", self_signed=True),
}


@pytest.mark.parametrize("case", BAD_TLS)
async def test_a_bad_certificate_is_refused(case: str, tmp_path: Path) -> None:
    authority = open_authority(tmp_path)
    ok = say("200 OK\r\nContent-Length: 5", b"clips")
    async with (
        open_server(ok, BAD_TLS[case](authority)) as port,
        open_fetcher(sockets=WrittenSockets(port), tls=authority.client()) as fetcher,
    ):
        with pytest.raises(UnusableClipError, match="certificate") as refused:
            await fetcher.fetch("https://clips.example/clip.mp4", tmp_path / "clip", limit_bytes=LIMIT)
    assert refused.value.rule == "link_tls"


async def serve_shapes(head: bytes, writer: asyncio.StreamWriter) -> None:
    """Serve a clip in the shapes that honest servers have."""
    path = head.split()[1].decode()
    hop = path.partition("/hop/")[2]
    if hop and hop != "0":
        place = f"/hop/{int(hop) - 1}" if hop != "3" else "https://media.example/hop/2"
        writer.write(f"HTTP/1.1 30{hop} Moved\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode())
    elif path == "/chunked":
        chunks = b"".join(
            f"{len(CLIP[n : n + 999]):x}\r\n".encode() + CLIP[n : n + 999] + b"\r\n" for n in range(0, 10240, 999)
        )
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
    elif path == "/old":
        writer.write(f"HTTP/1.0 200 OK\r\nContent-Length: {len(CLIP)}\r\n\r\n".encode() + CLIP)
    else:
        extra = 'Accept-Ranges: bytes\r\nETag: W/"1"\r\nSet-Cookie: a=b\r\nContent-Encoding: identity\r\n'
        writer.write(
            f"HTTP/1.1 200 OK\r\n{extra}Content-Type: video/mp4\r\nContent-Length: {len(CLIP)}\r\n\r\n".encode() + CLIP
        )
    await writer.drain()


GOOD_LINKS = (
    "https://cdn.discordapp.com/attachments/1/2/clip.mp4?ex=66&is=65&hm=ab%2Fcd&",
    "https://bücher.example/ü/clip.mp4",
    "https://media.example/" + "a" * 1900 + ".mp4",
    "https://media.example:443/clip.mp4",
    "https://clips.example/chunked",
    "https://clips.example/old",
    "https://clips.example/hop/1",
    "https://clips.example/hop/3",
    "https://CLIPS.example/clip.mp4#t=3",
    "https://clips.example/a%20b/c%2Cd.mp4?q=a+b",
)


async def test_ordinary_links_are_fetched(tmp_path: Path) -> None:
    authority = open_authority(tmp_path)
    server = authority.server("clips.example", "media.example", "xn--bcher-kva.example", "cdn.discordapp.com")
    heads: list[bytes] = []

    async def talk(head: bytes, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        await serve_shapes(head, writer)

    async with open_server(talk, server) as port:
        sockets = WrittenSockets(port)
        async with open_fetcher(sockets=sockets, tls=authority.client()) as fetcher:
            for number, link in enumerate(GOOD_LINKS):
                fetched = await fetcher.fetch(link, tmp_path / f"clip{number}", limit_bytes=LIMIT)
                assert fetched.path.read_bytes() == CLIP, link
                assert (fetched.size_bytes, fetched.sha256) == (len(CLIP), hashlib.sha256(CLIP).hexdigest())
    assert set(sockets.dialled) == {PUBLIC}
    text = b"".join(heads).lower()
    assert b"user-agent: lumabot" in text
    for secret in (b"cookie:", b"authorization:", b"referer:"):
        assert secret not in text
    assert b"get /attachments/1/2/clip.mp4?ex=66&is=65&hm=ab%2fcd& " in text


async def test_a_full_disk_is_told_apart(tmp_path: Path) -> None:
    talk = say(f"200 OK\r\nContent-Length: {len(CLIP)}", CLIP)
    async with open_server(talk) as port:
        sockets, trusted, url = WrittenSockets(port), (f"127.0.0.1:{port}",), f"http://127.0.0.1:{port}/clip.mp4"
        async with open_fetcher(trusted=trusted, sockets=sockets, free=lambda _: len(CLIP)) as fetcher:
            with pytest.raises(DiskFullError):
                await fetcher.fetch(url, tmp_path / "clip", limit_bytes=LIMIT)
        # /dev/full takes every open and refuses every write, as a disk that filled up meanwhile does.
        (tmp_path / "clip.part").symlink_to("/dev/full")
        async with open_fetcher(trusted=trusted, sockets=sockets) as fetcher:
            with pytest.raises(DiskFullError) as full:
                await fetcher.fetch(url, tmp_path / "clip", limit_bytes=LIMIT)
    assert isinstance(full.value.__cause__, OSError)
    assert full.value.__cause__.errno == errno.ENOSPC
    assert not (tmp_path / "clip").exists()


async def test_a_cancelled_download_leaves_nothing(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def talk(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n" + CLIP)
        await writer.drain()
        begun.set()
        await asyncio.Event().wait()

    async with (
        open_server(talk) as port,
        open_fetcher(trusted=(f"127.0.0.1:{port}",), sockets=WrittenSockets(port)) as fetcher,
    ):
        url = f"http://127.0.0.1:{port}/clip.mp4"
        task = asyncio.create_task(fetcher.fetch(url, tmp_path / "clip", limit_bytes=LIMIT))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert list(tmp_path.iterdir()) == []


def test_the_pace_of_a_download() -> None:
    now = 100.0
    limits = PaceLimits(30.0, 1_000_000, 100_000, 15.0)
    pace = Pace(limits, lambda: now)
    assert pace.deadline(0) == 130.0
    assert pace.deadline(100_000_000) == 230.0
    assert pace.window_end == 115.0
    pace.add(1_500_000)
    now = 115.0
    pace.turn()
    assert pace.window_end == 130.0
    pace.add(1_499_999)
    now = 130.0
    with pytest.raises(SourceUnavailableError, match="slow"):
        pace.add(0)


async def test_two_downloads_at_once_keep_apart(tmp_path: Path) -> None:
    async def talk(head: bytes, writer: asyncio.StreamWriter) -> None:
        body = head.split()[1] * 3000
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()

    async with (
        open_server(talk) as port,
        open_fetcher(trusted=(f"127.0.0.1:{port}",), sockets=WrittenSockets(port)) as fetcher,
    ):
        names = [f"clip{n}" for n in range(20)]
        await asyncio.gather(
            *(fetcher.fetch(f"http://127.0.0.1:{port}/{n}", tmp_path / n, limit_bytes=LIMIT) for n in names)
        )
    for name in names:
        assert (tmp_path / name).read_bytes() == f"/{name}".encode() * 3000
