"""Find the message with a job's result again, and the video on it."""

import asyncio

import discord

from bot import refusals, replies
from bot.client import LumaBot
from bot.clip_claims import attachments_of, is_video
from bot.faults import DISCORD_FAULTS
from bot.pressing import LOOK_SECONDS
from jobs.job import Job


async def find_message(interaction: discord.Interaction[LumaBot], job: Job) -> discord.Message | None:
    """Return the ending message of a job; None when it is gone or hidden; raises UserError when Discord is slow."""
    if job.result_channel_id is None or job.result_message_id is None:
        return None
    pressed = interaction.message
    if pressed is not None and pressed.id == job.result_message_id:
        return pressed
    return await fetch_message(interaction, job.result_channel_id, job.result_message_id)


async def fetch_message(
    interaction: discord.Interaction[LumaBot], channel_id: int, message_id: int
) -> discord.Message | None:
    """Return a message; None when it is gone or hidden; raises UserError when Discord is slow."""
    channel = interaction.client.get_partial_messageable(channel_id)
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await channel.fetch_message(message_id)
    except (discord.NotFound, discord.Forbidden):
        return None
    except DISCORD_FAULTS as error:
        raise refusals.too_slow() from error


async def find_attachment(
    interaction: discord.Interaction[LumaBot], job: Job
) -> tuple[discord.Message, discord.Attachment]:
    """Return the video on the ending message of a job, with its message; raises UserError where there is none."""
    message = await find_message(interaction, job)
    if message is None:
        raise refusals.result_gone()
    attachment = next(filter(is_video, attachments_of(message)), None)
    if attachment is None:
        raise refusals.only_link(replies.result_url(job) or message.jump_url)
    return message, attachment
