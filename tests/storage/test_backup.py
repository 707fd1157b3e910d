"""Hold backups to being whole, checked and in place in one step, while work goes on."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from jobs.errors import StorageError
from jobs.job import Failure, FailureCode, State
from storage import back_up_store
from storage.job_store import SqlJobStore
from storage.sqlite import SqliteDatabase
from tests.storage.jobs_made import insert, running


def count_in(copy: Path) -> int:
    """Check a copy and return how many jobs it has, each with its reservation and event."""
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        counts = {
            connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
            for table in ("jobs", "reservations", "job_events")
        }
    [jobs] = counts
    assert isinstance(jobs, int)
    return jobs


async def test_backups_under_load_are_whole_and_have_all_that_was_acknowledged(
    database: SqliteDatabase, store: SqlJobStore, tmp_path: Path
) -> None:
    acknowledged = 0
    target = tmp_path / "copy.db"

    async def write_on() -> None:
        nonlocal acknowledged
        while True:
            await insert(store)
            acknowledged += 1

    writers = [asyncio.create_task(write_on()) for _ in range(3)]
    try:
        for _ in range(15):
            before = acknowledged
            await database.backup(target)
            assert before <= count_in(target) <= acknowledged + len(writers)
    finally:
        for writer in writers:
            writer.cancel()
        await asyncio.gather(*writers, return_exceptions=True)
    assert acknowledged > 0
    assert target.stat().st_mode & 0o077 == 0
    assert sorted(os.listdir(tmp_path)) == ["copy.db", "luma.db", "luma.db-shm", "luma.db-wal", "luma.db.lock"]


async def test_a_backup_opens_as_a_store(database: SqliteDatabase, store: SqlJobStore, tmp_path: Path) -> None:
    job, _ = await running(store)
    await database.backup(tmp_path / "copy.db")

    copy = await SqliteDatabase.open(tmp_path / "copy.db")
    try:
        assert await SqlJobStore(copy).get(job.id) == job
    finally:
        await copy.close()


async def test_what_was_queued_in_a_copy_that_is_put_back_is_never_sent_by_itself(
    database: SqliteDatabase, store: SqlJobStore, tmp_path: Path
) -> None:
    job = await insert(store)
    await database.backup(tmp_path / "copy.db")

    for _ in range(2):  # the second start finds nothing more to do
        copy = await SqliteDatabase.open(tmp_path / "copy.db")
        try:
            restored = await SqlJobStore(copy).get(job.id)
            events = [event.event for event in await SqlJobStore(copy).events(job.id)]
        finally:
            await copy.close()
        assert restored is not None
        unheard = Failure(FailureCode.OUTCOME_UNKNOWN, may_hear=False)
        assert (restored.state, restored.failure) == (State.DELIVERING, unheard)
        assert events == ["queue", "outcome_unknown"]
    assert await store.get(job.id) == job


async def test_another_process_may_back_up_a_database_in_use(
    database: SqliteDatabase, store: SqlJobStore, path: Path, tmp_path: Path
) -> None:
    await insert(store)

    back_up_store(f"sqlite:///{path}", tmp_path / "copy.db")

    assert count_in(tmp_path / "copy.db") == 1


async def test_a_failed_backup_leaves_the_old_one(database: SqliteDatabase, path: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("the old one")

    with pytest.raises(StorageError, match="another file"):
        await database.backup(path)
    with pytest.raises(StorageError):
        back_up_store(f"sqlite:///{tmp_path}/missing.db", target)
    with pytest.raises(StorageError):
        await database.backup(tmp_path / "missing" / "copy.db")

    assert target.read_text() == "the old one"
    assert not list(tmp_path.glob(".*.part"))
