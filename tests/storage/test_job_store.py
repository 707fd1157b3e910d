"""Hold the job store to its port."""

from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from jobs.errors import StorageError
from jobs.job import (
    MOVES,
    Charge,
    ClipFacts,
    ClipSource,
    Failure,
    FailureCode,
    Job,
    Kind,
    NewJob,
    Prepared,
    Request,
    Result,
    State,
)
from jobs.ports import Attempt, Durations, JobStore, Lane
from storage.job_store import CODE_LETTERS, SqlJobStore
from storage.sqlite import SqliteDatabase

_interactions = count(1)
FACTS = ClipFacts("mov", "h264", "aac", 1280, 720, 5000, 123456, 29.97)
ANY_QUEUED = Lane(frozenset({State.QUEUED}), free=1000)
ANY_OPEN = Lane(frozenset(State), free=1000)


def new_job(**changes: Any) -> NewJob:
    """Return a job to insert, unlike any other by its interaction."""
    new = NewJob(
        kind=Kind.MODIFY,
        user_id=20,
        guild_id=10,
        channel_id=30,
        interaction_id=next(_interactions),
        locale="en-US",
        request=Request(kind=Kind.MODIFY, prompt="make it warm"),
        service="kie",
    )
    return replace(new, **changes)


async def insert(store: SqlJobStore, now_ms: int = 1000, **changes: Any) -> Job:
    """Insert a job that is due at once."""
    job, fresh = await store.insert(new_job(**changes), now_ms=now_ms, due_at_ms=now_ms)
    assert fresh
    return job


async def claim_one(store: SqlJobStore, now_ms: int = 1000, lease_ms: int = 60_000) -> Job:
    """Claim the only due job."""
    [job] = await store.claim([ANY_OPEN], now_ms=now_ms, lease_ms=lease_ms)
    return job


def attempt_of(job: Job, token: str = "t") -> Attempt:  # not a password but a test's hash
    """Return the next attempt of a job."""
    return Attempt(job.id, job.attempt + 1, job.service, f"{token}-{job.id}", 2000)


async def submitting(store: SqlJobStore, **changes: Any) -> tuple[Job, Attempt]:
    """Bring a job to SUBMITTING, leased."""
    await insert(store, **changes)
    job = await claim_one(store)
    attempt = attempt_of(job)
    after = replace(job, state=State.SUBMITTING, attempt=attempt.number, due_at_ms=90_000)
    moved = await store.begin_attempt(job, after, attempt, now_ms=2000)
    assert moved is not None
    return moved, attempt


async def running(store: SqlJobStore, task: str = "task-1", **changes: Any) -> tuple[Job, Attempt]:
    """Bring a job to RUNNING with the service's id."""
    job, attempt = await submitting(store, **changes)
    after = replace(job, state=State.RUNNING, provider_job_id=task, submitted_at_ms=3000, due_at_ms=20_000)
    moved = await store.move(job, after, event="accept", now_ms=3000)
    assert moved is not None
    return moved, attempt


async def ended(store: SqlJobStore, state: State, failure: Failure | None = None, **changes: Any) -> Job:
    """Bring a job to an end through every state on the way."""
    job, _ = await running(store, task=f"task-{next(_interactions)}", **changes)
    charge = Charge.SETTLE if state is State.DELIVERED else Charge.RELEASE
    if state is State.CANCELLED:
        moved = await store.move(job, replace(job, state=state), event="cancel", now_ms=4000, charge=charge)
        assert moved is not None
        return moved
    after = replace(job, state=State.DELIVERING, failure=failure, finished_at_ms=5000)
    delivering = await store.move(job, after, event="poll", now_ms=5000)
    assert delivering is not None
    moved = await store.move(delivering, replace(delivering, state=state), event="deliver", now_ms=6000, charge=charge)
    assert moved is not None
    return moved


async def reservation(database: SqliteDatabase, job: Job) -> tuple[str, int | None]:
    """Return how the ledger has a job."""
    row = await database.read(
        lambda session: session.row("SELECT state, ended_at_ms FROM reservations WHERE job_id = $1", job.id)
    )
    assert row is not None
    return row["state"], row["ended_at_ms"]


async def put_in(database: SqliteDatabase, job: Job, state: State) -> None:
    """Put a job in a state behind the store's back."""
    await database.write(lambda session: session.execute("UPDATE jobs SET state = $2 WHERE id = $1", job.id, state))


def test_the_store_is_a_job_store(store: SqlJobStore) -> None:
    port: JobStore = store

    assert port is store


