"""Stand at the one door to an edit: every command, form and button that begins one passes here, access first."""

import logging
from collections.abc import Sequence

import discord

from bot import inert
from bot.admin import build_asker
from bot.bot_permissions import check_bot_permissions
from bot.client import LumaBot
from bot.faults import ASKED
from bot.replies import relative_time
from jobs.errors import LimitReachedError, UserError
from jobs.job import Request
from jobs.words import Hit, build_filter

_ENTERED = "entered"
_log = logging.getLogger(__name__)


async def enter(interaction: discord.Interaction[LumaBot]) -> None:
    """Raise UserError unless the person may edit here and the bot may work here; asked once per interaction."""
    if _ENTERED in interaction.extras:
        return
    _check_tries(interaction)
    desk = interaction.client.desk
    access = await desk.admin.quotas.access(build_asker(interaction), now_ms=desk.clock.now_ms())
    if access.barrier is not None:
        raise LimitReachedError(f"kept out: {access.barrier}", rule=access.barrier, decision=access)
    check_bot_permissions(interaction)
    if interaction.channel_id is not None:
        interaction.client.refusals.forgive(interaction.channel_id)
    interaction.extras[_ENTERED] = True


def _check_tries(interaction: discord.Interaction[LumaBot]) -> None:
    """Raise UserError, before anything is looked up, while somebody has asked in vain too often of late."""
    spent = interaction.client.desk.bounds.tries.look(interaction.user.id, interaction.guild_id)
    if spent is None:
        interaction.extras[ASKED] = True
        return
    if spent.is_news and spent.is_everywhere:  # no server's doing: it is for the operator to look at
        _log.warning("so much is refused in all places together that tries are turned away")
    elif spent.is_news:
        interaction.client.alerts.tell_tries(interaction, spent)
    when = relative_time(spent.again_at_ms)
    if spent.is_own:
        raise UserError(
            "I had to refuse you too often in a short while, and look at your next try {when}. Nothing was counted.",
            rule="tries",
            when=when,
        )
    raise UserError(
        "Too much had to be refused here in a short while. Please try again {when}. Nothing was counted.",
        rule="tries",
        when=when,
    )


async def check_words(interaction: discord.Interaction[LumaBot], request: Request) -> None:
    """Raise UserError when any text of a request holds a word its server has blocked, and tell its moderators."""
    text, hits = await find_blocked(interaction, request)
    if hits:
        interaction.client.alerts.tell_blocked(interaction, text, hits)
        raise UserError(
            "Your text has {found} in it, and this server has blocked {word}. Please say it in other words. "
            "Nothing was counted.",
            rule="words",
            found=inert.code(hits[0].found, 60),
            word=inert.code(hits[0].word, 60),
        )


async def find_blocked(interaction: discord.Interaction[LumaBot], request: Request) -> tuple[str, Sequence[Hit]]:
    """Return the first text of a request that holds a word its server has blocked, with what it hits; else nothing."""
    if interaction.guild_id is None:
        return "", ()
    settings = await interaction.client.desk.admin.settings.settings(interaction.guild_id)
    if settings.words:
        words = build_filter(settings.words)
        for text in texts_of(request):
            if hits := words.find(text):
                return text, hits
    return "", ()


def texts_of(request: Request) -> list[str]:
    """Return every text in a request that somebody wrote; the options that take an address are no texts."""
    written = [text for name, text in request.options.items() if not name.endswith("_url")]
    return [text for text in (request.prompt, request.style, request.style_text, *written) if text]
