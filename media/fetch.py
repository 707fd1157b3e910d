"""Download a file from an address a stranger chose, without being led anywhere or drowned."""

import asyncio
import errno
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    SocketFactoryType,
    StreamReader,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver
from yarl import URL

from jobs.errors import DiskFullError, MediaError, SourceUnavailableError, UnusableClipError
from jobs.phrases import Phrase
from media.answer import NO_SUCH_NAME, RefusedLinkError, Reply, read_reply, refused, too_large
from media.counts import MediaCounts
from media.guard import AddressRefusedError, Guard
from media.links import LinkRefusedError, check_link, page_advice, read_trusted_hosts
from media.pace import DEFAULT_PACE, Pace, PaceLimits
from media.partial import PartialFile

MAX_REDIRECTS = 3
USER_AGENT = "LumaBot/0.1 (Discord bot; fetches a video a member asked to edit)"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WRITE_BYTES = 512 << 10
_NAME_ERRORS = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


@dataclass(frozen=True, slots=True)
class Fetched:
    """Tell of a file that arrived whole: `sha256` in hex, `content_type` as its server claims it."""

    path: Path
    size_bytes: int
    sha256: str
    content_type: str


def free_bytes(folder: Path) -> int:
    """Return the free space of the disk a folder lies on."""
    return shutil.disk_usage(folder).free


