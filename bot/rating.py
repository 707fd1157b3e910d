"""Take thumbs on results, and show moderators what is liked."""

from collections.abc import Callable

import discord

from bot import inert, refusals
from bot.client import LumaBot
from bot.faults import say
from bot.language import tr, trn
from bot.pressing import check_result, find_here, is_own
from jobs.result_ports import Acceptance, Tally

DAY_MS = 86_400_000
_LINES = 20


async def like(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Keep a thumb up; raises UserError."""
    await _rate(interaction, job_id, liked=True)


async def dislike(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Keep a thumb down; raises UserError."""
    await _rate(interaction, job_id, liked=False)


async def _rate(interaction: discord.Interaction[LumaBot], job_id: str, *, liked: bool) -> None:
    job = check_result(await find_here(interaction, job_id))
    if job.request.private and not is_own(interaction, job):
        raise refusals.job_gone()
    desk = interaction.client.desk
    tally = await desk.results.store.rate(job, interaction.user.id, liked=liked, now_ms=desk.clock.now_ms())
    thumb = "👍" if liked else "👎"
    await say(interaction, tr("{thumb} is noted. So far: {tally}.", thumb=thumb, tally=count_thumbs(tally)))


def count_thumbs(tally: Tally) -> str:
    """Return the thumbs in signs."""
    return f"{tally.liked} 👍 · {tally.disliked} 👎"


async def show_ratings(interaction: discord.Interaction[LumaBot], days: int) -> None:
    """Show moderators what is liked in their server, by service and style."""
    desk = interaction.client.desk
    since_ms = desk.clock.now_ms() - days * DAY_MS
    rows = await desk.results.store.acceptance(interaction.guild_id or 0, since_ms=since_ms)
    embed = discord.Embed(title=tr("How results are liked"), description=build_ratings(rows, desk.results.title_of))
    embed.set_footer(text=trn("the last day", "the last {count} days", days))
    await interaction.response.send_message(embed=embed, ephemeral=True)


def build_ratings(rows: list[Acceptance], title_of: Callable[[str], str]) -> str:
    """Return the table, all together first; `title_of` names a service."""
    if not rows:
        return tr("Nobody has given a thumb yet.")
    total = Tally(sum(each.tally.liked for each in rows), sum(each.tally.disliked for each in rows))
    lines = [f"**{tr('All')}** · {_share(total)}", *(_line(row, title_of(row.service)) for row in rows[:_LINES])]
    return "\n".join(lines)


def _line(row: Acceptance, service: str) -> str:
    style = inert.code(row.style, 60) if row.style else tr("no style")
    return f"{service} · {style} · {_share(row.tally)}"


def _share(tally: Tally) -> str:
    percent = round(100 * tally.liked / max(1, tally.liked + tally.disliked))
    return f"{percent} % ({count_thumbs(tally)})"
