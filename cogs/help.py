"""Guide members through all that can be done: `/luma help`."""

from typing import cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import LumaBot
from bot.help_pages import HELP, show_help, turn_help_page


@app_commands.command(name="help", description="A tour of all that you can do with Luma")
async def help_command(interaction: discord.Interaction[LumaBot]) -> None:
    """Begin the tour."""
    await show_help(interaction)


async def setup(bot: commands.Bot) -> None:
    """Add this area to the bot."""
    luma_bot = cast("LumaBot", bot)
    luma_bot.luma.add_command(help_command)
    luma_bot.add_action(HELP, turn_help_page)
