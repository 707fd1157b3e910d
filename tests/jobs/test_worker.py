"""When the worker looks for work: at once, when something is due, and no more often than that."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from jobs.ports import Outlook
from storage import open_store
from storage.database import Database
from storage.job_store import SqlJobStore
from tests.fakes import NO_LIMITS
from tests.jobs.making import make_new
from tests.jobs.world import World


class CountingStore(SqlJobStore):
    """Tell of every look."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, defaults=NO_LIMITS)
        self.looks = 0
        self.looked = asyncio.Condition()

    async def outlook(self, *, now_ms: int) -> Outlook:
        """Look, and tell."""
        outlook = await super().outlook(now_ms=now_ms)
        async with self.looked:
            self.looks += 1
            self.looked.notify_all()
        return outlook

    async def looks_by_now(self) -> int:
        """Return how often it has looked, a look that has begun included: reads end in their order."""
        await asyncio.sleep(0)
        await self.open_counts()
        await asyncio.sleep(0)
        return self.looks

    async def until(self, looks: int) -> None:
        """Wait for this many looks."""
        async with self.looked:
            await self.looked.wait_for(lambda: self.looks >= looks)


@asynccontextmanager
async def working(world: World) -> AsyncIterator[CountingStore]:
    """Let the worker of a world run, once it has looked for the first time."""
    store = world.store
    assert isinstance(store, CountingStore)
    running = asyncio.create_task(world.worker.run())
    try:
        await store.until(1)
        await asyncio.sleep(0)
        yield store
    finally:
        await world.worker.stop(0)
        await running


@pytest.fixture
async def counted(tmp_path: Path) -> AsyncIterator[World]:
    """Open a world whose looks are counted."""
    database = await open_store(f"sqlite:///{tmp_path / 'luma.db'}")
    try:
        world = World(database)
        world.store = CountingStore(database)
        world.restart()
        yield world
    finally:
        await database.close()


async def test_a_job_that_waits_for_its_card_wakes_nobody_until_it_is_due(counted: World) -> None:
    async with working(counted) as store:
        for number in range(3):
            await counted.intake.queue(make_new(number + 1))
        assert await store.looks_by_now() == 1
        counted.worker.wake(counted.clock.now_ms() + 5)
        await store.until(2)  # the real clock has gone 5 ms, the world's has not


async def test_a_wake_for_later_than_the_next_look_changes_nothing(counted: World) -> None:
    async with working(counted) as store:
        counted.worker.wake(counted.clock.now_ms() + 3_600_000)
        assert await store.looks_by_now() == 1
        counted.worker.wake()
        await store.until(2)


async def test_a_placed_job_is_worked_on_at_once(counted: World) -> None:
    async with working(counted) as store:
        job = await counted.accept()
        await store.until(2)
        while (await counted.read(job)).clip is None:
            await store.until(store.looks + 1)


async def test_wakes_while_it_looks_are_not_lost(counted: World) -> None:
    async with working(counted) as store:
        async with store.looked:
            counted.worker.wake()
            for _ in range(50):
                await asyncio.sleep(0)
            counted.worker.wake(counted.clock.now_ms() + 1)
        await store.until(3)


async def test_a_job_begins_though_the_machines_clock_has_jumped_ahead(counted: World) -> None:
    async with working(counted) as store:
        counted.clock.advance(3_600_000)
        await counted.accept()
        await asyncio.wait_for(store.until(2), 10)
