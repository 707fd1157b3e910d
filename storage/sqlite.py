"""Run SQLite on threads of its own: one writes, with commits shared between transactions that wait at the same time.

The thread is ours and not aiosqlite's because aiosqlite has no public way to run one function on its thread: each
statement would hop between threads, a cancelled task could leave BEGIN without its COMMIT, and a forgotten connection
would hang the interpreter's exit. There is one connection that writes: SQLite before 3.51.3 can lose commits when two
write or checkpoint one WAL (sqlite.org/wal.html, "the WAL-reset bug"). Reads have a read-only connection and a thread,
so that none waits for the disk; reads of a few rows have one in the loop's own thread.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Collection, Hashable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar, cast

from jobs.errors import StorageError
from storage.call_queue import Call, CallQueue
from storage.database import Session
from storage.migrate import MIGRATIONS, migrate
from storage.read_cache import ReadCache
from storage.sqlite_backup import back_up_file, take_over
from storage.sqlite_connection import (
    FileLock,
    SqliteSession,
    name_error,
    on_one_snapshot,
    open_connection,
    open_reader,
)

T = TypeVar("T")

PAUSE_SECONDS = 1.0


class SqliteDatabase:
    """Hold one SQLite file open for this process alone."""

    def __init__(
        self, path: Path, lock: FileLock, busy_timeout_seconds: float, on_commit: Callable[[float], None]
    ) -> None:
        self._path = path
        self._on_commit = on_commit
        self._lock = lock
        self._busy_timeout_seconds = busy_timeout_seconds
        self._loop = asyncio.get_running_loop()
        self._writes = CallQueue("sqlite", self._write_together)
        self._reads = CallQueue("sqlite-reads", self._read_together)
        self._cache = ReadCache()
        self._waits_for_disk = True
        self._written_at = 0.0
        self._moving_log: asyncio.TimerHandle | None = None
        self._closing: asyncio.Future[None] | None = None

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        busy_timeout_seconds: float = 5.0,
        migrations: Path = MIGRATIONS,
        on_commit: Callable[[float], None] = lambda _seconds: None,
    ) -> "SqliteDatabase":
        """Lock and open a file, made if it is missing, and migrate it; raises StorageError.

        `on_commit` hears, in the thread that writes, how many seconds each transaction took.
        """
        database = cls(path, FileLock.take(path), busy_timeout_seconds, on_commit)
        try:
            await database._in_thread(database._writes, lambda: database._connect(migrations))
            await database._in_thread(database._reads, database._connect_reader)
            database._connect_glancing()
        except BaseException as error:
            await database.close()
            if isinstance(error, sqlite3.Error | OSError):
                raise name_error(error) from error
            raise
        return database

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run a function that only reads; it waits for no write."""
        return cast("T", await self._put(self._reads, on_one_snapshot(work)))

    async def glance(self, work: Callable[[Session], T]) -> T:
        """Run a function that reads a few rows in the caller's thread: going to another takes longer than they do."""
        if self._closing is not None:
            raise StorageError("the database is closed")
        try:
            return work(self._glance_session)
        except sqlite3.Error:
            return await self.read(work)  # which may wait, where a glance may not

    async def recall(self, key: Hashable, tables: Collection[str], work: Callable[[Session], T]) -> T:
        """Return what a function read for this key, read anew after a change of one of the tables."""
        edition = self._cache.edition(tables)
        found = self._cache.find(key, edition)
        if found is not None:
            return cast("T", found[0])
        value = await self.read(work)
        self._cache.keep(key, edition, value)
        return value

    async def write(self, work: Callable[[Session], T], *, durable: bool = True) -> T:
        """Run a function as one transaction and return after its commit is on the disk, or will soon be."""
        done = self._put(self._writes, work, durable=durable)
        self._move_log_in_a_pause()
        return await done

    async def check(self, *, timeout_seconds: float = 1.0) -> None:
        """Make sure that a write gets through in time."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self.write(lambda session: session.execute("UPDATE pulse SET beats = beats + 1"))
        except TimeoutError as error:
            raise StorageError(f"the database did not take a write within {timeout_seconds:g} s") from error

    async def backup(self, target: Path) -> None:
        """Write a checked copy to a file; work goes on meanwhile."""
        await asyncio.to_thread(back_up_file, self._path, target)

    async def close(self) -> None:
        """Finish what waits, truncate the WAL and release the file."""
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close())
        await asyncio.shield(self._closing)

    def _put(self, queue: CallQueue, work: Callable[[Session], T], *, durable: bool = True) -> asyncio.Future[T]:
        if self._closing is not None:
            raise StorageError("the database is closed")
        return queue.put(work, durable=durable)

    def _move_log_in_a_pause(self) -> None:
        """Move the log into the file once nothing is written for a second: nobody waits for it then."""
        self._written_at = self._loop.time()
        if self._moving_log is None:
            self._moving_log = self._loop.call_later(PAUSE_SECONDS, self._move_log_if_quiet)

    def _move_log_if_quiet(self) -> None:
        self._moving_log = None
        pause_ends_at = self._written_at + PAUSE_SECONDS
        if self._loop.time() < pause_ends_at:
            self._moving_log = self._loop.call_at(pause_ends_at, self._move_log_if_quiet)
        else:
            self._writes.thread.submit(self._move_log)

    async def _close(self) -> None:
        if self._moving_log is not None:
            self._moving_log.cancel()
        glancing: sqlite3.Connection | None = getattr(self, "_glancing", None)
        if glancing is not None:
            glancing.close()
        try:
            await self._in_thread(self._reads, self._disconnect_reader)
            await self._in_thread(self._writes, self._disconnect)
        finally:
            self._reads.thread.shutdown(wait=False)
            self._writes.thread.shutdown(wait=False)
            self._lock.release()

    async def _in_thread(self, queue: CallQueue, call: Callable[[], T]) -> T:
        return await self._loop.run_in_executor(queue.thread, call)

    # --- in the threads -----------------------------------------------------------------------------------------------

    def _connect(self, migrations: Path) -> None:
        self._connection = open_connection(self._path, self._busy_timeout_seconds)
        self._session = SqliteSession(self._connection)
        migrate(self._connection, migrations)
        take_over(self._connection)

    def _connect_reader(self) -> None:
        self._reading = open_reader(self._path, self._busy_timeout_seconds)
        self._read_session = SqliteSession(self._reading)

    def _connect_glancing(self) -> None:
        self._glancing = open_reader(self._path, 0)
        self._glance_session = SqliteSession(self._glancing)

    def _disconnect_reader(self) -> None:
        connection: sqlite3.Connection | None = getattr(self, "_reading", None)
        if connection is not None:
            connection.close()

    def _disconnect(self) -> None:
        connection: sqlite3.Connection | None = getattr(self, "_connection", None)
        if connection is None:
            return
        try:
            connection.execute("PRAGMA busy_timeout = 0")  # somebody else who reads is not waited for
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error:
            pass  # a broken file closes too; what was committed is in the WAL
        finally:
            connection.close()

    def _move_log(self) -> None:
        with suppress(sqlite3.Error):  # the next write will hear of it
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _read_together(self, calls: list[Call]) -> None:
        for call in calls:
            call.run(self._read_session)

    def _write_together(self, calls: list[Call]) -> None:
        began = time.perf_counter()
        self._commit_together(calls)
        self._on_commit(time.perf_counter() - began)

    def _commit_together(self, calls: list[Call]) -> None:
        try:
            self._session.changed.clear()
            self._wait_for_disk(any(call.durable for call in calls))
            self._connection.execute("BEGIN IMMEDIATE")
            if len(calls) == 1:  # a savepoint would copy each page before it is changed
                self._run_alone(calls[0])
            else:
                for call in calls:
                    self._run_in_savepoint(call)
            self._connection.execute("COMMIT")
        except BaseException as error:  # nothing of the batch is stored: each caller must hear it
            self._roll_back()
            for call in calls:
                if call.error is None:
                    call.fail(error)
        finally:
            self._cache.note(self._session.changed)

    def _wait_for_disk(self, wanted: bool) -> None:
        """Let commits wait for the disk, or not: then the next one that does takes them along."""
        if wanted != self._waits_for_disk:
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if wanted else 'NORMAL'}")
            self._waits_for_disk = wanted

    def _run_alone(self, call: Call) -> None:
        call.run(self._session)
        if call.error is not None:
            raise call.error

    def _run_in_savepoint(self, call: Call) -> None:
        self._connection.execute("SAVEPOINT call")
        call.run(self._session)
        if call.error is not None:
            if not self._connection.in_transaction:
                # A full disk or a failing one makes SQLite roll the whole transaction back by itself.
                raise call.error.__cause__ or call.error
            self._connection.execute("ROLLBACK TO call")
        self._connection.execute("RELEASE call")

    def _roll_back(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            pass  # SQLite has rolled back already
