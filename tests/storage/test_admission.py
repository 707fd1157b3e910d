"""Hold admission to its limits: races, servers, midnight, lowered limits, bonuses, budgets."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from jobs.access import Access, Barrier, Verdict
from jobs.admin import SERVER, Act, role, user
from jobs.errors import LimitReachedError
from jobs.job import Charge, Job, State
from jobs.quota import DAY_MS, HOUR_MS, Allowance, Decision, Defaults, Origin, Period, Refusal
from storage.admin_store import SqlAdminStore
from storage.job_store import SqlJobStore
from storage.quota_store import SqlQuotaStore
from storage.sqlite import SqliteDatabase
from tests.storage.jobs_made import ask, count_rows, new_job

NOW = 1_700_000_000_000
ROOMY = Defaults(Allowance(100), budget_day=None, open_jobs=None)


def act(at_ms: int = NOW, reason: str = "because") -> Act:
    """Return a moderator's act in the usual server."""
    return Act(10, 99, at_ms, reason)


@pytest.fixture
def store(database: SqliteDatabase) -> SqlJobStore:
    """Return a store whose defaults hardly limit."""
    return SqlJobStore(database, defaults=ROOMY)


@pytest.fixture
def admin(database: SqliteDatabase) -> SqlAdminStore:
    """Return the moderators' side of the same database."""
    return SqlAdminStore(database)


async def attempt(store: SqlJobStore, now_ms: int = NOW, **changes: Any) -> Job | Decision | Access:
    """Try to queue a job and return it, or the decision against it."""
    try:
        return (await store.insert(new_job(**changes), now_ms=now_ms, due_at_ms=now_ms)).job
    except LimitReachedError as error:
        return error.decision or pytest.fail("refused without a decision")


async def refusal(store: SqlJobStore, now_ms: int = NOW, **changes: Any) -> Refusal | Barrier | None:
    """Try to queue a job and return what stands in the way."""
    match await attempt(store, now_ms, **changes):
        case Decision(refusal=refusal):
            return refusal
        case Access(barrier=barrier):
            return barrier
    return None


async def end(store: SqlJobStore, job: Job, charge: Charge, now_ms: int = NOW) -> None:
    """End a queued job with a charge."""
    gone = replace(job, state=State.CANCELLED)
    assert await store.move(job, gone, event="end", now_ms=now_ms, charge=charge, fenced=False)


async def accept(store: SqlJobStore, now_ms: int = NOW, **changes: Any) -> Job:
    """Queue a job that must be let in."""
    job = await attempt(store, now_ms, **changes)
    assert isinstance(job, Job)
    return job


# --- races -----------------------------------------------------------------------------------------------------------


async def test_sixteen_times_twenty_commands_at_once_never_pass_the_limit(
    store: SqlJobStore, admin: SqlAdminStore, database: SqliteDatabase
) -> None:
    await admin.set_allowance(act(), SERVER, Allowance(3))
    for round_number in range(30):
        tries = [attempt(store, user_id=1000 + round_number) for _ in range(16 * 20)]
        outcomes = await asyncio.gather(*tries)
        assert sum(isinstance(each, Job) for each in outcomes) == 3
        assert all(each.refusal is Refusal.EDITS for each in outcomes if isinstance(each, Decision))
    rows = await database.read(lambda session: session.rows("SELECT COUNT(*) AS n FROM reservations GROUP BY user_id"))
    assert [row["n"] for row in rows] == [3] * 30


async def test_at_once_and_the_cap_over_all_servers_hold_in_a_race(
    store: SqlJobStore, database: SqliteDatabase
) -> None:
    capped = SqlJobStore(database, defaults=Defaults(Allowance(None, at_once=2), None, None, open_jobs=3))
    tries = [attempt(capped, guild_id=guild) for _ in range(20) for guild in (10, 11, None)]
    outcomes = await asyncio.gather(*tries)
    jobs = [each for each in outcomes if isinstance(each, Job)]
    assert len(jobs) == 3
    assert max([job.guild_id for job in jobs].count(guild) for guild in (10, 11, None)) <= 2
    refused = {each.refusal for each in outcomes if isinstance(each, Decision)}
    assert refused <= {Refusal.AT_ONCE, Refusal.OPEN_JOBS}


