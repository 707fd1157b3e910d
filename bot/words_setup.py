"""Let people with Manage Server block words and patterns, and try what a text would hit."""

from typing import Any

import discord
from discord import app_commands

from bot import inert
from bot.admin import build_act, guild_id_of
from bot.choices import build_choices
from bot.client import LumaBot
from bot.colours import BLURPLE
from bot.language import tr, trn
from bot.pages import page_words, read_turn, turn_buttons
from bot.rights import Right, has_right
from bot.setup_acts import confirm
from jobs.errors import InvalidRequestError
from jobs.words import MOST_CHARS, MOST_WORDS, build_filter, keep_word

PAGE_WORDS = 60  # of the longest words as many as an embed takes


async def add_word(interaction: discord.Interaction[LumaBot], word: str, reason: str) -> None:
    """Block a word."""
    admin, act = interaction.client.desk.admin, build_act(interaction, reason)
    if len((await admin.settings.settings(act.guild_id)).words) >= MOST_WORDS:
        raise InvalidRequestError(
            "This server blocks {count} words already, and more are not possible. Let one through first.",
            rule="words",
            count=MOST_WORDS,
        )
    await confirm(interaction, await admin.settings.add_word(act, word))


async def remove_word(interaction: discord.Interaction[LumaBot], word: str, reason: str) -> None:
    """Let a word through again."""
    admin = interaction.client.desk.admin
    entry = await admin.settings.remove_word(build_act(interaction, reason), keep_word(word))
    if entry is None:
        raise InvalidRequestError("{word} is not blocked here.", rule="words", word=inert.code(word, 60))
    await confirm(interaction, entry)


async def list_words(interaction: discord.Interaction[LumaBot]) -> None:
    """Show the first page of the blocked words."""
    await interaction.response.send_message(**await _parts(interaction, 0), ephemeral=True)


async def turn_words(interaction: discord.Interaction[LumaBot], subject: str) -> None:
    """Show another page of the blocked words."""
    page, _ = read_turn(subject)
    await interaction.response.edit_message(**await _parts(interaction, page))


async def _parts(interaction: discord.Interaction[LumaBot], page: int) -> dict[str, Any]:
    words = sorted((await interaction.client.desk.admin.settings.settings(guild_id_of(interaction))).words)
    title = trn("{count} blocked word", "{count} blocked words", len(words))
    shown = words[page * PAGE_WORDS : (page + 1) * PAGE_WORDS]
    text = " ".join(inert.code(word, MOST_CHARS) for word in shown)
    panel = discord.Embed(title=title, description=text or tr("none"), color=BLURPLE)
    panel.set_footer(text=page_words(page, size=PAGE_WORDS, total=len(words)))
    return {"embed": panel, "view": turn_buttons("words", page, size=PAGE_WORDS, total=len(words))}


async def try_text(interaction: discord.Interaction[LumaBot], text: str) -> None:
    """Say which blocked words a text would hit, and where."""
    words = (await interaction.client.desk.admin.settings.settings(guild_id_of(interaction))).words
    hits = build_filter(words).find(text)
    if not hits:
        answer = tr("That text would pass: it hits none of {count} blocked words.", count=len(words))
    else:
        lines = [
            tr("{found} hits {word}", found=inert.code(hit.found, 60), word=inert.code(hit.word, 60)) for hit in hits
        ]
        answer = inert.join_within([tr("That text would be refused:"), *lines], 2000)
    await interaction.response.send_message(answer, ephemeral=True)


async def suggest_words(interaction: discord.Interaction[LumaBot], typed: str) -> list[app_commands.Choice[str]]:
    """Return the blocked words, to choose from."""
    if not has_right(interaction, Right.SETUP):
        return []
    words = (await interaction.client.desk.admin.settings.settings(guild_id_of(interaction))).words
    return build_choices(((word, word) for word in sorted(words)), typed)