async def test_an_inserted_job_comes_back_whole(store: SqlJobStore) -> None:
    request = Request(
        kind=Kind.MODIFY,
        prompt='say "hi" ¶ 🎬',
        style="noir",
        clip=ClipSource("https://cdn.example/a.mp4?sig=1", "a.mp4", 123, 1, 2, 3),
        start_seconds=1.25,
        spoiler=True,
        private=True,
        options={"strength": "2"},
    )
    parent = await insert(store)
    new = new_job(request=request, guild_id=None, thread_id=77, parent_job_id=parent.id, locale="zh-CN")

    job, fresh = await store.insert(new, now_ms=1000, due_at_ms=1500)

    assert fresh
    assert job == await store.get(job.id)
    assert (job.request, job.guild_id, job.thread_id, job.parent_job_id) == (request, None, 77, parent.id)
    assert (job.state, job.created_at_ms, job.due_at_ms, job.locale) == (State.QUEUED, 1000, 1500, "zh-CN")
    assert [event.event for event in await store.events(job.id)] == ["queue"]


async def test_the_same_interaction_gives_the_same_job(store: SqlJobStore, database: SqliteDatabase) -> None:
    new = new_job()
    first, _ = await store.insert(new, now_ms=1000, due_at_ms=1000)

    again, fresh = await store.insert(new, now_ms=2000, due_at_ms=2000)

    assert (again, fresh) == (first, False)
    assert len(await database.read(lambda session: session.rows("SELECT * FROM reservations"))) == 1


async def test_codes_are_short_and_none_look_alike(store: SqlJobStore) -> None:
    job = await insert(store)

    assert len(job.code) == 5
    assert set(job.code) <= set(CODE_LETTERS)
    assert not set("01ILOBSZU") & set(CODE_LETTERS)
    assert await store.find(f" {job.code.lower()} ") == job
    assert await store.find("?????") is None


async def test_a_taken_code_is_drawn_again(database: SqliteDatabase) -> None:
    codes = iter(["AAAAA", "AAAAA", "AAAAA", "CCCCC"])
    store = SqlJobStore(database, new_code=lambda: next(codes))

    assert [(await insert(store)).code for _ in range(2)] == ["AAAAA", "CCCCC"]


async def test_a_store_without_free_codes_says_so(database: SqliteDatabase) -> None:
    store = SqlJobStore(database, new_code=lambda: "AAAAA")
    await insert(store)

    with pytest.raises(StorageError, match="short code"):
        await insert(store)
    assert len(await store.history(20, 10, states=None, offset=0, limit=10)) == 1


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
        clip=Prepared("a.mp4", FACTS, ("cut",)),
        attempt=2,
        provider_job_id="task",
        submitted_at_ms=6,
        finished_at_ms=7,
        attempts=8,
        hold="credit",
        result=Result("https://cdn.example/r", "r.mp4", FACTS, 99, ("smaller",)),
        failure=Failure(FailureCode.REFUSED, "no"),
    )

    assert await store.move(job, after, event="step", now_ms=2000) == after
    assert await store.get(job.id) == after


async def test_a_move_from_another_state_is_refused_quietly(store: SqlJobStore) -> None:
    job, _ = await running(store)
    stale = replace(job, state=State.SUBMITTING)

    assert await store.move(stale, replace(stale, state=State.DELIVERING), event="x", now_ms=1) is None
    assert await store.get(job.id) == job
    assert "x" not in [event.event for event in await store.events(job.id)]


async def test_a_lost_lease_fences_the_first_worker_off(store: SqlJobStore) -> None:
    for _ in range(100):
        job = await insert(store)
        first = await claim_one(store, now_ms=1000, lease_ms=10)
        second = await claim_one(store, now_ms=1010, lease_ms=10)
        assert (first.lease, second.lease) == (1, 2)
        attempt = attempt_of(job)
        after: dict[str, Any] = {"state": State.SUBMITTING, "attempt": 1}

        assert await store.begin_attempt(first, replace(first, **after), attempt, now_ms=1011) is None
        assert await store.attempt(job.id, 1) is None
        assert await store.move(first, replace(first, state=State.CANCELLED), event="x", now_ms=1) is None
        assert await store.begin_attempt(second, replace(second, **after), attempt, now_ms=1011)

        current = await store.get(job.id)
        assert current is not None
        await store.move(current, replace(current, state=State.DELIVERING), event="e", now_ms=1, keep_lease=True)


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


