"""Answer who has how much: a member of themselves, a moderator of one member or of all."""

from io import BytesIO
from typing import Any

import discord

from bot import refusals
from bot.admin import ask_for, build_asker, guild_id_of
from bot.charts import ChartError, DaysChart, MembersChart
from bot.client import LumaBot
from bot.colours import BLURPLE
from bot.language import tr
from bot.names import read_names
from bot.pages import page_words, read_turn, turn_buttons
from bot.quota_panels import add_history, build_quota_panel, day_name, describe_days
from bot.quota_replies import access_words, busy_words, standing_words
from jobs.admin import DayUse, Page, UserUse
from jobs.quota import Decision, Period

CHART_DAYS = 30
LAST_JOBS = 5
TOP_ROWS = 10


async def show_own(interaction: discord.Interaction[LumaBot]) -> None:
    """Tell a member what they have left and why."""
    admin, now_ms = interaction.client.desk.admin, interaction.client.desk.clock.now_ms()
    asker = build_asker(interaction)
    decision = await admin.quotas.decision(asker, now_ms=now_ms)
    access = await admin.quotas.access(asker, now_ms=now_ms)
    barrier = busy_words(decision) if access.is_open else access_words(access)
    in_server = interaction.guild_id is not None
    panel = build_quota_panel(decision, title=tr("Your quota"), barrier=barrier, in_server=in_server)
    await interaction.response.send_message(embed=panel, ephemeral=True)


async def show_member(interaction: discord.Interaction[LumaBot], member: discord.Member | discord.User) -> None:
    """Tell a moderator what a member has and from where, with use over time as a chart and the last edits."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    admin, now_ms = interaction.client.desk.admin, interaction.client.desk.clock.now_ms()
    guild_id = guild_id_of(interaction)
    settings = await admin.settings.settings(guild_id)
    asker = ask_for(guild_id, member, settings.access)
    decision = await admin.quotas.decision(asker, now_ms=now_ms)
    access = await admin.quotas.access(asker, now_ms=now_ms)
    days = await admin.quotas.use_by_day(guild_id, member.id, days=CHART_DAYS, now_ms=now_ms)
    jobs = await admin.quotas.server_jobs(guild_id, user_id=member.id, states=None, offset=0, limit=LAST_JOBS)
    panel = build_quota_panel(decision, title=tr("A member's quota"), barrier=standing_words(access))
    panel.description = f"{member.mention}: {panel.description}"
    add_history(panel, days, jobs.items)
    parts = await _draw(interaction, panel, _days_chart(days, decision), describe_days(days))
    await interaction.edit_original_response(**parts)


def _days_chart(days: list[DayUse], decision: Decision) -> DaysChart:
    allowance = decision.rule.allowance
    return DaysChart(
        days=tuple(map(day_name, days)),
        settled=tuple(day.settled for day in days),
        open=tuple(day.open for day in days),
        released=tuple(day.released for day in days),
        limit=allowance.edits if allowance.period is Period.DAY else None,
    )


async def show_top(interaction: discord.Interaction[LumaBot], period: Period) -> None:
    """Tell a moderator who used most in a period."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await interaction.edit_original_response(**await _top_parts(interaction, 0, period))


async def turn_top(interaction: discord.Interaction[LumaBot], subject: str) -> None:
    """Show another page of who used most."""
    page, name = read_turn(subject)
    if name not in list(Period):
        raise refusals.old_button()
    await interaction.response.defer()
    await interaction.edit_original_response(**await _top_parts(interaction, page, Period(name)))


async def _top_parts(interaction: discord.Interaction[LumaBot], page: int, period: Period) -> dict[str, Any]:
    admin, now_ms = interaction.client.desk.admin, interaction.client.desk.clock.now_ms()
    guild_id, offset = guild_id_of(interaction), page * TOP_ROWS
    users = await admin.quotas.top_users(guild_id, since_ms=now_ms - period.span_ms, offset=offset, limit=TOP_ROWS)
    panel = discord.Embed(title=_top_title(period), description=_top_lines(users, offset), color=BLURPLE)
    panel.set_footer(text=page_words(page, size=TOP_ROWS, total=users.total))
    buttons = turn_buttons("top", page, size=TOP_ROWS, total=users.total, rest=period)
    if not users.items:
        return {"embed": panel, "view": buttons, "attachments": []}
    names = await read_names(interaction.guild, [use.user_id for use in users.items])
    chart = MembersChart(
        tuple(f"{offset + row}  {names.get(use.user_id, '')}" for row, use in enumerate(users.items, 1)),
        tuple(use.settled for use in users.items),
        tuple(use.open for use in users.items),
    )
    words = "; ".join(f"{name}: {use.used}" for name, use in zip(chart.names, users.items, strict=True))
    return {"view": buttons, **await _draw(interaction, panel, chart, words)}


def _top_title(period: Period) -> str:
    match period:
        case Period.DAY:
            return tr("Most edits in a day")
        case Period.WEEK:
            return tr("Most edits in a week")
    return tr("Most edits in a month")


def _top_lines(users: Page[UserUse], offset: int) -> str:
    lines = [_top_line(offset + row, use) for row, use in enumerate(users.items, 1)]
    if not lines:
        return tr("Nobody has made an edit in this time.")
    legend = tr("\N{LARGE BLUE SQUARE} delivered · \N{LARGE ORANGE SQUARE} open")
    return "\n".join([*lines, "", legend])


def _top_line(rank: int, use: UserUse) -> str:
    parts = [tr("**{used}** used", used=use.used)]
    if use.open:
        parts.append(tr("{count} open", count=use.open))
    if use.bonus:
        parts.append(tr("{count} from bonuses", count=use.bonus))
    return f"{rank}. <@{use.user_id}> · {', '.join(parts)}"


async def _draw(
    interaction: discord.Interaction[LumaBot], panel: discord.Embed, chart: DaysChart | MembersChart, words: str
) -> dict[str, Any]:
    """Return the panel with its chart; the figures stand in the panel also where no chart could be drawn."""
    try:
        picture = await interaction.client.desk.admin.charts.draw(chart)
    except ChartError:
        return {"embed": panel, "attachments": []}
    words = words[:1024]
    # discord.py writes no description of an embed's picture, and a file's own is not read out where an embed shows it.
    image = {"url": "attachment://use.png", "description": words}
    panel = discord.Embed.from_dict({**panel.to_dict(), "image": image})
    return {"embed": panel, "attachments": [discord.File(BytesIO(picture), "use.png", description=words)]}
