"""Fetch what somebody pointed to, by an address that is asked for again where it has ended."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from jobs.errors import UnusableClipError
from jobs.job import ClipSource
from media.fetch import Fetcher

# Asks Discord again for the address of an attachment; None when its message or file is gone.
RenewSource = Callable[[ClipSource], Awaitable[str | None]]


class SourceFetcher:
    """Fetch clips and pictures through the guard; one that hangs on a message of Discord's by its newest address."""

    def __init__(self, fetcher: Fetcher, renew: RenewSource | None = None) -> None:
        self._fetcher = fetcher
        self._renew = renew

    async def fetch(self, source: ClipSource, path: Path, *, limit_bytes: int) -> None:
        """Download to a path; raises UnusableClipError, SourceUnavailableError or DiskFullError."""
        try:
            if not source.url:
                raise UnusableClipError(
                    "I no longer keep that video. Please attach it, or take another one.", rule="link_gone"
                )
            await self._fetcher.fetch(source.url, path, limit_bytes=limit_bytes)
        except UnusableClipError as error:
            if error.rule != "link_gone" or self._renew is None or source.message_id is None:
                raise
            url = await self._renew(source)
            if url is None:
                raise
            await self._fetcher.fetch(url, path, limit_bytes=limit_bytes)
