"""Give fetchers a DNS and sockets of our own: every address is written down, and every dial ends on the loopback."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

from media.fetch import Fetcher
from media.pace import PaceLimits

PUBLIC = "93.184.216.34"
QUICK = PaceLimits(base_seconds=3.0, floor_window_seconds=1.0, floor_bytes_per_second=50_000, connect_seconds=1.0)


def answer(address: str, port: int) -> ResolveResult:
    """Make one DNS answer."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname="name", host=address, port=port, family=family, proto=0, flags=0)


class WrittenResolver(AbstractResolver):
    """Answer every name with the next of the given lists of addresses, the last one for ever; write down the names."""

    def __init__(self, *answers: list[str] | Exception) -> None:
        self.answers = list(answers) or [[PUBLIC]]
        self.names: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Give the next answer."""
        self.names.append(host)
        now = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(now, Exception):
            raise now
        return [answer(address, port) for address in now]

    async def close(self) -> None:
        """Close nothing."""


class WrittenSockets:
    """Make sockets that dial a loopback port whatever address they are for; write down the addresses."""

    def __init__(self, port: int = 1) -> None:
        self.port = port
        self.dialled: list[str] = []

    def make(self, address: AddrInfoType) -> socket.socket:
        """Make the socket for one address."""
        self.dialled.append(str(address[4][0]))
        port = self.port

        class Detour(socket.socket):
            def connect(self, address: Any) -> None:
                super().connect(("127.0.0.1", port))

        return Detour(socket.AF_INET, socket.SOCK_STREAM)


@asynccontextmanager
async def open_fetcher(
    resolver: AbstractResolver | None = None,
    sockets: WrittenSockets | None = None,
    *,
    trusted: tuple[str, ...] = (),
    pace: PaceLimits = QUICK,
    tls: ssl.SSLContext | None = None,
    free: Callable[[Path], int] = lambda _: 1 << 40,
) -> AsyncIterator[Fetcher]:
    """Open a fetcher on these wires, and close it."""
    fetcher = Fetcher(
        trusted_hosts=trusted,
        pace=pace,
        resolver=resolver or WrittenResolver(),
        make_socket=(sockets or WrittenSockets()).make,
        tls=tls,
        free=free,
    )
    try:
        yield fetcher
    finally:
        await fetcher.close()


Talk = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def open_server(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve on a loopback port: `talk` gets each request's head and writes what it likes; yield the port."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await talk(await reader.readuntil(b"\r\n\r\n"), writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
