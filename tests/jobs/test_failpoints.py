"""Strike before and after every effect and every commit of a job: it ends, paid once, told once, charged rightly."""

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from jobs.job import Job
from jobs.ports import Posted
from tests.jobs.failing import MODES, FailingWorld, open_failing_world
from tests.jobs.making import REQUEST, make_new

FEWEST_MOMENTS = {"done": 40, "failed": 30, "lost": 30}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[FailingWorld]:
    opened = await open_failing_world(tmp_path)
    yield opened
    await opened.worker.stop(0)
    await opened.database.close()


async def run_job(world: FailingWorld, number: int, ending: str) -> Job:
    """Run one job as far as it goes with a callback; `ending` is what becomes of its task."""
    prompt = f"job {number}"
    world.ledger.plans = ["lost"] if ending == "lost" else []
    new = make_new(number, request=replace(REQUEST, prompt=prompt))
    job, _ = await world.act(lambda: world.intake.queue(new))
    await world.act(lambda: world.intake.place(job, Posted(job.channel_id, 700)))
    await world.live()
    for task_id, task in world.ledger.tasks.items():
        if task.order.request.prompt == prompt:
            task.status = "failed" if ending == "failed" else "done"
            token = world.ledger.token_of(task_id)
            await world.act(partial(world.call_back, task_id, token))
    await world.live()
    return await world.read(job)


@pytest.mark.parametrize("ending", FEWEST_MOMENTS)
@pytest.mark.parametrize("mode", MODES)
async def test_a_strike_at_any_moment_loses_and_doubles_nothing(world: FailingWorld, mode: str, ending: str) -> None:
    world.points.aim(0, mode)
    assert (await run_job(world, 1, ending)).state.is_final
    moments = list(world.points.seen)
    assert len(moments) >= FEWEST_MOMENTS[ending]
    for at, moment in enumerate(moments, 1):
        world.points.aim(at, mode)
        job = await run_job(world, 1 + at, ending)
        assert world.points.has_struck or world.points.at == 0, moment
        world.points.aim(0, mode)
        await world.drain()
        assert await world.broken() == [], moment
        assert (await world.read(job)).state.is_final
