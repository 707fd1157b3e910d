"""See and cancel one's own edits through the local Discord."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.left_behind import tell_left_behind
from jobs.job import Charge, Failure, FailureCode, Job, State
from jobs.quota import Period
from sandbox.discord.faults import When
from sandbox.discord.model import Json, Message
from sandbox.discord.views import InteractionView
from storage.upkeep_store import SqlUpkeepStore
from tests.bot.admin_world import act_of, member_id, say, text_of
from tests.bot.world import BotWorld, open_bot_world
from tests.environment import need_openapi
from tests.jobs.making import make_new


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path) as opened:
        yield opened


def told(view: InteractionView) -> str:
    """Return an ephemeral answer's text."""
    assert view.message is not None
    assert view.message.ephemeral
    return view.message.content


def pressed_id(job: Job) -> str:
    return f"luma:cancel:{job.id}"


async def press_cancel(world: BotWorld, job: Job, user: str) -> str:
    return told(await world.actor.press(user, job.card_message_id or 0, pressed_id(job)))


def plant_button(world: BotWorld, custom_id: str) -> int:
    """Put a button of any id on a message of the bot, as an older version may have."""
    local = world.server.world
    button: Json = {"type": 2, "style": 2, "label": "Old", "custom_id": custom_id, "id": 2}
    message = Message(
        local.ids.next(), local.find_channel("edits").id, local.bot_id, local.clock.now(), content="an old message"
    )
    message.components = [{"type": 1, "id": 1, "components": [button]}]
    return local.add_message(message).id


async def ended_jobs(world: BotWorld, user: str, count: int, state: State = State.FAILED) -> list[Job]:
    """Write finished jobs of a member into the store."""
    local = world.server.world
    guild, user_id = next(iter(local.guilds)), local.find_user(user).id
    made = []
    for number in range(count):
        world.discord_clock.advance(1)
        new = replace(make_new(1000 + number), guild_id=guild, user_id=user_id, service="kie")
        new = replace(new, request=replace(new.request, prompt=f"edit number {number}"))
        job = (await world.store.insert(new, now_ms=world.clock.now_ms(), due_at_ms=world.clock.now_ms())).job
        job = await world.put(job, state=State.DELIVERING, failure=Failure(FailureCode.TIMED_OUT))
        made.append(await world.put(job, state=state))
    return made