async def test_a_callback_since_the_read_makes_the_job_due_now(store: SqlJobStore) -> None:
    _, attempt = await running(store)
    polled = await claim_one(store, now_ms=20_000)
    hurried = await store.record_callback(attempt, "task-1", now_ms=20_100)
    assert hurried is not None
    assert hurried.nudges == 1

    moved = await store.move(polled, replace(polled, due_at_ms=50_000), event="poll", now_ms=20_200)

    assert moved is not None
    assert moved.due_at_ms == 20_200
    assert await store.next_due_ms(after_ms=20_000) == 20_200


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


async def test_a_callback_before_the_answer_adopts_the_task(store: SqlJobStore) -> None:
    job, attempt = await submitting(store)

    adopted = await store.record_callback(attempt, "task-1", now_ms=2500)

    assert adopted is not None
    assert (adopted.state, adopted.provider_job_id, adopted.due_at_ms) == (State.RUNNING, "task-1", 2500)
    assert adopted.submitted_at_ms == 2000
    late = replace(job, state=State.RUNNING, provider_job_id="task-1")
    assert await store.move(job, late, event="accept", now_ms=2600) is None
    assert [job.id for job in await store.claim([ANY_OPEN], now_ms=2600, lease_ms=1)] == [job.id]
    assert await store.attempt(job.id, 1) == replace(attempt, provider_job_id="task-1")


async def test_a_callback_that_names_no_task_adopts_nothing(store: SqlJobStore) -> None:
    job, attempt = await submitting(store)

    assert await store.record_callback(attempt, None, now_ms=2500) is None
    assert await store.get(job.id) == job


async def test_a_late_callback_reopens_only_an_unknown_outcome(store: SqlJobStore) -> None:
    for code in FailureCode:
        job = await ended(store, State.FAILED, Failure(code))
        attempt = await store.attempt(job.id, 1)
        assert attempt is not None

        late = await store.record_callback(attempt, job.provider_job_id, now_ms=9000)

        if code is not FailureCode.OUTCOME_UNKNOWN:
            assert late is None
            continue
        assert late is not None
        assert (late.state, late.failure, late.finished_at_ms, late.due_at_ms) == (State.RUNNING, None, None, 9000)


async def test_a_callback_changes_nothing_in_any_other_state(store: SqlJobStore, database: SqliteDatabase) -> None:
    for state in (State.QUEUED, State.DELIVERING, State.DELIVERED, State.CANCELLED):
        job, attempt = await running(store, task=f"task-{state}")
        await put_in(database, job, state)

        assert await store.record_callback(attempt, f"task-{state}", now_ms=9000) is None
        current = await store.get(job.id)
        assert current == replace(job, state=state)


async def test_the_same_callback_twice_is_one_hint(store: SqlJobStore) -> None:
    job, attempt = await running(store)

    first = await store.record_callback(attempt, "task-1", now_ms=4000)
    again = await store.record_callback(attempt, "task-1", now_ms=4001)

    assert first is not None
    assert first.due_at_ms == 4000
    assert again is None
    assert [event.event for event in await store.events(job.id)].count("callback") == 1


async def test_a_callback_of_a_superseded_attempt_only_notes_its_task(store: SqlJobStore) -> None:
    job, old = await submitting(store)
    back = await store.move(job, replace(job, state=State.QUEUED, due_at_ms=2100), event="retry", now_ms=2100)
    assert back is not None
    claimed = await claim_one(store, now_ms=2200)
    second = replace(attempt_of(claimed), token_sha256="second")
    again = await store.begin_attempt(claimed, replace(claimed, state=State.SUBMITTING, attempt=2), second, now_ms=2300)

    assert await store.record_callback(old, "task-old", now_ms=2400) is None

    assert await store.get(job.id) == again
    assert await store.attempt(job.id, 1) == replace(old, provider_job_id="task-old")


async def test_a_callback_with_the_task_of_another_job_is_ignored(store: SqlJobStore) -> None:
    await running(store, task="task-1")
    job, attempt = await submitting(store)

    assert await store.record_callback(attempt, "task-1", now_ms=2500) is None
    assert await store.get(job.id) == job
    assert await store.attempt(job.id, 1) == attempt


async def test_two_jobs_never_have_one_task(store: SqlJobStore) -> None:
    await running(store, task="task-1")
    job, _ = await submitting(store)

    with pytest.raises(StorageError):
        await store.move(job, replace(job, state=State.RUNNING, provider_job_id="task-1"), event="accept", now_ms=3000)
    assert await store.get(job.id) == job


