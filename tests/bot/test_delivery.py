"""Deliver through the local Discord: the place, the result, the failure, and what Discord refuses."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.delivery import DiscordDelivery
from jobs.errors import DeliveryError, DeliveryRetryError, TooLargeError
from jobs.job import Failure, FailureCode, Job, State
from jobs.ports import VideoPost
from sandbox.discord import permissions as can
from sandbox.discord.model import MIB, Overwrite
from tests.bot.world import BotWorld, open_bot_world
from tests.environment import need_openapi


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path) as opened:
        yield opened


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "result.mp4"
    path.write_bytes(b"v" * 5_000)
    return path


async def placed(world: BotWorld, channel: int | str = "edits", **options: Any) -> Job:
    """Return a job with card and thread, about to end."""
    await world.modify(channel=channel, **options)
    job = await world.only_job()
    opened = await world.delivery.open_place(job)
    return await world.finish(
        job,
        card_channel_id=opened.card_channel_id,
        card_message_id=opened.card_message_id,
        thread_id=opened.thread_id,
    )


def video_post_of(job: Job, path: Path | None, **changes: Any) -> VideoPost:
    return VideoPost(path, f"luma-{job.code}.mp4", **changes)


def deny(world: BotWorld, channel: str, bits: int) -> None:
    """Take permissions in a channel from the bot."""
    found = world.server.world.find_channel(channel)
    found.overwrites.append(Overwrite(world.server.world.bot_id, 1, deny=bits))
    world.server.world.change_channel(found)


async def test_a_straight_job_takes_four_requests(tmp_path: Path, video: Path) -> None:
    async with open_bot_world(tmp_path, need_openapi()) as world:
        # A newcomer is told what the buttons do besides, once: tests/cogs/test_first_result.py counts that.
        await world.results.note_told(world.server.world.find_user("Mia").id, now_ms=1)
        before = len(world.server.exchanges)
        job = await placed(world)
        posted = await world.delivery.post_result(job, video_post_of(job, video))
        world.delivery.show(
            await world.put(
                job,
                state=State.DELIVERED,
                result_channel_id=posted.channel_id,
                result_message_id=posted.message_id,
            )
        )
        await world.delivery.settle()

        sent = [(one.method, one.path.split("?")[0]) for one in world.server.exchanges[before:]]
        channel, card, thread = job.card_channel_id, job.card_message_id, job.thread_id
        assert sent == [
            ("POST", f"/interactions/{job.interaction_id}/[token]/callback"),
            ("POST", f"/channels/{channel}/messages/{card}/threads"),
            ("POST", f"/channels/{thread}/messages"),
            ("PATCH", f"/channels/{channel}/messages/{card}"),
        ]
        assert not world.server.violations
        assert not world.server.answer_violations


async def test_a_result_mentions_the_requester_alone(world: BotWorld, video: Path) -> None:
    job = await placed(world, prompt="make it warm @everyone <@1>")
    posted = await world.delivery.post_result(job, video_post_of(job, video))

    message = world.actor.message("Mia", posted.message_id)
    assert posted.channel_id == job.thread_id
    assert message.pings_me
    assert [person.name for person in message.mentions] == ["Mia"]
    assert [(one.filename, one.size) for one in message.attachments] == [(f"luma-{job.code}.mp4", 5_000)]
    assert "```\nmake it warm @everyone <@1>\n```" in message.content
    assert message.reply_to is None


async def test_a_spoiler_is_hidden(world: BotWorld, video: Path) -> None:
    job = await placed(world, spoiler=True)
    posted = await world.delivery.post_result(job, video_post_of(job, video))
    assert world.actor.message("Mia", posted.message_id).attachments[0].spoiler


async def test_a_link_is_shown_with_its_end(world: BotWorld) -> None:
    job = await placed(world)
    link = "https://bot.example/files/result.mp4?sig=abc"
    posted = await world.delivery.post_result(
        job, video_post_of(job, None, link=link, link_expires_at_ms=1_800_000_000_000)
    )
    content = world.actor.message("Mia", posted.message_id).content
    assert link in content
    assert "<t:1800000000:R>" in content


@pytest.mark.parametrize("spoiler", [False, True])
async def test_a_link_longer_than_a_message_is_no_reason_to_lose_the_video(world: BotWorld, spoiler: bool) -> None:
    job = await placed(world, spoiler=spoiler)
    link = "https://results.example/v.mp4?token=" + "a" * 3_000
    posted = await world.delivery.post_result(job, video_post_of(job, None, link=link))
    assert posted.channel_id == job.thread_id
    message = world.actor.message("Mia", posted.message_id)
    assert message.embeds[0]["description"] == (f"||{link} ||" if spoiler else link)
    assert link not in message.content
    assert await world.delivery.find_posted(job) == posted


async def test_a_failure_says_why_what_to_do_and_that_it_was_not_counted(world: BotWorld) -> None:
    job = await placed(world)
    job = await world.put(job, failure=Failure(FailureCode.REFUSED, "no [people](https://evil.example) @here"))
    posted = await world.delivery.post_failure(job)

    message = world.actor.message("Mia", posted.message_id)
    assert message.pings_me
    assert "Luma refused this edit." in message.content
    assert "Change the prompt or the clip" in message.content
    assert "not counted" in message.content
    assert "https://" not in message.content
    assert "@here" not in message.content
    assert message.components[0]["components"][0]["custom_id"] == f"luma:again:{job.id}"


async def test_a_message_sent_twice_stands_once(world: BotWorld, video: Path) -> None:
    job = await placed(world)
    first = await world.delivery.post_result(job, video_post_of(job, video))
    second = await world.delivery.post_result(job, video_post_of(job, video))
    assert first == second


class TestPlaces:
    async def test_an_archived_thread_comes_back_to_life(self, world: BotWorld, video: Path) -> None:
        job = await placed(world)
        thread = world.server.world.channels[job.thread_id or 0]
        assert thread.thread is not None
        thread.thread.archived = True
        posted = await world.delivery.post_result(job, video_post_of(job, video))
        assert posted.channel_id == job.thread_id
        assert not thread.thread.archived

    async def test_a_locked_thread_leads_to_the_channel(self, world: BotWorld, video: Path) -> None:
        job = await placed(world)
        thread = world.server.world.channels[job.thread_id or 0]
        assert thread.thread is not None
        thread.thread.locked = thread.thread.archived = True
        posted = await world.delivery.post_result(job, video_post_of(job, video))
        assert posted.channel_id == job.card_channel_id
        assert world.actor.message("Mia", posted.message_id).reply_to == job.card_message_id

    async def test_a_deleted_thread_and_card_lead_to_the_channel(self, world: BotWorld) -> None:
        job = await placed(world)
        local = world.server.world
        local.delete_channel(local.channels[job.thread_id or 0])
        local.delete_message(local.find_message(job.card_message_id or 0))
        posted = await world.delivery.post_failure(await world.put(job, failure=Failure(FailureCode.TIMED_OUT)))
        assert posted.channel_id == job.card_channel_id

    async def test_a_closed_channel_leads_to_direct_messages(self, world: BotWorld, video: Path) -> None:
        job = await placed(world)
        deny(world, "edits", can.SEND_MESSAGES | can.SEND_MESSAGES_IN_THREADS)
        before = len(world.server.exchanges)
        posted = await world.delivery.post_result(job, video_post_of(job, video))
        message = world.actor.message("Mia", posted.message_id)
        assert posted.channel_id not in (job.card_channel_id, job.thread_id)
        assert f"<#{job.channel_id}>" in message.content
        refused = [one for one in world.server.exchanges[before:] if one.status >= 400]
        assert len(refused) == 2

    async def test_nowhere_to_post_is_said_after_each_place_was_tried_once(self, world: BotWorld, video: Path) -> None:
        job = await placed(world)
        deny(world, "edits", can.VIEW_CHANNEL)
        world.server.world.find_user("Mia").accepts_dms = False
        before = len(world.server.exchanges)
        with pytest.raises(DeliveryError) as caught:
            await world.delivery.post_result(job, video_post_of(job, video))
        assert not isinstance(caught.value, DeliveryRetryError | TooLargeError)
        refused = [one for one in world.server.exchanges[before:] if one.status >= 400]
        assert len(refused) == 3

    async def test_a_kicked_bot_writes_to_the_member(self, world: BotWorld) -> None:
        job = await placed(world)
        local = world.server.world
        local.remove_member(next(iter(local.guilds.values())), local.application.bot)
        job = await world.put(job, failure=Failure(FailureCode.TIMED_OUT))
        posted = await world.delivery.post_failure(job)
        assert world.actor.message("Mia", posted.message_id).pings_me

    async def test_in_a_thread_the_result_comes_there_as_a_reply(self, world: BotWorld, video: Path) -> None:
        post = await world.actor.start_post("Mia", "clip-help", "my clip", "look")
        job = await placed(world, channel=post.id)
        assert job.thread_id == post.id
        posted = await world.delivery.post_result(job, video_post_of(job, video))
        assert posted.channel_id == post.id
        assert world.actor.message("Mia", posted.message_id).reply_to == job.card_message_id
        assert not world.sent("POST", "/threads")

    async def test_a_locked_thread_of_a_command_leads_to_its_parent(self, world: BotWorld) -> None:
        local = world.server.world
        edits = local.find_channel("edits")
        thread = local.add_thread(edits, "talk", 11, local.find_user("Mia"))
        job = await placed(world, channel=thread.id)
        assert thread.thread is not None
        thread.thread.locked = thread.thread.archived = True
        posted = await world.delivery.post_failure(await world.put(job, failure=Failure(FailureCode.TIMED_OUT)))
        assert posted.channel_id == edits.id

    async def test_in_direct_messages_the_result_is_a_reply(self, world: BotWorld, video: Path) -> None:
        dm = world.server.world.open_dm(world.server.world.find_user("Mia"))
        job = await placed(world, channel=dm.id)
        assert (job.guild_id, job.thread_id) == (None, None)
        posted = await world.delivery.post_result(job, video_post_of(job, video))
        assert posted.channel_id == dm.id
        assert world.actor.message("Mia", posted.message_id).reply_to == job.card_message_id

    async def test_a_private_job_stays_in_direct_messages(self, world: BotWorld, video: Path) -> None:
        job = await placed(world, private=True)
        dm = world.server.world.open_dm(world.server.world.find_user("Mia"))
        assert job.card_channel_id == dm.id
        posted = await world.delivery.post_result(job, video_post_of(job, video))
        assert posted.channel_id == dm.id
        assert not world.messages("Noah", "edits")


class TestOpening:
    async def test_a_lost_answer_is_adopted(self, world: BotWorld) -> None:
        world.server.faults.add("POST", "/callback", when="after", drop=True)
        view = await world.modify()
        job = await world.only_job()
        assert job.card_message_id is None
        opened = await world.delivery.open_place(job)
        assert view.message is not None
        assert opened.card_message_id == view.message.id
        assert opened.thread_id == view.message.id

    async def test_a_dead_interaction_gets_its_card_from_the_bot(self, world: BotWorld) -> None:
        world.server.faults.add("POST", "/callback", status=404, code=10062)
        await world.modify()
        opened = await world.delivery.open_place(await world.only_job())
        again = await world.delivery.open_place(await world.only_job())
        assert opened == again
        (card,) = world.messages("Mia", "edits")
        assert card.id == opened.card_message_id
        assert card.embeds[0]["title"] == "🎬 Your edit"

    async def test_a_thread_that_stands_is_adopted(self, world: BotWorld) -> None:
        await world.modify()
        job = await world.only_job()
        first = await world.delivery.open_place(job)
        second = await world.delivery.open_place(job)
        assert first.thread_id == second.thread_id == job.card_message_id

    async def test_a_thread_is_named_after_prompt_and_code(self, world: BotWorld) -> None:
        await world.modify(prompt="make it warm " * 20)
        job = await world.delivery.open_place(await world.only_job())
        (thread,) = world.actor.threads("Mia", "edits")
        assert thread.name.startswith("make it warm make it")
        assert thread.name.endswith(job.code)
        assert len(thread.name) <= 100

    async def test_where_no_thread_can_be_the_result_is_a_reply(self, world: BotWorld, video: Path) -> None:
        world.server.faults.add("POST", "/threads", status=400, code=160006)
        job = await placed(world)
        assert job.thread_id is None
        posted = await world.delivery.post_result(job, video_post_of(job, video))
        assert posted.channel_id == job.card_channel_id
        assert world.actor.message("Mia", posted.message_id).reply_to == job.card_message_id

    async def test_a_discord_that_is_away_is_asked_again_later(self, world: BotWorld) -> None:
        await world.modify()
        world.server.faults.add("POST", "/threads", status=503)
        with pytest.raises(DeliveryRetryError):
            await world.delivery.open_place(await world.only_job())

    async def test_a_private_card_is_posted_in_direct_messages(self, world: BotWorld) -> None:
        world.server.faults.add("POST", r"/channels/\d+/messages", drop=True)
        await world.modify(private=True)
        job = await world.only_job()
        assert job.card_message_id is None
        opened = await world.delivery.open_place(job)
        assert opened.card_channel_id == world.server.world.open_dm(world.server.world.find_user("Mia")).id
        assert opened.thread_id is None


class TestFinding:
    async def test_a_result_is_found_again(self, world: BotWorld, video: Path) -> None:
        job = await placed(world)
        assert await world.delivery.find_posted(job) is None
        posted = await world.delivery.post_result(job, video_post_of(job, video))
        assert await world.delivery.find_posted(job) == posted

    async def test_a_failure_is_no_result(self, world: BotWorld, video: Path) -> None:
        job = await placed(world)
        failed = await world.put(job, failure=Failure(FailureCode.OUTCOME_UNKNOWN))
        told = await world.delivery.post_failure(failed)
        assert await world.delivery.find_posted(job) is None
        assert await world.delivery.find_posted(failed) == told
        posted = await world.delivery.post_result(job, video_post_of(job, video))
        assert await world.delivery.find_posted(job) == posted

    async def test_other_peoples_words_are_not_ours(self, world: BotWorld) -> None:
        job = await placed(world)
        world.discord_clock.advance(60)
        await world.actor.post("Noah", job.thread_id or 0, f"ha\n-# Luma edit `{job.code}`")
        assert await world.delivery.find_posted(job) is None

    async def test_a_busy_channel_is_read_to_its_end(self, world: BotWorld, video: Path) -> None:
        world.server.faults.add("POST", "/threads", status=403, code=50013)
        job = await placed(world)
        for number in range(230):
            world.discord_clock.advance(1)
            await world.actor.post("Noah", "edits", f"chatter {number}")
        posted = await world.delivery.post_result(job, video_post_of(job, video))
        assert await world.delivery.find_posted(job) == posted
        assert world.sent("GET", "/messages") >= 3

    async def test_an_ending_in_direct_messages_is_found(self, world: BotWorld, video: Path) -> None:
        job = await placed(world)
        deny(world, "edits", can.VIEW_CHANNEL)
        posted = await world.delivery.post_result(job, video_post_of(job, video))
        assert await world.delivery.find_posted(job) == posted


class TestRefusals:
    async def test_a_file_over_the_limit_is_said_to_be_too_large(self, world: BotWorld, tmp_path: Path) -> None:
        large = tmp_path / "large.mp4"
        large.write_bytes(bytes(11 * MIB))
        job = await placed(world)
        with pytest.raises(TooLargeError):
            await world.delivery.post_result(job, video_post_of(job, large))

    @pytest.mark.parametrize("fault", [{"status": 503}, {"drop": True}, {"retry_after": 3600.0}])
    async def test_a_passing_trouble_is_told_to_try_again(
        self, world: BotWorld, video: Path, fault: dict[str, Any]
    ) -> None:
        job = await placed(world)
        world.server.faults.add("POST", r"/channels/\d+/messages$", **fault)
        with pytest.raises(DeliveryRetryError):
            await world.delivery.post_result(job, video_post_of(job, video))
        assert (await world.delivery.post_result(job, video_post_of(job, video))).channel_id == job.thread_id

    async def test_a_short_rate_limit_is_waited_for(self, world: BotWorld, video: Path) -> None:
        job = await placed(world)
        world.server.faults.add("POST", r"/channels/\d+/messages$", retry_after=0.05)
        posted = await world.delivery.post_result(job, video_post_of(job, video))
        thread = [one for one in world.messages("Mia", job.thread_id or 0) if one.attachments]
        assert [one.id for one in thread] == [posted.message_id]


class TestLimits:
    @pytest.mark.parametrize(("tier", "limit"), [(0, 10), (1, 10), (2, 50), (3, 100)])
    async def test_the_limit_follows_the_boosts_of_now(self, world: BotWorld, tier: int, limit: int) -> None:
        job = await placed(world)
        local = world.server.world
        guild = next(iter(local.guilds.values()))
        changed = world.bot.wait_for("guild_update", timeout=5) if tier else None
        guild.boost_tier = tier
        local.change_guild(guild)
        if changed is not None:
            await changed
        assert await world.delivery.upload_limit(job) == limit * MIB

    async def test_without_the_server_the_small_limit_holds(self, world: BotWorld) -> None:
        job = await placed(world)
        local = world.server.world
        removed = world.bot.wait_for("guild_remove", timeout=5)
        local.remove_member(next(iter(local.guilds.values())), local.application.bot)
        await removed
        assert await world.delivery.upload_limit(job) == 10 * MIB

    async def test_private_and_direct_messages_have_the_small_limit(self, world: BotWorld) -> None:
        next(iter(world.server.world.guilds.values())).boost_tier = 3
        job = await placed(world, private=True)
        assert await world.delivery.upload_limit(job) == 10 * MIB


class TestCards:
    async def test_many_changes_are_few_edits_and_the_last_one_wins(self, world: BotWorld) -> None:
        job = await placed(world)
        before = world.sent("PATCH", "/messages/")
        for state in (State.QUEUED, State.SUBMITTING, State.RUNNING, State.DELIVERING):
            world.delivery.show(replace(job, state=state))
        await world.delivery.settle()
        assert world.sent("PATCH", "/messages/") - before == 1
        assert "on its way" in world.actor.message("Mia", job.card_message_id or 0).embeds[0]["description"]

    async def test_a_cancel_button_goes_when_there_is_nothing_to_cancel(self, world: BotWorld) -> None:
        job = await placed(world)
        world.delivery.show(replace(job, state=State.CANCELLED))
        await world.delivery.settle()
        assert world.actor.message("Mia", job.card_message_id or 0).components == ()

    async def test_a_deleted_card_is_let_be(self, world: BotWorld) -> None:
        job = await placed(world)
        world.server.world.delete_message(world.server.world.find_message(job.card_message_id or 0))
        edits, posts = world.sent("PATCH", "/messages/"), world.sent("POST", "/messages")
        world.delivery.show(job)
        await world.delivery.settle()
        assert world.sent("PATCH", "/messages/") == edits + 1
        assert world.sent("POST", "/messages") == posts

    async def test_a_stop_shows_what_waits_for_its_turn(self, world: BotWorld) -> None:
        delivery = DiscordDelivery(world.bot, card_seconds=3600)
        job = await placed(world)
        delivery.show(job)
        await world.actor.wait_for(lambda: world.sent("PATCH", "/messages/") or None)
        delivery.show(replace(job, state=State.CANCELLED))
        await delivery.close()
        assert world.actor.message("Mia", job.card_message_id or 0).embeds[0]["title"] == "Cancelled"


def test_the_known_limit_is_discords() -> None:
    assert discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES == 10 * MIB
