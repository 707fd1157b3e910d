"""Find the job a person speaks of and decide, from the database, what it is to them."""

from typing import Any

import discord

from bot import inert, replies
from bot.admin import build_act
from bot.bot_permissions import is_moderator
from bot.client import LumaBot
from bot.pressing import check_steward, is_own
from bot.refusals import not_yours_to_cancel
from jobs.errors import InvalidRequestError
from jobs.job import Job


async def find_own_by_code(interaction: discord.Interaction[LumaBot], code: str) -> Job:
    """Return a person's own job of a code; raises InvalidRequestError."""
    job = await interaction.client.desk.store.find(code.strip())
    if job is None or not is_own(interaction, job):
        raise _unknown(code)
    return job


async def find_cancellable(interaction: discord.Interaction[LumaBot], code: str) -> Job:
    """Return a person's own job, or for a moderator any of their server, of a code; raises InvalidRequestError."""
    job = await interaction.client.desk.store.find(code.strip())
    if job is None or not (is_own(interaction, job) or may_moderate(interaction, job)):
        raise _unknown(code)
    return job


def _unknown(code: str) -> InvalidRequestError:
    # One text for unknown and for another's: a code tells nothing of whose it is.
    return InvalidRequestError(
        "You have no edit {code}. `/luma history` lists yours with their codes.", rule="job", code=inert.code(code, 40)
    )


def may_moderate(interaction: discord.Interaction[Any], job: Job) -> bool:
    """Tell whether a person may act on another's job: of this server, and with Manage Messages here."""
    return job.guild_id is not None and job.guild_id == interaction.guild_id and is_moderator(interaction)


def name_choice(job: Job) -> str:
    """Return how a job reads in a list of choices, at most 100 characters."""
    return f"{job.code} · {replies.state_word(job.state)} · {inert.plain(job.request.prompt, 70)}"


async def cancel(interaction: discord.Interaction[LumaBot], job: Job) -> str:
    """Cancel a job for its owner or, logged, for a moderator of its server, and confirm it; raises UserError."""
    await check_steward(interaction, job, not_yours_to_cancel())
    act = None if is_own(interaction, job) else build_act(interaction)
    return replies.cancelled(*await interaction.client.desk.lifecycle.cancel(job.id, interaction.user.id, act))
