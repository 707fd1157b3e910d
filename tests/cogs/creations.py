"""Make delivered results in the local Discord, for the tests of what people do with them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from jobs.admin import Act
from jobs.job import Charge, Job, Prepared, Result, State
from jobs.ports import VideoPost
from sandbox.discord import permissions as can
from sandbox.discord.model import FORUM, MEDIA, TEXT, Channel, Overwrite
from sandbox.discord.views import InteractionView, MessageView
from tests.bot.world import BotWorld
from tests.fakes import FACTS


async def deliver(world: BotWorld, user: str = "Mia", **options: str | bool) -> tuple[Job, int]:
    """Return a delivered job whose video and clip are kept, and the message with its result."""
    world.clips.folder = world.folder
    await world.modify(user, **options)
    await world.settled()
    job = (await world.store.open_jobs(world.server.world.find_user(user).id))[-1]
    opened = await world.delivery.open_place(job)
    files = {what: f"{what}-{job.id}.mp4" for what in ("clip", "result")}
    for name in files.values():
        (world.folder / name).write_bytes(b"a video")
    job = await world.finish(
        job,
        card_channel_id=opened.card_channel_id,
        card_message_id=opened.card_message_id,
        thread_id=opened.thread_id,
        clip=Prepared(files["clip"], FACTS),
        result=Result("https://results.example/secret", files["result"], FACTS),
    )
    posted = await world.delivery.post_result(job, VideoPost(world.folder / files["result"], f"luma-{job.code}.mp4"))
    place = {"result_channel_id": posted.channel_id, "result_message_id": posted.message_id}
    return await end(world, job, **place), posted.message_id


async def end(world: BotWorld, job: Job, **changes: object) -> Job:
    """Bring a job to its good end, charged."""
    after = replace(job, state=State.DELIVERED, **changes)  # type: ignore[arg-type]  # the tests name the fields
    moved = await world.store.move(
        job, after, event="test", now_ms=world.clock.now_ms(), charge=Charge.SETTLE, fenced=False
    )
    assert moved is not None
    return moved


async def open_showcase(
    world: BotWorld, kind: int = TEXT, *, tags: tuple[str, ...] = (), needed: bool = False
) -> Channel:
    """Make a channel and choose it as the server's showcase."""
    local = world.server.world
    guild = next(iter(local.guilds.values()))
    async with heard(world, "guild_channel_create"):
        channel = local.add_channel(guild, f"best-of-{kind}", kind, tags=list(tags))
    if needed:
        async with heard(world, "guild_channel_update"):
            channel.requires_tag = True
            local.change_channel(channel)
    await world.admin.settings.set_showcase(Act(guild.id, local.find_user("Ada").id, 1), channel.id)
    return channel


@asynccontextmanager
async def heard(world: BotWorld, event: str) -> AsyncIterator[None]:
    """Wait, after what is done inside, until the bot has heard of it by this event of its library."""
    waiting = asyncio.create_task(world.bot.wait_for(event, timeout=10))
    await asyncio.sleep(0)  # let it begin to listen
    yield
    await waiting


async def hide(world: BotWorld, channel: Channel) -> None:
    """Take a channel out of the bot's sight."""
    async with heard(world, "guild_channel_update"):
        channel.overwrites = [Overwrite(world.server.world.bot_id, 1, deny=can.VIEW_CHANNEL)]
        world.server.world.change_channel(channel)


def posts(world: BotWorld, channel: Channel, user: str = "Noah") -> list[MessageView]:
    """Return the posts in a showcase."""
    if channel.kind in (FORUM, MEDIA):
        threads = world.actor.threads(user, channel)
        return [message for thread in threads for message in world.actor.messages(user, thread.id)[:1]]
    return [message for message in world.actor.messages(user, channel) if not message.ephemeral]


def custom_id(view: InteractionView | MessageView | None, label: str) -> str:
    """Return the id of a button by its label's beginning."""
    message = view.message if isinstance(view, InteractionView) else view
    assert message is not None
    buttons = [each for row in message.components for each in row["components"]]
    return next(str(each["custom_id"]) for each in buttons if str(each.get("label", "")).startswith(label))
