"""Write what is stored of a member into one archive."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from jobs.admin import MemberRecords


@dataclass(frozen=True, slots=True)
class ArchiveReport:
    """Tell how large an archive became, and which files did not go in."""

    size_bytes: int
    left_out: tuple[str, ...]


def write_archive(
    target: BinaryIO, records: MemberRecords, files: Mapping[str, Path], *, room_bytes: int
) -> ArchiveReport:
    """Write a zip of one JSON file per table and as many of the videos as fit; blocks, so run it in a thread.

    The smallest files go in first, stored as they are, while the archive stays within `room_bytes`; one that is gone or
    does not fit is listed in the archive's `left_out.json`. The tables always go in. Raises OSError.
    """
    left_out: list[str] = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for table, rows in records.tables.items():
            archive.writestr(f"{table}.json", json.dumps(list(rows), ensure_ascii=False, indent=1))
        used_bytes = sum(info.compress_size for info in archive.infolist()) + _OVERHEAD_BYTES
        for name, size_bytes in _sizes(files):
            if size_bytes is None or used_bytes + size_bytes + _OVERHEAD_BYTES > room_bytes:
                left_out.append(name)
                continue
            archive.write(files[name], f"files/{name}", compress_type=zipfile.ZIP_STORED)
            used_bytes += size_bytes + _OVERHEAD_BYTES
        if left_out:
            archive.writestr("left_out.json", json.dumps(left_out, ensure_ascii=False))
    return ArchiveReport(target.tell(), tuple(left_out))


# More than the headers of one file and its line in the directory take.
_OVERHEAD_BYTES = 1024


def _sizes(files: Mapping[str, Path]) -> list[tuple[str, int | None]]:
    """Return names and sizes, the smallest first and what is gone last."""
    sizes = [(name, path.stat().st_size if path.is_file() else None) for name, path in files.items()]
    return sorted(sizes, key=lambda each: (each[1] is None, each[1] or 0, each[0]))
