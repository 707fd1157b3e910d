"""Close a job's place while it is at the service: each place has one fallback, tried once, and the member is told."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.language import speaking
from bot.refused_places import say_detail
from bot.replies import result_url
from jobs.job import FailureCode, Job, State
from sandbox.discord import permissions as can
from sandbox.discord.model import Overwrite
from tests.bot.media_world import MediaWorld, open_media_world
from tests.media.making import Recipe, make_clip


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[MediaWorld]:
    async with open_media_world(tmp_path) as opened:
        opened.finish_with(make_clip(tmp_path / "result.mp4", Recipe()))
        yield opened


async def begin(world: MediaWorld, *, private: bool = False) -> Job:
    """Return a job that is at the service, with card and thread."""
    clip = make_clip(world.base.folder / "clip.mp4", Recipe())
    job = await world.run(await world.modify(clip, private=private), State.RUNNING)
    assert job.state is State.RUNNING
    return job


async def end(world: MediaWorld, job: Job) -> tuple[Job, int]:
    """Return the ended job, and how many of the bot's messages Discord refused on the way."""
    before = len(world.base.server.exchanges)
    job = await world.run(job)
    posts = [one for one in world.base.server.exchanges[before:] if one.method == "POST"]
    return job, sum(one.status >= 400 for one in posts)


def thread_of(world: MediaWorld, job: Job, **state: bool) -> None:
    thread = world.base.server.world.channels[job.thread_id or 0].thread
    assert thread is not None
    for name, value in state.items():
        setattr(thread, name, value)


def deny(world: MediaWorld, bits: int) -> None:
    channel = world.base.server.world.find_channel("edits")
    channel.overwrites.append(Overwrite(world.base.server.world.bot_id, 1, deny=bits))
    world.base.server.world.change_channel(channel)


async def test_an_archived_thread_comes_back_to_life(world: MediaWorld) -> None:
    job = await begin(world)
    thread_of(world, job, archived=True)
    job, refused = await end(world, job)
    assert (job.state, job.result_channel_id, refused) == (State.DELIVERED, job.thread_id, 0)


async def test_a_locked_thread_leads_to_its_channel_and_that_is_said(world: MediaWorld) -> None:
    job = await begin(world)
    thread_of(world, job, archived=True, locked=True)
    job, refused = await end(world, job)
    assert (job.result_channel_id, refused) == (job.channel_id, 1)
    message = world.ending(job)
    assert f"could not post in <#{job.thread_id}>" in message.content
    assert message.pings_me
    assert message.attachments


async def test_a_deleted_thread_leads_to_its_channel(world: MediaWorld) -> None:
    job = await begin(world)
    local = world.base.server.world
    local.delete_channel(local.channels[job.thread_id or 0])
    job, refused = await end(world, job)
    assert (job.result_channel_id, refused) == (job.channel_id, 1)
    assert world.ending(job).attachments


async def test_a_card_a_moderator_has_deleted_is_not_missed(world: MediaWorld) -> None:
    job = await begin(world)
    await world.base.actor.delete_message("Robin", job.card_message_id or 0)
    job, refused = await end(world, job)
    assert (job.state, job.result_channel_id, refused) == (State.DELIVERED, job.thread_id, 0)


async def test_a_result_a_moderator_has_deleted_does_not_come_back(world: MediaWorld) -> None:
    job, _ = await end(world, await begin(world))
    await world.base.actor.delete_message("Robin", job.result_message_id or 0)
    before = len(world.base.server.exchanges)
    world.base.discord_clock.advance(7200)
    await world.step()
    assert len(world.base.server.exchanges) == before
    assert (await world.read(job)).state is State.DELIVERED


async def test_a_channel_that_is_gone_leads_to_direct_messages(world: MediaWorld) -> None:
    job = await begin(world)
    local = world.base.server.world
    local.delete_channel(local.channels[job.thread_id or 0])
    local.delete_channel(local.find_channel("edits"))
    await in_direct_messages(world, job)


async def test_a_permission_that_was_taken_leads_to_direct_messages(world: MediaWorld) -> None:
    job = await begin(world)
    deny(world, can.SEND_MESSAGES | can.SEND_MESSAGES_IN_THREADS)
    await in_direct_messages(world, job)


