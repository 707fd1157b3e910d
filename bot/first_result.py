"""Tell each member once, for their eyes alone, what the buttons under a result do.

Best with their first result, by the token of the command that began it; where that has died (after 15 minutes, or with
the process that knew it), at their first press under a result of theirs.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot import replies
from bot.client import LumaBot
from bot.faults import DISCORD_FAULTS
from bot.language import speaking, tr
from bot.presses import Action
from bot.pressing import one_at_a_time
from bot.result_buttons import result_buttons
from jobs.errors import LumaBotError
from jobs.job import Job, State

SEND_SECONDS = 30.0
_log = logging.getLogger(__name__)


async def tell_with_result(bot: LumaBot, job: Job, url: str) -> None:
    """Tell a job's member of the buttons under the result at `url`, where their command can still be answered."""
    followup = bot.followups.take(job.id)
    if followup is None:
        return

    async def send() -> None:
        with speaking(job.locale):
            await followup.send(build_hint(bot, job, url), ephemeral=True)

    await _tell_once(bot, job.user_id, send)


def telling(action: Action) -> Action:
    """Return an action that afterwards tells whoever acts on a result of their own, unless they were told before.

    Not for presses that open a form: it would lie over what is told.
    """

    async def act(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
        await action(interaction, job_id)
        await _tell_presser(interaction, job_id)

    return act


async def _tell_presser(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    bot, user_id = interaction.client, interaction.user.id
    try:
        if await bot.desk.results.store.was_told(user_id):
            return
        job = await bot.desk.store.get(job_id)
    except LumaBotError as error:
        _log.warning("a member could not be told of the buttons: %s", error)
        return
    if job is None or job.user_id != user_id or job.state is not State.DELIVERED or job.deleted_at_ms is not None:
        return
    text = build_hint(bot, job, replies.result_url(job) or "")
    await _tell_once(bot, user_id, lambda: interaction.followup.send(text, ephemeral=True))


async def _tell_once(bot: LumaBot, user_id: int, send: Callable[[], Awaitable[Any]]) -> None:
    """Say it unless it was said; what did not reach Discord, or a crash cut off, is said another time."""
    store = bot.desk.results.store
    try:
        async with one_at_a_time(f"told:{user_id}"):
            if await store.was_told(user_id):
                return
            async with asyncio.timeout(SEND_SECONDS):
                await send()
            await store.note_told(user_id, now_ms=bot.desk.clock.now_ms())
    except (LumaBotError, *DISCORD_FAULTS) as error:
        what = error if isinstance(error, LumaBotError) else type(error).__name__
        _log.info("a member could not be told of the buttons yet: %s", what)


def build_hint(bot: LumaBot, job: Job, url: str) -> str:
    """Return what the buttons under a job's result do, each that is there by its name."""
    does = _meanings()
    found = [(str(button.label), str(button.custom_id).split(":")[1]) for button in _buttons(bot, job)]
    thumbs = " ".join(label for label, action in found if action in ("like", "dislike"))
    lines = [f"- **{label}** {does[action]}" for label, action in found if action in does]
    return "\n".join(
        [
            tr("**Your first result!** The buttons under {result} work for ever:", result=url),
            *lines,
            tr("- {thumbs} say how you like it", thumbs=thumbs),
            tr("-# I tell you this once, and only you see it. `/luma help` shows the rest."),
        ]
    )


def _buttons(bot: LumaBot, job: Job) -> list[discord.ui.Button[Any]]:
    return [each for each in result_buttons(bot, job).children if isinstance(each, discord.ui.Button)]


def _meanings() -> dict[str, str]:
    return {
        "again": tr("makes it once more, the same clip with the same prompt"),
        "reword": tr("makes it with a prompt you change"),
        "input": tr("edits the result itself further"),
        "compare": tr("puts before and after into one video"),
        "share": tr("puts it into the showcase, after a preview"),
        "delete": tr("takes it back for good: message, files and shares"),
    }
