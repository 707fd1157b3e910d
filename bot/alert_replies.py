"""Draw what a server's moderators are alerted of; what members typed is inert."""

from collections.abc import Sequence

import discord

from bot import inert
from bot.colours import GREEN, RED, YELLOW
from bot.language import tr, tr_known
from bot.replies import relative_time, state_word
from jobs.admin import BudgetWarning
from jobs.job import Job
from jobs.quota import Period
from jobs.tries import Spent
from jobs.words import Hit

_NAMED_WORDS = 10


def blocked_alert(user_id: int, channel_id: int | None, text: str, hits: Sequence[Hit]) -> discord.Embed:
    """Return the alert of a text that was refused for blocked words."""
    words = inert.join_within((inert.code(hit.word, 60) for hit in hits[:_NAMED_WORDS]), 1024, " ")
    where = f"<#{channel_id}>" if channel_id else tr("unknown")
    panel = discord.Embed(title=tr("Blocked words in a prompt"), description=inert.code_block(text), color=YELLOW)
    panel.add_field(name=tr("Member"), value=f"<@{user_id}>")
    panel.add_field(name=tr("Channel"), value=where)
    panel.add_field(name=tr("Words"), value=words)
    return panel


def tries_alert(user_id: int, channel_id: int | None, spent: Spent) -> discord.Embed:
    """Return the alert of somebody who keeps asking in vain, or of a server where many do."""
    title, who = tr("A member keeps being refused"), tr("Member")
    text = tr(
        "I look at their next try {when}; `/luma-mod block` keeps them out.", when=relative_time(spent.again_at_ms)
    )
    if not spent.is_own:
        title, who = tr("Many tries are being refused"), tr("The last one")
        text = tr(
            "Members of this server keep asking for what I must refuse. Perhaps many small accounts do so: "
            "`/luma-setup pause` stops them all, `/luma-setup roles` lets in members with a role alone."
        )
    panel = discord.Embed(title=title, description=text, color=YELLOW)
    panel.add_field(name=who, value=f"<@{user_id}>")
    panel.add_field(name=tr("Channel"), value=f"<#{channel_id}>" if channel_id else tr("unknown"))
    return panel


def budget_alert(warning: BudgetWarning) -> discord.Embed:
    """Return the alert of a budget that runs out."""
    span = tr("a day") if warning.period is Period.DAY else tr("a month")
    if warning.level >= 100:
        title, color = tr("The budget is used up"), RED
        text = tr(
            "All {budget} edits in {span} are used: nobody can begin an edit before one comes free. "
            "`/luma-setup budget` sets another budget.",
            budget=warning.budget,
            span=span,
        )
    else:
        title, color = tr("The budget runs out"), YELLOW
        text = tr("{used} of {budget} edits in {span} are used.", used=warning.used, budget=warning.budget, span=span)
    return discord.Embed(title=title, description=text, color=color)


def stuck_alert(job: Job, what: str) -> discord.Embed:
    """Return the alert of an edit that needs somebody's eyes; `what` is the operator's word for it."""
    panel = discord.Embed(
        title=tr("An edit is stuck"),
        description=tr("`/luma-mod jobs` shows it; `/luma-mod job` retries, delivers or cancels it."),
        color=RED,
    )
    panel.add_field(name=tr("Edit"), value=f"`{job.code}`")
    panel.add_field(name=tr("Member"), value=f"<@{job.user_id}>")
    panel.add_field(name=tr("State"), value=state_word(job.state))
    panel.add_field(name=tr("Begun"), value=relative_time(job.created_at_ms))
    panel.add_field(name=tr("Why"), value=inert.prose(tr_known(what)) or tr("unknown"), inline=False)
    return panel


def outage_alert(service: str, reason: str) -> discord.Embed:
    """Return the alert of a video service that takes no edits, or takes them again."""
    name = inert.plain(service, 40)
    if not reason:
        return discord.Embed(title=tr("{service} takes edits again", service=name), color=GREEN)
    text = tr("Edits wait and go on by themselves ({reason}).", reason=inert.prose(tr_known(reason)))
    return discord.Embed(title=tr("{service} takes no edits", service=name), description=text, color=RED)
