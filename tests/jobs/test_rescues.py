"""Keep what was paid for: a stop, a late answer, a program that was away, an error nobody foresaw."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from jobs.errors import DeliveryRetryError, OutOfCreditError, ProviderUnavailableError, StorageError
from jobs.job import FailureCode, Job, State
from jobs.ports import Lane
from jobs.retries import HOUR_MS, MINUTE_MS
from jobs.services import Progress, Status
from storage.database import Database
from storage.job_store import SqlJobStore
from tests.fakes import NO_LIMITS, abilities_of
from tests.jobs.world import World, open_world

DONE = Status(Progress.DONE, ("https://service.example/v.mp4?sig=secret",))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    opened = await open_world(tmp_path)
    yield opened
    await opened.worker.stop(1)
    await opened.database.close()


async def hold_writes(world: World) -> threading.Event:
    """Keep the database's writing thread busy until the event is set."""
    held, begun = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait() -> None:
        loop.call_soon_threadsafe(begun.set)
        held.wait(30)

    task = asyncio.create_task(world.database.write(lambda _session: wait()))
    await begun.wait()
    task.add_done_callback(lambda _done: None)
    return held


async def turn() -> None:
    """Let every task that can go on do so."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_stop_while_an_accepted_task_is_being_stored_does_not_lose_it(world: World) -> None:
    job = await world.accept()
    held: list[threading.Event] = []
    is_held = asyncio.Event()

    async def block() -> None:
        held.append(await hold_writes(world))
        is_held.set()

    world.provider.during_submit = block
    await world.worker.start_due()
    await world.worker.settled()
    await world.worker.start_due()
    await is_held.wait()
    await turn()
    await world.worker.stop(0)
    held[0].set()
    await world.database.check(timeout_seconds=10)
    found = await world.read(job)
    assert (found.state, found.provider_job_id) == (State.RUNNING, "task-1")


class SlowStore(SqlJobStore):
    """Hold back what was claimed until the test lets it go."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, defaults=NO_LIMITS)
        self.claimed = asyncio.Event()
        self.go = asyncio.Event()

    async def claim(self, lanes: Sequence[Lane], *, now_ms: int, lease_ms: int) -> list[Job]:
        """Claim, and tell of it late."""
        jobs = await super().claim(lanes, now_ms=now_ms, lease_ms=lease_ms)
        self.claimed.set()
        await self.go.wait()
        return jobs


async def test_a_stop_starts_nothing_that_was_still_being_claimed(world: World) -> None:
    job = await world.accept()
    world.store = store = SlowStore(world.database)
    world.restart()
    running = asyncio.create_task(world.worker.run())
    try:
        await store.claimed.wait()
        await world.worker.stop(0)
        store.go.set()
        await running
        assert world.worker.running == 0
        await turn()
        assert [event.event for event in await store.events(job.id)] == ["queue", "placed"]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_task_whose_answer_comes_after_its_job_was_given_up_is_still_delivered(world: World) -> None:
    job = await world.accept()
    answer = await world.work_until_sent()
    await world.lifecycle.give_up(await world.read(job))
    answer.set()
    world.provider.status = DONE
    delivered = await world.run_to(job, State.DELIVERED)
    assert delivered.provider_job_id == "task-1"
    assert len(world.provider.billed) == 1
    assert await world.reservation(job) == "released"


async def test_a_read_that_breaks_as_nobody_foresaw_is_read_again(world: World) -> None:
    job = await world.accept()
    await world.work()
    world.provider.on_poll = [KeyError("a bug in reading"), StorageError("busy")]
    world.provider.status = DONE
    await world.run_to(job, State.DELIVERED)
    assert await world.reservation(job) == "settled"


async def test_a_read_that_never_succeeds_ends_at_the_deadline(world: World) -> None:
    job = await world.accept()
    await world.work()
    world.provider.on_poll = [KeyError("a bug in reading")] * 500
    failed = await world.run_to(job, State.FAILED)
    assert failed.failure is not None
    assert failed.failure.code is FailureCode.INTERNAL


async def test_a_program_that_was_away_past_the_deadline_still_reads_more_than_once(world: World) -> None:
    job = await world.accept()
    await world.work()
    world.clock.advance(10 * HOUR_MS)
    world.restart()
    world.provider.on_poll = [ProviderUnavailableError("kie", "no network yet")] * 2
    world.provider.status = DONE
    await world.run_to(job, State.DELIVERED)


async def test_a_program_that_was_away_for_days_still_tells_more_than_once(world: World) -> None:
    job = await world.accept()
    await world.work()
    world.provider.status = DONE
    world.delivery.on_post = [DeliveryRetryError("503")]
    world.clock.advance(world.timings.poll_ms)
    await world.work()
    assert (await world.read(job)).state is State.DELIVERING
    world.clock.advance(60 * HOUR_MS)
    world.restart()
    world.delivery.on_post = [DeliveryRetryError("503")]
    await world.run_to(job, State.DELIVERED)
    assert await world.reservation(job) == "settled"


async def test_a_clip_is_not_uploaded_again_and_again_to_a_service_that_is_shut(tmp_path: Path) -> None:
    world = await open_world(tmp_path, abilities_of("kie"), abilities_of("other"))
    try:
        world.clips.hosted = False
        world.provider.on_submit = [OutOfCreditError("kie", "empty")]
        job = await world.accept()
        await world.work()
        for _ in range(4):
            world.clock.advance(MINUTE_MS)
            await world.work()
        assert len(world.provider.uploaded) == 1
        running = await world.run_to(job, State.RUNNING)
        assert (running.service, len(world.provider.uploaded), len(world.provider.billed)) == ("kie", 2, 1)
    finally:
        await world.worker.stop(1)
        await world.database.close()


class BusyStore(SqlJobStore):
    """Refuse the first decision on a submit that was not accepted."""

    busy = True

    async def move(self, before: Job, after: Job, **how: Any) -> Job | None:
        """Move, but for the first time after a submit."""
        if self.busy and (before.state, after.state) == (State.SUBMITTING, State.QUEUED):
            self.busy = False
            raise StorageError("busy")
        return await super().move(before, after, **how)


async def test_a_submit_that_was_surely_not_sent_goes_again_though_the_database_was_busy(world: World) -> None:
    world.store = BusyStore(world.database, defaults=NO_LIMITS)
    world.restart()
    world.provider.on_submit = [ProviderUnavailableError("kie", "not reached", code="not_sent")]
    job = await world.accept()
    await world.work()
    assert (await world.read(job)).state is State.QUEUED
    await world.run_to(job, State.RUNNING)
    assert len(world.provider.billed) == 1
