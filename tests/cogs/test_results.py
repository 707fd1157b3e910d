"""Make an edit again from the buttons under its ending."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jobs.job import Failure, FailureCode, Job, State
from jobs.ports import Parcel
from sandbox.discord.views import InteractionView
from tests.bot.world import BotWorld, open_bot_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path) as opened:
        yield opened


async def failed(world: BotWorld, code: FailureCode = FailureCode.SERVICE_UNAVAILABLE) -> tuple[Job, int]:
    """Return a failed job and the message that tells of it."""
    await world.modify(spoiler=True)
    job = await world.only_job()
    opened = await world.delivery.open_place(job)
    job = await world.finish(job, thread_id=opened.thread_id, failure=Failure(code))
    posted = await world.delivery.post_failure(job)
    return await world.put(job, state=State.FAILED), posted.message_id


async def press(world: BotWorld, job: Job, message_id: int, user: str = "Mia") -> InteractionView:
    return await world.actor.press(user, message_id, f"luma:again:{job.id}")


async def test_try_again_takes_the_same_request_in(world: BotWorld) -> None:
    job, message_id = await failed(world)
    view = await press(world, job, message_id)
    (again,) = [each for each in await world.jobs() if each.parent_job_id]
    assert view.message is not None
    assert again.card_message_id == view.message.id
    assert (again.request, again.parent_job_id, again.state) == (job.request, job.id, State.QUEUED)
    assert again.thread_id == job.thread_id


async def test_try_again_outlives_a_restart(world: BotWorld) -> None:
    job, message_id = await failed(world)
    await world.restart()
    await press(world, job, message_id)
    assert len(await world.jobs()) == 2


async def test_pressed_twice_it_is_made_again_once(world: BotWorld) -> None:
    job, message_id = await failed(world)
    await press(world, job, message_id)
    view = await press(world, job, message_id)
    assert view.message is not None
    assert view.message.ephemeral
    assert len(await world.jobs()) == 2


async def test_somebody_else_is_told_to_make_their_own(world: BotWorld) -> None:
    job, message_id = await failed(world)
    view = await press(world, job, message_id, "Robin")
    assert view.message is not None
    assert "Only the member" in view.message.content
    assert len(await world.jobs()) == 1


async def test_a_clip_whose_link_has_ended_is_asked_for(world: BotWorld) -> None:
    job, message_id = await failed(world)
    world.discord_clock.advance(48 * 3600)
    view = await press(world, job, message_id)
    assert view.message is not None
    assert "link has expired" in view.message.content
    assert len(await world.jobs()) == 1


@pytest.mark.parametrize("code", [FailureCode.UNUSABLE_CLIP, FailureCode.CLIP_UNREACHABLE])
async def test_what_would_fail_again_has_no_button(world: BotWorld, code: FailureCode) -> None:
    job, message_id = await failed(world, code)
    assert world.actor.message("Mia", message_id).components == ()
    assert job.failure is not None


async def delivered(world: BotWorld, tmp_path: Path) -> tuple[Job, int]:
    """Return a delivered job and the message with its result."""
    await world.modify()
    job = await world.only_job()
    opened = await world.delivery.open_place(job)
    job = await world.finish(job, thread_id=opened.thread_id)
    video = tmp_path / "v.mp4"
    video.write_bytes(b"v")
    posted = await world.delivery.post_result(job, Parcel(video, "luma.mp4"))
    return await world.put(job, state=State.DELIVERED), posted.message_id


async def test_a_result_is_made_again_and_reworded(world: BotWorld, tmp_path: Path) -> None:
    job, message_id = await delivered(world, tmp_path)
    await press(world, job, message_id)
    opened = await world.actor.press("Mia", message_id, f"luma:reword:{job.id}")
    assert opened.modal is not None
    assert opened.modal.components[0]["component"]["value"] == "make it warm"
    await world.restart()
    for _ in range(2):
        await world.actor.submit_modal(opened.id, {"prompt": "make it cold"})
    made = [each for each in await world.jobs() if each.parent_job_id == job.id]
    assert sorted(each.request.prompt for each in made) == ["make it cold", "make it warm"]


async def test_a_reworded_prompt_is_checked(world: BotWorld, tmp_path: Path) -> None:
    job, message_id = await delivered(world, tmp_path)
    opened = await world.actor.press("Mia", message_id, f"luma:reword:{job.id}")
    answered = await world.actor.submit_modal(opened.id, {"prompt": "холод"})
    assert answered.message is not None
    assert "English" in answered.message.content
    assert len(await world.jobs()) == 1


async def test_somebody_else_rewords_nothing(world: BotWorld, tmp_path: Path) -> None:
    job, message_id = await delivered(world, tmp_path)
    opened = await world.actor.press("Noah", message_id, f"luma:reword:{job.id}")
    assert opened.modal is None
    assert opened.message is not None
    assert "Only the member" in opened.message.content
