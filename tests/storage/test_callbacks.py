"""Hold callbacks to being hints."""

from dataclasses import replace

import pytest

from jobs.errors import StorageError
from jobs.job import (
    Failure,
    FailureCode,
    State,
)
from storage.job_store import SqlJobStore
from storage.sqlite import SqliteDatabase
from tests.storage.jobs_made import (
    ANY_OPEN,
    attempt_of,
    claim_one,
    ended,
    put_in,
    running,
    submitting,
)


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
