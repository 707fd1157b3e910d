"""Take an edit in: checks in their order, the row, one answer with the card, and off it goes."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

import discord

from bot import replies
from bot.admin import build_asker
from bot.bot_permissions import is_thread
from bot.cards import build_card, card_buttons, read_card
from bot.client import LumaBot
from bot.entry import check_words, enter
from bot.faults import DISCORD_FAULTS, say
from bot.language import tr
from jobs.job import Job, NewJob, Request
from jobs.ports import Posted

# Discord's deadline for the first answer; afterwards nobody takes it.
ANSWER_SECONDS = 3.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ask:
    """Hold a checked wish: what is asked, of which service, which edit it goes on from, and where, if not here."""

    request: Request
    service: str
    parent_job_id: str | None = None
    thread: discord.Thread | None = None


async def take_in(interaction: discord.Interaction[LumaBot], ask: Ask) -> None:
    """Accept an edit and answer with its card; raises UserError with nothing spent. Every way to an edit ends here."""
    await enter(interaction)
    await interaction.client.desk.room.check()
    await check_words(interaction, ask.request)
    job, is_new = await interaction.client.desk.lifecycle.queue(_new_job(interaction, ask))
    if not is_new:
        return  # Discord sent the interaction again, and its first coming is being answered
    interaction.client.followups.keep(interaction, job.id)
    if ask.request.style:
        interaction.client.desk.styles.note_use(interaction.user.id, interaction.guild_id)
    if ask.request.private and interaction.guild_id is not None:
        await _answer_privately(interaction, job)
        return
    if ask.thread is not None:
        await interaction.client.desk.lifecycle.place(job, None, ask.thread.id)
        await say(interaction, tr("Your new version is being made in {thread}.", thread=ask.thread.mention))
        return
    card = await _answer(interaction, job)
    if card is not None:
        await interaction.client.desk.lifecycle.place(job, card, job.thread_id)


def _new_job(interaction: discord.Interaction[LumaBot], ask: Ask) -> NewJob:
    channel_id, asker = interaction.channel_id or 0, build_asker(interaction)
    parent_id = next(iter(asker.channel_ids[1:]), None)
    thread_id = channel_id if is_thread(interaction) and not ask.request.private else None
    if ask.thread is not None:
        channel_id, parent_id, thread_id = ask.thread.id, ask.thread.parent_id, ask.thread.id
    return NewJob(
        kind=ask.request.kind,
        user_id=interaction.user.id,
        guild_id=interaction.guild_id,
        channel_id=channel_id,
        interaction_id=interaction.id,
        locale=str(interaction.locale),
        request=ask.request,
        service=ask.service,
        thread_id=thread_id,
        parent_job_id=ask.parent_job_id,
        role_ids=asker.role_ids,
        parent_channel_id=parent_id,
    )


async def _card_parts(bot: LumaBot, job: Job) -> dict[str, Any]:
    view = await read_card(bot.desk, bot.typical_durations, job)
    buttons = card_buttons(job)
    return {"embed": build_card(view)} | ({"view": buttons} if buttons else {})


async def _answer(interaction: discord.Interaction[LumaBot], job: Job) -> Posted | None:
    """Answer with the card; None when Discord did not take it: delivery will post one."""
    parts = await _card_parts(interaction.client, job)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            response = await interaction.response.send_message(**parts)
    except DISCORD_FAULTS as error:
        _log.warning("job=%s: its command could not be answered (%s)", job.code, type(error).__name__)
        return None
    if response.message_id is None or interaction.channel_id is None:
        return None
    return Posted(interaction.channel_id, response.message_id)


async def _answer_privately(interaction: discord.Interaction[LumaBot], job: Job) -> None:
    """Answer for the person's eyes only and put the card into their direct messages."""
    bot = interaction.client
    await say(interaction, replies.private_started())
    try:
        conversation = await bot.create_dm(interaction.user)
        card = await conversation.send(**await _card_parts(bot, job))
    except discord.Forbidden:
        await bot.desk.lifecycle.cancel(job.id, interaction.user.id)
        await say(interaction, replies.dms_closed())
    except DISCORD_FAULTS as error:
        _log.warning("job=%s: its card could not be sent (%s)", job.code, type(error).__name__)
    else:
        await bot.desk.lifecycle.place(job, Posted(conversation.id, card.id))
