"""Let members act on how an edit ended: the buttons under results and failures."""

from typing import cast

from discord.ext import commands

from bot.again import make_again
from bot.client import LumaBot


async def setup(bot: commands.Bot) -> None:
    """Add this area to the bot."""
    cast("LumaBot", bot).add_action("again", make_again)
