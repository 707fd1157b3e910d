"""Hold every statement about results to an index, with many finished jobs, thumbs and copies."""

import sqlite3
from contextlib import closing
from pathlib import Path

from jobs.result_ports import Copy, CopyKind, Keepsake, Pair, Search
from storage.job_store import SqlJobStore
from storage.result_store import SqlResultStore
from storage.sqlite import SqliteDatabase

JOBS = 20_000
LARGE = ("jobs", "keepsakes", "copies", "ratings", "shares", "votes")
NUMBERS = f"WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {JOBS})"
FILL = [
    f"""
    {NUMBERS}
    INSERT INTO jobs (
        id, code, kind, state, user_id, guild_id, channel_id, interaction_id, locale, request, service, created_at_ms,
        due_at_ms, finished_at_ms, ready, parent_job_id
    )
    SELECT 'old' || n, 'old' || n, 'modify', 'delivered', n % 100, n % 20, 1, -n, 'en',
        '{{"kind":"modify","prompt":"rain","style":"","clip":null}}', 'kie', n, n, n, 1,
        CASE WHEN n % 100 = 1 THEN NULL ELSE 'old' || (n - 1) END
    FROM numbers
    """,
    f"{NUMBERS} INSERT INTO ratings SELECT 'old' || n, n, n % 20, 'kie', '', n % 2, n FROM numbers",
    f"{NUMBERS} INSERT INTO copies SELECT n, 1, 'old' || n, 'compare', '', n, '' FROM numbers",
    f"{NUMBERS} INSERT INTO keepsakes SELECT 'old' || n, 'poster', '', 'file' || n, '' FROM numbers",
]


async def use_every_method(results: SqlResultStore, store: SqlJobStore) -> None:
    job = await store.get("old150")
    assert job is not None
    line = await results.line(job.id, 25)
    assert line.total == 100
    for text in ("", "rain"):
        await results.search(Search(50, 10, None, text), offset=0, limit=9)
    assert not await results.was_told(5000)
    await results.note_told(5000, now_ms=1)
    await results.keepsakes(["old1", "old2"], Keepsake.POSTER)
    await results.comparison(Pair("old1"))
    await results.keep(Pair("old1", "old2"), Keepsake.COMPARE, "file")
    assert await results.numbers("old150", ["old149"]) == {"old149": 49}
    await results.note_copy(CopyKind.AGAIN, Pair("old1"), Copy(1, -1, 1))
    for channel in (1, None):
        await results.last_copy(CopyKind.AGAIN, Pair("old1"), channel)
    await results.rate(job, 1, liked=True, now_ms=1)
    await results.acceptance(10, since_ms=5)
    await results.delete("old1", 1, now_ms=1)
    assert len(await results.uncleared(now_ms=10**12, limit=5)) == 1
    await results.note_cleared("old1", again_at_ms=None)


async def test_no_statement_reads_a_whole_table(tmp_path: Path) -> None:
    path = tmp_path / "luma.db"
    await (await SqliteDatabase.open(path)).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in FILL:
            connection.execute(statement)
    database = await SqliteDatabase.open(path)
    seen: list[str] = []
    try:
        await database.write(lambda _session: database._connection.set_trace_callback(seen.append))
        await database.read(lambda _session: database._reading.set_trace_callback(seen.append))
        await use_every_method(SqlResultStore(database), SqlJobStore(database))
    finally:
        await database.close()
    wanted = {text for text in seen if text.split(maxsplit=1)[0] in ("SELECT", "INSERT", "UPDATE", "WITH", "DELETE")}
    assert len(wanted) > 20
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        for text in wanted:
            for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {text}").fetchall():
                assert not step.startswith(tuple(f"SCAN {table}" for table in LARGE)), (step, text)
                assert "AUTOMATIC" not in step, (step, text)
