"""Hold every button and form of results to who may press it: decided from the database, at the press."""

import asyncio
import functools
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.admin import Act
from jobs.job import Job, State
from sandbox.discord.views import InteractionView
from storage.database import Session
from tests.bot.results import (
    EVERYBODYS_BUTTONS,
    FORMS,
    OWN_BUTTONS,
    RESULT_BUTTONS,
    STEWARD_BUTTONS,
    answer,
    delivered,
    failed,
    keep_files,
    plant_button,
    press,
    told,
)
from tests.bot.world import BotWorld, open_bot_world
from tests.jobs.making import make_new


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path) as opened:
        keep_files(opened, tmp_path / "shelf")
        yield opened


async def state_of(world: BotWorld) -> list[Job]:
    return await world.jobs()


async def press_id(world: BotWorld, custom_id: str, user: str = "Mia") -> InteractionView:
    view = await world.actor.press(user, plant_button(world, custom_id), custom_id)
    await world.settled()
    return view


async def test_somebody_else_presses_in_vain(world: BotWorld) -> None:
    job = await delivered(world)
    before = await state_of(world)
    for user in ("Noah", "Robin", "Ada"):
        for action in OWN_BUTTONS:
            view = await press(world, job, action, user)
            assert view.modal is None, (user, action)
            assert "Only the member" in told(world, view), (user, action)
    for action in STEWARD_BUTTONS:
        assert "Only the member" in told(world, await press(world, job, action, "Noah")), action
    for action in FORMS:
        assert "Only the member" in told(world, await press(world, job, action, "Noah")), action
    assert await state_of(world) == before


async def test_a_blocked_member_makes_nothing_of_what_they_have(world: BotWorld) -> None:
    job = await delivered(world)
    await world.admin.settings.block(Act(job.guild_id or 0, 1, world.clock.now_ms(), "spam"), job.user_id, None)
    before = await state_of(world)
    for action in ("again", "reword", "input", "compare", "post", "reuse", "reworded", "onward", "reuse_with"):
        view = await press(world, job, action)
        assert view.modal is None, action
        assert "blocked" in told(world, view), action
    assert await state_of(world) == before
    assert world.clips.made == []
    assert "is deleted" in told(world, await press(world, job, "deletion"))  # their own they may take back


async def test_everybody_gives_thumbs(world: BotWorld) -> None:
    job = await delivered(world)
    for user in ("Noah", "Robin", "Mia"):
        for action in EVERYBODYS_BUTTONS:
            assert "noted" in told(world, await press(world, job, action, user))


async def test_a_moderator_of_yesterday_deletes_nothing(world: BotWorld) -> None:
    job = await delivered(world)
    local = world.server.world
    guild = next(iter(local.guilds.values()))
    opened = await press(world, job, "delete", "Robin")
    assert "for good" in told(world, opened)
    mod = next(role.id for role in guild.roles.values() if role.name == "Mod")
    guild.members[local.find_user("Robin").id].roles.discard(mod)
    assert "Only the member" in told(world, await press(world, job, "deletion", "Robin"))


async def test_a_moderator_acts_on_nobody_above_them(world: BotWorld) -> None:
    job = await delivered(world, "Ada")
    for action in STEWARD_BUTTONS:
        assert "as high as you or higher" in told(world, await press(world, job, action, "Robin")), action
    found = await world.store.get(job.id)
    assert found is not None
    assert found.deleted_at_ms is None


async def test_a_moderator_cancels_nothing_of_those_above_them(world: BotWorld) -> None:
    await world.modify("Ada")
    job = await world.only_job()
    assert "as high as you or higher" in told(world, await press(world, job, "cancel", "Robin"))
    assert (await world.only_job()).state is State.QUEUED


async def test_a_moderator_deletes_what_is_left_by_one_who_went(world: BotWorld) -> None:
    job = await delivered(world)
    local = world.server.world
    local.remove_member(next(iter(local.guilds.values())), local.find_user("Mia"))
    assert "is deleted" in told(world, await press(world, job, "deletion", "Robin"))


async def test_ids_that_lead_nowhere_are_said_to(world: BotWorld) -> None:
    await delivered(world)
    before = await state_of(world)
    for subject in ("gone", "' OR 1=1 --", "9" * 74, "%s", "../../etc/passwd", "\u202e@everyone"):
        for action in (*RESULT_BUTTONS, *FORMS, "cancel"):
            text = told(world, await press_id(world, f"luma:{action}:{subject}"))
            assert "don't know that edit" in text, (action, subject)
    assert await state_of(world) == before


async def test_ids_of_another_version_are_said_to_be_old(world: BotWorld) -> None:
    for custom_id in (
        "luma:explode:1",
        "luma:history:-1.all.",
        "luma:history:1.secret.",
        "luma:history:99999999999.all.x",
        "luma:filter:x",
        "luma:compare_two:x",
        "luma:history:x",
    ):
        assert "older version" in told(world, await press_id(world, custom_id)), custom_id


