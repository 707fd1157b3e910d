"""Fetch, look at and keep the clips that go in and the videos that come out."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from jobs.errors import MediaError, SourceUnavailableError, UnusableClipError
from jobs.job import ClipSource, Job, Prepared, Result
from jobs.ports import Fitted
from jobs.services import Abilities, TemporaryLink
from media.fetch import Fetcher
from media.probe import ClipDetails, Prober
from media.shelf import Shelf, ShelfKind

_SUFFIXES = {"matroska": "mkv"}

# Asks Discord again for the address of an attachment; None when its message or file is gone.
RenewSource = Callable[[ClipSource], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class ClipLimits:
    """Limit what is fetched and looked at, whatever a service would take."""

    max_bytes: int = 500_000_000
    max_seconds: float = 600.0


class ShelfClips:
    """Work on clips with a fetcher, a prober and a shelf; this is the `Clips` port."""

    def __init__(
        self,
        fetcher: Fetcher,
        prober: Prober,
        shelf: Shelf,
        *,
        limits: ClipLimits,
        renew: RenewSource | None = None,
    ) -> None:
        self._fetcher = fetcher
        self._prober = prober
        self._shelf = shelf
        self._limits = limits
        self._renew = renew

    async def prepare(self, job: Job, abilities: Abilities) -> Prepared:
        """Fetch the clip of a job, look at it, and keep what the service will get."""
        source = job.request.clip
        if source is None:
            raise UnusableClipError("There is no clip.", rule="clip")
        await self._shelf.ensure_room(source.size_bytes or 0)
        path = self._shelf.new_incoming(job.id, ShelfKind.CLIP)
        try:
            await self._fetch_source(source, path)
            details = await self._prober.probe(path)
            check_abilities(details, abilities, self._limits)
            suffix = _SUFFIXES.get(details.container, details.container)
            file = await self._shelf.place(job.id, ShelfKind.CLIP, path, suffix)
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)
        return Prepared(file.name, details.facts)

    def public_url(self, file: str) -> str | None:
        """Return a signed address of a shelf file; None without a public address."""
        return self._shelf.signed_url(file)

    def path(self, file: str) -> Path:
        """Return where a shelf file lies."""
        return self._shelf.path(file)

    async def fetch_result(self, job: Job, link: TemporaryLink) -> Result:
        """Fetch a finished video and look at it like at any stranger's file."""
        await self._shelf.ensure_room()
        path = self._shelf.new_incoming(job.id, ShelfKind.RESULT)
        try:
            await self._fetcher.fetch(link.url, path, limit_bytes=self._limits.max_bytes)
            details = await self._prober.probe(path)
            suffix = _SUFFIXES.get(details.container, details.container)
            file = await self._shelf.place(job.id, ShelfKind.RESULT, path, suffix)
        except UnusableClipError as error:
            if error.rule == "link_gone":
                raise SourceUnavailableError("the link of a result has ended") from error
            raise MediaError(f"the result cannot be used ({error.rule})") from error
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)
        return Result(link.url, file.name, details.facts, link.expires_at_ms)

    async def fit(self, job: Job, result: Result, limit_bytes: int) -> Fitted | None:  # noqa: ARG002 - the port names it
        """Return the result if it is within the limit; None where only a link will do."""
        path = self._shelf.path(result.file)
        try:
            size = (await asyncio.to_thread(path.stat)).st_size
        except FileNotFoundError:
            raise MediaError("the result is no longer kept") from None
        return Fitted(path, size, shrunk=False) if size <= limit_bytes else None

    async def discard(self, file: str) -> None:
        """Delete a shelf file; a missing one is fine."""
        await self._shelf.discard(file)

    async def _fetch_source(self, source: ClipSource, path: Path) -> None:
        limit_bytes = self._limits.max_bytes
        try:
            await self._fetcher.fetch(source.url, path, limit_bytes=limit_bytes)
        except UnusableClipError as error:
            if error.rule != "link_gone" or self._renew is None or source.message_id is None:
                raise
            url = await self._renew(source)
            if url is None:
                raise
            await self._fetcher.fetch(url, path, limit_bytes=limit_bytes)


def check_abilities(details: ClipDetails, abilities: Abilities, limits: ClipLimits) -> None:
    """Refuse a clip that a service does not take: which rule, its value, what would do."""
    seconds = details.duration_ms / 1000
    longest = min(abilities.max_seconds, limits.max_seconds)
    if seconds > longest:
        text = f"The clip is {seconds:.1f} s long; {abilities.title} takes {longest:g} s. Cut it and try again."
        raise UnusableClipError(text, rule="seconds")
    if details.size_bytes > abilities.max_bytes:
        size, most = details.size_bytes / 1e6, abilities.max_bytes / 1e6
        text = f"The clip is {size:.0f} MB large; {abilities.title} takes {most:.0f} MB. Export it smaller."
        raise UnusableClipError(text, rule="bytes")
    if details.container not in abilities.containers:
        kinds = ", ".join(sorted(abilities.containers)).upper()
        text = f"The clip is a {details.container.upper()} file; {abilities.title} takes {kinds}."
        raise UnusableClipError(text, rule="container")
    if details.video_codec not in abilities.codecs:
        kinds = ", ".join(sorted(abilities.codecs)).upper()
        text = f"The clip is encoded as {details.video_codec.upper()}; {abilities.title} takes {kinds}."
        raise UnusableClipError(text, rule="codec")
