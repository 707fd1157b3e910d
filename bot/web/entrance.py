"""Let in only so many connections at a time: each holds a file descriptor that Discord, services and clips need too."""

import asyncio
import logging
from typing import cast

from aiohttp import web

log = logging.getLogger(__name__)

CONNECTIONS = 700  # with all else that is open below the usual 1024 descriptors of a process
REFUSED_AT_ONCE = 50  # are told so; more than that are cut off without a word
REFUSAL_SECONDS = 1.0  # to read what still comes, so that the sender sees the answer
_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n"
    b"Server: luma-bot\r\nX-Content-Type-Options: nosniff\r\n\r\n"
)


class Entrance:
    """Hand connections on to a server while it has fewer than `most`; its `admit` is a protocol factory."""

    def __init__(self, server: web.Server, most: int) -> None:
        self._server = server
        self._most = most
        self._is_told = False
        self.refused = 0

    def admit(self) -> asyncio.Protocol:
        """Return what takes the next connection."""
        return _Newcomer(self)

    def take(self, transport: asyncio.Transport) -> asyncio.Protocol | None:
        """Return what answers a connection; None where there is no room."""
        count = len(self._server.connections)
        if count >= self._most:
            if not self._is_told:
                log.warning("%d connections are open: others are refused", count)
            self._is_told = True
            return None
        if count <= self._most // 2:
            self._is_told = False
        handler = self._server()
        transport.set_protocol(handler)
        return handler


class _Newcomer(asyncio.Protocol):
    """Decide only once it is connected: a burst is accepted whole before the first of it is."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._cut: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand the connection on, or refuse it."""
        connection = cast("asyncio.Transport", transport)
        handler = self._entrance.take(connection)
        if handler is not None:
            handler.connection_made(connection)
        elif self._entrance.refused >= REFUSED_AT_ONCE:
            connection.abort()
        else:
            self._entrance.refused += 1
            self._cut = asyncio.get_running_loop().call_later(REFUSAL_SECONDS, connection.abort)
            connection.write(_REFUSAL)
            connection.write_eof()

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget a connection that was refused."""
        if self._cut is not None:
            self._cut.cancel()
            self._entrance.refused -= 1
