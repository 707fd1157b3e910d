"""Keep files for a while under names of our own: clips that services fetch, and finished videos."""

import asyncio
import os
import re
import secrets
import shutil
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from jobs.errors import DiskFullError
from jobs.phrases import Phrase
from jobs.ports import Clock
from media.fetch import free_bytes
from media.partial import PART_SUFFIX, TAG_SUFFIX, drop_parts, sync_folder
from media.signing import UrlSigner, open_signer

_NAME = re.compile(
    r"(clip|image|result|poster|compare|small)-[A-Za-z0-9_-]{1,64}-[0-9a-f]{16}\.[a-z0-9]{2,4}", re.ASCII
)
_PARTIAL_SECONDS = 2 * 3600


class ShelfKind(StrEnum):
    """Name what a file is kept for; each has a folder of its own."""

    CLIP = "clip"
    IMAGE = "image"
    RESULT = "result"
    POSTER = "poster"
    COMPARE = "compare"
    SMALL = "small"


_LONG_KEPT = frozenset({ShelfKind.CLIP, ShelfKind.RESULT, ShelfKind.POSTER})


@dataclass(frozen=True, slots=True)
class ShelfFile:
    """Tell of a kept file: `name` is what a job's row and an address hold."""

    name: str
    path: Path
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ShelfLimits:
    """Limit what is kept: all bytes together, each kind's age, and the disk space that must stay free.

    Files younger than `grace_seconds` stay: their job may not have written their name on its row yet.
    """

    max_bytes: int = 20 << 30
    free_bytes: int = 2 << 30
    result_seconds: float = 14 * 86_400
    other_seconds: float = 2 * 86_400
    grace_seconds: float = 900

    def seconds(self, kind: ShelfKind) -> float:
        """Return how long a kind is kept."""
        # A clip stays as long as what was made of it: to make it again, and to compare them.
        return self.result_seconds if kind in _LONG_KEPT else self.other_seconds


@dataclass(frozen=True, slots=True)
class Swept:
    """Tell of a sweep: files removed, and bytes that are left."""

    removed: int
    left_bytes: int


