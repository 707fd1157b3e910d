"""Check every address between a link and its socket: what DNS answers, and what is dialled."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from media.addresses import is_public
from media.links import HostPort, LinkRefusedError

MAX_ANSWERS = 32

# (family, type, protocol, canonical name, socket address), as getaddrinfo gives it.
type AddrInfo = tuple[Any, ...]
SocketFactory = Callable[[Any], socket.socket]


class Guard(AbstractResolver):
    """Resolve names and make sockets, refusing every address that is not public.

    A host in `trusted` may resolve to any address; its addresses may then be dialled on its port. aiohttp skips the
    resolver for IP literals, so `make_socket` checks again what is really dialled.
    """

    def __init__(
        self,
        trusted: frozenset[HostPort],
        resolver: AbstractResolver | None = None,
        make_socket: SocketFactory | None = None,
    ) -> None:
        self._trusted = trusted
        self._resolver = resolver or ThreadedResolver()
        self._make_socket = make_socket or _make_socket
        self._vouched: set[HostPort] = set(trusted)
