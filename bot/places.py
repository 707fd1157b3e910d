"""Know where a job's messages may stand, best first: its thread, its channel, its member's direct messages."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import discord

from bot.faults import DISCORD_FAULTS
from bot.refused_places import DIRECT, keep_refusal
from jobs.errors import DeliveryError, DeliveryRetryError, TooLargeError
from jobs.job import Job
from jobs.ports import Posted

# Discord's codes (topics/opcodes-and-status-codes): thread archived or locked, no more threads here.
_CLOSED_CODES = frozenset({50083, 160005, 160006, 160007})
_TOO_LARGE_CODE = 40005
CALL_SECONDS = 60.0
_SCANNED_MESSAGES = 2000


class ClosedError(DeliveryError):
    """Report that one place is closed to us; the next one may be open."""


@dataclass(frozen=True, slots=True)
class Place:
    """Name a channel to post in; `reply_to` is the card where no thread keeps both together."""

    channel_id: int
    reply_to: int | None = None
    is_fallback: bool = False


@contextmanager
def discord_errors(what: str) -> Iterator[None]:
    """Map what Discord or the way to it raises to the delivery's errors."""
    try:
        yield
    except discord.HTTPException as error:
        raise _mapped(error, what) from error
    except DISCORD_FAULTS as error:
        raise DeliveryRetryError(f"{what}: {type(error).__name__}") from error


def _mapped(error: discord.HTTPException, what: str) -> DeliveryError:
    said = keep_refusal(what, error.status, error.code)
    if error.status == 413 or error.code == _TOO_LARGE_CODE:
        return TooLargeError(said)
    if error.status in (403, 404) or error.code in _CLOSED_CODES:
        return ClosedError(said)
    if error.status >= 500 or error.status in (401, 429):
        return DeliveryRetryError(said)
    return DeliveryError(said)


def snowflake_at(at_ms: int) -> int:
    """Return the smallest snowflake of a moment in Unix milliseconds."""
    return max(0, at_ms - discord.utils.DISCORD_EPOCH) << 22


async def find_own_message(
    client: discord.Client, channel_id: int, after: int, fits: Callable[[discord.Message], bool]
) -> Posted | None:
    """Return our first message after a snowflake that fits; raises ClosedError or DeliveryRetryError."""
    own_id = client.user.id if client.user else 0
    channel = client.get_partial_messageable(channel_id)
    history = channel.history(limit=_SCANNED_MESSAGES, after=discord.Object(after), oldest_first=True)
    with discord_errors("history"):
        async with asyncio.timeout(CALL_SECONDS):
            async for message in history:
                if message.author.id == own_id and fits(message):
                    return Posted(channel_id, message.id)
    return None


async def open_dm(client: discord.Client, user_id: int) -> int:
    """Return the id of our conversation with a member."""
    with discord_errors(DIRECT):
        return (await client.create_dm(discord.Object(user_id))).id


async def places_of(client: discord.Client, job: Job) -> AsyncIterator[Place]:
    """Yield the places for the ending of a job, best first, each once; a private job has only one."""
    if job.request.private and job.guild_id is not None:
        yield Place(await open_dm(client, job.user_id), job.card_message_id)
        return
    card_channel_id = job.card_channel_id or job.channel_id
    in_card_thread = job.thread_id is not None and job.thread_id == job.card_message_id
    if job.thread_id is not None:
        yield Place(job.thread_id, None if in_card_thread else job.card_message_id)
    if card_channel_id != job.thread_id:
        yield Place(card_channel_id, job.card_message_id)
    elif (parent_id := await _parent_of(client, card_channel_id)) is not None:
        yield Place(parent_id, is_fallback=True)
    if job.guild_id is not None:
        yield Place(await open_dm(client, job.user_id), is_fallback=True)


def parent_id_of(client: discord.Client, job: Job, channel_id: int) -> int | None:
    """Return the channel a job's thread stands in, as far as it is known without a question; None for no thread."""
    if channel_id == job.thread_id and job.card_channel_id not in (None, channel_id):
        return job.card_channel_id
    channel = client.get_channel(channel_id)
    return channel.parent_id if isinstance(channel, discord.Thread) else None


async def _parent_of(client: discord.Client, thread_id: int) -> int | None:
    """Return the channel a thread stands in, where one can post in it; None for a forum's or a deleted thread."""
    try:
        with discord_errors("thread"):
            thread = await client.fetch_channel(thread_id)
            if not isinstance(thread, discord.Thread):
                return None
            parent = thread.parent or await client.fetch_channel(thread.parent_id)
    except ClosedError:
        return None
    return parent.id if isinstance(parent, discord.TextChannel) else None
