"""Let people with Manage Server block words and patterns, and try what a text would hit."""

import discord
from discord import app_commands

from bot import inert
from bot.admin import build_act, guild_id_of
from bot.choices import build_choices
from bot.client import LumaBot
from bot.colours import BLURPLE
from bot.language import tr, trn
from bot.rights import Right, has_right
from bot.setup_acts import confirm
from jobs.errors import InvalidRequestError
from jobs.words import MOST_WORDS, build_filter, keep_word


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
    """Show the blocked words."""
    words = (await interaction.client.desk.admin.settings.settings(guild_id_of(interaction))).words
    title = trn("{count} blocked word", "{count} blocked words", len(words))
    text = inert.join_within((inert.code(word, 60) for word in sorted(words)), 4096, " ")
    panel = discord.Embed(title=title, description=text or tr("none"), color=BLURPLE)
    await interaction.response.send_message(embed=panel, ephemeral=True)


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
