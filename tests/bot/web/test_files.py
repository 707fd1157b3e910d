"""Files of the shelf are served under signed addresses only, whole or in ranges."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from media.shelf import Shelf as RealShelf
from media.shelf import ShelfKind, ShelfLimits
from tests.bot.web.serving import Shelf, Site, raw_status, serve
from tests.fakes import FakeClock

CONTENT = bytes(range(256)) * 4000
GOOD = "?exp=1&sig=good"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    (tmp_path / "video.mp4").write_bytes(CONTENT)
    (tmp_path / "empty.webm").touch()
    (tmp_path / "note.html").write_text("<script>")
    (tmp_path / "folder.mp4").mkdir()
    async with serve(shelf=Shelf(tmp_path)) as site:
        yield site


async def test_a_signed_address_gives_the_file_with_its_headers(site: Site) -> None:
    async with site.client.get(f"{site.url}/files/video.mp4{GOOD}") as response:
        assert (response.status, await response.read()) == (200, CONTENT)
        headers = response.headers
    assert headers["Content-Type"] == "video/mp4"
    assert headers["Content-Length"] == str(len(CONTENT))
    assert headers["Content-Disposition"] == 'inline; filename="video.mp4"'
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"].startswith("private")
    assert headers["Accept-Ranges"] == "bytes"


async def test_head_gives_the_headers_alone(site: Site) -> None:
    async with site.client.head(f"{site.url}/files/video.mp4{GOOD}") as response:
        assert (response.status, await response.read()) == (200, b"")
        assert response.headers["Content-Length"] == str(len(CONTENT))
        assert response.headers["Content-Type"] == "video/mp4"


async def test_ranges_are_given_to_the_byte(site: Site) -> None:
    size = len(CONTENT)
    for wanted, first, last in (
        ("bytes=0-", 0, size - 1),
        ("bytes=0-0", 0, 0),
        ("bytes=100-199", 100, 199),
        (f"bytes={size - 1}-", size - 1, size - 1),
        (f"bytes=1000-{size * 2}", 1000, size - 1),
        ("bytes=-500", size - 500, size - 1),
        (f"bytes=-{size * 2}", 0, size - 1),
    ):
        async with site.client.get(f"{site.url}/files/video.mp4{GOOD}", headers={"Range": wanted}) as response:
            assert response.status == 206, wanted
            assert response.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
            assert await response.read() == CONTENT[first : last + 1]
        async with site.client.head(f"{site.url}/files/video.mp4{GOOD}", headers={"Range": wanted}) as response:
            assert (response.status, response.content_length) == (206, last - first + 1)


async def test_ranges_that_cannot_be_met_are_refused(site: Site) -> None:
    for wanted in (f"bytes={len(CONTENT)}-", "bytes=9-5", "bytes=a-b", "bytes=", "lines=1-2", "bytes=1-2,5-6"):
        async with site.client.get(f"{site.url}/files/video.mp4{GOOD}", headers={"Range": wanted}) as response:
            assert response.status == 416, wanted
            assert response.headers["Content-Range"] == f"bytes */{len(CONTENT)}"


async def test_a_cached_file_is_not_sent_again(site: Site) -> None:
    async with site.client.get(f"{site.url}/files/video.mp4{GOOD}") as response:
        tag = response.headers["ETag"]
    async with site.client.get(f"{site.url}/files/video.mp4{GOOD}", headers={"If-None-Match": tag}) as response:
        assert (response.status, await response.read()) == (304, b"")


async def test_only_video_types_are_named(site: Site) -> None:
    for name, content_type in (("note.html", "application/octet-stream"), ("empty.webm", "video/webm")):
        async with site.client.get(f"{site.url}/files/{name}{GOOD}") as response:
            assert (response.status, response.content_type) == (200, content_type)


async def test_everything_wrong_is_the_same_404(site: Site) -> None:
    answers = set()
    for path in (
        "/files/video.mp4", "/files/video.mp4?exp=1&sig=bad", "/files/video.mp4?sig=good",
        "/files/video.mp4?exp=2&sig=good",
        f"/files/none.mp4{GOOD}", f"/files/folder.mp4{GOOD}", f"/files/{GOOD}", f"/files{GOOD}",
        f"/files/../video.mp4{GOOD}",
        f"/files/%2e%2e/video.mp4{GOOD}", f"/files/..%2fvideo.mp4{GOOD}", f"/files/.video.mp4{GOOD}",
        f"/files/video.mp4/{GOOD}", f"/files/video.mp4%00{GOOD}", f"/files/video%22.mp4{GOOD}",
        f"/files/{'a' * 200}{GOOD}",
    ):  # fmt: skip
        answer = await site.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert raw_status(answer) == 404, path
        answers.add(answer.partition(b"\r\n\r\n")[2])
    assert len(answers) == 1


async def test_files_cannot_be_written(site: Site) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        async with site.client.request(method, f"{site.url}/files/video.mp4{GOOD}") as response:
            assert response.status == 405


async def test_a_reader_that_stalls_is_cut_off(tmp_path: Path) -> None:
    with (tmp_path / "video.mp4").open("wb") as file:
        os.truncate(file.fileno(), 64_000_000)
    async with serve(shelf=Shelf(tmp_path), transfer_seconds=0.2) as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port, limit=1024)
        writer.write(f"GET /files/video.mp4{GOOD} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport can
        await asyncio.sleep(0.5)
        writer.transport.resume_reading()  # type: ignore[attr-defined]  # a socket's transport can
        received = 0
        with suppress(ConnectionResetError):
            while piece := await reader.read(65_536):
                received += len(piece)
        assert received < 64_000_000
        writer.close()


async def test_the_real_shelf_fits(tmp_path: Path) -> None:
    clock = FakeClock()
    shelf = RealShelf(tmp_path, clock, limits=ShelfLimits(free_bytes=0), public_url="http://bot.example")
    await shelf.open()
    incoming = shelf.new_incoming("job1", ShelfKind.RESULT)
    incoming.write_bytes(CONTENT)
    file = await shelf.place("job1", ShelfKind.RESULT, incoming)
    url = shelf.signed_url(file.name, seconds=3600)
    assert url is not None
    async with serve(shelf=shelf) as site:
        path = url.removeprefix("http://bot.example")
        async with site.client.get(site.url + path) as response:
            assert (response.status, await response.read()) == (200, CONTENT)
        async with site.client.get(site.url + path[:-1] + ("A" if path[-1] != "A" else "B")) as response:
            assert response.status == 404
        clock.advance(3 * 3600 * 1000)
        async with site.client.get(site.url + path) as response:
            assert response.status == 404