async def test_another_servers_job_is_unknown_here(world: BotWorld) -> None:
    for user in ("Mia", "Robin"):
        person = world.server.world.find_user(user).id
        new = replace(make_new(world.server.world.ids.next(), guild_id=4711), user_id=person)
        job = (await world.store.insert(new, now_ms=1, due_at_ms=1)).job
        for action in (*RESULT_BUTTONS, *FORMS, "cancel"):
            text = told(world, await press_id(world, f"luma:{action}:{job.id}", user))
            assert "don't know that edit" in text, (user, action)
        found = await world.store.get(job.id)
        assert found is not None
        assert found.state is State.QUEUED


async def test_an_erased_job_is_unknown(world: BotWorld) -> None:
    job = await delivered(world)
    for erase in ("UPDATE jobs SET user_id = 0 WHERE id = $1", "DELETE FROM jobs WHERE id = $1"):
        await world.database.write(functools.partial(_execute, erase, job.id))
        for user in ("Mia", "Robin", "Noah"):
            for action in (*RESULT_BUTTONS, *FORMS):
                assert "don't know that edit" in told(world, await press(world, job, action, user)), (user, action)


def _execute(sql: str, job_id: str, session: Session) -> int:
    return session.execute(sql, job_id)


async def test_a_deleted_result_is_gone_on_from_by_no_button(world: BotWorld) -> None:
    job = await delivered(world)
    await world.results.delete(job.id, job.user_id, now_ms=world.clock.now_ms())
    for action in (
        "again",
        "reword",
        "input",
        "compare",
        "post",
        "like",
        "dislike",
        *STEWARD_BUTTONS,
        "reworded",
        "onward",
    ):
        assert "was deleted" in told(world, await press(world, job, action)), action
    assert len(await world.jobs()) == 1


async def test_a_failed_job_has_no_result_to_act_on(world: BotWorld) -> None:
    job = await failed(world)
    for action in ("input", "compare", "post", "like", "dislike", "delete", "deletion", "onward"):
        assert "no finished video" in told(world, await press(world, job, action)), action


async def test_everything_outlives_a_restart_and_a_year(world: BotWorld) -> None:
    job = await delivered(world)
    world.discord_clock.advance(365 * 86_400)
    await world.restart()
    for action in RESULT_BUTTONS:
        view = await press(world, job, action)
        shown = "" if view.modal else answer(world, view).content
        assert "don't know" not in shown, action
        assert "older version" not in shown, action
        assert "went wrong" not in shown, action


async def test_in_a_deleted_thread_buttons_still_answer(world: BotWorld) -> None:
    job = await delivered(world)
    local = world.server.world
    local.delete_channel(local.channels[job.thread_id or 0])
    for action in ("again", "post", "compare", "deletion"):
        text = answer(world, await press_id(world, f"luma:{action}:{job.id}")).content
        assert "went wrong" not in text, action


async def test_a_press_while_the_bot_stops_harms_nothing(world: BotWorld) -> None:
    job = await delivered(world)
    for action in RESULT_BUTTONS:
        pressing = asyncio.create_task(press_id(world, f"luma:{action}:{job.id}"))
        await asyncio.sleep(0)
        await world.stop()
        pressing.cancel()
        await asyncio.wait([pressing])
        await world.restart()
    assert len(await world.jobs()) <= 2


@pytest.mark.parametrize("action", ["like", "deletion", "post", "compare"])
async def test_fifty_presses_have_one_effect(world: BotWorld, action: str) -> None:
    job = await delivered(world)
    thread = job.thread_id or 0
    before = len(world.messages("Mia", thread))
    custom_id = f"luma:{action}:{job.id}"
    message = plant_button(world, custom_id, thread)
    views = await asyncio.gather(*(world.actor.press("Mia", message, custom_id) for _ in range(50)))
    await world.settled()
    assert all(answer(world, view).content for view in views)
    after = [each for each in world.messages("Mia", thread) if not each.ephemeral]
    events = [event.event for event in await world.store.events(job.id)]
    match action:
        case "like":
            assert "1 👍" in answer(world, views[0]).content
        case "deletion":
            assert events.count("delete") == 1
            assert sum("is deleted" in answer(world, view).content for view in views) == 1
        case "post" | "compare":
            assert len(after) == before + 2  # the planted message and one post
            assert len({answer(world, view).content for view in views}) == 1


async def test_no_storm_of_presses_gets_past_the_quota(world: BotWorld) -> None:
    jobs = [await delivered(world) for _ in range(6)]
    forms = [await press(world, job, "reword") for job in jobs]
    pressing = [press(world, job, "again") for job in jobs for _ in range(5)]
    filling = [world.actor.submit_modal(form.id, {"prompt": "make it cold"}) for form in forms]
    commands = [world.modify(prompt="make it dark") for _ in range(5)]
    await asyncio.gather(*pressing, *filling, *commands)
    made = [job for job in await world.jobs() if job.state is State.QUEUED]
    assert len(made) == 3
    rows = await world.database.read(
        lambda session: session.rows("SELECT state, COUNT(*) AS held FROM reservations GROUP BY state")
    )
    assert {row["state"]: row["held"] for row in rows} == {"released": 6, "reserved": 3}
