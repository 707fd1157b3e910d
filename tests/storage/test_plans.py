"""Hold every statement to an index, so that a million finished jobs slow nothing down."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.access import Asker, Verdict
from jobs.admin import Act, user
from jobs.job import Charge, Job, Kind, State
from jobs.ports import Lane, Posted
from jobs.quota import Allowance, Defaults, Period
from jobs.shares import Choices
from jobs.styles import Style
from storage.admin_store import SqlAdminStore
from storage.database import Database
from storage.job_store import SqlJobStore
from storage.log_store import SqlLogStore
from storage.privacy_store import SqlPrivacyStore
from storage.quota_store import SqlQuotaStore
from storage.read_cache import changed_tables
from storage.share_store import SqlShareStore
from storage.sqlite import SqliteDatabase
from storage.style_store import SqlStyleStore
from tests.fakes import NO_LIMITS
from tests.storage.jobs_made import ANY_OPEN, attempt_of, claim_one, ended, insert, new_job, running

FINISHED = 100_000
CAPPED = Defaults(budget_month=1000, server_open=100, all_open=1000, uncounted_per_hour=20)
LARGE = (
    "jobs", "reservations", "job_events", "attempts", "moderation_log", "bonuses", "blocks", "ratings", "copies",
    "shares", "votes", "styles", "style_favourites",
)  # fmt: skip

FILL = """
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)
INSERT INTO jobs (
    id, code, kind, state, user_id, guild_id, channel_id, interaction_id, locale, request, service, created_at_ms,
    due_at_ms, submitted_at_ms, finished_at_ms, provider_job_id, ready
)
SELECT 'old' || n, 'old' || n, 'modify', CASE n % 3 WHEN 0 THEN 'failed' ELSE 'delivered' END, n % 1000, n % 20, 1, -n,
    'en', '{"kind":"modify","prompt":"","clip":null}', 'kie', n, n, n, n + 1000, 'old' || n, 1