class TestCancelButton:
    async def test_the_requester_cancels(self, world: BotWorld) -> None:
        await world.modify()
        job = await world.only_job()
        assert job.code in await press_cancel(world, job, "Mia")
        assert (await world.only_job()).state is State.CANCELLED
        await world.delivery.settle()
        assert not any(message.pings_me for message in world.messages("Mia", "edits"))
        card = world.actor.message("Mia", job.card_message_id or 0)
        assert (card.embeds[0]["title"], card.components) == ("Cancelled", ())

    async def test_what_a_moderator_stops_counts_for_the_server_alone_and_is_logged(self, world: BotWorld) -> None:
        await world.admin.settings.set_budget(act_of(world), Period.DAY, 5)
        await world.modify()
        job = await world.put(await world.only_job(), state=State.SUBMITTING)
        job = await world.put(job, state=State.RUNNING, provider_job_id="task-1")
        assert "doesn't count for its member" in await press_cancel(world, job, "Robin")
        await world.intake.settled()
        await world.delivery.settle()
        told = next(message for message in world.messages("Mia", "edits") if message.pings_me)
        assert "A moderator stopped this edit." in told.content
        assert "It was not counted." in told.content
        card = world.actor.message("Mia", job.card_message_id or 0)
        assert "A moderator stopped this edit. It was not counted." in text_of(card)
        text = await say(world, "Mia", "luma quota")
        assert "0 used" in text
        assert "1 of 5 in a day" in text
        log = await say(world, "Robin", "luma-mod log")
        assert f"<@{member_id(world, 'Robin')}> cancelled an edit: `{job.code}` (<@{job.user_id}>)" in log
        assert "in the works \N{RIGHTWARDS ARROW} cancelled" in log

    @pytest.mark.parametrize("when", ["before", "after"])
    async def test_who_was_not_told_of_a_moderators_cancel_is_told_by_the_next_process(
        self, world: BotWorld, when: When
    ) -> None:
        await world.modify()
        job = await world.only_job()
        world.server.faults.add("POST", r"/channels/\d+/messages$", when=when, drop=True)
        await press_cancel(world, job, "Robin")
        await world.intake.settled()
        world.server.faults.clear()
        assert (await world.only_job()).result_message_id is None, "as after a kill"
        for _ in range(2):
            await world.restart()
            left = SqlUpkeepStore(world.database)
            await tell_left_behind(left, world.clock, world.delivery, world.intake)
            await world.intake.settled()
            pings = [each.id for each in world.messages("Mia", "edits") if each.pings_me]
            assert pings == [(await world.only_job()).result_message_id]

    async def test_what_one_stops_oneself_counts_once_the_service_has_it(self, world: BotWorld) -> None:
        await world.modify()
        job = await world.put(await world.only_job(), state=State.SUBMITTING)
        job = await world.put(job, state=State.RUNNING, provider_job_id="task-1")
        assert "so it counts" in await press_cancel(world, job, "Mia")
        assert "1 used" in await say(world, "Mia", "luma quota")
        assert "cancelled" not in await say(world, "Robin", "luma-mod log")

    async def test_a_moderator_cancels(self, world: BotWorld) -> None:
        await world.modify()
        await press_cancel(world, await world.only_job(), "Robin")
        assert (await world.only_job()).state is State.CANCELLED

    async def test_somebody_else_does_not(self, world: BotWorld) -> None:
        await world.modify()
        assert "Only the member" in await press_cancel(world, await world.only_job(), "Noah")
        assert (await world.only_job()).state is State.QUEUED

    async def test_a_moderator_of_yesterday_does_not(self, world: BotWorld) -> None:
        await world.modify()
        local = world.server.world
        guild = next(iter(local.guilds.values()))
        mod = next(role.id for role in guild.roles.values() if role.name == "Mod")
        guild.members[local.find_user("Robin").id].roles.discard(mod)
        assert "Only the member" in await press_cancel(world, await world.only_job(), "Robin")

    async def test_a_moderator_here_has_no_say_over_another_servers_job(self, world: BotWorld) -> None:
        job = (await world.store.insert(make_new(5, guild_id=4711), now_ms=1, due_at_ms=1)).job
        message = plant_button(world, pressed_id(job))
        assert "don't know that edit" in told(await world.actor.press("Robin", message, pressed_id(job)))
        assert (await world.only_job()).state is State.QUEUED

    @pytest.mark.parametrize(
        "custom_id", ["luma:cancel:gone", "luma:cancel:' OR 1=1 --", "luma:cancel:" + "9" * 74, "luma:cancel:%s"]
    )
    async def test_an_id_that_leads_nowhere_is_said_to(self, world: BotWorld, custom_id: str) -> None:
        message = plant_button(world, custom_id)
        assert "don't know that edit" in told(await world.actor.press("Mia", message, custom_id))

    @pytest.mark.parametrize("custom_id", ["luma:explode:1", "luma:history:-1.all", "luma:history:1.secret"])
    async def test_a_button_of_another_version_is_said_to_be_old(self, world: BotWorld, custom_id: str) -> None:
        message = plant_button(world, custom_id)
        assert "older version" in told(await world.actor.press("Mia", message, custom_id))

    async def test_a_button_outlives_a_restart(self, world: BotWorld) -> None:
        await world.modify()
        await world.restart()
        await press_cancel(world, await world.only_job(), "Mia")
        assert (await world.only_job()).state is State.CANCELLED

    async def test_fifty_presses_at_once_have_one_effect(self, world: BotWorld) -> None:
        await world.modify()
        job = await world.only_job()
        answers = await asyncio.gather(*(press_cancel(world, job, "Mia") for _ in range(50)))
        assert sum("Cancelled" in answer for answer in answers) == 1
        assert all("Cancelled" in answer or "edit has" in answer for answer in answers)
        events = [event.event for event in await world.store.events(job.id)]
        assert events.count("cancel") == 1

    async def test_what_has_ended_is_not_cancelled(self, world: BotWorld) -> None:
        await world.modify()
        job = await world.finish(await world.only_job())
        assert "on its way" in await press_cancel(world, job, "Mia")

    async def test_a_press_while_the_bot_stops_harms_nothing(self, world: BotWorld) -> None:
        await world.modify()
        job = await world.only_job()
        pressing = asyncio.create_task(world.actor.press("Mia", job.card_message_id or 0, pressed_id(job)))
        await asyncio.sleep(0)
        await world.stop()
        pressing.cancel()
        await asyncio.wait([pressing])
        found = await world.store.get(job.id)
        assert found is not None
        assert found.state in (State.QUEUED, State.CANCELLED)


