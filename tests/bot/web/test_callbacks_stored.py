"""Callbacks down to the disk: the real web server, intake and store, a service's ledger behind them."""

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.web.callbacks import CallbackDesk, CallbackLimits
from jobs.job import Job, State
from tests.bot.web.serving import Receiver, Site, serve, signed
from tests.jobs.failing import FailingWorld, open_failing_world
from tests.jobs.making import REQUEST

DONE = b'{"code":200,"msg":"ok","data":{"taskId":"%s"}}'
FAILED = b'{"code":500,"msg":"no","data":{"taskId":"%s"}}'


@dataclass
class StoredReceiver(Receiver):
    """Hand callbacks to a world's intake and store."""

    world: FailingWorld | None = None

    def desk(self, limits: CallbackLimits | None = None) -> CallbackDesk:
        """Return the desk over the world's store."""
        assert self.world is not None
        return CallbackDesk(
            self.world.store.find_attempt,
            {"kie": self.read_kie},
            self.world.intake.callback,
            limits=limits,
            count=self.results.append,
        )


@dataclass
class Service:
    """Call back as the service would."""

    world: FailingWorld
    site: Site

    async def submit(self, prompt: str = "make it warm") -> tuple[Job, str]:
        """Bring a job to the service and return it with its task."""
        job = await self.world.accept(request=replace(REQUEST, prompt=prompt))
        await self.world.work()
        return job, list(self.world.ledger.tasks)[-1]

    async def call(self, task: str, body: bytes = DONE, **changes: str) -> int:
        """Post one callback for a task; return the status."""
        path = f"/callbacks/kie/{changes.get('token') or self.world.ledger.token_of(task)}"
        headers = {name.replace("-", "_"): value for name, value in signed(task).items()}
        return await self.site.post(path, body % task.encode(), **headers)

    async def state(self, job: Job) -> State:
        """Return where a job stands."""
        return (await self.world.read(job)).state


@asynccontextmanager
async def open_service(folder: Path, limits: CallbackLimits | None = None) -> AsyncIterator[Service]:
    """Open a world with its web server."""
    world = await open_failing_world(folder)
    try:
        async with serve(StoredReceiver(world=world), limits=limits) as site:
            yield Service(world, site)
    finally:
        await world.worker.stop(0)
        await world.database.close()


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with open_service(tmp_path) as opened:
        yield opened


async def test_a_callback_repeated_in_every_way_has_one_effect(service: Service) -> None:
    job, task = await service.submit()
    service.world.ledger.tasks[task].status = "done"
    statuses = [await service.call(task) for _ in range(20)]
    statuses += await asyncio.gather(*(service.call(task) for _ in range(50)))
    await service.world.work()
    assert await service.state(job) is State.DELIVERED
    statuses += await asyncio.gather(*(service.call(task) for _ in range(30)))
    await service.world.work()
    assert statuses == [200] * 100
    assert await service.state(job) is State.DELIVERED
    assert len(service.world.delivery.messages) == 1
    assert await service.world.broken() == []


async def test_whatever_a_late_callback_claims_the_end_stays(service: Service) -> None:
    for ends, other in (("done", FAILED), ("failed", DONE)):
        job, task = await service.submit(ends)
        service.world.ledger.tasks[task].status = ends
        assert await service.call(task) == 200
        await service.world.work()
        ended = await service.state(job)
        assert ended is (State.DELIVERED if ends == "done" else State.FAILED)
        assert await service.call(task, other) == 200
        await service.world.work()
        assert await service.state(job) is ended
    assert len(service.world.delivery.messages) == 2


async def test_a_callback_before_the_submits_answer_is_kept(service: Service) -> None:
    statuses: list[int] = []

    async def call_early(task: str) -> None:
        service.world.ledger.tasks[task].status = "done"
        statuses.append(await service.call(task))

    service.world.ledger.call_early = call_early
    service.world.ledger.plans = ["early callback"]
    job, _task = await service.submit()
    assert statuses == [200]
    assert await service.state(job) is State.DELIVERED


async def test_a_callback_of_an_earlier_attempt_changes_nothing(service: Service) -> None:
    service.world.ledger.plans = ["busy"]
    job = await service.world.accept()
    await service.world.work()
    old = service.world.tokens[0]
    service.world.clock.advance(60_000)
    await service.world.work()
    task = list(service.world.ledger.tasks)[-1]
    assert (await service.world.read(job)).attempt == 2
    before = await service.world.read(job)
    assert await service.call(task, token=old) == 200
    assert await service.world.read(job) == before


async def test_a_burst_is_acknowledged_whole(service: Service) -> None:
    tasks = [(await service.submit(f"job {number}"))[1] for number in range(10)]
    for task in tasks:
        service.world.ledger.tasks[task].status = "done"
    calls = [service.call(tasks[number % 10]) for number in range(270)]
    calls += [service.call(task, token="A" * 43) for task in tasks * 3]
    began = time.perf_counter()
    statuses = Counter(await asyncio.gather(*calls))
    assert statuses == {200: 270, 404: 30}
    assert time.perf_counter() - began < 20, "a tenth of this is the rule"
    await service.world.work()
    assert [kind for kind, _, _ in service.world.delivery.messages] == ["result"] * 10
    assert await service.world.broken() == []


async def test_a_database_locked_for_a_while_makes_the_sender_wait(service: Service, tmp_path: Path) -> None:
    job, task = await service.submit()
    with closing(sqlite3.connect(tmp_path / "luma.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        calling = asyncio.create_task(service.call(task))
        await see_the_loop_answer(service)
        assert not calling.done()
        other.execute("ROLLBACK")
        assert await calling == 200
    assert (await service.world.read(job)).due_at_ms <= service.world.clock.now_ms()


async def test_a_database_locked_for_long_asks_the_sender_to_come_again(tmp_path: Path) -> None:
    async with open_service(tmp_path, CallbackLimits(commit_seconds=0.3)) as service:
        job, task = await service.submit()
        service.world.ledger.tasks[task].status = "done"
        with closing(sqlite3.connect(tmp_path / "luma.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert await service.call(task) == 503
            other.execute("ROLLBACK")
        while await service.call(task) != 200:
            pass  # the disk may be slower than this limit
        await service.world.work()
        assert await service.state(job) is State.DELIVERED


async def see_the_loop_answer(service: Service) -> None:
    """Ask other things of the server: a loop that waits for the lock itself would answer none until it is given up."""
    for _ in range(20):
        async with service.site.client.get(service.site.url + "/healthz") as response:
            assert response.status == 200


@pytest.mark.parametrize("moment", [1, 2], ids=["before the commit", "after the commit"])
async def test_a_commit_that_is_cut_off_is_never_acknowledged_and_done_once(service: Service, moment: int) -> None:
    job, task = await service.submit()
    service.world.ledger.tasks[task].status = "done"
    service.world.points.aim(moment, "error")
    assert await service.call(task) == 503
    assert service.world.points.has_struck
    assert await service.call(task) == 200
    await service.world.work()
    assert await service.state(job) is State.DELIVERED
    events = Counter(event.event for event in await service.world.store.events(job.id))
    assert events["callback"] == 1
    assert len(service.world.delivery.messages) == 1
