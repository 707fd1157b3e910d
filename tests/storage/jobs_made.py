"""Make jobs for the store's tests and bring them to a state."""

from dataclasses import replace
from itertools import count
from typing import Any

from jobs.access import Asker
from jobs.job import Charge, ClipFacts, Failure, Job, Kind, NewJob, Request, State
from jobs.ports import Attempt, Lane
from storage.database import Database
from storage.job_store import SqlJobStore
from storage.sqlite import SqliteDatabase

interactions = count(1)
FACTS = ClipFacts("mov", "h264", "aac", 1280, 720, 5000, 123456, 29.97)
ANY_OPEN = Lane(frozenset(State), free=1000)


def new_job(**changes: Any) -> NewJob:
    """Return a job to insert, unlike any other by its interaction."""
    new = NewJob(
        kind=Kind.MODIFY,
        user_id=20,
        guild_id=10,
        channel_id=30,
        interaction_id=next(interactions),
        locale="en-US",
        request=Request(kind=Kind.MODIFY, prompt="make it warm"),
        service="kie",
    )
    return replace(new, **changes)


async def insert(store: SqlJobStore, now_ms: int = 1000, **changes: Any) -> Job:
    """Insert a job that is due at once."""
    admitted = await store.insert(new_job(**changes), now_ms=now_ms, due_at_ms=now_ms)
    assert admitted.is_new
    return admitted.job


async def claim_one(store: SqlJobStore, now_ms: int = 1000, lease_ms: int = 60_000) -> Job:
    """Claim the only due job."""
    [job] = await store.claim([ANY_OPEN], now_ms=now_ms, lease_ms=lease_ms)
    return job


def attempt_of(job: Job) -> Attempt:
    """Return the next attempt of a job."""
    number = job.attempt + 1
    return Attempt(job.id, number, job.service, f"{job.id}-{number}", 2000)


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
    job, _ = await running(store, task=f"ended-{next(interactions)}", **changes)
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


def ask(user_id: int = 20, guild_id: int | None = 10, *roles: int) -> Asker:
    """Return who asks, in the usual channel."""
    return Asker(user_id, guild_id, frozenset(roles), (30,))


async def count_rows(database: Database, table: str) -> int:
    """Return how many rows a table has."""
    row = await database.read(lambda session: session.row(f"SELECT COUNT(*) AS rows FROM {table}"))
    assert row is not None
    rows: int = row["rows"]
    return rows
