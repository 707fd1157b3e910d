"""Hold migrations to whole steps and to the version kept in the database."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.access import Asker
from jobs.errors import StorageError
from jobs.job import Charge, State
from jobs.quota import Defaults
from storage.job_store import SqlJobStore
from storage.migrate import MIGRATIONS, migrate
from storage.quota_store import SqlQuotaStore
from storage.result_store import SqlResultStore
from storage.sqlite import SqliteDatabase


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """Give an empty database in memory."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as opened:
        yield opened


def tables(connection: sqlite3.Connection) -> set[str]:
    """Return the names of all tables."""
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_no_two_files_have_one_number() -> None:
    numbers = [int(file.name[:4]) for file in sorted(MIGRATIONS.iterdir())]

    assert len(set(numbers)) == len(numbers)


def test_each_missing_step_is_applied_once(connection: sqlite3.Connection, tmp_path: Path) -> None:
    (tmp_path / "0001_a.sql").write_text("-- a; comment\nCREATE TABLE a (x TEXT DEFAULT ';');\n")
    assert migrate(connection, tmp_path) == 1
    (tmp_path / "0002_b.sql").write_text("CREATE TABLE b (x);\nINSERT INTO b VALUES (1);")

    assert migrate(connection, tmp_path) == 2
    assert migrate(connection, tmp_path) == 2

    assert connection.execute("SELECT * FROM b").fetchall() == [(1,)]
    assert connection.execute("SELECT * FROM schema_versions").fetchall() == [(1, "0001_a"), (2, "0002_b")]


def test_a_step_that_was_left_out_is_applied_later(connection: sqlite3.Connection, tmp_path: Path) -> None:
    (tmp_path / "0003_c.sql").write_text("CREATE TABLE c (x);")
    migrate(connection, tmp_path)
    (tmp_path / "0002_b.sql").write_text("CREATE TABLE b (x);")

    assert migrate(connection, tmp_path) == 3

    assert tables(connection) == {"schema_versions", "b", "c"}


@pytest.mark.parametrize(
    "broken", ["CREATE TABLE b (x);\nCREATE TABLE a (y);", "CREATE TABLE b (x);\nCREATE TABLE c ("]
)
def test_a_broken_step_leaves_nothing(connection: sqlite3.Connection, tmp_path: Path, broken: str) -> None:
    (tmp_path / "0001_a.sql").write_text("CREATE TABLE a (x);")
    (tmp_path / "0002_b.sql").write_text(broken)

    with pytest.raises((StorageError, sqlite3.OperationalError)):
        migrate(connection, tmp_path)

    assert tables(connection) == {"schema_versions", "a"}
    assert not connection.in_transaction


async def test_a_newer_database_is_refused_untouched(path: Path) -> None:
    await (await SqliteDatabase.open(path)).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO schema_versions VALUES (999, 'future')")
    before = path.read_bytes()

    with pytest.raises(StorageError, match="schema 999"):
        await SqliteDatabase.open(path)

    assert path.read_bytes() == before


async def test_a_database_of_another_program_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE jobs (theirs)")

    with pytest.raises(StorageError):
        await SqliteDatabase.open(path)

    with closing(sqlite3.connect(path)) as connection:
        assert tables(connection) == {"jobs"}


FIRST_DATA = """
INSERT INTO jobs (
    id, code, kind, state, user_id, guild_id, channel_id, interaction_id, locale, request, service, created_at_ms,
    due_at_ms, ready
)
VALUES
    ('job1', 'AAAAA', 'modify', 'delivered', 20, 10, 30, 1, 'en', '{"kind":"modify","prompt":"x","clip":null}', 'kie',
        1000, 1000, 1),
    ('job2', 'BBBBB', 'modify', 'queued', 20, 10, 30, 2, 'en', '{"kind":"modify","prompt":"x","clip":null}', 'kie',
        2000, 2000, 1);
INSERT INTO reservations (job_id, guild_id, user_id, state, reserved_at_ms, ended_at_ms)
VALUES ('job1', 10, 20, 'settled', 1000, 1500), ('job2', 10, 20, 'reserved', 2000, NULL);
INSERT INTO job_events VALUES ('job1', 1, 1000, 'queue', 'queued', '');
"""


async def test_a_database_of_the_first_version_comes_up_with_all_it_had(path: Path, tmp_path: Path) -> None:
    first = tmp_path / "first"
    first.mkdir()
    shutil.copy(MIGRATIONS / "0001_jobs.sql", first)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        assert migrate(connection, first) == 1
        connection.executescript(FIRST_DATA)

    database = await SqliteDatabase.open(path)
    try:
        store = SqlJobStore(database)
        jobs = await store.history(20, 10, states=None, offset=0, limit=9)
        told = [await SqlResultStore(database).was_told(member) for member in (20, 21)]
        decision = await SqlQuotaStore(database, Defaults()).decision(Asker(20, 10), now_ms=3000)
        moved = await store.move(
            jobs[0],
            replace(jobs[0], state=State.CANCELLED),
            event="cancel",
            now_ms=3000,
            charge=Charge.RELEASE,
            fenced=False,
        )
    finally:
        await database.close()

    assert [job.code for job in jobs] == ["BBBBB", "AAAAA"]
    assert told == [True, False]
    assert (decision.used, decision.open, decision.left, decision.open_codes) == (2, 1, 8, ("BBBBB",))
    assert moved is not None