async def test_the_servers_budget_holds_for_many_small_accounts(store: SqlJobStore, admin: SqlAdminStore) -> None:
    await admin.set_budget(act(), Period.DAY, 7)
    outcomes = await asyncio.gather(*(attempt(store, user_id=number) for number in range(100)))
    assert sum(isinstance(each, Job) for each in outcomes) == 7
    assert {each.refusal for each in outcomes if isinstance(each, Decision)} == {Refusal.BUDGET_DAY}


async def test_fifty_presses_of_one_button_make_one_job(store: SqlJobStore) -> None:
    parent = await accept(store)
    outcomes = await asyncio.gather(*(attempt(store, parent_job_id=parent.id) for _ in range(50)))
    assert sum(isinstance(each, Job) for each in outcomes) == 1
    assert {each.refusal for each in outcomes if isinstance(each, Decision)} == {Refusal.AGAIN}


async def test_another_wish_from_the_same_parent_is_no_repetition(store: SqlJobStore) -> None:
    parent = await accept(store)
    first = await accept(store, parent_job_id=parent.id)
    wish = replace(first.request, prompt="make it cold")
    assert await refusal(store, parent_job_id=parent.id, request=wish) is None


async def test_the_same_interaction_is_one_job_even_at_the_limit(store: SqlJobStore, admin: SqlAdminStore) -> None:
    await admin.set_allowance(act(), SERVER, Allowance(1))
    new = new_job()
    outcomes = await asyncio.gather(*(store.insert(new, now_ms=NOW, due_at_ms=NOW) for _ in range(50)))
    assert {each.job.id for each in outcomes} == {outcomes[0].job.id}
    assert sum(each.is_new for each in outcomes) == 1


# --- the count -------------------------------------------------------------------------------------------------------


async def test_two_servers_count_apart(store: SqlJobStore, admin: SqlAdminStore) -> None:
    await admin.set_allowance(act(), SERVER, Allowance(1))
    await accept(store, guild_id=10)
    assert await refusal(store, guild_id=10) is Refusal.EDITS
    assert await refusal(store, guild_id=11) is None
    assert await refusal(store, guild_id=None) is None


async def test_midnight_brings_nothing_back_but_a_whole_day_does(store: SqlJobStore, admin: SqlAdminStore) -> None:
    midnight = NOW - NOW % DAY_MS + DAY_MS
    await admin.set_allowance(act(), SERVER, Allowance(1))
    await end(store, await accept(store, midnight - 1), Charge.SETTLE, midnight - 1)
    assert await refusal(store, midnight) is Refusal.EDITS
    assert await refusal(store, midnight - 2 + DAY_MS) is Refusal.EDITS
    assert await refusal(store, midnight - 1 + DAY_MS) is None


async def test_a_limit_lowered_amid_a_job_counts_at_once_and_never_below_zero(
    store: SqlJobStore, admin: SqlAdminStore, database: SqliteDatabase
) -> None:
    jobs = [await accept(store, NOW + number) for number in range(3)]
    await admin.set_allowance(act(), user(20), Allowance(1))
    decision = await attempt(store, NOW + 10)
    assert isinstance(decision, Decision)
    assert (decision.refusal, decision.used, decision.left) == (Refusal.EDITS, 3, 0)
    assert decision.next_free_at_ms == NOW + 2 + DAY_MS
    for job in jobs:
        await end(store, job, Charge.RELEASE, NOW + 20)
    assert await refusal(store, NOW + 30) is None


async def test_a_failure_gives_back_once(store: SqlJobStore, admin: SqlAdminStore) -> None:
    await admin.set_allowance(act(), SERVER, Allowance(1))
    job = await accept(store)
    gone = replace(job, state=State.CANCELLED)
    moves = [store.move(job, gone, event="end", now_ms=NOW, charge=Charge.RELEASE, fenced=False) for _ in range(20)]
    assert sum(moved is not None for moved in await asyncio.gather(*moves)) == 1
    outcomes = await asyncio.gather(*(attempt(store) for _ in range(5)))
    assert sum(isinstance(each, Job) for each in outcomes) == 1


async def test_a_bonus_drained_by_a_released_job_comes_back(store: SqlJobStore, admin: SqlAdminStore) -> None:
    await admin.set_allowance(act(), SERVER, Allowance(1))
    await admin.grant_bonus(act(), 20, 1, None)
    await accept(store)
    drained = await accept(store)
    assert await refusal(store) is Refusal.EDITS
    await end(store, drained, Charge.RELEASE)
    again = await accept(store)
    await end(store, again, Charge.SETTLE)
    assert await refusal(store) is Refusal.EDITS
    later = NOW + 40 * DAY_MS
    await accept(store, later)
    assert await refusal(store, later) is Refusal.EDITS, "a settled bonus does not come back with time"


