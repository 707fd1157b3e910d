"""Copy a SQLite database that is in use, and take over a copy that was put back."""

import json
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from jobs.errors import StorageError
from jobs.job import FailureCode, State
from storage.sqlite_connection import name_error

_COPY_MARK = 1  # PRAGMA user_version of a copy that no program has run on yet


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
        _mark(part)
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


def _mark(copy: Path) -> None:
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA user_version = {_COPY_MARK}")


def take_over(connection: sqlite3.Connection) -> int:
    """Make a copy that was put back safe to work on; return how many jobs were ended by that.

    What was still queued in the copy may have been sent and paid for since: its outcome is unknown, never to be sent
    again by itself.
    """
    if connection.execute("PRAGMA user_version").fetchone()[0] != _COPY_MARK:
        return 0
    now_ms = int(time.time() * 1000)
    # The copy knows no attempt by which a callback could find its job.
    failure = json.dumps({"code": FailureCode.OUTCOME_UNKNOWN, "detail": "", "values": {}, "may_hear": False})
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(
            """
            INSERT INTO job_events (job_id, number, at_ms, event, state, detail)
            SELECT id, (SELECT COALESCE(MAX(number), 0) + 1 FROM job_events WHERE job_id = jobs.id), ?, ?, ?, ''
            FROM jobs WHERE state = 'queued'
            """,
            (now_ms, FailureCode.OUTCOME_UNKNOWN, State.DELIVERING),
        )
        ended = connection.execute(
            """
            UPDATE jobs SET state = 'delivering', failure = ?, finished_at_ms = ?, due_at_ms = ?, posting_at_ms = NULL,
                attempts = 0, hold = '', leased_until_ms = 0
            WHERE state = 'queued'
            """,
            (failure, now_ms, now_ms),
        ).rowcount
        connection.execute("PRAGMA user_version = 0")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return ended


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
