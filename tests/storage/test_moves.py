"""Hold moves to their guards, their leases, their events and the ledger."""

import asyncio
from dataclasses import replace

import pytest

from jobs.job import (
    MOVES,
    Charge,
    ClipSource,
    Failure,
    FailureCode,
    Job,
    Prepared,
    Remark,
    Result,
    State,
)
from storage.database import Session
from storage.job_store import SqlJobStore
from storage.sqlite import SqliteDatabase
from tests.storage.jobs_made import (
    ANY_OPEN,
    FACTS,
    attempt_of,
    claim_one,
    ended,
    insert,
    put_in,
    reservation,
    running,
    submitting,
)


async def test_only_the_named_moves_are_moves(store: SqlJobStore) -> None:
    job = await insert(store)
    for before in State:
        for after in State:
            if before == after or (before, after) in MOVES:
                continue
            with pytest.raises(ValueError, match="no job moves"):
                await store.move(
                    replace(job, state=before), replace(job, state=after), event="x", now_ms=1, fenced=False
                )
    with pytest.raises(ValueError, match="one job"):
        await store.move(job, replace(job, id="other"), event="x", now_ms=1)
    assert await store.get(job.id) == job


async def test_every_named_move_is_written_with_its_event(store: SqlJobStore, database: SqliteDatabase) -> None:
    for before, after in sorted(MOVES):
        job = await insert(store)
        await put_in(database, job, before)
        seen = await store.get(job.id)
        assert seen is not None

        moved = await store.move(
            seen, replace(seen, state=after), event="go", now_ms=7, detail="why", charge=Charge.SETTLE
        )

        assert moved is not None
        assert moved.state is after
        assert await store.get(job.id) == moved
        last = (await store.events(job.id))[-1]
        assert (last.at_ms, last.event, last.state, last.detail) == (7, "go", after, "why")


async def test_a_move_writes_every_field_a_step_may_change(store: SqlJobStore) -> None:
    await insert(store)
    job = await claim_one(store)
    after = replace(
        job,
        request=replace(job.request, clip=ClipSource("https://cdn.example/fresh")),
        service="acedata",
        due_at_ms=5555,
        card_channel_id=1,
        card_message_id=2,
        thread_id=3,
        posting_at_ms=9,
        result_channel_id=4,
        result_message_id=5,
        clip=Prepared("a.mp4", FACTS, (Remark("cut", {"start_ms": 0, "end_ms": 9, "whole_ms": 10}),)),
        attempt=2,
        provider_job_id="task",
        submitted_at_ms=6,
        finished_at_ms=7,
        attempts=8,
        hold="credit",
        result=Result("https://cdn.example/r", "r.mp4", FACTS, (Remark("sound_laid"),)),
        failure=Failure(FailureCode.REFUSED, "no"),
    )

    assert await store.move(job, after, event="step", now_ms=2000) == after
    assert await store.get(job.id) == after


async def test_a_move_writes_the_columns_that_change_alone(store: SqlJobStore, database: SqliteDatabase) -> None:
    job = await insert(store)
    updates: list[str] = []

    def trace(session: Session) -> None:
        database._connection.set_trace_callback(lambda sql: updates.append(sql) if "UPDATE jobs" in sql else None)

    await database.write(trace)
    placed = await store.move(job, replace(job, card_message_id=5), event="placed", now_ms=1, keep_lease=True)
    assert placed is not None
    assert (await store.move(placed, placed, event="still running", now_ms=1, keep_lease=True)) == placed
    assert [sql.partition(" SET ")[2].partition(" WHERE")[0] for sql in updates] == [
        "card_message_id = 5", "attempts = 0",
    ]  # fmt: skip


async def test_a_move_from_another_state_is_refused_quietly(store: SqlJobStore) -> None:
    job, _ = await running(store)
    stale = replace(job, state=State.SUBMITTING)

    assert await store.move(stale, replace(stale, state=State.DELIVERING), event="x", now_ms=1) is None
    assert await store.get(job.id) == job
    assert "x" not in [event.event for event in await store.events(job.id)]


async def test_a_lost_lease_fences_the_first_worker_off(store: SqlJobStore) -> None:
    await asyncio.gather(*(insert(store) for _ in range(100)))
    first = await store.claim([ANY_OPEN], now_ms=1000, lease_ms=10)
    second = {job.id: job for job in await store.claim([ANY_OPEN], now_ms=1010, lease_ms=10)}
    assert [job.lease for job in first] == [1] * 100

    async def submit(job: Job) -> Job | None:
        after = replace(job, state=State.SUBMITTING, attempt=1)
        return await store.begin_attempt(job, after, attempt_of(job), now_ms=1011)

    async def cancel(job: Job) -> Job | None:
        return await store.move(job, replace(job, state=State.CANCELLED), event="x", now_ms=1)

    assert await asyncio.gather(*map(submit, first), *map(cancel, first)) == [None] * 200
    assert await store.attempt(first[0].id, 1) is None
    await store.renew(first, now_ms=1012, lease_ms=9000)
    taken = await asyncio.gather(*(submit(second[job.id]) for job in first), *map(submit, first))

    assert [job is not None for job in taken] == [True] * 100 + [False] * 100
    assert len(await store.claim([ANY_OPEN], now_ms=1020, lease_ms=10)) == 100


async def test_an_unfenced_move_needs_only_the_state(store: SqlJobStore) -> None:
    job = await insert(store)
    await claim_one(store)

    moved = await store.move(
        job, replace(job, state=State.CANCELLED), event="cancel", now_ms=1, charge=Charge.RELEASE, fenced=False
    )

    assert moved is not None
    assert moved.state is State.CANCELLED


