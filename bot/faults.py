"""Answer an interaction that failed: the person's own mistakes in words, ours with an apology and a code."""

import asyncio
import logging
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot import replies
from bot.language import tr_error
from bot.quota_replies import limit_words
from jobs.errors import LimitReachedError, StorageError, UserError
from jobs.quota import Refusal

ASKED = "asked"  # in the extras of an interaction that asks for an edit: its refusal is a try in vain
# Refusals for what no member can help: a service or Discord that is away, a full disk, a permission of the bot's.
OUR_RULES = frozenset({"service", "discord", "disk", "permissions", Refusal.ALL_OPEN})
# What a request to Discord may end in.
DISCORD_FAULTS = (discord.DiscordException, aiohttp.ClientError, OSError, asyncio.TimeoutError)
_log = logging.getLogger(__name__)


async def answer_fault(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Tell the person what went wrong, ephemerally, and log what is ours to mend."""
    if interaction.client.is_closed():
        _log.info("interaction %d was cut off by the stop", interaction.id)
        return
    original = error.original if isinstance(error, app_commands.CommandInvokeError) else error
    code = f"{interaction.id % 36**6:06x}".upper()
    if isinstance(original, UserError) and original.rule not in OUR_RULES and interaction.extras.pop(ASKED, False):
        interaction.client.desk.bounds.tries.spend(interaction.user.id, interaction.guild_id)
    match original:
        case LimitReachedError() if original.decision is not None:
            text = limit_words(original.decision, in_server=interaction.guild_id is not None)
        case UserError():
            text = tr_error(original)
        case StorageError():
            _log.error("interaction %s: %s", code, original, exc_info=original)
            text = replies.busy()
        case app_commands.CheckFailure() | app_commands.TransformerError() | app_commands.CommandNotFound():
            text = replies.outdated_command()
        case _:
            _log.error("interaction %s failed", code, exc_info=original)
            text = replies.apology(code)
    await say(interaction, text)


async def say(interaction: discord.Interaction[Any], text: str, **parts: Any) -> None:
    """Answer for the person's eyes only; an interaction that has died is let go."""
    try:
        if interaction.response.is_done():
            await interaction.followup.send(text, ephemeral=True, **parts)
        else:
            await interaction.response.send_message(text, ephemeral=True, **parts)
    except DISCORD_FAULTS as error:
        _log.warning("interaction %d could not be answered: %s", interaction.id, type(error).__name__)
