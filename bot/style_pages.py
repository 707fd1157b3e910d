"""Show members the styles there are, page by page; one's text on request, with a favourite's button."""

from typing import Any

import discord

from bot import inert, refusals
from bot.client import LumaBot
from bot.language import tr
from bot.pages import page_words, read_turn, turn_buttons
from bot.presses import Buttons, build_button, press_id, read_values
from bot.styles import origin_word, shown_name
from jobs.prompts import PROMPT_MARK
from jobs.styles import NAME_CHARS, Style, Taste, rank

PAGE_STYLES = 10


async def show_styles(interaction: discord.Interaction[LumaBot]) -> None:
    """Answer with the first page of all styles."""
    embed, view = await _build_page(interaction, 0)
    await interaction.response.send_message(embed=embed, view=view, ephemeral=True)


async def turn_styles(interaction: discord.Interaction[LumaBot], subject: str) -> None:
    """Show another page in place of the one whose button was pressed."""
    page, _ = read_turn(subject)
    embed, view = await _build_page(interaction, page)
    await interaction.response.edit_message(embed=embed, view=view)


async def show_style(interaction: discord.Interaction[LumaBot], name: str) -> None:
    """Answer with one style's text and sample."""
    style = await interaction.client.desk.styles.find(interaction.guild_id, name)
    taste = await interaction.client.desk.styles.taste(interaction.user.id, interaction.guild_id)
    await interaction.response.send_message(embed=build_style(style), view=_style_buttons(style, taste), ephemeral=True)


async def choose_style(interaction: discord.Interaction[LumaBot], _subject: str) -> None:
    """Answer with the style chosen in a page's menu."""
    chosen = read_values(interaction)
    if len(chosen) != 1:
        raise refusals.old_button()
    await show_style(interaction, chosen[0])


async def like_style(interaction: discord.Interaction[LumaBot], name: str) -> None:
    """Make a style a favourite and show its button anew."""
    await _set_favourite(interaction, name, liked=True)


async def unlike_style(interaction: discord.Interaction[LumaBot], name: str) -> None:
    """Make a style a favourite no more and show its button anew."""
    await _set_favourite(interaction, name, liked=False)


async def _set_favourite(interaction: discord.Interaction[LumaBot], name: str, *, liked: bool) -> None:
    shelf, now_ms = interaction.client.desk.styles, interaction.client.desk.clock.now_ms()
    style = await shelf.find(interaction.guild_id, name)
    await shelf.set_favourite(interaction.user.id, interaction.guild_id, style, liked=liked, now_ms=now_ms)
    taste = await shelf.taste(interaction.user.id, interaction.guild_id)
    await interaction.response.edit_message(embed=build_style(style), view=_style_buttons(style, taste))


async def _build_page(interaction: discord.Interaction[LumaBot], page: int) -> tuple[discord.Embed, Buttons]:
    shelf = interaction.client.desk.styles
    taste = await shelf.taste(interaction.user.id, interaction.guild_id)
    styles = rank(await shelf.all(interaction.guild_id), taste, "")
    page = min(page, (len(styles) - 1) // PAGE_STYLES)
    shown = styles[page * PAGE_STYLES : (page + 1) * PAGE_STYLES]
    lines = [f"{origin_word(style)} **{inert.prose(shown_name(style, taste), 60)}**" for style in shown]
    lines += ["", tr("🏠 this server's · 🎨 built in · ⭐ your favourites · 🕘 used lately")]
    embed = discord.Embed(title=tr("Styles"), description="\n".join(lines))
    embed.set_footer(text=page_words(page, size=PAGE_STYLES, total=len(styles)))
    view = turn_buttons("styles", page, size=PAGE_STYLES, total=len(styles))
    view.add_item(_menu(shown, taste, page))
    return embed, view


def _menu(styles: list[Style], taste: Taste, page: int) -> discord.ui.Select[Any]:
    options = [discord.SelectOption(label=shown_name(style, taste), value=style.name) for style in styles]
    return discord.ui.Select(
        custom_id=press_id("style", str(page)), placeholder=tr("Show a style's text"), options=options
    )


def build_style(style: Style) -> discord.Embed:
    """Return the card of one style."""
    text = style.text if PROMPT_MARK in style.text else tr("your prompt") + " + " + style.text
    text = text.replace(PROMPT_MARK, tr("[your prompt]"))
    embed = discord.Embed(title=f"{origin_word(style)} {inert.plain(style.name, NAME_CHARS)}")
    embed.description = inert.code_block(text)
    if style.sample:
        # Moderators may put a link here: it stands as text, so that nobody is led astray by its words.
        embed.add_field(name=tr("Sample"), value=inert.code(style.sample))
    embed.set_footer(text=tr("{count} characters, counted with your prompt", count=len(style.text)))
    return embed


def _style_buttons(style: Style, taste: Taste) -> Buttons:
    if style.key in taste.favourites:
        return Buttons(build_button("style_unliked", style.name, tr("Remove from favourites")))
    return Buttons(build_button("style_liked", style.name, tr("Add to favourites")))