class TestCancelCommand:
    async def test_open_edits_are_suggested_and_cancelled(self, world: BotWorld) -> None:
        await world.modify(prompt="make it *warm* <@1>")
        await world.modify("Noah")
        job = next(job for job in await world.jobs() if job.request.prompt != "make it warm")
        (choice,) = await world.actor.autocomplete("Mia", "edits", "luma cancel", {"job": ""}, "job")
        assert choice.value == job.code
        assert choice.name.startswith(f"{job.code} · waiting · make it *warm*")
        assert await world.actor.autocomplete("Mia", "edits", "luma cancel", {"job": "zzzz"}, "job") == []
        view = await world.actor.slash("Mia", "edits", "luma cancel", {"job": job.code.lower()})
        assert job.code in told(view)
        assert {each.state for each in await world.jobs()} == {State.CANCELLED, State.QUEUED}

    async def test_anothers_code_tells_nothing(self, world: BotWorld) -> None:
        await world.modify()
        job = await world.only_job()
        theirs = told(await world.actor.slash("Noah", "edits", "luma cancel", {"job": job.code}))
        nobodys = told(await world.actor.slash("Noah", "edits", "luma cancel", {"job": "ZZZZZ"}))
        assert theirs.replace(job.code, "ZZZZZ") == nobodys
        assert (await world.only_job()).state is State.QUEUED


class TestHistory:
    async def test_pages_turn_both_ways(self, world: BotWorld) -> None:
        await ended_jobs(world, "Mia", 18)
        view = await world.actor.slash("Mia", "edits", "luma history")
        assert view.message is not None
        assert view.message.ephemeral
        seen = [self.prompts(view)]
        for custom_id in ("luma:history:1.all.", "luma:history:2.all.", "luma:history:1.all."):
            await world.actor.press("Mia", view.message.id, custom_id)
            seen.append(self.prompts(world.actor.interaction(view.id)))
        assert [len(page) for page in seen] == [8, 8, 2, 8]
        assert seen[0][0] == "`edit number 17`"
        assert seen[1] == seen[3]

    def prompts(self, view: InteractionView) -> list[str]:
        assert view.message is not None
        return [line for line in view.message.embeds[0]["description"].split("\n") if line.startswith("`edit number")]

    async def test_only_one_kind_is_listed(self, world: BotWorld) -> None:
        await ended_jobs(world, "Mia", 2)
        await world.modify()
        for only, count in (("all", 3), ("open", 1), ("failed", 2), ("done", 0), ("cancelled", 0)):
            view = await world.actor.slash("Mia", "edits", "luma history", {"only": only})
            assert view.message is not None
            assert view.message.embeds[0]["description"].count("<t:") == count, only

    async def test_others_see_their_own(self, world: BotWorld) -> None:
        await world.modify()
        view = await world.actor.slash("Noah", "edits", "luma history")
        assert view.message is not None
        assert "Make your first edit" in view.message.embeds[0]["description"]


class TestShow:
    async def test_an_edit_is_shown_with_its_video(self, tmp_path: Path) -> None:
        async with open_bot_world(tmp_path, need_openapi()) as world:
            await world.modify()
            job = await world.finish(await world.only_job())
            delivered = replace(job, state=State.DELIVERED, result_channel_id=job.channel_id, result_message_id=6)
            await world.store.move(job, delivered, event="t", now_ms=1, charge=Charge.SETTLE, fenced=False)
            (choice,) = await world.actor.autocomplete("Mia", "edits", "luma show", {"job": job.code[:2]}, "job")
            view = await world.actor.slash("Mia", "edits", "luma show", {"job": str(choice.value)})
            assert view.message is not None
            assert view.message.ephemeral
            assert f"/{job.guild_id}/{job.channel_id}/6" in view.message.embeds[0]["description"]
            assert not world.server.violations

    async def test_a_moderator_sees_no_private_edits(self, world: BotWorld) -> None:
        await world.modify(private=True)
        job = await world.only_job()
        assert "no edit" in told(await world.actor.slash("Robin", "edits", "luma show", {"job": job.code}))
