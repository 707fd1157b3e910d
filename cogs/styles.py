"""Let members look through the styles, and people with Manage Server change the server's own."""

from typing import cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import LumaBot
from bot.rights import Right, RightsSubgroup
from bot.style_pages import choose_style, like_style, show_style, show_styles, turn_styles, unlike_style
from bot.style_setup import add_style, edit_style, order_style, remove_style
from bot.styles import suggest_own_styles, suggest_styles
from jobs.styles import NAME_CHARS, SAMPLE_CHARS, SERVER_STYLES, TEXT_CHARS

Name = app_commands.Range[str, 1, NAME_CHARS]
Text = app_commands.Range[str, 1, TEXT_CHARS]
Sample = app_commands.Range[str, 1, SAMPLE_CHARS]

styles_group = RightsSubgroup(Right.SETUP, "styles", "The server's own styles")


@app_commands.command(name="styles", description="Look through the styles there are, and choose your favourites")
@app_commands.describe(style="Show this one's text")
async def styles_command(interaction: discord.Interaction[LumaBot], style: Name | None = None) -> None:
    """Show all styles, or one."""
    if style is None:
        await show_styles(interaction)
    else:
        await show_style(interaction, style)


@styles_group.command(name="add", description="Add a style: a name for a text that goes along with the prompt")
@app_commands.describe(
    name="What it is called",
    text="What is added to the prompt, in English; {prompt} stands for the prompt's place",
    sample="A word or link that shows what it does",
)
async def add_command(
    interaction: discord.Interaction[LumaBot], name: Name, text: Text, sample: Sample | None = None
) -> None:
    """Add a style."""
    await add_style(interaction, name, text, sample or "")


@styles_group.command(name="edit", description="Change a style of this server")
@app_commands.describe(
    style="Which style", name="Its new name", text="Its new text, in English", sample="Its new sample; - for none"
)
async def edit_command(
    interaction: discord.Interaction[LumaBot],
    style: Name,
    name: Name | None = None,
    text: Text | None = None,
    sample: Sample | None = None,
) -> None:
    """Change a style."""
    await edit_style(interaction, style, name, text, sample)


@styles_group.command(name="remove", description="Remove a style of this server")
@app_commands.describe(style="Which style")
async def remove_command(interaction: discord.Interaction[LumaBot], style: Name) -> None:
    """Remove a style."""
    await remove_style(interaction, style)


@styles_group.command(name="order", description="Move a style up or down the list")
@app_commands.describe(style="Which style", position="Its new place, from 1")
async def order_command(
    interaction: discord.Interaction[LumaBot], style: Name, position: app_commands.Range[int, 1, SERVER_STYLES]
) -> None:
    """Move a style."""
    await order_style(interaction, style, position)


styles_command.autocomplete("style")(suggest_styles)
edit_command.autocomplete("style")(suggest_own_styles)
remove_command.autocomplete("style")(suggest_own_styles)
order_command.autocomplete("style")(suggest_own_styles)


async def setup(bot: commands.Bot) -> None:
    """Add this area to the bot."""
    luma_bot = cast("LumaBot", bot)
    luma_bot.luma.add_command(styles_command)
    luma_bot.luma_setup.add_command(styles_group)
    luma_bot.add_action("styles", turn_styles)
    luma_bot.add_action("style", choose_style)
    luma_bot.add_action("style_liked", like_style)
    luma_bot.add_action("style_unliked", unlike_style)