async def test_ids_stored_beside_a_step_and_the_step_keep_each_other(store: SqlJobStore) -> None:
    job = await insert(store)
    claimed = await claim_one(store)
    card = replace(job, card_channel_id=1, card_message_id=2)
    staged = replace(claimed, clip=Prepared("a.mp4", FACTS), due_at_ms=1500)

    await store.move(claimed, staged, event="prepare", now_ms=1100)
    await store.move(job, card, event="card", now_ms=1200, fenced=False, keep_lease=True)
    late = await store.move(staged, replace(staged, hold="slots"), event="wait", now_ms=1300)

    assert late == replace(staged, card_channel_id=1, card_message_id=2, hold="slots")


async def test_ids_are_never_emptied(store: SqlJobStore) -> None:
    job, _ = await running(store, thread_id=7)

    moved = await store.move(job, replace(job, thread_id=None, provider_job_id=None), event="x", now_ms=1)

    assert moved is not None
    assert (moved.thread_id, moved.provider_job_id) == (7, "task-1")


async def test_a_lease_ends_with_a_move_unless_it_is_kept(store: SqlJobStore) -> None:
    for keep, claimable in ((True, 0), (False, 1)):
        job = await insert(store)
        claimed = await claim_one(store)
        moved = await store.move(claimed, replace(claimed, hold="x"), event="x", now_ms=1001, keep_lease=keep)
        assert moved is not None
        again = await store.claim([ANY_OPEN], now_ms=1002, lease_ms=1)
        assert len(again) == claimable
        cancelled = replace(moved, state=State.CANCELLED)
        await store.move(moved, cancelled, event="x", now_ms=1, charge=Charge.RELEASE, fenced=False)
        assert (await store.get(job.id)) is not None


async def test_a_lease_is_renewed_by_its_holder_only_while_it_holds(store: SqlJobStore) -> None:
    await insert(store)
    job = await claim_one(store, now_ms=1000, lease_ms=10)
    await store.renew([job], now_ms=1005, lease_ms=10)
    assert await store.claim([ANY_OPEN], now_ms=1014, lease_ms=10) == []

    await store.renew([replace(job, lease=9)], now_ms=1014, lease_ms=10)
    assert (await store.outlook(now_ms=1014)).next_due_ms == 1015
    moved = await store.move(job, replace(job, hold="x"), event="x", now_ms=1014)
    assert moved is not None
    await store.renew([job], now_ms=1014, lease_ms=10)

    assert len(await store.claim([ANY_OPEN], now_ms=1014, lease_ms=10)) == 1


async def test_a_callback_since_the_read_makes_the_job_due_now(store: SqlJobStore) -> None:
    _, attempt = await running(store)
    polled = await claim_one(store, now_ms=20_000)
    hurried = await store.record_callback(attempt, "task-1", now_ms=20_100)
    assert hurried is not None
    assert hurried.nudges == 1

    moved = await store.move(polled, replace(polled, due_at_ms=50_000), event="poll", now_ms=20_200)

    assert moved is not None
    assert moved.due_at_ms == 20_200
    assert (await store.outlook(now_ms=20_000)).next_due_ms == 20_200


async def test_an_ending_keeps_no_reservation(store: SqlJobStore, database: SqliteDatabase) -> None:
    job = await insert(store)
    gone = replace(job, state=State.CANCELLED)

    with pytest.raises(ValueError, match="reservation"):
        await store.move(job, gone, event="cancel", now_ms=5)
    assert await store.get(job.id) == job
    assert await reservation(database, job) == ("reserved", None)

    await store.move(job, gone, event="cancel", now_ms=6, charge=Charge.RELEASE)

    assert await reservation(database, job) == ("released", 6)


async def test_a_reservation_ends_once(store: SqlJobStore, database: SqliteDatabase) -> None:
    job = await ended(store, State.FAILED, Failure(FailureCode.OUTCOME_UNKNOWN))
    assert await reservation(database, job) == ("released", 6000)
    attempt = await store.attempt(job.id, 1)
    assert attempt is not None
    late = await store.record_callback(attempt, None, now_ms=9000)
    assert late is not None

    at_exit = await store.move(late, replace(late, state=State.DELIVERING), event="poll", now_ms=9100)
    assert at_exit is not None
    done = replace(at_exit, state=State.DELIVERED)
    assert await store.move(at_exit, done, event="deliver", now_ms=9200, charge=Charge.SETTLE)

    assert await reservation(database, job) == ("released", 6000)


async def test_begin_attempt_takes_only_its_own_move(store: SqlJobStore) -> None:
    await insert(store)
    job = await claim_one(store)
    after = replace(job, state=State.SUBMITTING, attempt=1)

    with pytest.raises(ValueError, match="does not move"):
        await store.begin_attempt(job, replace(after, state=State.RUNNING), attempt_of(job), now_ms=1)
    with pytest.raises(ValueError, match="another one"):
        await store.begin_attempt(job, replace(after, attempt=2), attempt_of(job), now_ms=1)
    with pytest.raises(ValueError, match="another one"):
        await store.begin_attempt(job, after, replace(attempt_of(job), job_id="x"), now_ms=1)
    assert await store.get(job.id) == job


async def test_an_attempt_is_kept_with_the_move_and_found_by_its_token(store: SqlJobStore) -> None:
    job, attempt = await submitting(store)

    assert await store.attempt(job.id, 1) == attempt
    assert await store.find_attempt(attempt.token_sha256) == attempt
    assert await store.find_attempt("other") is None
    assert await store.claim([ANY_OPEN], now_ms=59_000, lease_ms=1) == []

    await store.move(job, replace(job, state=State.RUNNING, provider_job_id="t9"), event="accept", now_ms=3000)

    assert await store.attempt(job.id, 1) == replace(attempt, provider_job_id="t9")
