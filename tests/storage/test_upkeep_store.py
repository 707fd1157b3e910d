"""Hold what upkeep keeps: cards that a crash left behind, and moves that are old enough to go."""

from dataclasses import replace

from jobs.job import Charge, Failure, FailureCode, Job, State
from storage.job_store import SqlJobStore
from storage.sqlite import SqliteDatabase
from storage.upkeep_store import SqlUpkeepStore
from tests.storage.jobs_made import ended, insert

DAY_MS = 86_400_000


async def with_card(store: SqlJobStore, job: Job, finished_at_ms: int) -> Job:
    """Give an ended job a card and its time."""
    after = replace(job, card_channel_id=1, card_message_id=2, finished_at_ms=finished_at_ms)
    moved = await store.move(job, after, event="test", now_ms=finished_at_ms, charge=Charge.RELEASE, fenced=False)
    assert moved is not None
    return moved


async def test_an_ended_job_is_left_behind_until_its_card_shows_it(
    store: SqlJobStore, database: SqliteDatabase
) -> None:
    upkeep = SqlUpkeepStore(database)
    job = await with_card(store, await ended(store, State.DELIVERED), 5_000)
    assert await upkeep.not_shown(since_ms=5_000) == [job]
    assert await upkeep.not_shown(since_ms=5_001) == [], "too old to matter"
    await upkeep.note_shown(replace(job, state=State.CANCELLED))
    assert await upkeep.not_shown(since_ms=0) == [job], "what was shown is not how it stands"
    await upkeep.note_shown(job)
    assert await upkeep.not_shown(since_ms=0) == []


async def test_a_reopened_job_is_shown_anew_at_its_next_end(store: SqlJobStore, database: SqliteDatabase) -> None:
    upkeep = SqlUpkeepStore(database)
    failed = await with_card(store, await ended(store, State.FAILED, Failure(FailureCode.OUTCOME_UNKNOWN)), 5_000)
    await upkeep.note_shown(failed)
    attempt = await store.attempt(failed.id, 1)
    assert attempt is not None
    job = await store.record_callback(attempt, failed.provider_job_id or "task-9", now_ms=6_000)
    assert job is not None
    delivering = replace(job, state=State.DELIVERING, finished_at_ms=7_000)
    moved = await store.move(job, delivering, event="finished", now_ms=7_000, fenced=False)
    assert moved is not None
    assert await upkeep.not_shown(since_ms=0) == [], "it is open"
    told = await store.move(moved, replace(moved, state=State.DELIVERED), event="told", now_ms=7_000, fenced=False)
    assert await upkeep.not_shown(since_ms=0) == [told]


async def test_who_was_stopped_is_left_behind_until_they_were_told(
    store: SqlJobStore, database: SqliteDatabase
) -> None:
    upkeep = SqlUpkeepStore(database)
    for state in (State.DELIVERED, State.CANCELLED):
        await with_card(store, await ended(store, state), 5_000)
    cancelled = await with_card(store, await ended(store, State.CANCELLED), 5_000)
    by_another = replace(cancelled, failure=Failure(FailureCode.STOPPED))
    stopped = await store.move(cancelled, by_another, event="test", now_ms=5_000, fenced=False)
    assert stopped is not None
    assert await upkeep.not_told(since_ms=5_000) == [stopped]
    assert await upkeep.not_told(since_ms=5_001) == [], "too old to matter"
    told = replace(stopped, result_channel_id=1, result_message_id=3)
    assert await store.move(stopped, told, event="told", now_ms=6_000, fenced=False)
    assert await upkeep.not_told(since_ms=0) == []


async def test_moves_of_old_ended_jobs_go_and_all_others_stay(store: SqlJobStore, database: SqliteDatabase) -> None:
    upkeep = SqlUpkeepStore(database)
    old_and_ended, old_and_open = await ended(store, State.DELIVERED), await insert(store)
    late_ms = max(old_and_ended.created_at_ms, old_and_open.created_at_ms) + 1
    assert await upkeep.forget_moves(before_ms=min(old_and_ended.created_at_ms, old_and_open.created_at_ms)) == 0
    assert await upkeep.forget_moves(before_ms=late_ms) > 0
    assert await store.events(old_and_ended.id) == []
    assert await store.events(old_and_open.id) != []
    assert await store.get(old_and_ended.id) == old_and_ended
    assert await upkeep.forget_moves(before_ms=late_ms) == 0


async def test_old_moves_are_found_by_the_key(store: SqlJobStore, database: SqliteDatabase) -> None:
    plan = await database.read(
        lambda session: session.rows(
            """
            EXPLAIN QUERY PLAN SELECT DISTINCT job_id FROM job_events
            WHERE job_id < $1 AND job_id NOT IN (SELECT id FROM open_jobs) ORDER BY job_id LIMIT 5
            """,
            "0",
        )
    )
    text = " | ".join(str(row["detail"]) for row in plan)
    assert "SEARCH job_events" in text
    assert "TEMP B-TREE" not in text
