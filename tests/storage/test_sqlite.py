"""Hold the database to whole transactions, shared commits and errors with a name."""

import asyncio
import random
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest

from jobs.errors import DatabaseInUseError, StorageError, UserError
from jobs.ports import Admitted
from storage import open_store
from storage.database import Session
from storage.job_store import SqlJobStore
from storage.sqlite import SqliteDatabase
from storage.sqlite_connection import name_error
from tests.fakes import NO_LIMITS
from tests.storage.jobs_made import claim_one, count_rows, insert, new_job

T = TypeVar("T")


def add_beat(session: Session) -> int:
    """Write one row."""
    return session.execute("INSERT INTO pulse (beats) VALUES (1)")


async def between_writes(database: SqliteDatabase, act: Callable[[], T]) -> T:
    """Act in the thread that writes, outside of its transactions."""
    return await database._in_thread(database._writes, act)


@asynccontextmanager
async def held_up(database: SqliteDatabase) -> AsyncIterator[threading.Event]:
    """Keep the thread that writes busy until the event is set, so that writes must wait together."""
    held, go = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def hold() -> None:
        loop.call_soon_threadsafe(held.set)
        go.wait(30)

    task = asyncio.create_task(between_writes(database, hold))
    try:
        await held.wait()
        yield go
    finally:
        go.set()
        await task


async def traced(database: SqliteDatabase) -> list[str]:
    """Return a list that fills with the statements SQLite runs from now on."""
    statements: list[str] = []
    await between_writes(database, lambda: database._connection.set_trace_callback(statements.append))
    return statements


class BrokenOnce:
    """Interrupt SQLite at one of its steps."""

    def __init__(self, point: int) -> None:
        self._left = point
        self.happened = False

    def __call__(self) -> bool:
        """Tell SQLite whether to stop here."""
        self._left -= 1
        self.happened |= self._left == 0
        return self._left == 0


async def watched(database: SqliteDatabase, handler: BrokenOnce | None) -> None:
    """Let SQLite ask the handler every 20 instructions."""
    await between_writes(database, lambda: database._connection.set_progress_handler(handler, 20))


async def test_writes_that_wait_together_share_one_commit(database: SqliteDatabase) -> None:
    statements = await traced(database)
    async with held_up(database) as go:
        writes = [asyncio.create_task(database.write(add_beat)) for _ in range(100)]
        await asyncio.sleep(0)
        go.set()
        assert await asyncio.gather(*writes) == [1] * 100

    assert statements.count("COMMIT") == 1
    assert await count_rows(database, "pulse") == 101


async def test_one_that_fails_harms_no_other_in_its_batch(database: SqliteDatabase) -> None:
    def fail(session: Session) -> None:
        add_beat(session)
        raise UserError("no")

    def break_rule(session: Session) -> None:
        add_beat(session)
        session.execute("INSERT INTO reservations (job_id) VALUES ('x')")

    async with held_up(database) as go:
        works = [add_beat, fail, add_beat, break_rule, add_beat]
        writes = [asyncio.create_task(database.write(work)) for work in works]
        await asyncio.sleep(0)
        go.set()
        results = await asyncio.gather(*writes, return_exceptions=True)

    assert [type(result) for result in results] == [int, UserError, int, StorageError, int]
    assert isinstance(results[3], StorageError)
    assert isinstance(results[3].__cause__, sqlite3.IntegrityError)
    assert await count_rows(database, "pulse") == 4


async def test_nothing_is_acknowledged_before_the_commit(database: SqliteDatabase, path: Path) -> None:
    seen_outside: list[int] = []

    def look_from_outside(_session: Session) -> None:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as other:
            seen_outside.append(other.execute("SELECT COUNT(*) FROM pulse").fetchone()[0])

    async with held_up(database) as go:
        first = asyncio.create_task(database.write(add_beat))
        second = asyncio.create_task(database.write(look_from_outside))
        await asyncio.sleep(0)
        go.set()
        await asyncio.wait([first, second], return_when=asyncio.FIRST_COMPLETED)
        assert seen_outside == [1]
        await asyncio.gather(first, second)
    await database.write(look_from_outside)

    assert seen_outside == [1, 2]


async def test_reads_wait_for_no_write_and_see_what_was_acknowledged(database: SqliteDatabase) -> None:
    async with held_up(database) as go:
        write = asyncio.create_task(database.write(add_beat))
        await asyncio.sleep(0)
        assert await database.read(beats) == 1
        go.set()
        await write
        assert await database.read(beats) == 2


def beats(session: Session) -> int:
    """Count the rows."""
    return len(session.rows("SELECT beats FROM pulse"))


