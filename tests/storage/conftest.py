"""Open real SQLite files for the store's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.job_store import SqlJobStore
from storage.sqlite import SqliteDatabase
from tests.fakes import NO_LIMITS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the test's database lies."""
    return tmp_path / "luma.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[SqliteDatabase]:
    """Open a fresh database."""
    opened = await SqliteDatabase.open(path, busy_timeout_seconds=0.05)
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def store(database: SqliteDatabase) -> SqlJobStore:
    """Return a job store on the fresh database."""
    return SqlJobStore(database, defaults=NO_LIMITS)