class Shelf:
    """Keep files below one folder; `public_url` is where the web server is reached, empty when it is not."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        limits: ShelfLimits,
        public_url: str = "",
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self.folder = folder
        self.incoming = folder / "incoming"
        self._clock = clock
        self._limits = limits
        self._public_url = public_url.rstrip("/")
        self._free = free
        self._signer: UrlSigner | None = None

    async def open(self) -> None:
        """Make the folders and the key; throw away what a crash left half done."""
        await asyncio.to_thread(self._open)

    def new_incoming(self, job_id: str, kind: ShelfKind) -> Path:
        """Return where a download for a job may lie until it is placed; the same place each time it is tried."""
        return self.incoming / f"{kind}-{_plain(job_id)}"

    async def place(self, job_id: str, kind: ShelfKind, path: Path, suffix: str = "mp4") -> ShelfFile:
        """Move a file of the same disk onto the shelf, durably, and give it its name."""
        name = f"{kind}-{_plain(job_id)}-{secrets.token_hex(8)}.{suffix}"
        return await asyncio.shield(asyncio.to_thread(self._place, name, path))

    def path(self, name: str) -> Path:
        """Return where a file of this name lies; ValueError for a name the shelf never gave."""
        match = _NAME.fullmatch(name)
        if match is None:
            raise ValueError("not a name of the shelf")
        return self.folder / match[1] / name

    def signed_url(self, name: str, *, seconds: float | None = None) -> str | None:
        """Return a signed address (a secret), good as long as the file is kept; None without a public address."""
        if not self._public_url:
            return None
        kind = ShelfKind(self.path(name).parent.name)
        ends = self._clock.now_ms() / 1000 + (self._limits.seconds(kind) if seconds is None else seconds)
        return f"{self._public_url}/files/{name}?{self._key().query(name, int(ends))}"

    def kept_until_ms(self, name: str) -> int:
        """Return when a file is too old to be kept, in Unix milliseconds; it may go sooner where room is short."""
        path = self.path(name)
        since = path.stat().st_mtime if path.is_file() else self._clock.now_ms() / 1000
        return int((since + self._limits.seconds(ShelfKind(path.parent.name))) * 1000)

    def find_signed(self, name: str, expires: str, signature: str) -> Path | None:
        """Return the file a signed address leads to; None when the address is wrong, ended, or its file gone."""
        if _NAME.fullmatch(name) is None:
            return None
        if not self._key().allows(name, expires, signature, now=self._clock.now_ms() / 1000):
            return None
        path = self.path(name)
        return path if path.is_file() else None

    async def find(self, job_id: str, kind: ShelfKind) -> list[ShelfFile]:
        """Return the files of a kind that are kept for a job."""
        return await asyncio.to_thread(self._find, _plain(job_id), kind)

    async def discard(self, name: str) -> None:
        """Delete a file; a missing one is fine."""
        await asyncio.to_thread(self.path(name).unlink, missing_ok=True)

    async def discard_all(self, job_id: str) -> None:
        """Delete every file that is kept for a job, those made from its result too."""
        await asyncio.to_thread(self._discard_all, _plain(job_id))

    async def has_room(self) -> bool:
        """Tell whether the free space that must stay is there."""
        # Asked before every edit: a question to a local disk takes less time than the way to a thread.
        return self._free(self.folder) >= self._limits.free_bytes

    async def ensure_room(self, size_bytes: int = 0) -> None:
        """Raise DiskFullError when the disk could not take this many bytes more."""
        if await asyncio.to_thread(self._free, self.folder) < size_bytes + self._limits.free_bytes:
            raise DiskFullError(Phrase("there is no room on my disk"))

    async def sweep(self, in_use: Collection[str]) -> Swept:
        """Delete what is too old, then the oldest until the rest fits; never a file of an open job."""
        return await asyncio.shield(asyncio.to_thread(self._sweep, frozenset(in_use)))

    def _open(self) -> None:
        for folder in (self.incoming, *(self.folder / kind for kind in ShelfKind)):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._signer = open_signer(self.folder / "key")
        now = self._clock.now_ms() / 1000
        for path in self.incoming.iterdir():
            resumable = path.name.endswith((PART_SUFFIX, TAG_SUFFIX))
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            elif not resumable or now - path.stat().st_mtime > _PARTIAL_SECONDS:
                path.unlink(missing_ok=True)

    def _key(self) -> UrlSigner:
        assert self._signer is not None, "open() comes first"
        return self._signer

    def _place(self, name: str, path: Path) -> ShelfFile:
        target = self.path(name)
        now = self._clock.now_ms() / 1000
        with path.open("rb") as file:
            os.fsync(file.fileno())
        path.chmod(0o600)
        os.utime(path, (now, now))
        path.replace(target)
        sync_folder(target.parent)
        return ShelfFile(name, target, target.stat().st_size)

    def _find(self, job_id: str, kind: ShelfKind) -> list[ShelfFile]:
        start = f"{kind}-{job_id}-"
        found = []
        for path in (self.folder / kind).iterdir():
            if path.name.startswith(start) and len(path.stem) == len(start) + 16:
                with suppress(FileNotFoundError):
                    found.append(ShelfFile(path.name, path, path.stat().st_size))
        return found

    def _discard_all(self, job_id: str) -> None:
        for kind in ShelfKind:
            for path in (self.folder / kind).glob(f"{kind}-{job_id}-*"):
                path.unlink(missing_ok=True)

    def _kept(self) -> list[tuple[float, int, Path]]:
        kept = []
        for kind in ShelfKind:
            for path in (self.folder / kind).iterdir():
                with suppress(FileNotFoundError):
                    status = path.stat()
                    kept.append((status.st_mtime, status.st_size, path))
        return sorted(kept)

    def _sweep(self, in_use: frozenset[str]) -> Swept:
        drop_parts(self.incoming, most_bytes=0, idle_seconds=_PARTIAL_SECONDS)
        kept = self._kept()
        left = sum(size for _, size, _ in kept)
        now = self._clock.now_ms() / 1000
        removed = 0
        for time, size, path in kept:
            age = now - time
            too_old = age > self._limits.seconds(ShelfKind(path.parent.name))
            if (
                path.name in in_use
                or age < self._limits.grace_seconds
                or not (too_old or left > self._limits.max_bytes)
            ):
                continue
            path.unlink(missing_ok=True)
            removed += 1
            left -= size
        return Swept(removed, left)


def _plain(job_id: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", job_id, re.ASCII):
        raise ValueError("not an id for a file name")
    return job_id
