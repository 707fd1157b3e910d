"""Let members see, take and erase what is kept of them: `/luma privacy`."""

from typing import cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import LumaBot
from bot.privacy import forget, send_records, show_privacy


@app_commands.command(name="privacy", description="What I keep of you: take it with you, or have it erased")
async def privacy_command(interaction: discord.Interaction[LumaBot]) -> None:
    """Say what is kept."""
    await show_privacy(interaction)


async def setup(bot: commands.Bot) -> None:
    """Add this area to the bot."""
    luma_bot = cast("LumaBot", bot)
    luma_bot.luma.add_command(privacy_command)
    luma_bot.add_action("mydata", send_records)
    luma_bot.add_action("forget", forget)
