"""Run the store's real SQL in the loop's own thread: no thread's pace decides what comes first."""

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Hashable
from pathlib import Path
from typing import TypeVar

from storage.database import Session
from storage.migrate import migrate
from storage.sqlite_connection import SqliteSession

T = TypeVar("T")


def new_template() -> sqlite3.Connection:
    """Return an empty database in memory that has its schema."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    return connection


class InlineDatabase:
    """Hold a copy of a template in memory; each transaction is one turn of the loop."""

    def __init__(self, template: sqlite3.Connection) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        template.backup(self._connection)
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._session = SqliteSession(self._connection)

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run a function that only reads."""
        await asyncio.sleep(0)
        return work(self._session)

    async def glance(self, work: Callable[[Session], T]) -> T:
        """Run a function that only reads a few rows."""
        return await self.read(work)

    async def recall(self, key: Hashable, tables: Collection[str], work: Callable[[Session], T]) -> T:
        """Run a function that only reads, anew each time."""
        return await self.read(work)

    async def write(self, work: Callable[[Session], T], *, durable: bool = True) -> T:
        """Run a function as one transaction."""
        await asyncio.sleep(0)
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            value = work(self._session)
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        return value

    async def check(self, *, timeout_seconds: float = 1.0) -> None:
        """Have nothing to check."""

    async def backup(self, target: Path) -> None:
        """Have nothing to copy."""

    async def close(self) -> None:
        """Let go of it."""
        self._connection.close()
