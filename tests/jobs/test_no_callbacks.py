"""Hold what becomes of a submit of which no callback can tell: its answer is the video, or nothing is heard of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jobs.errors import OutcomeUnknownError, StorageError
from jobs.job import FailureCode, Job, State
from jobs.lanes import Lanes, Widths
from jobs.lifecycle import Lifecycle
from jobs.retries import MINUTE_MS
from jobs.services import Accepted, Progress, Status
from jobs.worker import Worker
from tests.fakes import abilities_of
from tests.jobs.world import LEASE_MS, World, open_world

DONE = Status(Progress.DONE, ("https://service.example/v.mp4?sig=secret",))
SUBMIT_MS = 315_000


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    opened = await open_world(tmp_path, abilities_of(calls_back=False, submit_seconds=SUBMIT_MS / 1000))
    yield opened
    await opened.worker.stop(1)
    await opened.database.close()


def use(world: World, lifecycle: Lifecycle) -> None:
    """Let the worker run another lifecycle."""
    lanes = Lanes(world.gates, {"kie": 1}, Widths())
    world.worker = Worker(lifecycle, world.outside, lanes, lease_ms=LEASE_MS)


async def check_told_once_and_free(world: World, job: Job, *, sent: int) -> None:
    """Hold that a job ended as unknown, told once, charged nothing and was sent no more often than said."""
    failed = await world.read(job)
    assert failed.state is State.FAILED
    assert failed.failure is not None
    assert failed.failure.code is FailureCode.OUTCOME_UNKNOWN
    assert not failed.failure.may_hear
    assert [kind for kind, _, _ in world.delivery.messages] == ["failure"]
    assert await world.reservation(job) == "released"
    assert len(world.provider.billed) == sent
    assert world.alarms.heard


async def test_an_answer_that_is_the_video_needs_no_read(world: World) -> None:
    world.provider.on_submit = [Accepted("task-1", DONE)]
    job = await world.accept()
    await world.work()
    done = await world.read(job)
    assert (done.state, done.provider_job_id) == (State.DELIVERED, "task-1")
    assert world.provider.polled == []
    assert world.provider.billed[0].callback_url is None
    assert not world.tokens, "no address is made that nobody is given"
    assert await world.reservation(job) == "settled"


async def test_an_answer_that_it_failed_is_told_and_costs_nothing(world: World) -> None:
    world.provider.on_submit = [Accepted("task-1", Status(Progress.FAILED, reason="moderated", code="forbidden"))]
    job = await world.accept()
    await world.work()
    failed = await world.read(job)
    assert failed.failure is not None
    assert (failed.state, failed.failure.detail) == (State.FAILED, "moderated")
    assert await world.reservation(job) == "released"


async def test_a_lost_answer_is_told_at_once_and_never_asked_for_again(world: World) -> None:
    world.provider.on_submit = [OutcomeUnknownError("kie", "cut")]
    job = await world.accept()
    await world.work()
    await check_told_once_and_free(world, job, sent=0)
    world.clock.advance(world.timings.unknown_outcome_ms)
    await world.work()
    await check_told_once_and_free(world, job, sent=0)


async def test_the_same_holds_without_a_public_address(tmp_path: Path) -> None:
    world = await open_world(tmp_path)
    try:
        use(world, Lifecycle(world.outside, world.timings, callback_url=lambda _service, _token: None))
        world.provider.on_submit = [OutcomeUnknownError("kie", "cut")]
        job = await world.accept()
        await world.work()
        await check_told_once_and_free(world, job, sent=0)
    finally:
        await world.database.close()


async def test_a_kill_while_the_answer_is_awaited_is_told_when_none_can_come_any_more(world: World) -> None:
    job = await world.accept()
    await world.work_until_sent()
    await world.worker.stop(0)
    world.restart()
    await world.store.end_leases()
    world.clock.advance(SUBMIT_MS + MINUTE_MS - 1)
    await world.work()
    assert (await world.read(job)).state is State.SUBMITTING, "an answer may still be stored"
    world.clock.advance(1)
    await world.work()
    await check_told_once_and_free(world, job, sent=1)


class EndsBetween(Lifecycle):
    """Stores the task of an answer and then comes to an end."""

    async def _take_status(self, job: Job, status: Status) -> None:
        raise StorageError("gone")


async def test_a_video_whose_task_was_stored_before_the_end_is_read_again(world: World) -> None:
    use(world, EndsBetween(world.outside, world.timings, callback_url=lambda _service, _token: None))
    world.provider.on_submit = [Accepted("task-1", DONE)]
    job = await world.accept()
    await world.work()
    found = await world.read(job)
    assert (found.state, found.provider_job_id) == (State.RUNNING, "task-1")
    world.provider.status = DONE
    world.restart()
    await world.store.end_leases()
    await world.run_to(job, State.DELIVERED)
    assert world.provider.polled == [("task-1",)]
