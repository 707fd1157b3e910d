"""Tell a member once, and nobody else, what the buttons do: by the command's token, else at the first press."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.followups import Followups
from bot.result_buttons import result_buttons
from jobs.job import Job
from sandbox.discord.views import InteractionView, MessageView
from tests.bot.results import deliver, failed, keep_files, plant_button, press
from tests.bot.world import BotWorld, open_bot_world
from tests.cogs.creations import open_showcase
from tests.environment import need_openapi

TOKEN_SECONDS = 15 * 60


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path) as opened:
        keep_files(opened, tmp_path / "shelf")
        yield opened


def hints(world: BotWorld, *views: InteractionView) -> list[MessageView]:
    """Return what of the hint followed on these interactions."""
    seen = [world.actor.interaction(view.id) for view in views]
    return [each for one in seen for each in one.followups if "Your first result" in each.content]


async def begin(world: BotWorld, user: str = "Mia", **options: str | bool) -> tuple[InteractionView, Job]:
    """Run the command; return it with its job."""
    known = {job.id for job in await world.jobs()}
    view = await world.modify(user, **options)
    (job,) = [each for each in await world.jobs() if each.id not in known]
    return view, job


async def end(world: BotWorld, job: Job) -> Job:
    job = await deliver(world, job)
    await world.delivery.settle()
    return job


async def test_the_first_result_is_followed_by_it_for_its_members_eyes_alone(world: BotWorld) -> None:
    view, job = await begin(world)
    job = await end(world, job)
    (hint,) = hints(world, view)
    assert hint.ephemeral
    assert f"/{job.result_channel_id}/{job.result_message_id} work for ever" in hint.content
    for user in ("Noah", "Ada", "Robin"):
        for channel in ("edits", job.thread_id or 0):
            assert not [one for one in world.messages(user, channel) if "first result" in one.content]
    result = world.actor.message("Mia", job.result_message_id or 0)
    assert "first" not in result.content


async def test_it_explains_every_button_that_is_there_and_no_other(world: BotWorld) -> None:
    for user, options in (("Mia", {}), ("Noah", {"private": True})):
        view, job = await begin(world, user, **options)
        job = await end(world, job)
        (hint,) = hints(world, view)
        labels = [str(getattr(each, "label", "")) for each in result_buttons(world.bot, job).children]
        for label in labels:
            assert label in hint.content, label
        assert ("Share" in hint.content) is ("Share" in labels)
        assert len(hint.content) < 2000


async def test_it_costs_one_request_once_and_passes_discords_document(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path, need_openapi()) as world:
        keep_files(world, tmp_path / "shelf")
        costs = []
        for _ in range(2):
            before = len(world.server.exchanges)
            _, job = await begin(world)
            await end(world, job)
            costs.append([one.path.split("/")[1] for one in world.server.exchanges[before:]])
        assert costs[0].count("webhooks") == 1
        assert costs[1].count("webhooks") == 0
        assert len(costs[0]) == len(costs[1]) + 1
        assert not world.server.violations
        assert not world.server.answer_violations


async def test_each_member_hears_it_once(world: BotWorld) -> None:
    views = []
    for user in ("Mia", "Noah", "Mia", "Noah"):
        view, job = await begin(world, user)
        await end(world, job)
        views.append(view)
    assert [len(hints(world, view)) for view in views] == [1, 1, 0, 0]
    await world.restart()
    view, job = await begin(world)
    job = await end(world, job)
    assert hints(world, view, await press(world, job, "like")) == []


async def test_results_that_come_together_tell_it_once(world: BotWorld) -> None:
    begun = [await begin(world) for _ in range(3)]
    await asyncio.gather(*(end(world, job) for _, job in begun))
    assert len(hints(world, *(view for view, _ in begun))) == 1


async def test_a_failure_tells_nothing(world: BotWorld) -> None:
    job = await failed(world)
    await world.delivery.settle()
    assert world.sent("POST", "^/webhooks/") == len(world.bot.followups) == 0
    again = await press(world, job, "again")
    assert hints(world, again) == []


@pytest.mark.parametrize("why", ["restart", "expired", "refused"])
async def test_where_the_command_can_be_answered_no_more_the_first_press_tells_it(world: BotWorld, why: str) -> None:
    view, job = await begin(world)
    if why == "restart":
        await world.restart()
    elif why == "expired":
        world.discord_clock.advance(TOKEN_SECONDS + 1)
    else:
        world.server.parts.interactions.get(view.id).callback = None  # as if its answer had not come through
    job = await end(world, job)
    assert hints(world, view) == []
    assert world.sent("POST", "^/webhooks/") == (1 if why == "refused" else 0)
    stranger = await press(world, job, "like", "Noah")
    assert hints(world, stranger) == []
    first = await press(world, job, "like")
    (hint,) = hints(world, first)
    assert hint.ephemeral
    assert str(job.result_message_id) in hint.content
    await world.restart()
    assert hints(world, await press(world, job, "dislike")) == []


@pytest.mark.parametrize("action", ["again", "compare", "like", "dislike", "share", "post", "show"])
async def test_every_button_that_opens_no_form_tells_it(world: BotWorld, action: str) -> None:
    await open_showcase(world)
    job = await delivered_unheard(world)
    (hint,) = hints(world, await press(world, job, action))
    assert hint.ephemeral


@pytest.mark.parametrize("action", ["reword", "input"])
async def test_a_form_tells_it_once_it_is_sent(world: BotWorld, action: str) -> None:
    job = await delivered_unheard(world)
    opened = await press(world, job, action)
    assert hints(world, opened) == []
    sent = await world.actor.submit_modal(opened.id, {"prompt": "make it cold"})
    await world.settled()
    assert len(hints(world, sent)) == 1


async def test_who_deletes_their_first_result_is_not_told_of_it(world: BotWorld) -> None:
    job = await delivered_unheard(world)
    assert hints(world, await press(world, job, "delete"), await press(world, job, "deletion")) == []
    job = await delivered_unheard(world)
    assert len(hints(world, await press(world, job, "like"))) == 1


async def test_fifty_presses_tell_it_once(world: BotWorld) -> None:
    job = await delivered_unheard(world)
    custom_id = f"luma:like:{job.id}"
    message = plant_button(world, custom_id, job.thread_id)
    views = await asyncio.gather(*(world.actor.press("Mia", message, custom_id) for _ in range(50)))
    await world.settled()
    assert len(hints(world, *views)) == 1


async def test_what_discord_did_not_take_is_told_another_time(world: BotWorld) -> None:
    job = await delivered_unheard(world)
    world.server.faults.add("POST", "/webhooks/", status=403)
    assert hints(world, await press(world, job, "like")) == []
    assert len(hints(world, await press(world, job, "like"))) == 1


async def test_a_stop_while_it_is_told_leaves_it_to_the_next_time(world: BotWorld) -> None:
    view, job = await begin(world)
    held = world.server.faults.add("POST", "/webhooks/", hold=True, status=503)
    job = await deliver(world, job)
    await held.reached.wait()
    await world.restart()
    held.release()
    assert hints(world, view) == []
    assert len(hints(world, await press(world, job, "like"))) == 1


async def test_what_could_not_be_noted_is_told_again_rather_than_never(world: BotWorld) -> None:
    job = await delivered_unheard(world)
    refuse = "CREATE TRIGGER full BEFORE INSERT ON told_members BEGIN SELECT RAISE(ABORT, 'full'); END"
    await world.database.write(lambda session: session.execute(refuse))
    assert len(hints(world, await press(world, job, "like"))) == 1
    await world.database.write(lambda session: session.execute("DROP TRIGGER full"))
    pressed = [await press(world, job, "like") for _ in range(2)]
    assert [len(hints(world, view)) for view in pressed] == [1, 0]


async def test_who_had_themselves_forgotten_is_a_newcomer(world: BotWorld) -> None:
    view, job = await begin(world)
    job = await end(world, job)
    assert len(hints(world, view)) == 1
    await world.admin.privacy.erase(job.user_id, now_ms=world.clock.now_ms())
    view, job = await begin(world)
    await end(world, job)
    assert len(hints(world, view)) == 1


async def test_tokens_are_held_no_longer_than_they_live_and_never_shown(world: BotWorld) -> None:
    ways = world.bot.followups
    for _ in range(3):
        await begin(world)
    assert len(ways) == 3
    token = next(iter(world.server.parts.interactions._by_token))
    assert token not in repr(vars(ways))
    world.discord_clock.advance(TOKEN_SECONDS)
    await begin(world, "Noah")
    assert len(ways) == 1


async def test_only_so_many_tokens_are_held_the_newest(world: BotWorld) -> None:
    world.bot.followups = Followups(world.clock, most=2)
    jobs = [(await begin(world))[1] for _ in range(3)]
    assert len(world.bot.followups) == 2
    assert [world.bot.followups.take(job.id) is not None for job in jobs] == [False, True, True]


async def delivered_unheard(world: BotWorld) -> Job:
    """Return a result whose member was not told with it, since the process that knew the command is gone."""
    _, job = await begin(world)
    await world.restart()
    return await end(world, job)
