"""Recompute from what happened what the ledger tells of use."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from jobs.admin import SERVER, Act, DayUse, UserUse
from jobs.job import Charge, Job, State
from jobs.quota import DAY_MS, Allowance, Defaults, Period
from storage.admin_store import SqlAdminStore
from storage.job_store import SqlJobStore
from storage.quota_store import SqlQuotaStore
from storage.sqlite import SqliteDatabase
from tests.storage.jobs_made import ask, insert, put_in

NOW = 1_700_000_000_000
DEFAULTS = Defaults(Allowance(10), budget_day=None, open_jobs=None)


@pytest.fixture
def quota(database: SqliteDatabase) -> SqlQuotaStore:
    """Return the reads of the fresh database."""
    return SqlQuotaStore(database, DEFAULTS)


async def lives(store: SqlJobStore, count: int) -> list[tuple[Job, str, bool]]:
    """Let members of two servers live at random over forty days.

    Return each job with how its reservation stands, and whether its server has it on its budget.
    """
    chance = random.Random(4)
    made = []
    for _ in range(count):
        at_ms = NOW - chance.randrange(40 * DAY_MS)
        user_id, guild_id = chance.randrange(20, 30), chance.choice([10, 10, 11, None])
        job = await insert(store, at_ms, user_id=user_id, guild_id=guild_id)
        charge = chance.choice([None, *Charge])
        if charge is not None:
            gone = replace(job, state=State.CANCELLED)
            assert await store.move(job, gone, event="end", now_ms=at_ms + 1, charge=charge, fenced=False)
        stands = {None: "reserved", Charge.SETTLE: "settled"}.get(charge, "released")
        made.append((job, stands, charge is not Charge.RELEASE))
    return made


async def test_every_figure_of_use_follows_from_what_happened(store: SqlJobStore, quota: SqlQuotaStore) -> None:
    made = [(job, state) for job, state, _ in await lives(store, 600)]
    here = [(job, state) for job, state in made if job.guild_id == 10]

    since_ms = NOW - 30 * DAY_MS
    counted = [(job.user_id, state) for job, state in here if state != "released" and job.created_at_ms > since_ms]
    settled, held = (Counter(user for user, state in counted if state == kind) for kind in ("settled", "reserved"))
    expected = [UserUse(user, settled[user], held[user], 0) for user in {user for user, _ in counted}]
    expected.sort(key=lambda use: (-use.used, use.user_id))
    page = await quota.top_users(10, since_ms=since_ms, offset=2, limit=5)
    assert page.total == len(expected)
    assert list(page.items) == expected[2:7]
    beyond = await quota.top_users(10, since_ms=since_ms, offset=500, limit=5)
    assert (beyond.items, beyond.total) == ((), len(expected))

    for user_id in (None, 21):
        days = await quota.use_by_day(10, user_id, days=7, now_ms=NOW)
        mine = [(job.created_at_ms, state) for job, state in here if user_id in (None, job.user_id)]
        for day in days:
            states = Counter(state for at_ms, state in mine if day.begins_at_ms < at_ms <= day.begins_at_ms + DAY_MS)
            figures = (states["settled"], states["reserved"], states["released"])
            assert day == DayUse(day.begins_at_ms, *figures)
        assert [day.begins_at_ms for day in days] == [NOW - number * DAY_MS for number in range(7, 0, -1)]

    for user_id in range(20, 30):
        decision = await quota.decision(ask(user_id), now_ms=NOW)
        own = [(job, state) for job, state in here if job.user_id == user_id and state != "released"]
        assert decision.used == sum(job.created_at_ms > NOW - DAY_MS for job, _ in own)
        assert decision.open == sum(state == "reserved" for _, state in own)
        assert decision.left == max(0, 10 - decision.used)
        everywhere = [job.code for job, state in made if job.user_id == user_id and state == "reserved"]
        assert set(decision.open_codes) == set(everywhere)


async def test_a_budgets_use_follows_from_what_happened(
    store: SqlJobStore, quota: SqlQuotaStore, database: SqliteDatabase
) -> None:
    made = await lives(store, 300)
    admin = SqlAdminStore(database)
    for period in (Period.DAY, Period.MONTH):
        await admin.set_budget(Act(10, 1, NOW), period, 10_000)
    server = (await quota.decision(ask(), now_ms=NOW)).server
    times = [job.created_at_ms for job, _, is_spent in made if job.guild_id == 10 and is_spent]
    assert server.day == sum(at_ms > NOW - DAY_MS for at_ms in times)
    assert server.month == sum(at_ms > NOW - 30 * DAY_MS for at_ms in times)


async def test_a_servers_jobs_are_listed_by_member_and_state(
    store: SqlJobStore, quota: SqlQuotaStore, database: SqliteDatabase
) -> None:
    jobs = [await insert(store, NOW + number, user_id=20 + number % 2) for number in range(6)]
    await insert(store, NOW, guild_id=11)
    await put_in(database, jobs[0], State.FAILED)
    await put_in(database, jobs[1], State.RUNNING)

    async def codes(user_id: int | None, states: frozenset[State] | None, offset: int = 0) -> tuple[list[str], int]:
        page = await quota.server_jobs(10, user_id=user_id, states=states, offset=offset, limit=3)
        return [job.code for job in page.items], page.total

    named = [job.code for job in jobs]
    assert await codes(None, None) == (named[:2:-1], 6)
    assert await codes(None, None, 3) == (named[2::-1], 6)
    assert await codes(20, frozenset({State.FAILED, State.DELIVERED})) == ([named[0]], 1)
    assert await codes(21, frozenset({State.RUNNING})) == ([named[1]], 1)
    assert await codes(None, frozenset({State.QUEUED, State.RUNNING}), 3) == ([named[2], named[1]], 5)
    assert await codes(None, frozenset()) == ([], 0)


async def test_bonuses_are_listed_with_those_that_are_over(quota: SqlQuotaStore, database: SqliteDatabase) -> None:
    admin = SqlAdminStore(database)
    await admin.grant_bonus(Act(10, 99, NOW, "first"), 20, 1, NOW + 1)
    await admin.grant_bonus(Act(10, 98, NOW + 5, "second"), 20, 2, None)
    await admin.grant_bonus(Act(11, 98, NOW, "elsewhere"), 20, 2, None)
    listed = await quota.bonuses(10, 20)
    assert [(each.reason, each.count, each.granted_by) for each in listed] == [("second", 2, 98), ("first", 1, 99)]
    decision = await quota.decision(ask(), now_ms=NOW + 1)
    assert [(each.bonus.reason, each.left) for each in decision.bonuses] == [("second", 2)]


async def test_direct_messages_count_by_the_operators_defaults(
    store: SqlJobStore, quota: SqlQuotaStore, database: SqliteDatabase
) -> None:
    await SqlAdminStore(database).set_allowance(Act(10, 1, NOW), SERVER, Allowance(1))
    await insert(store, NOW, guild_id=None)
    decision = await quota.decision(ask(20, None), now_ms=NOW)
    assert (decision.rule.allowance, decision.used, decision.open) == (DEFAULTS.allowance, 1, 1)
    assert (await quota.access(ask(20, None), now_ms=NOW)).is_open