FROM numbers
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a database with many finished jobs, their reservations and events."""
    import asyncio

    path: Path = tmp_path_factory.mktemp("filled") / "luma.db"

    async def fill() -> None:
        await (await SqliteDatabase.open(path)).close()

    asyncio.run(fill())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(FILL, (FINISHED,))
        connection.execute(
            "INSERT INTO reservations (job_id, guild_id, user_id, state, reserved_at_ms, ended_at_ms) "
            "SELECT id, guild_id, user_id, 'settled', created_at_ms, created_at_ms FROM jobs"
        )
        connection.execute("INSERT INTO job_events SELECT id, 1, created_at_ms, 'queue', 'queued', '' FROM jobs")
        connection.execute("INSERT INTO attempts SELECT id, 1, service, 'hash' || id, 1, NULL FROM jobs")
    return path.read_bytes()


@pytest.fixture
async def statements(filled: bytes, path: Path) -> AsyncIterator[tuple[SqlJobStore, list[str]]]:
    """Give a store on the filled database and a list of what SQLite runs."""
    path.write_bytes(filled)
    database = await SqliteDatabase.open(path)
    try:
        seen: list[str] = []
        await database.write(lambda _session: database._connection.set_trace_callback(seen.append))
        await database.read(lambda _session: database._reading.set_trace_callback(seen.append))
        database._glancing.set_trace_callback(seen.append)
        yield SqlJobStore(database, defaults=NO_LIMITS), seen
    finally:
        await database.close()


async def use_every_method(store: SqlJobStore) -> None:
    """Call each method of the store, moves and callbacks in several states."""
    new = new_job()
    await store.insert(new, now_ms=1000, due_at_ms=1000)
    await store.insert(new, now_ms=1000, due_at_ms=1000)
    job = await claim_one(store)
    await store.renew([job], now_ms=1000, lease_ms=10)
    attempt = attempt_of(job)
    await store.begin_attempt(job, replace(job, state=State.SUBMITTING, attempt=1), attempt, now_ms=1000)
    adopted = await store.record_callback(attempt, "task-x", now_ms=1000)
    assert adopted is not None
    await store.move(adopted, replace(adopted, due_at_ms=9999), event="poll", now_ms=1000)
    moving, other = await running(store)
    await store.record_callback(other, "task-1", now_ms=1000)
    await read_everything(store, moving)
    gone = replace(moving, state=State.CANCELLED)
    await store.move(moving, gone, event="cancel", now_ms=1, charge=Charge.RELEASE)
    await store.claim([ANY_OPEN, Lane(frozenset({State.QUEUED}), 3, "kie", True)], now_ms=9000, lease_ms=1)
    await store.end_leases()
    await insert(store)


async def read_everything(store: SqlJobStore, job: Job) -> None:
    """Call each method that reads."""
    await store.get(job.id)
    await store.find(job.code)
    await store.attempt(job.id, 1)
    await store.find_attempt("x")
    await store.outlook(now_ms=0)
    await store.open_counts()
    await store.queue_place(job)
    await store.durations(Kind.MODIFY)
    for guild in (None, 7):
        await store.history(7, guild, states=None, offset=0, limit=10)
        await store.history(7, guild, states=frozenset({State.FAILED}), offset=0, limit=10)
    await store.open_jobs(7)
    await store.files_in_use()
    await store.events(job.id)


async def use_administration(database: Database) -> None:
    """Call each method of quota, settings, log and privacy."""
    quota, admin, log = SqlQuotaStore(database, CAPPED), SqlAdminStore(database), SqlLogStore(database)
    act, asker = Act(7, 1, 1000, "because"), Asker(7, 7, frozenset({1}), (30,))
    await admin.set_allowance(act, user(7), Allowance(5, Period.MONTH))
    await admin.set_budget(act, Period.MONTH, 100)
    await admin.set_channel(act, 30, Verdict.ALLOW)
    await admin.block(act, 8, None)
    await admin.unblock(act, 8)
    granted = await admin.grant_bonus(act, 7, 2, None)
    await admin.revoke_bonus(act, str((granted.after or {})["id"]))
    await admin.reset_use(act, 7)
    await admin.add_word(act, "word")
    await admin.settings(7)
    await admin.user_allowances(7, offset=0, limit=5)
    await admin.blocks(7, now_ms=1000, offset=0, limit=5)
    for guild_id in (7, None):
        await quota.access(replace(asker, guild_id=guild_id), now_ms=1000)
        await quota.decision(replace(asker, guild_id=guild_id), now_ms=1000)
    await quota.top_users(7, since_ms=0, offset=0, limit=5)
    await quota.bonuses(7, 7)
    for member in (7, None):
        await quota.use_by_day(7, member, days=2, now_ms=90_000)
        for states in (None, frozenset({State.QUEUED}), frozenset({State.FAILED})):
            await quota.server_jobs(7, user_id=member, states=states, offset=0, limit=5)
        await log.entries(7, user_id=member, offset=0, limit=5)
    await log.entries(7, actor_id=1, offset=0, limit=5)
    assert [entry async for entry in log.export(7)]
    await SqlPrivacyStore(database).collect(7)
    await SqlPrivacyStore(database).erase(7, now_ms=1000)
    await SqlPrivacyStore(database).forget_aged(now_ms=10**12)


async def use_creations(store: SqlJobStore) -> None:
    """Call each method of styles, favourites, shares and votes."""
    styles, shares = SqlStyleStore(store._database), SqlShareStore(store._database)
    act = Act(10, 1, 1000)
    for name in ("One", "Two"):
        await styles.add(act, Style(name, "text"))
    await styles.edit(act, "one", Style("One", "another text"))
    await styles.put(act, "two", 1)
    await styles.remove(act, "one")
    await styles.set_favourite(7, 10, "two", liked=True, now_ms=1)
    for guild_id in (10, 0):
        await styles.taste(7, guild_id)
    share = await shares.begin(await ended(store, State.DELIVERED), 30, Choices(), now_ms=1, due_at_ms=1)
    assert share is not None
    await shares.of_job(share.job_id or "")
    await shares.claim_due(now_ms=9, wait_ms=1, limit=5)
    await shares.posted(share.id, Posted(1, 2), now_ms=1)
    await shares.toggle_vote(share.id, 1, now_ms=1)
    await shares.votes(share.id)
    assert await shares.best(10, since_ms=0, limit=5)
    await shares.withdraw(share.id, 20, now_ms=1)
    await shares.withdrawn(share.id)


async def test_every_change_of_a_table_is_noted(filled: bytes, path: Path) -> None:
    changed: set[str] = set()

    def note(action: int, table: str | None, *_: object) -> int:
        if action in (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE) and table is not None:
            changed.add(table)
        return sqlite3.SQLITE_OK

    path.write_bytes(filled)
    database = await SqliteDatabase.open(path)
    try:
        seen: list[str] = []
        await database.write(lambda _session: database._connection.set_authorizer(note))
        await database.write(lambda _session: database._connection.set_trace_callback(seen.append))
        await use_every_method(SqlJobStore(database, defaults=NO_LIMITS))
        await use_administration(database)
    finally:
        await database.close()

    assert {"jobs", "reservations", "server_settings", "allowances", "access_lists", "blocks"} <= changed
    assert changed <= {table for sql in seen for table in changed_tables(sql)}


async def test_no_statement_reads_a_whole_table(statements: tuple[SqlJobStore, list[str]], path: Path) -> None:
    store, seen = statements
    await use_creations(store)
    await use_every_method(store)
    await use_administration(store._database)
    wanted = {text for text in seen if text.split(maxsplit=1)[0] in ("SELECT", "INSERT", "UPDATE", "WITH", "DELETE")}
    assert len(wanted) > 30

    plans: dict[str, list[str]] = {}
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        for text in wanted:
            rows = connection.execute(f"EXPLAIN QUERY PLAN {text}").fetchall()
            plans[text] = [detail for *_, detail in rows]

    for text, plan in plans.items():
        for step in plan:
            slow = step.startswith(tuple(f"SCAN {table}" for table in LARGE))
            assert not slow or "jobs_open_" in step, (step, text)
            assert "AUTOMATIC" not in step or "(place=" in step, (step, text)


async def test_an_edit_is_decided_by_indexes_that_hold_no_more_than_is_counted(
    statements: tuple[SqlJobStore, list[str]], path: Path
) -> None:
    store, seen = statements
    await SqlQuotaStore(store._database, CAPPED).decision(Asker(7, 7), now_ms=1000)

    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        plans = [str(connection.execute(f"EXPLAIN QUERY PLAN {text}").fetchall()) for text in seen]

    counts = [plan for plan, text in zip(plans, seen, strict=True) if "open_jobs WHERE" in text and "COUNT" in text]
    assert len(counts) == 2
    assert all("INDEX jobs_open_by_" in plan for plan in counts)
    assert sum("INDEX reservations_released (user_id=? AND ended_at_ms>?)" in plan for plan in plans) == 1
    budgets = "COVERING INDEX reservations_by_server_time (guild_id=? AND reserved_at_ms>?)"
    assert sum(budgets in plan for plan in plans) == 2


async def test_history_and_durations_are_read_in_the_order_of_their_index(
    statements: tuple[SqlJobStore, list[str]], path: Path
) -> None:
    store, seen = statements
    await store.history(7, 7, states=None, offset=0, limit=10)
    await store.durations(Kind.MODIFY)
    texts = [text for text in seen if "LIMIT" in text]

    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        plans = [connection.execute(f"EXPLAIN QUERY PLAN {text}").fetchall() for text in texts]

    details = [" / ".join(detail for *_, detail in plan) for plan in plans]
    assert len(details) == 2
    assert "jobs_by_member" in details[0]
    assert "jobs_delivered" in details[1]
    assert "SCAN" not in details[0] + details[1]
