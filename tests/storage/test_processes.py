"""Hold the database to its word across processes: one at a time, kills, exits."""

import asyncio
import contextlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from jobs.errors import DatabaseInUseError
from storage.sqlite import SqliteDatabase

ROOT = Path(__file__).parents[2]

WRITE_FOR_EVER = """
import asyncio, sys
from pathlib import Path
from storage.sqlite import SqliteDatabase

async def main():
    def beat(session):
        session.execute("UPDATE pulse SET beats = beats + 1")

    database = await SqliteDatabase.open(Path(sys.argv[1]))
    while True:
        await asyncio.gather(*(database.write(beat) for _ in range(5)))
        print("5", flush=True)

asyncio.run(main())
"""

FORGET_TO_CLOSE = """
import asyncio, sys
from pathlib import Path
from storage.sqlite import SqliteDatabase

async def main():
    database = await SqliteDatabase.open(Path(sys.argv[1]))
    await database.write(lambda s: s.execute("UPDATE pulse SET beats = 7"))

asyncio.run(main())
"""

OPEN_ONCE = """
import asyncio, concurrent.futures.thread, os, sys
from pathlib import Path
from jobs.errors import StorageError
from storage.sqlite import SqliteDatabase

async def main():
    if os.geteuid() == 0:
        os.setuid(65534)  # permissions do not bind root
    try:
        await (await SqliteDatabase.open(Path(sys.argv[1]))).close()
    except StorageError as error:
        print("refused:", error)

asyncio.run(main())
"""

MIGRATE = """
import sqlite3, sys
from pathlib import Path
from storage.migrate import migrate

connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
print("ready", flush=True)
migrate(connection, Path(sys.argv[2]))
print("done", flush=True)
"""


@contextlib.contextmanager
def started(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run a script in a process that surely ends."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def read_lines(process: subprocess.Popen[str], lines: int) -> int:
    """Wait for some lines and return how many were read."""
    assert process.stdout is not None
    for _ in range(lines):
        assert process.stdout.readline()
    return lines


async def test_a_second_process_is_refused_until_the_first_is_dead(path: Path) -> None:
    with started(WRITE_FOR_EVER, path) as process:
        await asyncio.to_thread(read_lines, process, 1)
        with pytest.raises(DatabaseInUseError):
            await SqliteDatabase.open(path)
        process.send_signal(signal.SIGKILL)
        process.wait()
        await (await SqliteDatabase.open(path)).close()


def test_a_killed_process_loses_nothing_it_acknowledged(path: Path) -> None:
    acknowledged = 0
    for _ in range(5):
        with started(WRITE_FOR_EVER, path) as process:
            acknowledged += 5 * read_lines(process, 20)
            process.send_signal(signal.SIGKILL)
            rest, _ = process.communicate()
            acknowledged += 5 * len(rest.split())
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            [(beats,)] = connection.execute("SELECT beats FROM pulse").fetchall()
        # One batch may be committed and not yet told.
        assert acknowledged <= beats <= acknowledged + 25


def test_a_forgotten_database_does_not_keep_the_process_alive(path: Path) -> None:
    with started(FORGET_TO_CLOSE, path) as process:
        assert process.wait(timeout=30) == 0

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT beats FROM pulse").fetchall() == [(7,)]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder that any user may write to."""
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o777)
        yield folder
    finally:
        shutil.rmtree(folder)


async def test_a_file_that_may_not_be_written_is_named(open_folder: Path) -> None:
    path = open_folder / "luma.db"
    await (await SqliteDatabase.open(path)).close()
    path.with_name("luma.db.lock").unlink()
    path.chmod(0o444)

    with started(OPEN_ONCE, path) as process:
        said, _ = await asyncio.to_thread(process.communicate, timeout=30)

    assert said == "refused: the database file cannot be used: Permission denied\n"


def test_a_kill_amid_a_migration_leaves_the_old_or_the_new_schema(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_first.sql").write_text("CREATE TABLE first (a);\n")
    many = "\n".join(f"CREATE TABLE t{number} (a);\nINSERT INTO t{number} VALUES (1);" for number in range(300))
    (folder / "0002_second.sql").write_text(many)
    chance = random.Random(3)
    outcomes: set[tuple[int, int]] = set()
    for number in range(8):
        path = tmp_path / f"{number}.db"
        with started(MIGRATE, path, folder) as process:
            read_lines(process, 1)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=chance.random() * 0.02)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        with closing(sqlite3.connect(path)) as connection:
            [(tables,)] = connection.execute("SELECT COUNT(*) FROM sqlite_master WHERE name LIKE 't%'").fetchall()
            [(versioned,)] = connection.execute(
                "SELECT COUNT(*) FROM sqlite_master WHERE name = 'schema_versions'"
            ).fetchall()
            [(version,)] = (
                connection.execute("SELECT MAX(version) FROM schema_versions").fetchall() if versioned else [(0,)]
            )
        outcomes.add((version, tables))
        with started(MIGRATE, path, folder) as process:
            assert read_lines(process, 2) == 2

    assert outcomes <= {(0, 0), (1, 0), (2, 300)}
