"""Let what nobody foresaw break in the middle of a job: the others go on, it ends, and is paid and told once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from jobs.errors import SourceUnavailableError
from jobs.job import Job, State
from jobs.lanes import Lanes, Widths
from jobs.services import Progress, Status
from jobs.worker import Worker
from storage.database import Database
from storage.job_store import SqlJobStore
from tests.fakes import NO_LIMITS, abilities_of
from tests.jobs.world import LEASE_MS, World, open_world

DONE = Status(Progress.DONE, ("https://service.example/v.mp4?sig=secret",))


class BrokenStore(SqlJobStore):
    """Let the test break a call; `broken` decides by the call's name and values."""

    def __init__(self, database: Database, broken: Callable[[str, Sequence[Any]], bool]) -> None:
        super().__init__(database, defaults=NO_LIMITS)
        self._broken = broken
        self.calls: asyncio.Queue[str] = asyncio.Queue()

    def _pass(self, name: str, *values: Any) -> None:
        self.calls.put_nowait(name)
        if self._broken(name, values):
            raise KeyError("a bug")

    async def move(self, before: Job, after: Job, **how: Any) -> Job | None:
        """Move, unless it is broken."""
        self._pass("move", before, after)
        return await super().move(before, after, **how)

    async def outlook(self, *, now_ms: int) -> Any:
        """Look, unless it is broken."""
        self._pass("outlook")
        return await super().outlook(now_ms=now_ms)

    async def renew(self, jobs: Sequence[Job], *, now_ms: int, lease_ms: int) -> None:
        """Renew, unless it is broken."""
        self._pass("renew")
        await super().renew(jobs, now_ms=now_ms, lease_ms=lease_ms)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    opened = await open_world(tmp_path, abilities_of(poll_batch=50))
    yield opened
    await opened.worker.stop(1)
    await opened.database.close()


def break_store(world: World, broken: Callable[[str, Sequence[Any]], bool]) -> BrokenStore:
    """Give a world a store that breaks."""
    world.store = store = BrokenStore(world.database, broken)
    world.restart()
    return store


def once(broken: Callable[[str, Sequence[Any]], bool]) -> Callable[[str, Sequence[Any]], bool]:
    """Break the first of the calls alone."""
    left = [True]

    def is_broken(name: str, values: Sequence[Any]) -> bool:
        if left[0] and broken(name, values):
            left[0] = False
            return True
        return False

    return is_broken


async def test_a_bug_in_the_decision_itself_leaves_the_job_to_its_next_lease(world: World) -> None:
    broken = await world.accept()
    world.clock.advance(1)  # the older one is worked on first
    whole = await world.accept()
    world.clips.on_prepare = [SourceUnavailableError("cut")]
    break_store(world, once(lambda name, values: name == "move" and values[1].attempts > 0))
    await world.work()
    assert (await world.read(whole)).state is State.RUNNING
    assert (await world.read(broken)).state is State.QUEUED
    world.provider.status = DONE
    await world.run_to(broken, State.DELIVERED)
    assert world.clock.now_ms() - broken.created_at_ms >= LEASE_MS
    await world.run_to(whole, State.DELIVERED)
    assert len(world.provider.billed) == len(world.delivery.messages) == 2


async def test_a_bug_over_one_job_of_a_batch_holds_up_none_of_the_others(world: World) -> None:
    jobs = [await world.accept(user_id=number) for number in range(5)]
    await world.work()
    world.provider.status = DONE
    world.clock.advance(world.timings.poll_ms)
    break_store(
        world, lambda name, values: name == "move" and values[0].id == jobs[1].id and values[1].result is not None
    )
    await world.work()
    assert [(await world.read(job)).state for job in jobs] == [
        State.DELIVERED, State.RUNNING, State.DELIVERED, State.DELIVERED, State.DELIVERED,
    ]  # fmt: skip
    break_store(world, lambda _name, _values: False)
    await world.run_to(jobs[1], State.DELIVERED)
    assert len(world.provider.billed) == len(world.delivery.messages) == 5


@pytest.mark.parametrize("damage", ["request = '{'", "request = '[]'", "request = '{}'", "clip = '7'"])
async def test_a_damaged_row_holds_up_none_of_the_others(world: World, damage: str) -> None:
    damaged, whole = await world.accept(), await world.accept()
    await world.database.write(lambda session: session.execute(f"UPDATE jobs SET {damage} WHERE id = $1", damaged.id))
    world.provider.status = DONE
    await world.run_to(whole, State.DELIVERED)
    assert len(world.provider.billed) == 1


async def running(world: World, act: Callable[[], Awaitable[object]]) -> None:
    """Act while the worker runs."""
    task = asyncio.create_task(world.worker.run())
    try:
        async with asyncio.timeout(20):
            await act()
        assert not task.done()
    finally:
        await world.worker.stop(0)
        await task


async def test_the_worker_goes_on_when_a_look_breaks_as_nobody_foresaw(world: World) -> None:
    store = break_store(world, once(lambda name, _values: name == "outlook"))

    async def go_on() -> None:
        await store.calls.get()
        job = await world.accept()
        while (await world.read(job)).state is not State.RUNNING:
            await store.calls.get()

    await running(world, go_on)


async def test_leases_are_renewed_after_a_renewal_that_broke(world: World) -> None:
    store = break_store(world, once(lambda name, _values: name == "renew"))
    lanes = Lanes(world.gates, {"kie": 1}, Widths())
    world.worker = Worker(world.lifecycle, world.outside, lanes, lease_ms=30)
    world.provider.hang_submit = asyncio.Event()

    async def renew_twice() -> None:
        await world.accept()
        renewals = 0
        while renewals < 2:
            renewals += await store.calls.get() == "renew"

    await running(world, renew_twice)
