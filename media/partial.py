"""Keep a download beside its place until it is whole, so that a broken one can go on where it stopped."""

import hashlib
import os
import threading
from pathlib import Path
from typing import BinaryIO

PART_SUFFIX = ".part"
TAG_SUFFIX = ".part-tag"
_READ_BYTES = 1 << 20


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

    def drop(self) -> None:
        """Forget the bytes so far."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
            self._part.unlink(missing_ok=True)
            self._tag.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a rename inside a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
