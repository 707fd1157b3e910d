"""Measure quotas in a small and in a huge database: the decision, the claim of the next job, the list of members."""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, closing
from functools import partial
from pathlib import Path

from jobs.access import Asker
from jobs.job import State
from jobs.ports import Lane
from jobs.quota import DAY_MS, Allowance, Defaults
from storage.database import Database
from storage.job_store import SqlJobStore
from storage.quota_store import SqlQuotaStore
from storage.sqlite import SqliteDatabase
from tests.bench.report import Figure, percentile
from tests.jobs.making import make_new

Act = Callable[[], Awaitable[object]]
PART = "quotas"
NOW_MS = 1_700_000_000_000
FEW, MANY, MEMBERS = 1_000, 1_000_000, 100_000
GUILD = 10
ROOMY = Defaults(
    Allowance(1_000), budget_day=500, open_jobs=None, server_open=100, all_open=1_000, uncounted_per_hour=20
)
# One edit every 2.5 s up to now, of members in no order.
FILL_JOBS = """
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)
INSERT INTO jobs (
    id, code, kind, state, user_id, guild_id, channel_id, interaction_id, locale, request, service, created_at_ms,
    due_at_ms, submitted_at_ms, finished_at_ms, provider_job_id, ready
)
SELECT 'old' || n, 'old' || n, 'modify', CASE n % 3 WHEN 0 THEN 'failed' ELSE 'delivered' END, 1 + n * 7919 % ?3, ?4, 1,
    -n, 'en', '{"kind":"modify","prompt":"","clip":null}', 'kie', ?2 - n * 2500, ?2, ?2, ?2, 'old' || n, 1
FROM numbers
"""
FILL_LEDGER = """
INSERT INTO reservations (job_id, guild_id, user_id, state, reserved_at_ms, ended_at_ms)
SELECT id, guild_id, user_id, CASE state WHEN 'failed' THEN 'released' ELSE 'settled' END, created_at_ms, created_at_ms
FROM jobs
"""


async def measure_quotas(folder: Path) -> list[Figure]:
    """Measure with a thousand and with a million finished jobs of a hundred thousand members."""
    async with AsyncExitStack() as stack:
        databases = {jobs: await _open_filled(folder / f"{jobs}.db", jobs, stack) for jobs in (FEW, MANY)}
        quotas = {jobs: SqlQuotaStore(database, ROOMY) for jobs, database in databases.items()}
        decide = {jobs: partial(quota.decision, Asker(77, GUILD), now_ms=NOW_MS) for jobs, quota in quotas.items()}
        claim = {jobs: await _prepare_claim(database) for jobs, database in databases.items()}
        decisions, claims = await _quiet_ms(decide, 400), await _quiet_ms(claim, 90)
        pages = await _quiet_ms({MANY: partial(_first_page, quotas[MANY])}, 5)
    ratios = {"decide about one more edit": decisions, "claim the next job": claims}
    figures = [
        Figure(PART, f"{what}, {MANY} finished jobs to {FEW}", times[MANY] / times[FEW], "times", "<= 1.3",
               times[MANY] <= 1.3 * times[FEW])
        for what, times in ratios.items()
    ]  # fmt: skip
    first = pages[MANY]
    return [
        Figure(PART, "decide about one more edit, a million finished jobs", decisions[MANY], "ms"),
        *figures,
        Figure(PART, f"first page of who used most, {MEMBERS} members", first, "ms", "< 300", first < 300),
    ]


async def _open_filled(path: Path, jobs: int, stack: AsyncExitStack) -> Database:
    await (await SqliteDatabase.open(path)).close()
    await asyncio.to_thread(_fill, path, jobs)
    database = await SqliteDatabase.open(path)
    stack.push_async_callback(database.close)
    return database


def _fill(path: Path, jobs: int) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(FILL_JOBS, (jobs, NOW_MS, MEMBERS, GUILD))
        connection.execute(FILL_LEDGER)


async def _first_page(quota: SqlQuotaStore) -> None:
    page = await quota.top_users(GUILD, since_ms=NOW_MS - 30 * DAY_MS, offset=0, limit=10)
    assert page.items


async def _prepare_claim(database: Database) -> Act:
    """Let a hundred jobs wait; return what claims the next of them."""
    store = SqlJobStore(database, defaults=Defaults(Allowance(None), budget_day=None, open_jobs=None))
    for number in range(100):
        await store.insert(make_new(number + 1, user_id=500 + number), now_ms=NOW_MS, due_at_ms=NOW_MS)
    lane = Lane(frozenset({State.QUEUED}), free=1)
    return partial(store.claim, [lane], now_ms=NOW_MS, lease_ms=60_000)


async def _quiet_ms(acts: Mapping[int, Act], times: int) -> dict[int, float]:
    """Return how long each act takes in its quietest tenth, for others use the disk too; in turn, as for the rest."""
    took: dict[int, list[float]] = {size: [] for size in acts}
    for _ in range(times):
        for size, act in acts.items():
            started = time.perf_counter()
            await act()
            took[size].append((time.perf_counter() - started) * 1000)
    return {size: percentile(each, 0.1) for size, each in took.items()}
