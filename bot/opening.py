"""Open a job's place: the card where the command's answer did not carry it, and the thread on the card."""

import asyncio
import hashlib
import logging
from typing import Any, Final

import discord

from bot import inert
from bot.bot_permissions import THREADABLE
from bot.cards import build_card, card_buttons, card_mark, read_card
from bot.client import LumaBot
from bot.language import speaking
from bot.places import CALL_SECONDS, ClosedError, find_own_message, open_dm, parent_id_of
from jobs.errors import DeliveryError
from jobs.job import Job
from jobs.ports import Posted

ARCHIVE_MINUTES: Final = 1440
_HAS_THREAD_CODE = 160004
_log = logging.getLogger(__name__)


async def find_or_post_card(bot: LumaBot, job: Job) -> Posted:
    """Return where a job's card stands, posted now if nobody did; raises DeliveryError."""
    if job.request.private and job.guild_id is not None:
        channel_id = await open_dm(bot, job.user_id)
    else:
        channel_id = job.thread_id or job.channel_id
    # The answer to the command may have reached Discord though its confirmation did not reach us.
    mark = card_mark(job)
    with bot.refusals.calling("history", channel_id, under=parent_id_of(bot, job, channel_id)):
        found = await find_own_message(
            bot,
            channel_id,
            job.interaction_id,
            lambda message: any(each.footer.text == mark for each in message.embeds),
        )
    return found or await _post_card(bot, job, channel_id)


async def _post_card(bot: LumaBot, job: Job, channel_id: int) -> Posted:
    view = await read_card(bot.desk, bot.typical_durations, job)
    with speaking(job.locale):
        embed, buttons = build_card(view), card_buttons(job)
    extra: dict[str, Any] = {"view": buttons} if buttons else {}
    channel = bot.get_partial_messageable(channel_id)
    with bot.refusals.calling("card", channel_id, under=parent_id_of(bot, job, channel_id)):
        async with asyncio.timeout(CALL_SECONDS):
            message = await channel.send(embed=embed, nonce=nonce_of(job, "card"), **extra)
    return Posted(channel_id, message.id)


def may_have_thread(bot: LumaBot, job: Job) -> bool:
    """Tell whether a thread can hang on a job's card: in a server's text or announcement channel."""
    if job.guild_id is None or job.request.private or job.card_channel_id is None:
        return False
    guild = bot.get_guild(job.guild_id)
    channel = guild.get_channel(job.card_channel_id) if guild else None
    return channel is None or channel.type in THREADABLE


async def open_thread(bot: LumaBot, job: Job) -> int | None:
    """Return the thread on a card; None where there cannot be one; raises DeliveryRetryError."""
    assert job.card_channel_id is not None
    assert job.card_message_id is not None
    try:
        with bot.refusals.calling("thread", job.card_channel_id):
            async with asyncio.timeout(CALL_SECONDS):
                thread = await bot.http.start_thread_with_message(
                    job.card_channel_id,
                    job.card_message_id,
                    name=inert.thread_name(job.request.prompt, job.code),
                    auto_archive_duration=ARCHIVE_MINUTES,
                )
    except DeliveryError as error:
        return _without_thread(job, error)
    return int(thread["id"])


def _without_thread(job: Job, error: DeliveryError) -> int | None:
    cause = error.__cause__
    if isinstance(error, ClosedError) and cause is None:
        return None  # a channel that is left alone
    if not isinstance(cause, discord.HTTPException) or cause.status >= 500 or cause.status in (401, 429):
        raise error
    if cause.code == _HAS_THREAD_CODE:
        return job.card_message_id  # a thread has the id of the message it hangs on
    _log.info("job=%s: no thread on its card (%s)", job.code, error)
    return None


def nonce_of(job: Job, what: str) -> str:
    """Return the nonce (at most 25 characters) by which Discord knows a repeated message of a job."""
    return hashlib.sha256(f"{job.id}:{what}".encode()).hexdigest()[:24]
