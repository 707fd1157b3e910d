"""Only so many connections are let in at a time; the others are told to come back, and nobody else suffers."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from bot.web.callbacks import CallbackLimits
from bot.web.entrance import REFUSED_AT_ONCE
from jobs.ports import Attempt
from jobs.services import CallbackNote
from tests.bot.web.serving import BODY, TOKEN, Receiver, Shelf, Site, raw_status, serve, signed

ASK = b"GET /healthz HTTP/1.1\r\nHost: bot.example\r\nConnection: close\r\n\r\n"
CROWD = 500
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(site: Site) -> Connection:
    """Open a connection."""
    return await asyncio.open_connection("127.0.0.1", site.server.port)


async def fill(site: Site, count: int) -> list[Connection]:
    """Open connections that are let in and ask for nothing more."""
    opened = [await connect(site) for _ in range(count)]
    for reader, writer in opened:
        writer.write(ASK.replace(b"Connection: close\r\n", b""))
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    return opened


async def test_who_finds_no_room_is_told_to_come_back_and_gets_in_later(caplog: pytest.LogCaptureFixture) -> None:
    async with serve(connections=3) as site:
        (_, writer), *_ = opened = await fill(site, 3)
        for _ in range(2):
            refused = await asyncio.wait_for(site.raw(ASK), 5)
            assert raw_status(refused) == 503
            assert b"\r\nRetry-After: 5\r\n" in refused
        assert caplog.text.count("3 connections are open: others are refused") == 1
        writer.close()
        await writer.wait_closed()
        async with asyncio.timeout(5):
            while raw_status(await site.raw(ASK)) != 200:
                pass
        for _, each in opened:
            each.close()


async def test_a_crowd_that_finds_no_room_is_cut_off_and_holds_nothing() -> None:
    async with serve(connections=1) as site:
        [(_, writer)] = await fill(site, 1)
        crowd = await asyncio.gather(*(connect(site) for _ in range(4 * REFUSED_AT_ONCE)))
        answers = await asyncio.wait_for(asyncio.gather(*(read(reader) for reader, _ in crowd)), 5)
        assert {raw_status(answer) for answer in answers} == {503, None}
        assert sum(bool(answer) for answer in answers) <= 2 * REFUSED_AT_ONCE
        for _, each in crowd:
            each.close()
        writer.close()


async def read(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the server closes."""
    try:
        return await reader.read()
    except ConnectionError:
        return b""


class Crowd(Receiver):
    """Let nobody go on before all are there."""

    waiting = 0
    all_there: asyncio.Event

    async def take(self, attempt: Attempt, note: CallbackNote) -> None:
        if self.waiting == 0:
            self.all_there = asyncio.Event()
        self.waiting += 1
        if self.waiting == CROWD:
            self.all_there.set()
        await self.all_there.wait()
        await super().take(attempt, note)


async def test_five_hundred_callbacks_on_connections_of_their_own_are_all_taken() -> None:
    receiver = Crowd()
    limits = CallbackLimits(commit_seconds=30)
    async with (
        serve(receiver, limits=limits) as site,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client,
    ):

        async def call() -> int:
            url = f"{site.url}/callbacks/kie/{TOKEN}"
            async with client.post(url, data=BODY, headers=signed()) as response:
                return response.status

        calls = [asyncio.create_task(call()) for _ in range(CROWD)]
        assert await asyncio.wait_for(asyncio.gather(*calls), 30) == [200] * CROWD
    assert len(receiver.taken) == CROWD


async def test_slow_readers_of_files_leave_room_for_callbacks(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(bytes(50_000_000))
    path = "/files/clip.mp4?exp=1&sig=good"
    ask = f"GET {path} HTTP/1.1\r\nHost: bot.example\r\n\r\n".encode()
    async with serve(shelf=Shelf(tmp_path), transfers=2) as site:
        readers = [await connect(site) for _ in range(2)]
        for reader, writer in readers:
            writer.write(ask)
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        async with site.client.get(site.url + path) as refused:
            assert refused.status == 503
            assert int(refused.headers["Retry-After"]) > 0
        assert await site.post() == 200
        for _, writer in readers:
            writer.transport.abort()
        async with asyncio.timeout(5):
            while True:
                async with site.client.get(site.url + path, headers={"Range": "bytes=0-9"}) as response:
                    if response.status == 206:
                        break
