"""Let moderators see and steer a server's edits: `/luma-mod jobs`, `/luma-mod job`."""

from typing import cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.admin import REASON_CHARS
from bot.client import LumaBot
from bot.job_filters import JobFilter
from bot.mod_job_acts import cancel_job, redeliver_job, retry_job
from bot.mod_jobs import show_jobs, suggest_jobs, turn_jobs
from bot.rights import Right, RightsSubgroup, rightly

Reason = app_commands.Range[str, 1, REASON_CHARS]
Code = app_commands.Range[str, 1, 40]

job_group = RightsSubgroup(Right.MODERATE, "job", "Steer one edit")


@app_commands.command(name="jobs", description="Open and recent edits, and what holds each")
@app_commands.describe(only="Which edits", member="Only this member's")
async def jobs_command(
    interaction: discord.Interaction[LumaBot],
    only: JobFilter = "all",
    member: discord.Member | discord.User | None = None,
) -> None:
    """List edits."""
    await show_jobs(interaction, only, member.id if member else None)


@job_group.command(name="cancel", description="Cancel a member's edit")
@app_commands.describe(job="The edit, by its code", reason="Why; kept in the log")
async def cancel_command(interaction: discord.Interaction[LumaBot], job: Code, reason: Reason) -> None:
    """Cancel an edit."""
    await cancel_job(interaction, job, reason)


@job_group.command(name="retry", description="Try a waiting edit now, or ask a failed one again for its member")
@app_commands.describe(job="The edit, by its code", reason="Why; kept in the log")
async def retry_command(interaction: discord.Interaction[LumaBot], job: Code, reason: Reason = "") -> None:
    """Retry an edit."""
    await retry_job(interaction, job, reason)


@job_group.command(name="redeliver", description="Post how an edit ended once more")
@app_commands.describe(job="The edit, by its code", reason="Why; kept in the log")
async def redeliver_command(interaction: discord.Interaction[LumaBot], job: Code, reason: Reason = "") -> None:
    """Deliver an edit again."""
    await redeliver_job(interaction, job, reason)


@cancel_command.autocomplete("job")
async def suggest_open(interaction: discord.Interaction[LumaBot], typed: str) -> list[app_commands.Choice[str]]:
    """Suggest open edits."""
    return await suggest_jobs(interaction, typed, "open")


@retry_command.autocomplete("job")
async def suggest_any(interaction: discord.Interaction[LumaBot], typed: str) -> list[app_commands.Choice[str]]:
    """Suggest edits of all states."""
    return await suggest_jobs(interaction, typed, "all")


@redeliver_command.autocomplete("job")
async def suggest_ended(interaction: discord.Interaction[LumaBot], typed: str) -> list[app_commands.Choice[str]]:
    """Suggest edits of all states; only ended ones can be delivered again."""
    return await suggest_jobs(interaction, typed, "all")


async def setup(bot: commands.Bot) -> None:
    """Add this area to the bot."""
    luma_bot = cast("LumaBot", bot)
    luma_bot.luma_mod.add_command(jobs_command)
    luma_bot.luma_mod.add_command(job_group)
    luma_bot.add_action("jobs", rightly(Right.MODERATE, turn_jobs))