async def test_a_reset_forgets_what_had_ended_and_no_bonus(
    store: SqlJobStore, admin: SqlAdminStore, database: SqliteDatabase
) -> None:
    await admin.set_allowance(act(), SERVER, Allowance(2))
    await admin.grant_bonus(act(), 20, 1, None)
    await end(store, await accept(store, NOW), Charge.SETTLE, NOW)
    held = await accept(store, NOW)
    await end(store, await accept(store, NOW), Charge.SETTLE, NOW)
    await admin.reset_use(act(NOW + 1), 20)
    decision = await SqlQuotaStore(database, ROOMY).decision(ask(), now_ms=NOW + 2)
    assert (decision.used, decision.left, decision.open, decision.bonuses) == (1, 1, 1, ())
    await end(store, held, Charge.SETTLE, NOW + 3)
    decision = await SqlQuotaStore(database, ROOMY).decision(ask(), now_ms=NOW + 4)
    assert decision.used == 1, "what ends after the reset counts"


async def test_roles_and_own_settings_count_by_their_strength(store: SqlJobStore, admin: SqlAdminStore) -> None:
    await admin.set_allowance(act(), SERVER, Allowance(0))
    await admin.set_allowance(act(), role(7), Allowance(1))
    assert await refusal(store) is Refusal.EDITS
    assert await refusal(store, role_ids=frozenset({7, 8})) is None
    await admin.set_allowance(act(), user(20), Allowance(0, Period.WEEK))
    decision = await attempt(store, role_ids=frozenset({7}))
    assert isinstance(decision, Decision)
    assert (decision.rule.origin, decision.rule.allowance.period) == (Origin.USER, Period.WEEK)


async def test_a_refused_job_leaves_no_row(store: SqlJobStore, admin: SqlAdminStore, database: SqliteDatabase) -> None:
    await admin.set_allowance(act(), SERVER, Allowance(0))
    with pytest.raises(LimitReachedError) as caught:
        await store.insert(new_job(), now_ms=NOW, due_at_ms=NOW)
    assert caught.value.rule == "edits"
    for table in ("jobs", "reservations", "job_events", "budget_warnings"):
        assert await count_rows(database, table) == 0


# --- access ----------------------------------------------------------------------------------------------------------


async def test_what_keeps_out_is_decided_before_any_count(store: SqlJobStore, admin: SqlAdminStore) -> None:
    await admin.set_allowance(act(), SERVER, Allowance(0))
    await admin.pause(act(reason="maintenance"))
    await admin.block(act(reason="spam"), 20, NOW + DAY_MS)
    await admin.set_role(act(), 7, Verdict.DENY)
    await admin.set_channel(act(), 30, Verdict.DENY)
    everywhere: dict[str, Any] = {"role_ids": frozenset({7})}
    assert await refusal(store, **everywhere) is Barrier.CHANNEL
    await admin.set_channel(act(), 30, None)
    assert await refusal(store, **everywhere) is Barrier.ROLE
    decided = await attempt(store)
    assert isinstance(decided, Access)
    assert decided.block is not None
    assert (decided.barrier, decided.block.reason, decided.block.until_ms) == (Barrier.BLOCK, "spam", NOW + DAY_MS)
    paused = await attempt(store, NOW + DAY_MS)
    assert isinstance(paused, Access)
    assert paused.pause is not None
    assert (paused.barrier, paused.pause.reason) == (Barrier.PAUSE, "maintenance")
    await admin.resume(act())
    assert await refusal(store, NOW + DAY_MS) is Refusal.EDITS


async def test_a_thread_follows_its_parent(store: SqlJobStore, admin: SqlAdminStore) -> None:
    await admin.set_channel(act(), 30, Verdict.ALLOW)
    assert await refusal(store, channel_id=31, thread_id=31) is Barrier.CHANNEL
    assert await refusal(store, channel_id=31, thread_id=31, parent_channel_id=30) is None
    assert await refusal(store, guild_id=None, channel_id=31) is None


# --- budgets ---------------------------------------------------------------------------------------------------------