class Fetcher:
    """Fetch files through the guard; `reserve_bytes` of the disk always stay free."""

    def __init__(
        self,
        *,
        trusted_hosts: Iterable[str] = (),
        pace: PaceLimits = DEFAULT_PACE,
        reserve_bytes: int = 256 << 20,
        free: Callable[[Path], int] = free_bytes,
        resolver: AbstractResolver | None = None,
        make_socket: SocketFactoryType | None = None,
        tls: ssl.SSLContext | None = None,
        counts: MediaCounts = MediaCounts(),  # noqa: B008 - frozen
    ) -> None:
        self._counts = counts
        self.trusted = read_trusted_hosts(trusted_hosts)
        self._pace = pace
        self._reserve_bytes = reserve_bytes
        self._free = free
        self._guard = Guard(self.trusted, resolver, make_socket)
        self._tls = tls
        self._session: ClientSession | None = None

    async def fetch(self, url: str, destination: Path, *, limit_bytes: int) -> Fetched:
        """Download one file to `destination`, through a temporary file beside it.

        Raises UnusableClipError when the link will never do (`rule` "link_gone" when its server says that nothing is
        there), SourceUnavailableError when it may do later, DiskFullError when there is no room.
        """
        part = PartialFile(destination)
        try:
            return await self._fetch(self._check(url), part, destination, limit_bytes)
        except UnusableClipError as error:
            if isinstance(error, RefusedLinkError):
                self._counts.refused(error.reason)
            await asyncio.to_thread(part.drop)
            raise
        except OSError as error:
            raise _disk_error(error) from error
        finally:
            await asyncio.shield(asyncio.to_thread(part.close))

    async def close(self) -> None:
        """Close the session and the resolver."""
        if self._session is not None:
            await self._session.close()
        await self._guard.close()

    async def _fetch(self, url: URL, part: PartialFile, destination: Path, limit_bytes: int) -> Fetched:
        loop = asyncio.get_running_loop()
        pace = Pace(self._pace, loop.time)
        resumable = await asyncio.to_thread(part.resumable)
        try:
            async with asyncio.timeout_at(pace.deadline(0)) as deadline, self._open(url, resumable) as reply:
                self._check_size(reply, destination, limit_bytes)
                deadline.reschedule(pace.deadline(limit_bytes if reply.size_bytes is None else reply.size_bytes))
                if reply.offset_bytes:
                    await asyncio.to_thread(part.resume, reply.offset_bytes)
                else:
                    await asyncio.to_thread(part.start, reply.etag)
                await self._receive(reply.response.content, part, pace, limit_bytes)
        except TimeoutError:
            raise SourceUnavailableError(Phrase("The download took too long.")) from None
        if reply.size_bytes is not None and part.size_bytes != reply.size_bytes:
            raise SourceUnavailableError(Phrase("The download broke off."), log="early")
        sha256 = await asyncio.to_thread(part.commit)
        return Fetched(destination, part.size_bytes, sha256, reply.response.content_type)

    def _check(self, url: str | URL) -> URL:
        try:
            checked = check_link(str(url), self.trusted)
        except LinkRefusedError as error:
            raise refused(error.reason) from None
        advice = page_advice(checked)
        if advice is not None:
            raise advice
        return checked

    @asynccontextmanager
    async def _open(self, url: URL, resumable: tuple[int, str] | None) -> AsyncIterator[Reply]:
        """Ask for a file, following redirects by hand; every hop is checked like the first."""
        for _ in range(MAX_REDIRECTS + 1):
            async with self._request(url, resumable) as response:
                if response.status in _REDIRECTS:
                    url = self._next_hop(response, url)
                    continue
                if response.status == 416 and resumable is not None:
                    resumable = None
                    continue
                yield read_reply(response, resumable)
                return
        raise refused("too many redirects")

    @asynccontextmanager
    async def _request(self, url: URL, resumable: tuple[int, str] | None) -> AsyncIterator[ClientResponse]:
        headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
        if resumable is not None:
            headers |= {"Range": f"bytes={resumable[0]}-", "If-Range": resumable[1]}
        try:
            async with self._open_session().get(url, headers=headers, allow_redirects=False) as response:
                yield response
        except ClientConnectorCertificateError:
            raise UnusableClipError("That website's certificate is not valid.", rule="link_tls") from None
        except (ClientError, AddressRefusedError, ValueError) as error:
            raise _connection_error(error) from None

    def _open_session(self) -> ClientSession:
        if self._session is None:
            connector = TCPConnector(
                resolver=self._guard,
                socket_factory=self._guard.make_socket,
                use_dns_cache=False,
                force_close=True,
                limit=16,
                limit_per_host=2,
                ssl=self._tls or True,
            )
            self._session = ClientSession(
                connector=connector,
                trust_env=False,
                auto_decompress=False,
                cookie_jar=DummyCookieJar(),
                timeout=ClientTimeout(total=None, connect=None, sock_connect=self._pace.connect_seconds),
                max_line_size=8_190,
                max_field_size=8_190,
            )
        return self._session

    def _next_hop(self, response: ClientResponse, url: URL) -> URL:
        location = response.headers.get("Location", "")
        try:
            return self._check(url.join(URL(location)) if location else "")
        except ValueError:
            raise refused("redirect") from None

    def _check_size(self, reply: Reply, destination: Path, limit_bytes: int) -> None:
        size = reply.size_bytes
        if size is not None and size > limit_bytes:
            raise too_large(limit_bytes)
        if self._free(destination.parent) < (size or 0) - reply.offset_bytes + self._reserve_bytes:
            raise DiskFullError(Phrase("there is no room on my disk"), log="for a download")

    async def _receive(self, content: StreamReader, part: PartialFile, pace: Pace, limit_bytes: int) -> None:
        waiting = bytearray()
        pace.begin()
        try:
            while data := await _read_some(content, pace):
                waiting += data
                if part.size_bytes + len(waiting) > limit_bytes:
                    raise too_large(limit_bytes)
                if len(waiting) >= _WRITE_BYTES:
                    await asyncio.to_thread(part.append, bytes(waiting))
                    waiting.clear()
        except ClientError:
            await asyncio.to_thread(part.append, bytes(waiting))  # a later try may go on from here
            raise
        await asyncio.to_thread(part.append, bytes(waiting))


async def _read_some(content: StreamReader, pace: Pace) -> bytes:
    while True:
        try:
            async with asyncio.timeout_at(pace.window_end):
                data = await content.readany()
        except TimeoutError:
            pace.turn()
            continue
        pace.add(len(data))
        return data


def _connection_error(error: Exception) -> MediaError | UnusableClipError:
    """Turn aiohttp's error into ours; its text is dropped, because it can hold the whole address."""
    cause = error.os_error if isinstance(error, ClientConnectorDNSError) else error.__cause__ or error
    if isinstance(cause, AddressRefusedError) or isinstance(error, ValueError):
        return refused(str(cause) if isinstance(cause, AddressRefusedError) else "not a URL")
    if isinstance(cause, socket.gaierror) and cause.errno in _NAME_ERRORS:
        # The same answer as for a name that leads inside: which names exist in our network is nobody's business.
        return refused(NO_SUCH_NAME)
    return SourceUnavailableError(Phrase("The download broke off."), log=type(error).__name__)


def _disk_error(error: OSError) -> MediaError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFullError(Phrase("there is no room on my disk"), log="for a download")
    return SourceUnavailableError(Phrase("The download broke off."), log=type(error).__name__)