async def test_counts_tell_open_jobs_only(store: SqlJobStore) -> None:
    for state in (State.DELIVERED, State.FAILED, State.CANCELLED):
        await ended(store, state)
    assert (await store.next_due_ms(after_ms=0), await store.at_service(now_ms=0), await store.open_counts()) == (
        None,
        {},
        {},
    )

    await running(store, service="kie")
    await submitting(store, service="acedata")
    await insert(store)

    assert await store.at_service(now_ms=1000) == {"kie": 1, "acedata": 1}
    assert await store.open_counts() == {State.QUEUED: 1, State.SUBMITTING: 1, State.RUNNING: 1}


async def test_next_due_waits_for_a_lease(store: SqlJobStore) -> None:
    await insert(store, now_ms=1000)
    assert await store.next_due_ms(after_ms=999) == 1000
    await claim_one(store, now_ms=1000, lease_ms=500)
    assert await store.next_due_ms(after_ms=1000) == 1500

    assert await store.end_leases() == 1

    assert await store.next_due_ms(after_ms=999) == 1000


async def test_queue_place_counts_older_jobs_of_the_service(store: SqlJobStore) -> None:
    jobs = [await insert(store, now_ms=1000 + at) for at in range(3)]
    other = await insert(store, now_ms=900, service="acedata")

    assert [await store.queue_place(job) for job in jobs] == [1, 2, 3]
    assert await store.queue_place(other) == 1


async def test_durations_are_of_the_last_200_delivered_of_a_kind(store: SqlJobStore, database: SqliteDatabase) -> None:
    assert await store.durations(Kind.MODIFY) == Durations(0, 0, 0)
    delivered = await ended(store, State.DELIVERED)
    await ended(store, State.FAILED)
    assert await store.durations(Kind.MODIFY) == Durations(1, 2000, 2000)

    copies = [await insert(store) for _ in range(210)]
    await database.write(
        lambda session: [
            session.execute(
                "UPDATE jobs SET state = 'delivered', submitted_at_ms = $2, finished_at_ms = $3 WHERE id = $1",
                job.id,
                10_000,
                10_000 + at,
            )
            for at, job in enumerate(copies)
        ]
    )

    assert await store.durations(Kind.MODIFY) == Durations(200, round((109 + 110) / 2), 189)
    assert await store.durations(Kind.EXTEND) == Durations(0, 0, 0)
    assert delivered.finished_at_ms == 5000


async def test_history_is_of_one_member_in_one_guild_newest_first(store: SqlJobStore) -> None:
    jobs = [await insert(store, now_ms=1000 + at) for at in range(5)]
    await insert(store, user_id=21)
    await insert(store, guild_id=11)
    direct = await insert(store, guild_id=None)
    newest = list(reversed(jobs))

    assert await store.history(20, 10, states=None, offset=0, limit=10) == newest
    assert await store.history(20, 10, states=None, offset=1, limit=2) == newest[1:3]
    assert await store.history(20, None, states=None, offset=0, limit=10) == [direct]
    assert await store.history(20, 10, states=frozenset(), offset=0, limit=10) == []
    cancelled = replace(jobs[2], state=State.CANCELLED)
    await store.move(jobs[2], cancelled, event="cancel", now_ms=1, charge=Charge.RELEASE)
    only = await store.history(20, 10, states=frozenset({State.CANCELLED}), offset=0, limit=10)
    assert [job.id for job in only] == [jobs[2].id]


async def test_open_jobs_are_a_members_in_all_guilds(store: SqlJobStore) -> None:
    await ended(store, State.DELIVERED)
    first = await insert(store, now_ms=1000, guild_id=11)
    second = await insert(store, now_ms=1001)
    await insert(store, user_id=21)

    assert await store.open_jobs(20) == [first, second]


async def test_files_of_open_jobs_are_in_use(store: SqlJobStore) -> None:
    await insert(store)
    job = await claim_one(store)
    staged = await store.move(job, replace(job, clip=Prepared("in.mp4", FACTS)), event="x", now_ms=1)
    assert staged is not None
    assert await store.files_in_use() == {"in.mp4"}

    leaving = replace(staged, state=State.DELIVERING, result=Result("https://x", ""))
    moved = await store.move(staged, leaving, event="x", now_ms=1)
    assert moved is not None
    fetched = await store.move(moved, replace(moved, result=Result("https://x", "out.mp4")), event="x", now_ms=1)
    assert fetched is not None
    assert await store.files_in_use() == {"in.mp4", "out.mp4"}

    await store.move(fetched, replace(fetched, state=State.DELIVERED), event="x", now_ms=1, charge=Charge.SETTLE)
    assert await store.files_in_use() == frozenset()
