"""Fetch, look at and keep the pictures that go to a service beside a prompt."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

from jobs.errors import UnusableClipError
from jobs.job import Job, Picture
from jobs.services import Abilities
from media.children import ChildFailedError
from media.fetch import Fetcher
from media.limited import ChildLimits, ChildRefusedError, Workshop, run_child
from media.shelf import Shelf, ShelfKind
from media.sources import RenewSource, SourceFetcher

LOOK_LIMITS = ChildLimits(memory_bytes=768 << 20, cpu_seconds=10, file_bytes=0, wall_seconds=15.0)


@dataclass(frozen=True, slots=True)
class PictureDetails:
    """State what a picture really is: `format` is png, jpg or webp; sizes in pixels and bytes."""

    format: str
    width: int
    height: int
    size_bytes: int


class ShelfPictures:
    """Work on pictures with a fetcher, a workshop and a shelf."""

    def __init__(self, fetcher: Fetcher, workshop: Workshop, shelf: Shelf, renew: RenewSource | None = None) -> None:
        self._sources = SourceFetcher(fetcher, renew)
        self._workshop = workshop
        self._shelf = shelf

    async def prepare(self, job: Job, name: str, abilities: Abilities) -> Picture:
        """Fetch a picture of a job's request, look at it, and keep it; raises UnusableClipError."""
        picture = job.request.images[name]
        await self._shelf.ensure_room(picture.source.size_bytes or 0)
        path = self._shelf.new_incoming(f"{job.id}-{name}", ShelfKind.IMAGE)
        try:
            await self._sources.fetch(picture.source, path, limit_bytes=abilities.image_bytes)
            details = await self.look(path)
            kept = await self._shelf.place(f"{job.id}-{name}", ShelfKind.IMAGE, path, details.format)
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)
        return replace(picture, file=kept.name)

    async def look(self, path: Path) -> PictureDetails:
        """Look at a file in a child process; raises UnusableClipError when it is no picture we can pass on."""
        async with self._workshop.looking, self._workshop.bench(picture=path) as folder:
            try:
                return PictureDetails(
                    **await run_child(self._workshop.children, "picture", {"file": "picture"}, LOOK_LIMITS, folder)
                )
            except ChildRefusedError as refusal:
                raise _unusable(refusal.rule, refusal.value) from None
            except (ChildFailedError, TypeError) as error:
                raise _unusable("broken", "") from error


def _unusable(rule: str, value: str) -> UnusableClipError:
    match rule:
        case "not_picture":
            return UnusableClipError("This file is no picture. Use a PNG, JPEG or WebP file.", rule="picture_type")
        case "size":
            return UnusableClipError(
                "This picture is {value} pixels large; the most we take is 8192 a side and 40 million in all. "
                "Please make it smaller.",
                rule="picture_size",
                value=value,
            )
        case "small":
            return UnusableClipError(
                "This picture is {value} pixels large; each side needs 64 or more. Please use a larger one.",
                rule="picture_size",
                value=value,
            )
    return UnusableClipError(
        "This picture is broken: it can't be read to its end. Save it again as PNG or JPEG.", rule="picture_broken"
    )