async def test_a_glance_is_over_at_once_and_sees_what_was_acknowledged(database: SqliteDatabase) -> None:
    async with held_up(database) as go:
        write = asyncio.create_task(database.write(add_beat))
        await asyncio.sleep(0)
        with pytest.raises(StopIteration) as over:
            database.glance(beats).send(None)
        assert over.value.value == 1
        go.set()
        await write
    assert await database.glance(beats) == 2


async def test_a_glance_that_fails_is_a_read(database: SqliteDatabase) -> None:
    database._glancing.set_progress_handler(lambda: True, 1)
    assert await database.glance(beats) == 1
    await database.close()
    with pytest.raises(StorageError, match="closed"):
        await database.glance(beats)


async def test_a_read_sees_one_moment(database: SqliteDatabase) -> None:
    loop = asyncio.get_running_loop()

    def look_twice(session: Session) -> tuple[int, int]:
        first = beats(session)
        asyncio.run_coroutine_threadsafe(database.write(add_beat), loop).result(30)
        return first, beats(session)

    assert await database.read(look_twice) == (1, 1)
    assert await database.read(beats) == 2


async def test_reads_cannot_write(database: SqliteDatabase) -> None:
    for read in (database.read, database.glance):
        with pytest.raises(StorageError, match="read-only"):
            await read(add_beat)
    assert await count_rows(database, "pulse") == 1


async def test_a_thousand_cancels_leave_rows_whole_or_absent(database: SqliteDatabase) -> None:
    store = SqlJobStore(database, defaults=NO_LIMITS)
    chance = random.Random(7)
    kept = 0
    for _ in range(1000):
        task = asyncio.create_task(store.insert(new_job(), now_ms=1, due_at_ms=1))
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        if chance.random() < 0.2:
            await database.read(lambda _session: None)
        task.cancel()
        kept += not isinstance((await asyncio.gather(task, return_exceptions=True))[0], BaseException)
        assert not await between_writes(database, lambda: database._connection.in_transaction)

    await insert(store)
    jobs = await count_rows(database, "jobs")
    assert kept < jobs
    assert jobs == await count_rows(database, "reservations") == await count_rows(database, "job_events")


async def test_a_cancelled_write_that_still_waits_is_not_run(database: SqliteDatabase) -> None:
    async with held_up(database) as go:
        write = asyncio.create_task(database.write(add_beat))
        await asyncio.sleep(0)
        write.cancel()
        await asyncio.gather(write, return_exceptions=True)
        go.set()

    assert await count_rows(database, "pulse") == 1


async def test_a_lock_of_another_program_is_named_and_passes(database: SqliteDatabase, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="locked by another program"):
            await database.write(add_beat)
        with pytest.raises(StorageError, match="locked by another program"):
            await database.check()
        assert await count_rows(database, "pulse") == 1
        other.execute("ROLLBACK")

    await database.check()
    assert await database.write(add_beat) == 1


async def test_a_full_disk_is_named_and_loses_nothing_acknowledged(database: SqliteDatabase) -> None:
    def limit() -> None:
        pages = database._session.rows("PRAGMA page_count")[0]["page_count"]
        database._session.rows(f"PRAGMA max_page_count = {pages + 2}")

    def write_much(session: Session) -> None:
        session.execute("CREATE TABLE big AS SELECT zeroblob(1000000) AS blob")

    await between_writes(database, limit)
    async with held_up(database) as go:
        works = [add_beat, write_much, add_beat]
        writes = [asyncio.create_task(database.write(work)) for work in works]
        await asyncio.sleep(0)
        go.set()
        results = await asyncio.gather(*writes, return_exceptions=True)

    assert isinstance(results[1], StorageError)
    assert "full" in str(results[1])
    assert await count_rows(database, "pulse") == 1 + results.count(1)
    await between_writes(database, lambda: database._session.rows("PRAGMA max_page_count = 1000000"))
    assert await database.write(add_beat) == 1


async def test_a_statement_broken_at_any_point_leaves_the_whole_batch_consistent(database: SqliteDatabase) -> None:
    store = SqlJobStore(database, defaults=NO_LIMITS)
    failed, stored, beats = 0, 0, 1
    for point in count(1):
        broken = BrokenOnce(point)
        await watched(database, broken)
        async with held_up(database) as go:
            inserts = [
                asyncio.create_task(store.insert(new_job(user_id=point), now_ms=1, due_at_ms=1)),
                asyncio.create_task(database.write(add_beat)),
                asyncio.create_task(store.insert(new_job(user_id=-point), now_ms=1, due_at_ms=1)),
            ]
            await asyncio.sleep(0)
            go.set()
            results = await asyncio.gather(*inserts, return_exceptions=True)
        await watched(database, None)

        errors = [result for result in results if isinstance(result, BaseException)]
        assert all(isinstance(error, StorageError) for error in errors)
        failed += len(errors)
        stored += [type(result) for result in results].count(Admitted)
        beats += results.count(1)
        tables = [await count_rows(database, table) for table in ("jobs", "reservations", "job_events", "pulse")]
        assert tables == [stored, stored, stored, beats]
        if not broken.happened:
            break
    assert failed > 10


