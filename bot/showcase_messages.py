"""Add, find and remove the message of a share, in a text channel or as a post of a forum; raises DeliveryError."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import discord

from bot.faults import DISCORD_FAULTS
from bot.places import CALL_SECONDS, ClosedError, discord_errors, find_own_message, snowflake_at
from bot.share_files import ShowFile
from bot.showcase_place import Stage
from bot.showcase_post import build_post, is_post_of, post_buttons, post_title
from jobs.job import Job
from jobs.ports import Posted
from jobs.shares import Share

UPLOAD_SECONDS = 600.0
ARCHIVE_MINUTES: Any = 10_080
_SCANNED_THREADS = 100
_CLOCKS_DIFFER_MS = 60_000


async def add_post(client: discord.Client, share: Share, job: Job, stage: Stage, file: ShowFile) -> Posted:
    """Post a share with its file."""
    parts: dict[str, Any] = {
        "embed": build_post(job, share.choices, compared=file.compared),
        "view": post_buttons(share, 0),
        "allowed_mentions": discord.AllowedMentions.none(),
    }
    name = "" if share.choices.prompt or not stage.is_forum else await _creator_name(client, share)
    upload = discord.File(file.path, file.filename, spoiler=share.choices.spoiler)
    with discord_errors("showcase"), contextlib.closing(upload):
        async with asyncio.timeout(UPLOAD_SECONDS):
            if stage.is_forum:
                title = post_title(job, share.choices, name)
                return await _start_post(client, share, title, parts | {"file": upload})
            channel = client.get_partial_messageable(share.channel_id)
            message = await channel.send(**parts, file=upload, nonce=share.id)
            return Posted(share.channel_id, message.id)


async def _start_post(client: discord.Client, share: Share, title: str, parts: dict[str, Any]) -> Posted:
    forum = await _forum(client, share)
    if forum is None:
        raise ClosedError("the showcase is a forum no more")
    tags: list[Any] = [discord.Object(tag) for tag in share.choices.tags]
    started = await forum.create_thread(name=title, applied_tags=tags, auto_archive_duration=ARCHIVE_MINUTES, **parts)
    return Posted(started.thread.id, started.message.id)


async def _creator_name(client: discord.Client, share: Share) -> str:
    try:
        async with asyncio.timeout(CALL_SECONDS):
            return (await client.fetch_user(share.user_id)).display_name
    except DISCORD_FAULTS:
        return ""


async def _forum(client: discord.Client, share: Share) -> discord.ForumChannel | None:
    guild = client.get_guild(share.guild_id)
    found: Any = guild.get_channel(share.channel_id) if guild else None
    if found is None:
        found = await client.fetch_channel(share.channel_id)
    return found if isinstance(found, discord.ForumChannel) else None


async def find_post(client: discord.Client, share: Share) -> Posted | None:
    """Look for our own post of a share."""
    after = snowflake_at(share.created_at_ms - _CLOCKS_DIFFER_MS)
    try:
        with discord_errors("showcase"):
            forum = await _forum(client, share)
        if forum is None:
            return await find_own_message(client, share.channel_id, after, lambda message: is_post_of(message, share))
        with discord_errors("showcase"):
            async with asyncio.timeout(CALL_SECONDS):
                return await _find_thread(client, forum, share, after)
    except ClosedError:
        return None  # the channel is gone or closed: nothing of ours can be seen there


async def _find_thread(client: discord.Client, forum: discord.ForumChannel, share: Share, after: int) -> Posted | None:
    own_id = client.user.id if client.user else 0
    async for thread in _threads(forum):
        if thread.owner_id != own_id or thread.id <= after:
            continue
        with contextlib.suppress(discord.NotFound):
            if is_post_of(await thread.fetch_message(thread.id), share):
                return Posted(thread.id, thread.id)
    return None


async def _threads(forum: discord.ForumChannel) -> AsyncIterator[discord.Thread]:
    for thread in await forum.guild.active_threads():
        if thread.parent_id == forum.id:
            yield thread
    async for thread in forum.archived_threads(limit=_SCANNED_THREADS):
        yield thread


async def remove_post(client: discord.Client, posted: Posted) -> None:
    """Delete the message of a share, with the thread a forum keeps for it; what is gone already is fine."""
    is_thread = posted.channel_id == posted.message_id
    with discord_errors("showcase"):
        async with asyncio.timeout(CALL_SECONDS):
            await _remove(client, posted, is_thread=is_thread)


async def _remove(client: discord.Client, posted: Posted, *, is_thread: bool) -> None:
    if is_thread and await _deleted_thread(client, posted.channel_id):
        return
    try:
        message = client.get_partial_messageable(posted.channel_id).get_partial_message(posted.message_id)
        with discord_errors("showcase"):
            await message.delete()
    except ClosedError as error:
        if not isinstance(error.__cause__, discord.NotFound):
            raise
    if is_thread:
        with contextlib.suppress(*DISCORD_FAULTS):
            await client.http.edit_channel(posted.channel_id, archived=True)


async def _deleted_thread(client: discord.Client, thread_id: int) -> bool:
    """Delete a thread; False where that needs a permission we were not given: then its first message goes alone."""
    try:
        with discord_errors("showcase"):
            await client.http.delete_channel(thread_id)
    except ClosedError as error:
        return isinstance(error.__cause__, discord.NotFound)
    return True
