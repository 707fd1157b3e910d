"""Draw what a member may have: for themselves, and for a moderator with its history."""

from collections.abc import Sequence
from datetime import UTC, datetime

import discord

from bot import inert, replies
from bot.colours import BLURPLE, RED
from bot.language import tr
from bot.quota_replies import explain, first_bonuses, left_words
from jobs.admin import DayUse
from jobs.job import Job
from jobs.quota import Decision, Period, Refusal


def build_quota_panel(decision: Decision, *, title: str, barrier: str = "", in_server: bool = True) -> discord.Embed:
    """Return what is used, reserved, left and extra, when the next edit comes free, and why."""
    color = BLURPLE if decision.is_allowed and not barrier else RED
    panel = discord.Embed(title=title, description=tr("{sentence}.", sentence=explain(decision)), color=color)
    panel.add_field(name=tr("Used"), value=str(decision.used))
    panel.add_field(name=tr("Reserved"), value=str(decision.open))
    panel.add_field(name=tr("Left"), value=left_words(decision))
    if decision.bonuses:
        panel.add_field(name=tr("Bonus"), value="\n".join(first_bonuses(decision.bonuses)))
    if decision.next_free_at_ms is not None:
        panel.add_field(name=tr("Next one free"), value=replies.relative_time(decision.next_free_at_ms))
    if budget := _budget_lines(decision):
        name = tr("The whole server") if in_server else tr("All direct messages with me")
        panel.add_field(name=name, value="\n".join(budget), inline=False)
    if barrier:
        panel.add_field(name=tr("Right now"), value=barrier, inline=False)
    panel.set_footer(text=tr("Reserved edits count as used; a failed edit is given back."))
    return panel


def _budget_lines(decision: Decision) -> list[str]:
    policies, server, lines = decision.policies, decision.server, []
    if policies.budget_day is not None:
        lines.append(tr("{used} of {count} in a day", used=server.day, count=policies.budget_day))
    if policies.budget_month is not None:
        lines.append(tr("{used} of {count} in a month", used=server.month, count=policies.budget_month))
    if decision.refusal in (Refusal.BUDGET_DAY, Refusal.BUDGET_MONTH):
        is_shut = decision.next_free_at_ms is None  # a budget of nothing
        shut = tr("Nobody here can begin an edit.")
        lines.append(shut if is_shut else tr("Nobody here can begin an edit before one comes free."))
    return lines


def add_history(panel: discord.Embed, days: Sequence[DayUse], jobs: Sequence[Job]) -> None:
    """Add use over time, in figures, and the last jobs."""
    panel.add_field(name=tr("Last {count} days", count=len(days)), value=sum_up(days), inline=False)
    lines = [_job_line(job) for job in jobs] or [tr("None yet.")]
    panel.add_field(name=tr("Last edits"), value="\n".join(lines), inline=False)


def sum_up(days: Sequence[DayUse]) -> str:
    """Return the figures of a chart in one line, its colours being the legend."""
    settled, held, released = (
        sum(values) for values in zip(*((d.settled, d.open, d.released) for d in days), strict=True)
    )
    return tr(
        "\N{LARGE BLUE SQUARE} {settled} delivered · \N{LARGE ORANGE SQUARE} {open} open · "
        "\N{WHITE LARGE SQUARE} {released} not counted",
        settled=settled,
        open=held,
        released=released,
    )


def describe_days(days: Sequence[DayUse]) -> str:
    """Return the figures of each day with any use, for those who hear a picture (at most 1024 characters)."""
    used = [day for day in days if day.settled or day.open or day.released]
    words = "; ".join(
        tr(
            "{day}: {settled} delivered, {open} open, {released} not counted",
            day=day_name(day),
            settled=day.settled,
            open=day.open,
            released=day.released,
        )
        for day in used
    )
    return inert.cut(words or tr("No use in the last {count} days.", count=len(days)), 1024)


def day_name(day: DayUse) -> str:
    """Return the date on which a day of use ends, in UTC."""
    return datetime.fromtimestamp((day.begins_at_ms + Period.DAY.span_ms) / 1000, UTC).strftime("%m-%d")


def _job_line(job: Job) -> str:
    when = replies.relative_time(job.created_at_ms)
    return f"`{job.code}` {when} · {replies.state_word(job.state)} · {inert.code(job.request.prompt, 60)}"
