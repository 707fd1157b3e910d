"""Let members act on how an edit ended: the buttons under results and failures."""

from typing import cast

from discord.ext import commands

from bot.again import ask_for_words, make_again, make_reworded
from bot.client import LumaBot


async def setup(bot: commands.Bot) -> None:
    """Add this area to the bot."""
    luma_bot = cast("LumaBot", bot)
    luma_bot.add_action("again", make_again)
    luma_bot.add_action("reword", ask_for_words)
    luma_bot.add_action("reworded", make_reworded)
