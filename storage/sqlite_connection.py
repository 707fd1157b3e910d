"""Open SQLite's connections: the lock beside the file, the PRAGMAs, `$1` parameters, errors by name."""

import fcntl
import os
import re
import sqlite3
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from jobs.errors import DatabaseInUseError, StorageError
from storage.database import Row, Session, Value
from storage.read_cache import changed_tables

T = TypeVar("T")

_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA wal_autocheckpoint = 8000",  # 32 MiB: a commit that reaches it waits for all of them, up to a second
    "PRAGMA trusted_schema = OFF",
    "PRAGMA temp_store = MEMORY",  # a savepoint's pages, too, which would go to a file at 64 KiB
)


class FileLock:
    """Keep every other process away from a database, by a lock on a file beside it that ends with the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, database: Path) -> "FileLock":
        """Lock a database's file name, making its folder; raises StorageError when another has it."""
        try:
            database.parent.mkdir(parents=True, exist_ok=True)
            name = database.resolve()
            descriptor = os.open(name.with_name(name.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StorageError(f"the database's folder cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise DatabaseInUseError("another process has this database open; only one may") from error
        return cls(descriptor)

    def release(self) -> None:
        """Let others in; the lock file stays, for deleting it would let two in."""
        os.close(self._descriptor)


class SqliteSession:
    """Run SQL with `$1` parameters on the connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.changed: set[str] = set()  # the tables of statements that may have changed them

    def execute(self, sql: str, *values: Value) -> int:
        """Run a statement and return how many rows it changed."""
        self.changed |= changed_tables(sql)
        return self._connection.execute(_numbered(sql), values).rowcount

    def row(self, sql: str, *values: Value) -> Row | None:
        """Return the first row, or None."""
        return next(iter(self.rows(sql, *values)), None)

    def rows(self, sql: str, *values: Value) -> list[Row]:
        """Return all rows."""
        self.changed |= changed_tables(sql)
        rows: list[Row] = self._connection.execute(_numbered(sql), values).fetchall()
        return rows


def open_connection(path: Path, busy_timeout_seconds: float) -> sqlite3.Connection:
    """Open the file, readable by its owner only, in WAL mode with full durability; raises sqlite3.Error, OSError."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, timeout=busy_timeout_seconds, isolation_level=None, cached_statements=256)
    try:
        connection.row_factory = sqlite3.Row
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise StorageError("the database's file system does not allow SQLite's WAL mode")
        for pragma in _PRAGMAS:
            connection.execute(pragma)
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path, busy_timeout_seconds: float) -> sqlite3.Connection:
    """Open a file that is open for writing a second time, to read alone: it neither writes nor checkpoints."""
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro",
        uri=True,
        timeout=busy_timeout_seconds,
        isolation_level=None,
        cached_statements=256,
    )
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
    except BaseException:
        connection.close()
        raise
    return connection


def on_one_snapshot(work: Callable[[Session], T]) -> Callable[[Session], T]:
    """Let all statements of a function that reads see the database as it is at the first of them."""

    def whole(session: Session) -> T:
        session.execute("BEGIN")
        try:
            return work(session)
        finally:
            session.execute("ROLLBACK")

    return whole


def name_error(error: BaseException) -> StorageError:
    """Say what a foreign error means; no values of any row are in its text."""
    if isinstance(error, StorageError):
        return StorageError(*error.args)
    if isinstance(error, OSError):
        return StorageError(f"the database file cannot be used: {error.strerror}")
    code = getattr(error, "sqlite_errorcode", None)
    # The low byte is the primary result code: https://sqlite.org/rescode.html
    reason = _REASONS.get(code & 0xFF) if isinstance(code, int) else None
    return StorageError(reason or f"the database failed: {getattr(error, 'sqlite_errorname', type(error).__name__)}")


_REASONS = {
    sqlite3.SQLITE_BUSY: "the database is locked by another program",
    sqlite3.SQLITE_LOCKED: "the database is locked by another program",
    sqlite3.SQLITE_READONLY: "the database is read-only",
    sqlite3.SQLITE_FULL: "the disk of the database is full",
    sqlite3.SQLITE_IOERR: "the disk of the database failed",
    sqlite3.SQLITE_CORRUPT: "the database file is damaged",
    sqlite3.SQLITE_NOTADB: "the database file is not a SQLite database",
    sqlite3.SQLITE_CANTOPEN: "the database file cannot be opened",
}


@lru_cache(maxsize=512)
def _numbered(sql: str) -> str:
    return re.sub(r"\$(\d+)", r"?\1", sql)
