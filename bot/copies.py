"""Post a result or comparison besides its ending, so that it goes when the result goes."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import discord

from bot import replies
from bot.client import LumaBot
from bot.places import CALL_SECONDS, discord_errors
from bot.presses import Buttons
from bot.result_messages import fetch_message
from jobs.errors import DeliveryError, UserError
from jobs.job import Job, Result
from jobs.ports import Posted, VideoPost
from jobs.result_ports import Copy, CopyKind, Pair
from jobs.services import Provider
from jobs.size_ladder import post_within_limit

UPLOAD_SECONDS = 300.0
# So long a message of ours is believed to stand without a look.
FRESH_MS = 60_000
_ARCHIVED_CODE = 50083
_uploads = asyncio.Semaphore(4)


@dataclass(frozen=True, slots=True)
class CopyMessage:
    """Hold what is posted: `text` is made for the video, `job` is whose result it is."""

    kind: CopyKind
    pair: Pair
    job: Job
    text: Callable[[VideoPost], str]
    buttons: Buttons | None = None


@dataclass(frozen=True, slots=True)
class CopyDestination:
    """Post one copy into one channel; this is the `Destination` of the size ladder."""

    bot: LumaBot
    channel_id: int
    outgoing: CopyMessage

    async def upload_limit(self, job: Job) -> int:
        """Return how many bytes a file may have there."""
        return await self.bot.desk.results.upload_limit(job)

    async def post_result(self, job: Job, video: VideoPost) -> Posted:
        """Post the copy; raises TooLargeError when the file will not go, UserError for a link we lack."""
        if video.path is None and not video.link:
            raise UserError("The video is too large for this place.", rule="size")
        channel = self.bot.get_partial_messageable(self.channel_id)
        parts: dict[str, Any] = {"content": self.outgoing.text(video)}
        if self.outgoing.buttons is not None:
            parts["view"] = self.outgoing.buttons
        if below := replies.long_link(job, video):
            parts["embed"] = discord.Embed(description=below)
        attachment = video.attachment
        if attachment is None:
            with discord_errors("copy"):
                async with asyncio.timeout(CALL_SECONDS):
                    message = await channel.send(**parts)
        else:
            file = discord.File(*attachment, spoiler=job.request.spoiler)
            async with _uploads:
                with discord_errors("copy"), contextlib.closing(file):
                    async with asyncio.timeout(UPLOAD_SECONDS):
                        message = await channel.send(file=file, **parts)
        return Posted(self.channel_id, message.id)


async def find_standing(
    interaction: discord.Interaction[LumaBot], kind: CopyKind, pair: Pair, channel_id: int | None = None
) -> Copy | None:
    """Return the newest copy that still stands in Discord."""
    desk = interaction.client.desk
    copy = await desk.results.store.last_copy(kind, pair, channel_id)
    if copy is None or desk.clock.now_ms() - copy.posted_at_ms < FRESH_MS:
        return copy
    return copy if await fetch_message(interaction, copy.channel_id, copy.message_id) is not None else None


async def post_copy(
    bot: LumaBot, channel_id: int, outgoing: CopyMessage, result: Result, provider: Provider | None = None
) -> Copy:
    """Post a video of the shelf and remember the message; raises UserError."""
    desk = bot.desk
    try:
        posted = await post_within_limit(
            outgoing.job, result, desk.results.gallery, CopyDestination(bot, channel_id, outgoing), provider
        )
    except DeliveryError as error:
        raise UserError("I could not post it there: {reason}.", rule="post", reason=str(error)) from error
    copy = Copy(posted.channel_id, posted.message_id, desk.clock.now_ms())
    if not await desk.results.store.note_copy(outgoing.kind, outgoing.pair, copy):
        await remove_message(bot, copy.channel_id, copy.message_id)
        raise UserError("This result was deleted, so nothing can be made from it any more.", rule="deleted")
    return copy


async def remove_message(bot: LumaBot, channel_id: int, message_id: int) -> bool:
    """Delete a message of ours, in an archived thread too; False where it cannot be."""
    message = bot.get_partial_messageable(channel_id).get_partial_message(message_id)
    try:
        with discord_errors("delete"):
            async with asyncio.timeout(CALL_SECONDS):
                await _delete(bot, channel_id, message)
    except DeliveryError as error:
        return isinstance(error.__cause__, discord.NotFound)
    return True


async def _delete(bot: LumaBot, channel_id: int, message: discord.PartialMessage) -> None:
    try:
        await message.delete()
    except discord.HTTPException as error:
        if error.code != _ARCHIVED_CODE:
            raise
        await bot.http.edit_channel(channel_id, archived=False)
        await message.delete()
