"""Recompute the ledger from what happened, after many random lives of jobs."""

import asyncio
import random
from collections import Counter
from dataclasses import replace
from itertools import pairwise

from jobs.job import MOVES, Charge, Failure, FailureCode, Job, State
from storage.job_store import SqlJobStore
from storage.sqlite import SqliteDatabase
from tests.fakes import NO_LIMITS
from tests.storage.jobs_made import attempt_of, insert

UNKNOWN = Failure(FailureCode.OUTCOME_UNKNOWN)
STATES = {
    None: "reserved", Charge.SETTLE: "settled", Charge.RELEASE: "released", Charge.FORGIVE: "released"
}  # fmt: skip


async def live(store: SqlJobStore, job: Job, chance: random.Random) -> list[Charge]:
    """Move a job at random until it has ended and is left alone; return the charges that went with its endings."""
    charges: list[Charge] = []
    for _ in range(60):
        if job.state.is_final and chance.random() < 0.5:
            break
        choices = sorted(after for before, after in MOVES if before is job.state)
        if not choices:
            break
        after = replace(job, state=chance.choice(choices), failure=UNKNOWN)
        charge = chance.choice(list(Charge)) if after.state.is_final else None
        if after.state is State.SUBMITTING:
            attempt = attempt_of(job)
            moves = [
                store.begin_attempt(job, replace(after, attempt=attempt.number), attempt, now_ms=1) for _ in range(2)
            ]
        else:
            moves = [store.move(job, after, event="go", now_ms=1, charge=charge) for _ in range(2)]
        first, second = await asyncio.gather(*moves)
        # The same move twice at one instant: one of them was somebody else's.
        assert first is not None
        assert second is None
        job = first
        charges += [charge] if charge else []
    return charges


async def test_every_figure_follows_from_what_happened(database: SqliteDatabase) -> None:
    store = SqlJobStore(database, defaults=NO_LIMITS)
    chance = random.Random(11)
    jobs = [await insert(store, user_id=number % 5) for number in range(40)]

    charges = await asyncio.gather(*(live(store, job, random.Random(chance.random())) for job in jobs))

    first = {job.id: charges[number][0] if charges[number] else None for number, job in enumerate(jobs)}
    expected = {job_id: STATES[charge] for job_id, charge in first.items()}
    rows = await database.read(lambda session: session.rows("SELECT * FROM reservations"))
    assert {row["job_id"]: row["state"] for row in rows} == expected
    assert {row["job_id"] for row in rows if row["spent"]} == {
        job_id for job_id, charge in first.items() if charge is Charge.FORGIVE
    }
    assert all((row["ended_at_ms"] is None) == (row["state"] == "reserved") for row in rows)
    current = [await store.get(job.id) for job in jobs]
    held = {job.id for job in current if job is not None and not job.state.is_final}
    assert {job_id for job_id, state in expected.items() if state == "reserved"} <= held
    assert await store.open_counts() == Counter(job.state for job in current if job and not job.state.is_final)


async def test_events_retell_every_state(database: SqliteDatabase) -> None:
    store = SqlJobStore(database, defaults=NO_LIMITS)
    job = await insert(store)
    await live(store, job, random.Random(5))

    events = await store.events(job.id)

    states = [event.state for event in events]
    assert all(step in MOVES for step in pairwise(states))
    current = await store.get(job.id)
    assert current is not None
    assert states[-1] is current.state
