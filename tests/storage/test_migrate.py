"""Hold migrations to whole steps and to the version kept in the database."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from jobs.errors import StorageError
from storage.migrate import MIGRATIONS, migrate
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