async def test_a_write_alone_that_is_broken_at_any_point_leaves_nothing(database: SqliteDatabase) -> None:
    store = SqlJobStore(database, defaults=NO_LIMITS)
    failed = 0
    for point in count(1):
        broken = BrokenOnce(point)
        await watched(database, broken)
        result = (await asyncio.gather(insert(store), return_exceptions=True))[0]
        await watched(database, None)
        tables = [await count_rows(database, table) for table in ("jobs", "reservations", "job_events")]
        if not broken.happened:
            break
        assert isinstance(result, StorageError)
        assert tables == [0, 0, 0]
        failed += 1
    assert tables == [1, 1, 1]
    assert failed > 10


async def test_what_a_write_alone_raises_rolls_it_back(database: SqliteDatabase) -> None:
    def fail(session: Session) -> None:
        add_beat(session)
        raise UserError("no")

    with pytest.raises(UserError, match="no"):
        await database.write(fail)
    assert await count_rows(database, "pulse") == 1
    assert await database.write(add_beat) == 1
    assert await count_rows(database, "pulse") == 2


async def test_a_failing_commit_is_heard_by_every_caller(database: SqliteDatabase) -> None:
    def defer_a_broken_rule(session: Session) -> None:
        session.rows("PRAGMA defer_foreign_keys = ON")
        session.execute("INSERT INTO job_events VALUES ('nobody', 1, 1, 'x', 'queued', '')")

    async with held_up(database) as go:
        works = [add_beat, defer_a_broken_rule, add_beat]
        writes = [asyncio.create_task(database.write(work)) for work in works]
        await asyncio.sleep(0)
        go.set()
        results = await asyncio.gather(*writes, return_exceptions=True)

    assert [type(result) for result in results] == [StorageError] * 3
    assert await count_rows(database, "pulse") == 1
    assert await database.write(add_beat) == 1


async def test_a_check_that_takes_too_long_says_so(database: SqliteDatabase) -> None:
    async with held_up(database):
        with pytest.raises(StorageError, match="did not take a write within"):
            await database.check(timeout_seconds=0.01)

    await database.check()


async def test_only_a_commit_that_need_not_last_is_spared_the_wait_for_the_disk(database: SqliteDatabase) -> None:
    statements = await traced(database)

    async def syncs(*writes: bool) -> list[str]:
        statements.clear()
        async with held_up(database) as go:
            waiting = [asyncio.create_task(database.write(add_beat, durable=durable)) for durable in writes]
            await asyncio.sleep(0)
            go.set()
            await asyncio.gather(*waiting)
        return [each for each in statements if each.startswith(("PRAGMA", "BEGIN"))]

    assert await syncs(True) == ["BEGIN IMMEDIATE"]
    assert await syncs(False) == ["PRAGMA synchronous = NORMAL", "BEGIN IMMEDIATE"]
    assert await syncs(False, False) == ["BEGIN IMMEDIATE"]
    assert await syncs(False, True) == ["PRAGMA synchronous = FULL", "BEGIN IMMEDIATE"]

    def fail(session: Session) -> None:
        raise UserError("no")

    with pytest.raises(UserError):
        await database.write(fail, durable=False)
    assert await syncs(True) == ["PRAGMA synchronous = FULL", "BEGIN IMMEDIATE"], "what fails leaves nothing behind"


async def test_of_all_a_job_needs_a_claim_and_its_renewal_alone_need_not_last(database: SqliteDatabase) -> None:
    store = SqlJobStore(database, defaults=NO_LIMITS)
    statements = await traced(database)
    job = await insert(store)
    job = await claim_one(store)
    await store.renew([job], now_ms=2, lease_ms=1000)
    assert await store.move(job, job, event="still running", now_ms=3) is not None
    assert [each for each in statements if each.startswith("PRAGMA")] == [
        "PRAGMA synchronous = NORMAL", "PRAGMA synchronous = FULL",
    ]  # fmt: skip


