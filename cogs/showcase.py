"""Let creators share results to the server's showcase and take them back, and members vote for the best."""

from typing import cast

import discord
from discord import app_commands
from discord.ext import commands

from bot import share_preview, showcase_post
from bot.client import LumaBot
from bot.first_result import telling
from bot.result_buttons import SHARE
from bot.sharing import cancel, change, choose_tags, post, preview, vote, withdraw
from bot.top import show_top


@app_commands.command(name="top", description="The week's best of the showcase, by votes")
async def top_command(interaction: discord.Interaction[LumaBot]) -> None:
    """Show the week's best."""
    await show_top(interaction)


async def setup(bot: commands.Bot) -> None:
    """Add this area to the bot."""
    luma_bot = cast("LumaBot", bot)
    luma_bot.on_deleted.append(lambda job: luma_bot.desk.showcase.clear_away(job))  # noqa: PLW0108 - attached later
    luma_bot.luma.add_command(top_command)
    luma_bot.add_action(SHARE, telling(preview))
    luma_bot.add_action(share_preview.SET, change)
    luma_bot.add_action(share_preview.TAGS, choose_tags)
    luma_bot.add_action(share_preview.POST, post)
    luma_bot.add_action(share_preview.CANCEL, cancel)
    luma_bot.add_action(showcase_post.VOTE, vote)
    luma_bot.add_action(showcase_post.WITHDRAW, withdraw)
