"""Hold what moderators do to edits to one transaction with its log entry."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jobs.admin import SERVER, Act, Deed, LogNote, job_of
from jobs.errors import LimitReachedError, ProviderUnavailableError, UserError
from jobs.job import State
from jobs.quota import Allowance
from storage.admin_store import SqlAdminStore
from storage.log_store import SqlLogStore
from tests.jobs.making import make_new
from tests.jobs.world import World, open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Open a world."""
    opened = await open_world(tmp_path)
    try:
        yield opened
    finally:
        await opened.database.close()


def act(world: World, reason: str = "because") -> Act:
    """Return a moderator's act now."""
    return Act(1, 99, world.clock.now_ms(), reason)


async def test_a_moderators_cancel_stands_in_the_log(world: World) -> None:
    job = await world.accept()
    await world.intake.cancel(job.id, 99, act(world, "off topic"))
    [entry] = (await SqlLogStore(world.database).entries(1, offset=0, limit=9)).items
    assert (entry.deed, entry.target, entry.reason) == (Deed.CANCEL_JOB, job_of(job.code, job.user_id), "off topic")
    assert (entry.before, entry.after) == ({"state": "queued", "hold": ""}, {"state": "cancelled"})


async def test_a_members_own_cancel_does_not(world: World) -> None:
    job = await world.accept()
    await world.intake.cancel(job.id, job.user_id)
    assert (await SqlLogStore(world.database).entries(1, offset=0, limit=9)).total == 0


async def test_a_cancel_that_comes_too_late_leaves_no_entry(world: World) -> None:
    job = await world.run_to(await world.accept(), State.RUNNING)
    await world.intake.cancel(job.id, 99, act(world))
    with pytest.raises(UserError):
        await world.intake.cancel(job.id, 98, act(world))
    assert (await SqlLogStore(world.database).entries(1, offset=0, limit=9)).total == 1


async def test_a_job_that_waits_is_tried_at_once(world: World) -> None:
    world.provider.on_submit = [ProviderUnavailableError("kie", "busy")] * 3
    job = await world.accept()
    for _ in range(3):
        await world.work()
        job = await world.read(job)
        assert job.state is State.QUEUED
        assert job.due_at_ms > world.clock.now_ms()
        hurried = await world.intake.hurry(job.id, act(world))
        assert (hurried.due_at_ms, hurried.attempts, hurried.hold) == (world.clock.now_ms(), 0, "")
    await world.work()
    assert (await world.read(job)).state is State.RUNNING
    entries = (await SqlLogStore(world.database).entries(1, offset=0, limit=9)).items
    assert [entry.deed for entry in entries] == [Deed.RETRY_JOB] * 3


async def test_what_has_ended_or_may_be_paid_is_not_hurried(world: World) -> None:
    job = await world.accept()
    await world.intake.cancel(job.id, job.user_id)
    for job_id in (job.id, "unknown"):
        with pytest.raises(UserError):
            await world.intake.hurry(job_id, act(world))


async def test_an_edit_made_again_for_a_member_is_logged_with_its_new_code(world: World) -> None:
    failed = await world.accept()
    note = LogNote(act(world), Deed.RETRY_JOB, job_of(failed.code, failed.user_id))
    job, is_new = await world.intake.queue(make_new(500, parent_job_id=failed.id, request=failed.request), note)
    assert is_new
    again, is_new = await world.intake.queue(make_new(500, parent_job_id=failed.id, request=failed.request), note)
    assert (again.id, is_new) == (job.id, False)
    [entry] = (await SqlLogStore(world.database).entries(1, offset=0, limit=9)).items
    assert entry.after == {"code": job.code}


async def test_a_refused_one_leaves_no_entry(world: World) -> None:
    await SqlAdminStore(world.database).set_allowance(act(world), SERVER, Allowance(0))
    note = LogNote(act(world), Deed.RETRY_JOB, job_of("AB2CD", 11))
    with pytest.raises(LimitReachedError) as caught:
        await world.intake.queue(make_new(500), note)
    assert caught.value.decision is not None
    assert (await SqlLogStore(world.database).entries(1, offset=0, limit=9)).total == 1
