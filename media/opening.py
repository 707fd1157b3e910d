"""Open everything that works on clips: the download, the children, the shelf."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jobs.ports import Clock
from media.clips import ClipLimits, ShelfClips, TellProgress
from media.counts import MediaCounts
from media.edit import EditLimits, Editor
from media.fetch import Fetcher, free_bytes
from media.images import ShelfPictures
from media.limited import Workshop
from media.pace import PaceLimits
from media.probe import Prober
from media.shelf import Shelf, ShelfLimits
from media.sources import RenewSource


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """Say where files lie and what is allowed.

    `workers` children look at files and as many edit them; `public_url` is where files are served, empty where they
    are not; `quality_floor` is in bits per pixel, `disk_free_bytes` the room that always stays on the disk.
    """

    folder: Path
    public_url: str
    trusted_hosts: tuple[str, ...]
    workers: int
    lay_sound: bool
    max_clip_bytes: int
    max_clip_seconds: float
    fetch_base_seconds: float
    fetch_bytes_per_second: int
    edit_seconds: float
    quality_floor: float
    shelf_bytes: int
    disk_free_bytes: int
    result_seconds: float
    counts: MediaCounts = MediaCounts()  # noqa: RUF009 - frozen


@dataclass(frozen=True, slots=True)
class MediaRoom:
    """Hold what was opened."""

    clips: ShelfClips
    shelf: Shelf
    fetcher: Fetcher

    async def close(self) -> None:
        """End the children and the connections."""
        await self.clips.close()
        await self.fetcher.close()


async def open_media(
    settings: MediaSettings,
    clock: Clock,
    renew: RenewSource,
    on_progress: TellProgress,
    free: Callable[[Path], int] = free_bytes,
) -> MediaRoom:
    """Open the room.

    `renew` asks for an address again, `on_progress` hears how far the work on a video is, `free` tells how many bytes
    the disk of a folder has left.
    """
    fetcher = Fetcher(
        trusted_hosts=settings.trusted_hosts,
        pace=PaceLimits(settings.fetch_base_seconds, settings.fetch_bytes_per_second),
        reserve_bytes=settings.disk_free_bytes,
        free=free,
        counts=settings.counts,
    )
    limits = ShelfLimits(
        max_bytes=settings.shelf_bytes,
        free_bytes=settings.disk_free_bytes,
        result_seconds=settings.result_seconds,
    )
    shelf = Shelf(settings.folder / "files", clock, limits=limits, public_url=settings.public_url, free=free)
    await shelf.open()
    workshop = Workshop(settings.folder / "work", lookers=settings.workers, workers=settings.workers)
    clips = ShelfClips(
        fetcher,
        Prober(workshop, counts=settings.counts),
        shelf,
        limits=ClipLimits(settings.max_clip_bytes, settings.max_clip_seconds),
        renew=renew,
        editor=Editor(workshop, EditLimits(settings.edit_seconds, settings.quality_floor)),
        lay_sound=settings.lay_sound,
        on_progress=on_progress,
        pictures=ShelfPictures(fetcher, workshop, shelf, renew),
    )
    return MediaRoom(clips, shelf, fetcher)
