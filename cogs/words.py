"""Let people with Manage Server block words: `/luma-setup words`."""

from typing import cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.admin import REASON_CHARS
from bot.client import LumaBot
from bot.rights import Right, RightsSubgroup, rightly
from bot.words_setup import add_word, list_words, remove_word, suggest_words, try_text, turn_words

Reason = app_commands.Range[str, 1, REASON_CHARS]
Word = app_commands.Range[str, 1, 100]

words_group = RightsSubgroup(Right.SETUP, "words", "Which words no prompt, watermark or style may have")


@words_group.command(name="add", description="Block a word, a phrase or a pattern")
@app_commands.describe(
    word="The word or phrase; * stands for any letters, ? for one; look-alike letters are seen through",
    reason="Why; kept in the log",
)
async def add_command(interaction: discord.Interaction[LumaBot], word: Word, reason: Reason = "") -> None:
    """Block a word."""
    await add_word(interaction, word, reason)


@words_group.command(name="remove", description="Let a blocked word through again")
@app_commands.describe(word="The word", reason="Why; kept in the log")
async def remove_command(interaction: discord.Interaction[LumaBot], word: Word, reason: Reason = "") -> None:
    """Let a word through."""
    await remove_word(interaction, word, reason)


@words_group.command(name="list", description="The blocked words")
async def list_command(interaction: discord.Interaction[LumaBot]) -> None:
    """Show the words."""
    await list_words(interaction)


@words_group.command(name="test", description="What a text would hit; nothing is sent or counted")
@app_commands.describe(text="The text to try")
async def test_command(interaction: discord.Interaction[LumaBot], text: app_commands.Range[str, 1, 2000]) -> None:
    """Try a text."""
    await try_text(interaction, text)


@remove_command.autocomplete("word")
async def suggest_word(interaction: discord.Interaction[LumaBot], typed: str) -> list[app_commands.Choice[str]]:
    """Suggest the blocked words."""
    return await suggest_words(interaction, typed)


async def setup(bot: commands.Bot) -> None:
    """Add this area to the bot."""
    luma_bot = cast("LumaBot", bot)
    luma_bot.luma_setup.add_command(words_group)
    luma_bot.add_action("words", rightly(Right.SETUP, turn_words))
