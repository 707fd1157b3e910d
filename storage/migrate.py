"""Bring a database's schema up to date, one numbered SQL file and one transaction at a time."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from jobs.errors import StorageError

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(connection: sqlite3.Connection, folder: Path = MIGRATIONS) -> int:
    """Apply the files that are missing and return the version; raises StorageError on a newer database."""
    files = {int(file.name.split("_")[0]): file for file in sorted(folder.glob("[0-9]*.sql"))}
    known = max(files, default=0)
    applied = _versions(connection)
    version = max(applied, default=0)
    if version > known:
        raise StorageError(f"the database has schema {version}, this program knows only {known}: start the newer one")
    for number in sorted(files.keys() - applied):
        _apply(connection, number, files[number])
    return known


def _versions(connection: sqlite3.Connection) -> set[int]:
    table = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_versions'").fetchone()
    if table is None:
        return set()
    return {version for (version,) in connection.execute("SELECT version FROM schema_versions")}


def _apply(connection: sqlite3.Connection, number: int, file: Path) -> None:
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT PRIMARY KEY, name TEXT NOT NULL)"
        )
        for statement in _statements(file.read_text(encoding="utf-8")):
            connection.execute(statement)
        connection.execute("INSERT INTO schema_versions (version, name) VALUES (?, ?)", (number, file.stem))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _statements(script: str) -> Iterator[str]:
    # Not executescript: it commits first, which would leave half a migration behind.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise StorageError("a migration ends in the middle of a statement")
