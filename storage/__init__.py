"""Keep all SQL."""

from collections.abc import Callable
from pathlib import Path

from jobs.errors import StorageError
from storage.database import Database
from storage.sqlite import SqliteDatabase
from storage.sqlite_backup import back_up_file

__all__ = ["back_up_store", "open_store"]

_SQLITE = "sqlite:///"


async def open_store(
    url: str, *, busy_timeout_seconds: float = 5.0, on_commit: Callable[[float], None] = lambda _seconds: None
) -> Database:
    """Open the database of `sqlite:///path` (four slashes: an absolute path) and bring its schema up to date.

    `on_commit` hears, in a thread of the database's, how many seconds each transaction took. Raises StorageError:
    another process has it, it is newer than this program, not writable, or not a database.
    """
    path = _sqlite_path(url)
    return await SqliteDatabase.open(path, busy_timeout_seconds=busy_timeout_seconds, on_commit=on_commit)


def back_up_store(url: str, target: Path) -> None:
    """Copy the database of a URL while another process may be writing to it; blocks until the copy is checked."""
    back_up_file(_sqlite_path(url), target)


def _sqlite_path(url: str) -> Path:
    path = url.removeprefix(_SQLITE)
    if path == url or path in {"", ":memory:"}:
        # The address itself may hold a password, so it is not repeated.
        raise StorageError("the database address must look like sqlite:///data/luma.db")
    return Path(path)
