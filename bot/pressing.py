"""Decide from the database, at the press, what the person who pressed is to the job of a button."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

import discord

from bot import refusals, replies
from bot.bot_permissions import is_moderator
from bot.client import LumaBot
from bot.faults import DISCORD_FAULTS
from bot.rights import check_above
from jobs.errors import UserError
from jobs.job import Job, State

# Within the 3 s that Discord waits for the first answer.
LOOK_SECONDS = 1.8
NOBODY = 0  # whose jobs are after their member had themselves forgotten
_locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


async def find_here(interaction: discord.Interaction[LumaBot], job_id: str) -> Job:
    """Return the job of a button, where it may be spoken of in this place; raises UserError.

    One text for unknown, erased and another server's: an id tells nothing.
    """
    job = await interaction.client.desk.store.get(job_id)
    if job is None or job.user_id == NOBODY or not is_here(interaction, job):
        raise refusals.job_gone()
    return job


def is_here(interaction: discord.Interaction[LumaBot], job: Job) -> bool:
    """Tell whether a job may be spoken of in this place: in its server, or by its member in direct messages."""
    if interaction.guild_id is None:
        return is_own(interaction, job)
    return job.guild_id == interaction.guild_id


def is_own(interaction: discord.Interaction[LumaBot], job: Job) -> bool:
    """Tell whether the presser asked for a job."""
    return job.user_id == interaction.user.id


async def find_own(interaction: discord.Interaction[LumaBot], job_id: str, *, or_deleted: bool = False) -> Job:
    """Return the presser's own job, with a deleted result only where that will do; raises UserError."""
    job = await find_here(interaction, job_id)
    if not is_own(interaction, job):
        raise refusals.not_yours()
    if job.deleted_at_ms is not None and not or_deleted:
        raise refusals.deleted()
    return job


async def find_own_result(interaction: discord.Interaction[LumaBot], job_id: str) -> Job:
    """Return the presser's own job with a result; raises UserError."""
    return check_result(await find_own(interaction, job_id))


def check_result(job: Job) -> Job:
    """Return a job with a finished video that was not deleted; raises UserError."""
    if job.deleted_at_ms is not None:
        raise refusals.deleted()
    if not has_video(job):
        raise refusals.no_result()
    return job


def has_video(job: Job) -> bool:
    """Tell whether a job has a finished video: delivered, or kept because it could be posted nowhere."""
    return job.result is not None and (job.state is State.DELIVERED or is_arriving(job) or replies.is_kept(job))


def is_arriving(job: Job) -> bool:
    """Tell whether a result is being posted: its message can be pressed a moment before its row says that it stands."""
    return job.state is State.DELIVERING and job.failure is None and job.posting_at_ms is not None


async def check_steward(interaction: discord.Interaction[LumaBot], job: Job, refusal: UserError) -> None:
    """Raise UserError unless the presser asked for a job, or moderates its server and stands above its member."""
    if is_own(interaction, job):
        return
    if not (is_here(interaction, job) and is_moderator(interaction)):
        raise refusal
    member = await _find_member(interaction, job.user_id)
    if member is not None:
        check_above(interaction, member)


async def _find_member(interaction: discord.Interaction[LumaBot], user_id: int) -> discord.Member | None:
    """Return a member of this server as Discord has them now; None for who has left."""
    assert interaction.guild is not None, "is_here has looked"
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await interaction.guild.fetch_member(user_id)
    except discord.NotFound:
        return None
    except DISCORD_FAULTS as error:
        raise refusals.too_slow() from error


@asynccontextmanager
async def one_at_a_time(subject: str) -> AsyncIterator[None]:
    """Let presses for one subject in one after another."""
    lock = _locks.setdefault(subject, asyncio.Lock())
    async with lock:
        yield


async def say_done(interaction: discord.Interaction[LumaBot], text: str) -> None:
    """Tell the presser alone how work ended that was begun with a deferred answer."""
    await interaction.followup.send(text, ephemeral=True)


async def start_work(interaction: discord.Interaction[LumaBot]) -> None:
    """Answer that work has begun, for the presser's eyes only."""
    await interaction.response.defer(ephemeral=True, thinking=True)
