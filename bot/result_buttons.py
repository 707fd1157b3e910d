"""Lay out the buttons under results, failures and shown edits; what they do is decided at the press."""

from typing import Any

import discord

from bot import replies
from bot.client import LumaBot
from bot.language import tr
from bot.presses import Buttons, build_button
from jobs.job import CANCELLABLE_STATES, OPEN_STATES, Job, State

SHARE = "share"


def result_buttons(bot: LumaBot, job: Job) -> Buttons:
    """Return the rows under a result."""
    first = [
        build_button("again", job.id, tr("Run again")),
        build_button("reword", job.id, tr("Edit prompt")),
        build_button("input", job.id, tr("Use as input")),
    ]
    if job.request.clip is not None:
        first.append(build_button("compare", job.id, tr("Compare")))
    if bot.has_action(SHARE) and not job.request.private and job.guild_id is not None:
        first.append(build_button(SHARE, job.id, tr("Share")))
    second = [
        build_button("like", job.id, "👍"),
        build_button("dislike", job.id, "👎"),
        build_button("delete", job.id, tr("Delete"), discord.ButtonStyle.danger),
    ]
    return _rows(first, second)


def failure_buttons(job: Job) -> Buttons | None:
    """Return the buttons under a failure; None where neither the same nor another prompt could work."""
    if not replies.may_try_again(job):
        return None
    return Buttons(
        build_button("again", job.id, tr("Try again"), discord.ButtonStyle.primary),
        build_button("reword", job.id, tr("Edit prompt")),
    )


def shown_buttons(bot: LumaBot, job: Job) -> Buttons:
    """Return the rows under an edit that its member looks at."""
    if job.state in OPEN_STATES:
        cancel = build_button("cancel", job.id, tr("Cancel"), discord.ButtonStyle.danger)
        return Buttons(*([cancel] if job.state in CANCELLABLE_STATES else []), *_prompt_buttons(job))
    if job.deleted_at_ms is not None:
        return Buttons(*_prompt_buttons(job))
    if job.state is State.DELIVERED:
        buttons = result_buttons(bot, job)
        for button in (build_button("post", job.id, tr("Post again")), *_prompt_buttons(job)):
            button.row = 2
            buttons.add_item(button)
        return buttons
    if replies.is_kept(job):
        return Buttons(build_button("post", job.id, tr("Post again")), *_prompt_buttons(job))
    again = [build_button("again", job.id, tr("Try again"))] if _may_repeat(job) else []
    reword = [build_button("reword", job.id, tr("Edit prompt"))] if _may_repeat(job) else []
    return Buttons(*again, *reword, *_prompt_buttons(job))


def _may_repeat(job: Job) -> bool:
    return job.state is State.CANCELLED or replies.may_try_again(job)


def _prompt_buttons(job: Job) -> list[discord.ui.Button[Any]]:
    return [
        build_button("prompt", job.id, tr("Copy prompt")),
        build_button("reuse", job.id, tr("Use prompt")),
    ]


def _rows(*rows: list[discord.ui.Button[Any]]) -> Buttons:
    for number, row in enumerate(rows):
        for button in row:
            button.row = number
    return Buttons(*(button for row in rows for button in row))
