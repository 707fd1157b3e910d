"""Let moderators see how results are liked: `/luma-mod ratings`."""

from typing import cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import LumaBot
from bot.rating import show_ratings


@app_commands.command(name="ratings", description="See how results are liked, by service and style")
@app_commands.describe(days="How many days back")
async def ratings_command(
    interaction: discord.Interaction[LumaBot], days: app_commands.Range[int, 1, 365] = 30
) -> None:
    """Show the thumbs of this server."""
    await show_ratings(interaction, days)


async def setup(bot: commands.Bot) -> None:
    """Add this area to the bot."""
    cast("LumaBot", bot).luma_mod.add_command(ratings_command)