async def test_a_bot_that_was_kicked_writes_to_the_member(world: MediaWorld) -> None:
    job = await begin(world)
    local = world.base.server.world
    local.remove_member(next(iter(local.guilds.values())), local.application.bot)
    await in_direct_messages(world, job)


async def test_a_bot_that_was_kicked_pays_for_nothing_that_was_not_sent_yet(world: MediaWorld) -> None:
    job = await world.modify(make_clip(world.base.folder / "clip.mp4", Recipe()))
    local = world.base.server.world
    local.remove_member(next(iter(local.guilds.values())), local.application.bot)
    job, _ = await end(world, job)
    assert world.base.provider.billed == []
    assert job.failure is not None
    assert (job.state, job.failure.code) == (State.FAILED, FailureCode.SERVER_LEFT)
    message = world.ending(job)
    assert "I was removed from its server" in message.content
    assert "It was not counted." in message.content


async def test_a_server_that_is_away_for_a_while_was_not_left(world: MediaWorld) -> None:
    job = await world.modify(make_clip(world.base.folder / "clip.mp4", Recipe()))
    state, guild = world.base.bot._connection, str(job.guild_id)
    state.parse_guild_delete({"id": guild, "unavailable": True})  # what the gateway says in an outage
    assert not world.base.delivery.has_left(job)
    job, _ = await end(world, job)
    assert job.state is State.DELIVERED
    state.parse_guild_delete({"id": guild})
    assert world.base.delivery.has_left(job)


async def in_direct_messages(world: MediaWorld, job: Job) -> None:
    job, refused = await end(world, job)
    local = world.base.server.world
    assert job.state is State.DELIVERED
    assert job.result_channel_id == local.open_dm(local.find_user("Mia")).id
    assert refused == 2  # thread and channel, each asked once
    assert result_url(job) == f"https://discord.com/channels/@me/{job.result_channel_id}/{job.result_message_id}"
    message = world.ending(job)
    assert f"<#{job.channel_id}>" in message.content
    assert message.attachments


async def test_a_member_who_has_left_finds_the_video_in_the_thread(world: MediaWorld) -> None:
    job = await begin(world)
    local = world.base.server.world
    local.remove_member(next(iter(local.guilds.values())), local.find_user("Mia"))
    job, refused = await end(world, job)
    assert (job.state, job.result_channel_id, refused) == (State.DELIVERED, job.thread_id, 0)


async def test_what_can_be_posted_nowhere_is_kept_to_be_shown_and_costs_nothing(world: MediaWorld) -> None:
    job = await begin(world)
    deny(world, can.SEND_MESSAGES | can.SEND_MESSAGES_IN_THREADS)
    world.base.server.world.find_user("Mia").accepts_dms = False
    job, refused = await end(world, job)
    assert job.failure is not None
    assert (job.state, job.failure.code) == (State.FAILED, FailureCode.UNDELIVERABLE)
    assert refused <= 6
    with speaking("zh-CN"):
        thread, channel, direct = say_detail(job.failure).split("; ")
    assert thread.startswith(f"<#{job.thread_id}>")
    assert channel.startswith(f"<#{job.card_channel_id}>")
    assert [each.endswith("我在那里缺少权限") for each in (thread, channel)] == [True, True]
    assert direct.endswith("该成员不接收我的私信")
    assert any("could not be told" in text for text in world.base.alarms.heard)
    used = await world.base.database.read(
        lambda session: session.row("SELECT state FROM reservations WHERE job_id = $1", job.id)
    )
    assert used is not None
    assert used["state"] == "released"

    shown = await world.base.actor.slash("Mia", "showcase", "luma show", {"job": job.code})
    assert shown.message is not None
    assert shown.message.ephemeral
    await world.base.actor.press("Mia", shown.message.id, f"luma:post:{job.id}")
    await world.base.settled()
    (posted,) = [one for one in world.base.messages("Mia", "showcase") if one.attachments and not one.ephemeral]
    assert posted.attachments[0].filename == f"luma-{job.code}.mp4"


async def test_a_private_edit_whose_member_closed_their_messages_is_kept(world: MediaWorld) -> None:
    job = await begin(world, private=True)
    world.base.server.world.find_user("Mia").accepts_dms = False
    job, _ = await end(world, job)
    assert job.failure is not None
    assert job.failure.code is FailureCode.UNDELIVERABLE
    assert not [one for one in world.base.messages("Noah", "edits") if one.attachments]
