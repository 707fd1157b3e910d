"""Keep a download beside its place until it is whole, so that a broken one can go on where it stopped."""

import hashlib
import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

PART_SUFFIX = ".part"
TAG_SUFFIX = ".part-tag"
_READ_BYTES = 1 << 20
# What all broken downloads of a folder may hold together: whoever breaks one off would fill the disk else.
KEPT_BYTES = 1 << 30
# So long after its last byte a download may still be under way: the floor under its speed ends it sooner.
_UNDER_WAY_SECONDS = 60.0


class PartialFile:
    """Hold the bytes so far and the ETag they belong to; every method blocks and is safe in any thread."""

    def __init__(self, destination: Path) -> None:
        self._destination = destination
        self._part = destination.with_name(destination.name + PART_SUFFIX)
        self._tag = destination.with_name(destination.name + TAG_SUFFIX)
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    def resumable(self) -> tuple[int, str] | None:
        """Return how many bytes lie there and their ETag; None when there is nothing to go on from."""
        try:
            tag = self._tag.read_text("ascii")
            size = self._part.stat().st_size
        except (OSError, ValueError):
            return None
        return (size, tag) if size and tag else None

    def start(self, tag: str | None) -> None:
        """Begin an empty file; with a tag it can be gone on with later."""
        with self._lock:
            self._tag.unlink(missing_ok=True)
            self._file = self._part.open("wb")
            self._digest = hashlib.sha256()
            self.size_bytes = 0
            if tag:
                self._tag.write_text(tag, "ascii")

    def resume(self, size_bytes: int) -> None:
        """Go on after the first `size_bytes`, hashing them again."""
        with self._lock:
            self._file = self._part.open("r+b")
            self._file.truncate(size_bytes)
            while block := self._file.read(_READ_BYTES):
                self._digest.update(block)
            self.size_bytes = self._file.tell()

    def append(self, data: bytes) -> None:
        """Write and hash the next bytes."""
        with self._lock:
            if self._file is None:
                return  # a cancelled download has closed it meanwhile
            self._file.write(data)
            self._digest.update(data)
            self.size_bytes += len(data)

    def commit(self) -> str:
        """Put the whole file in its place, durably; return its SHA-256 in hex."""
        with self._lock:
            assert self._file is not None
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None
            self._part.replace(self._destination)
            self._tag.unlink(missing_ok=True)
            sync_folder(self._destination.parent)
            return self._digest.hexdigest()

    def close(self) -> None:
        """Stop; keep the bytes only if they can be gone on with."""
        with self._lock:
            if self._file is None:
                return
            self._file.close()
            self._file = None
            if not self._tag.exists():
                self._part.unlink(missing_ok=True)
                return
        drop_parts(self._part.parent)

    def drop(self) -> None:
        """Forget the bytes so far."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
            self._part.unlink(missing_ok=True)
            self._tag.unlink(missing_ok=True)


def drop_parts(folder: Path, *, most_bytes: int = KEPT_BYTES, idle_seconds: float = _UNDER_WAY_SECONDS) -> None:
    """Forget what broken downloads left in a folder, the longest idle first, until the rest is within a bound.

    One that got bytes in the last `idle_seconds` stays, for it may be under way.
    """
    left = 0
    for changed_at, size_bytes, part in sorted(_parts(folder), reverse=True):
        left += size_bytes
        if left > most_bytes and time.time() - changed_at > idle_seconds:
            left -= size_bytes
            part.unlink(missing_ok=True)
            part.with_name(part.name.removesuffix(PART_SUFFIX) + TAG_SUFFIX).unlink(missing_ok=True)


def _parts(folder: Path) -> list[tuple[float, int, Path]]:
    found = []
    for part in folder.glob(f"*{PART_SUFFIX}"):
        with suppress(FileNotFoundError):
            status = part.stat()
            found.append((status.st_mtime, status.st_size, part))
    return found


def sync_folder(folder: Path) -> None:
    """Make a rename inside a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
