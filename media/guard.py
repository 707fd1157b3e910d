"""Check every address between a link and its socket: what DNS answers, and what is dialled."""

import socket

from aiohttp import AddrInfoType, SocketFactoryType, ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from media.addresses import is_public
from media.links import HostPort

MAX_DIALLED = 8


class AddressRefusedError(OSError):
    """The guard refuses an address; an OSError, because that is what passes through aiohttp unharmed."""


class Guard(AbstractResolver):
    """Resolve names and make sockets, refusing every address that is not public.

    A host in `trusted` may resolve to any address, which may then be dialled on its port. aiohttp asks no resolver
    for IP literals, so `make_socket` checks again what is really dialled.
    """

    def __init__(
        self,
        trusted: frozenset[HostPort],
        resolver: AbstractResolver | None = None,
        make_socket: SocketFactoryType | None = None,
    ) -> None:
        self._trusted = trusted
        self._resolver = resolver
        self._make_socket = make_socket or _make_socket
        self._vouched: set[HostPort] = set(trusted)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Resolve a name; refuse all of its addresses when one of them is not public."""
        if self._resolver is None:
            self._resolver = ThreadedResolver()
        answers = await self._resolver.resolve(host, port, family)
        if HostPort(host.lower(), port) in self._trusted:
            self._vouched.update(HostPort(answer["host"], port) for answer in answers)
        elif not all(is_public(answer["host"]) and answer["port"] == port for answer in answers):
            raise AddressRefusedError("a name leads to an address that is not public")
        if not answers:
            raise AddressRefusedError("a name leads nowhere")
        return answers[:MAX_DIALLED]

    def make_socket(self, address: AddrInfoType) -> socket.socket:
        """Make the socket for one address about to be dialled."""
        target = address[4]
        host, port = str(target[0]), int(target[1])
        scoped = len(target) > 3 and bool(target[3])
        if HostPort(host, port) not in self._vouched and (scoped or not is_public(host)):
            raise AddressRefusedError("an address that is not public was about to be dialled")
        return self._make_socket(address)

    async def close(self) -> None:
        """Close the resolver behind the guard."""
        if self._resolver is not None:
            await self._resolver.close()


def _make_socket(address: AddrInfoType) -> socket.socket:
    family, kind, protocol, _, _ = address
    return socket.socket(family, kind, protocol)