async def test_a_budget_warns_once_at_four_fifths_and_once_when_full(store: SqlJobStore, admin: SqlAdminStore) -> None:
    await admin.set_budget(act(), Period.DAY, 5)

    async def warned(number: int, now_ms: int) -> list[tuple[Period, int, int, int]]:
        admitted = await store.insert(new_job(user_id=number), now_ms=now_ms, due_at_ms=now_ms)
        await end(store, admitted.job, Charge.SETTLE, now_ms)
        return [(each.period, each.level, each.used, each.budget) for each in admitted.warnings]

    heard = [await warned(number, NOW + number) for number in range(5)]
    assert heard == [[], [], [], [(Period.DAY, 80, 4, 5)], [(Period.DAY, 100, 5, 5)]]
    # The first use has left the rolling day, and the warnings have not: the same level is not told twice in a day.
    assert await warned(6, NOW + DAY_MS) == []
    assert [await warned(number, NOW + 3 * DAY_MS) for number in (7, 8, 9, 10)][3] == [(Period.DAY, 80, 4, 5)]


async def test_a_full_budget_says_when_it_has_room_again(store: SqlJobStore, admin: SqlAdminStore) -> None:
    await admin.set_budget(act(), Period.MONTH, 2)
    for moment in (NOW, NOW + 5):
        await accept(store, moment)
    decision = await attempt(store, NOW + 9)
    assert isinstance(decision, Decision)
    assert (decision.refusal, decision.next_free_at_ms) == (Refusal.BUDGET_MONTH, NOW + 30 * DAY_MS)
    assert await refusal(store, NOW + 30 * DAY_MS) is None


async def test_a_budget_set_to_none_beats_the_operators_default(database: SqliteDatabase, admin: SqlAdminStore) -> None:
    store = SqlJobStore(database, defaults=Defaults(Allowance(9), budget_day=0))
    assert await refusal(store) is Refusal.BUDGET_DAY
    await admin.set_budget(act(), Period.DAY, None)
    assert await refusal(store) is None
    await admin.unset_budget(act(), Period.DAY)
    assert await refusal(store) is Refusal.BUDGET_DAY


# --- what is given back too often ------------------------------------------------------------------------------------


async def test_edits_that_end_uncounted_are_bounded_by_the_hour(database: SqliteDatabase) -> None:
    store = SqlJobStore(database, defaults=replace(ROOMY, uncounted_per_hour=3))
    for number in range(3):
        await end(store, await accept(store, NOW + number, guild_id=10 + number), Charge.RELEASE, NOW + number)
    decision = await attempt(store, NOW + 5)
    assert isinstance(decision, Decision)
    assert (decision.refusal, decision.next_free_at_ms) == (Refusal.UNCOUNTED, NOW + HOUR_MS)
    assert await refusal(store, NOW + HOUR_MS - 1) is Refusal.UNCOUNTED
    assert await refusal(store, NOW + 5, user_id=21) is None
    assert await refusal(store, NOW + HOUR_MS) is None


async def test_what_counts_or_was_stopped_by_another_is_no_such_edit(database: SqliteDatabase) -> None:
    store = SqlJobStore(database, defaults=replace(ROOMY, uncounted_per_hour=1))
    for charge in (Charge.SETTLE, Charge.FORGIVE):
        await end(store, await accept(store), charge)
    assert await refusal(store) is None


async def test_caps_on_open_edits_hold_in_a_race(database: SqliteDatabase) -> None:
    store = SqlJobStore(database, defaults=replace(ROOMY, server_open=4, all_open=10))
    tries = [attempt(store, user_id=number, guild_id=guild) for number in range(20) for guild in (10, 11, None)]
    outcomes = await asyncio.gather(*tries)
    held = [each.guild_id for each in outcomes if isinstance(each, Job)]
    assert len(held) == 10
    assert max(held.count(10), held.count(11)) <= 4
    refused = {each.refusal for each in outcomes if isinstance(each, Decision)}
    assert refused == {Refusal.SERVER_OPEN, Refusal.ALL_OPEN}


async def test_a_stop_by_another_gives_back_to_the_member_and_not_to_the_server(
    store: SqlJobStore, admin: SqlAdminStore
) -> None:
    await admin.set_allowance(act(), SERVER, Allowance(1))
    await admin.set_budget(act(), Period.DAY, 2)
    await end(store, await accept(store), Charge.FORGIVE)
    await end(store, await accept(store), Charge.FORGIVE)
    decision = await attempt(store)
    assert isinstance(decision, Decision)
    assert (decision.refusal, decision.used, decision.server.day) == (Refusal.BUDGET_DAY, 0, 2)
