"""Show moderators a server's edits: what holds each, since when, whose."""

from typing import Any

import discord
from discord import app_commands

from bot import inert, refusals, replies
from bot.admin import guild_id_of
from bot.choices import MOST_CHOICES, build_choices
from bot.client import LumaBot
from bot.colours import BLURPLE
from bot.job_filters import FILTERS
from bot.language import tr, tr_known
from bot.own_jobs import name_choice
from bot.pages import page_words, read_turn, turn_buttons
from bot.refused_places import say_detail
from bot.rights import Right, has_right
from jobs.errors import InvalidRequestError
from jobs.job import Job

PAGE_JOBS = 6


async def show_jobs(interaction: discord.Interaction[LumaBot], only: str, member_id: int | None) -> None:
    """List edits, newest first."""
    await interaction.response.send_message(**await _parts(interaction, 0, only, member_id), ephemeral=True)


async def turn_jobs(interaction: discord.Interaction[LumaBot], subject: str) -> None:
    """Show another page of edits."""
    page, rest = read_turn(subject)
    only, _, member = rest.partition(".")
    if only not in FILTERS or not (member.isascii() and member.isdecimal()):
        raise refusals.old_button()
    await interaction.response.edit_message(**await _parts(interaction, page, only, int(member) or None))


async def _parts(
    interaction: discord.Interaction[LumaBot], page: int, only: str, member_id: int | None
) -> dict[str, Any]:
    jobs = await interaction.client.desk.admin.quotas.server_jobs(
        guild_id_of(interaction),
        user_id=member_id,
        states=FILTERS[only],
        offset=page * PAGE_JOBS,
        limit=PAGE_JOBS,
    )
    lines = [_job_lines(interaction, job) for job in jobs.items] or [tr("Nothing here.")]
    panel = discord.Embed(title=tr("Edits in this server"), description="\n".join(lines), color=BLURPLE)
    panel.set_footer(text=page_words(page, size=PAGE_JOBS, total=jobs.total))
    rest = f"{only}.{member_id or 0}"
    return {"embed": panel, "view": turn_buttons("jobs", page, size=PAGE_JOBS, total=jobs.total, rest=rest)}


def _job_lines(interaction: discord.Interaction[LumaBot], job: Job) -> str:
    when = replies.relative_time(job.created_at_ms)
    head = f"`{job.code}` <@{job.user_id}> {when} · **{replies.state_word(job.state)}**"
    url = replies.result_url(job)
    parts = [f"{head} {url}" if url else head, inert.code(job.request.prompt, 90)]
    if holds := holds_words(interaction, job):
        parts.append(f"-# {holds}")
    return "\n".join(parts)


def holds_words(interaction: discord.Interaction[LumaBot], job: Job) -> str:
    """Say what holds an open job, or why it failed; empty when nothing is to be said."""
    if job.failure is not None:
        detail = f" {say_detail(job.failure, 120)}" if job.failure.detail else ""
        return replies.headline(job) + detail
    if job.state.is_final:
        return ""
    waits = [inert.prose(tr_known(interaction.client.desk.lifecycle.waiting_reason(job)), 120)]
    if job.attempts:
        waits.append(tr("tried {count} times", count=job.attempts))
    if job.due_at_ms > interaction.client.desk.clock.now_ms():
        waits.append(tr("looked at again {when}", when=replies.relative_time(job.due_at_ms)))
    return ", ".join(wait for wait in waits if wait)


async def find_by_code(interaction: discord.Interaction[LumaBot], code: str) -> Job:
    """Return the job of a code, if it is of this server; raises InvalidRequestError."""
    job = await interaction.client.desk.store.find(code.strip())
    if job is None or job.guild_id != guild_id_of(interaction):
        raise InvalidRequestError(
            "There is no edit {code} in this server. `/luma-mod jobs` lists them with their codes.",
            rule="job",
            code=inert.code(code, 40),
        )
    return job


async def suggest_jobs(
    interaction: discord.Interaction[LumaBot], typed: str, only: str
) -> list[app_commands.Choice[str]]:
    """Return the newest edits of this server, to choose from."""
    if not has_right(interaction, Right.MODERATE):
        return []
    jobs = await interaction.client.desk.admin.quotas.server_jobs(
        guild_id_of(interaction), user_id=None, states=FILTERS[only], offset=0, limit=4 * MOST_CHOICES
    )
    return build_choices(((name_choice(job), job.code) for job in jobs.items), typed)