async def test_all_that_waits_wakes_the_thread_once(database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[Any] = []
    submit = database._writes.thread.submit

    def note(*call: Any) -> Any:
        woken.append(call)
        return submit(*call)

    async with held_up(database) as go:
        monkeypatch.setattr(database._writes.thread, "submit", note)
        writes = [asyncio.create_task(database.write(add_beat)) for _ in range(600)]
        await asyncio.sleep(0)
        go.set()
        assert await asyncio.gather(*writes) == [1] * 600
    assert len(woken) == 1


async def test_the_log_is_moved_into_the_file_in_a_pause(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.sqlite.PAUSE_SECONDS", 0.01)
    loop, moved = asyncio.get_running_loop(), asyncio.Event()

    def hear(statement: str) -> None:
        if statement == "PRAGMA wal_checkpoint(PASSIVE)":
            loop.call_soon_threadsafe(moved.set)

    await between_writes(database, lambda: database._connection.set_trace_callback(hear))
    for _ in range(2):
        moved.clear()
        await database.write(add_beat)
        await moved.wait()


async def test_close_finishes_what_waits_and_ends_the_database(path: Path) -> None:
    database = await SqliteDatabase.open(path)
    async with held_up(database) as go:
        write = asyncio.create_task(database.write(add_beat))
        await asyncio.sleep(0)
        closing_task = asyncio.create_task(database.close())
        await asyncio.sleep(0)
        go.set()
        await asyncio.gather(write, closing_task)
    await database.close()

    with pytest.raises(StorageError, match="closed"):
        await database.write(add_beat)
    assert not path.with_name("luma.db-wal").exists()
    again = await SqliteDatabase.open(path)
    try:
        assert await count_rows(again, "pulse") == 2
    finally:
        await again.close()


async def test_a_second_opening_is_refused(database: SqliteDatabase, path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(path)
    for name in (path, link):
        with pytest.raises(DatabaseInUseError, match="another process"):
            await open_store(f"sqlite:///{name}")

    await database.close()
    again = await open_store(f"sqlite:///{path}")
    await again.close()


async def test_a_database_locked_at_the_start_is_refused_and_let_go(path: Path) -> None:
    await (await SqliteDatabase.open(path)).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageError, match="locked"):
            await open_store(f"sqlite:///{path}", busy_timeout_seconds=0.05)

    await (await SqliteDatabase.open(path)).close()


async def test_an_opening_that_is_cancelled_lets_the_file_go(path: Path) -> None:
    for turns in range(5):
        opening = asyncio.create_task(SqliteDatabase.open(path))
        for _ in range(turns):
            await asyncio.sleep(0)
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        if not opening.cancelled():
            await opening.result().close()

    await (await SqliteDatabase.open(path)).close()


async def test_damaged_files_are_named(path: Path) -> None:
    database = await SqliteDatabase.open(path)
    store = SqlJobStore(database, defaults=NO_LIMITS)
    for _ in range(50):
        await insert(store)
    await database.close()
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], whole[:5000], whole[:100], b"not a database at all" * 99):
        path.write_bytes(content)
        with pytest.raises(StorageError, match=r"damaged|not a SQLite database"):
            await SqliteDatabase.open(path)
        assert path.read_bytes() == content

    path.write_bytes(whole)
    again = await SqliteDatabase.open(path)
    try:
        assert await count_rows(again, "jobs") == 50
    finally:
        await again.close()


async def test_a_folder_in_the_files_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be used"):
        await SqliteDatabase.open(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="folder cannot be used"):
        await SqliteDatabase.open(tmp_path / "file" / "luma.db")


async def test_the_file_is_its_owners_alone_and_its_folder_is_made(tmp_path: Path) -> None:
    database = await open_store(f"sqlite:///{tmp_path}/deep/er/luma.db")
    await database.close()

    assert (tmp_path / "deep/er/luma.db").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("url", ["", "luma.db", "sqlite:///", "sqlite:///:memory:", "postgres://user:secret@host/db"])
async def test_other_addresses_are_refused_without_repeating_them(url: str) -> None:
    with pytest.raises(StorageError, match="sqlite:///data") as caught:
        await open_store(url)
    assert "secret" not in str(caught.value)


async def test_the_pragmas_hold(database: SqliteDatabase) -> None:
    expected = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "wal_autocheckpoint": 8000,
        "trusted_schema": 0,
        "busy_timeout": 50,
        "temp_store": 2,
    }

    name_of = {"busy_timeout": "timeout"}

    def read(session: Session) -> dict[str, Any]:
        return {name: session.rows(f"PRAGMA {name}")[0][name_of.get(name, name)] for name in expected}

    assert await database.write(read) == expected


def test_unknown_failures_have_a_name_too() -> None:
    assert "OperationalError" in str(name_error(sqlite3.OperationalError("secret")))
    assert str(name_error(StorageError("kept"))) == "kept"
    assert "No space left" in str(name_error(OSError(28, "No space left on device")))
