"""Describe a database: whole transactions go in as one function each, values come out."""

from collections.abc import Callable, Collection, Hashable
from pathlib import Path
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Value = str | int | float | None


class Row(Protocol):
    """Give a column's value by its name."""

    def keys(self) -> list[str]:
        """Return the names of the columns."""

    def __getitem__(self, name: str, /) -> Any:
        """Return the value of a column."""


class Session(Protocol):
    """Run SQL with `$1` parameters inside one transaction."""

    def execute(self, sql: str, *values: Value) -> int:
        """Run a statement and return how many rows it changed."""

    def row(self, sql: str, *values: Value) -> Row | None:
        """Return the first row, or None."""

    def rows(self, sql: str, *values: Value) -> list[Row]:
        """Return all rows."""


class Database(Protocol):
    """Run transactions; every failure of the database itself is a StorageError.

    A function given to `read` or `write` runs in a thread of the database, whole or not at all, and must do nothing but
    use its session. What it raises rolls its own transaction back and comes out unchanged. A caller that is cancelled
    leaves the transaction whole or absent.
    """

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run a function that only reads; it sees all that was acknowledged before."""

    async def glance(self, work: Callable[[Session], T]) -> T:
        """Run a function with one statement that reads a few rows found by an index: it holds up the loop."""

    async def recall(self, key: Hashable, tables: Collection[str], work: Callable[[Session], T]) -> T:
        """Return what a function read for this key, read anew only after a change of one of the tables it reads."""

    async def write(self, work: Callable[[Session], T], *, durable: bool = True) -> T:
        """Run a function as one transaction and return when it is durable.

        One that need not be `durable` may be lost in a power cut, and only there: for what means nothing to the next
        process.
        """

    async def check(self, *, timeout_seconds: float = 1.0) -> None:
        """Make sure that a write gets through in time; raises StorageError."""

    async def backup(self, target: Path) -> None:
        """Write a checked copy to a file, replacing it in one step, while work goes on."""

    async def close(self) -> None:
        """Finish what waits, move the log into the file and let go of it; further calls do nothing."""
