"""Copy a SQLite database that is in use."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from jobs.errors import StorageError
from storage.sqlite_connection import name_error


def back_up_file(source: Path, target: Path) -> None:
    """Copy a database into one checked file, replacing `target` in one step.

    The second connection is safe although SQLite has the WAL-reset bug: it is read-only, so it neither writes nor
    checkpoints. Raises StorageError; then `target` is as it was.
    """
    if target.exists() and source.exists() and target.samefile(source):
        raise StorageError("the backup must be another file than the database")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.unlink(missing_ok=True)
        # VACUUM INTO takes an empty file, so the copy is the owner's alone from its first byte.
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("VACUUM INTO ?", (str(part),))
        _check(part)
        _sync(part)
        part.replace(target)
        _sync(target.resolve().parent)
    except (sqlite3.Error, OSError) as error:
        raise name_error(error) from error
    finally:
        part.unlink(missing_ok=True)


def _check(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection:
        findings = connection.execute("PRAGMA integrity_check").fetchall()
    if findings != [("ok",)]:
        raise StorageError("the copy of the database failed its integrity check")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
