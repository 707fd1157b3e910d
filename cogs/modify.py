"""Let members edit a clip: `/luma modify` and **Modify with Luma** on a message."""

from typing import cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import LumaBot
from bot.modify import LINK_CHARS, Wish, ask_for_prompt, modify, read_origin
from bot.presses import read_fields
from jobs.errors import InvalidRequestError


@app_commands.command(name="modify", description="Edit a video clip with Luma")
@app_commands.describe(
    prompt="How the clip should look, in English",
    clip="The clip, as a file",
    link="The clip, as a link: to a video file or to a Discord message with a video",
    watermark="A text drawn into the video",
    spoiler="Hide the video behind a spoiler",
    private="Only for you: in your direct messages with me",
)
async def modify_command(
    interaction: discord.Interaction[LumaBot],
    *,
    prompt: app_commands.Range[str, 1, 800],
    clip: discord.Attachment | None = None,
    link: app_commands.Range[str, 1, LINK_CHARS] | None = None,
    watermark: app_commands.Range[str, 1, 100] | None = None,
    spoiler: bool = False,
    private: bool = False,
) -> None:
    """Edit a clip."""
    await modify(interaction, Wish(prompt, clip, link, watermark, spoiler, private))


@app_commands.context_menu(name="Modify with Luma")
async def modify_message(interaction: discord.Interaction[LumaBot], message: discord.Message) -> None:
    """Edit the video of a message: ask for the prompt."""
    await ask_for_prompt(interaction, message)


async def submit_form(interaction: discord.Interaction[LumaBot], subject: str) -> None:
    """Edit the video of a message: the prompt has come."""
    fields = read_fields(interaction)
    link = fields.get("link", "").strip()
    try:
        origin = read_origin(subject, link)
    except ValueError:
        raise InvalidRequestError("I don't know that form any more. Please open it again.") from None
    await modify(interaction, Wish(fields.get("prompt", ""), link=link), origin)


async def setup(bot: commands.Bot) -> None:
    """Add this area to the bot."""
    luma_bot = cast("LumaBot", bot)
    luma_bot.luma.add_command(modify_command)
    luma_bot.tree.add_command(modify_message)
    luma_bot.add_action("modify", submit_form)
