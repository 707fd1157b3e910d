"""Let members edit a clip: `/luma modify` and **Modify with Luma** on a message."""

from typing import cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import LumaBot
from bot.modify import Wish, ask_for_prompt, modify, read_origin
from bot.offers import suggest_values, trim
from bot.options import LINK_CHARS, PROMPT_CHARS, START_CHARS
from bot.pictures import Given
from bot.presses import read_checks, read_fields
from bot.styles import suggest_styles
from jobs.errors import InvalidRequestError
from jobs.job import Kind
from jobs.styles import NAME_CHARS


@app_commands.command(name="modify", description="Edit a video clip with Luma")
@app_commands.describe(
    prompt="How the clip should look, in English",
    clip="The clip, as a file",
    link="The clip, as a link: to a video file or to a Discord message with a video",
    style="A style that goes along with the prompt",
    start="Where to cut from when the clip is longer than the service takes: seconds, or minutes:seconds",
    watermark="A text drawn into the video",
    strength="How far the video may leave the clip",
    model="The model that works on it",
    first_frame="How the first picture should look, as a file",
    first_frame_url="How the first picture should look, as a link",
    spoiler="Hide the video behind a spoiler",
    private="Only for you: in your direct messages with me",
)
async def modify_command(
    interaction: discord.Interaction[LumaBot],
    *,
    prompt: app_commands.Range[str, 1, PROMPT_CHARS],
    clip: discord.Attachment | None = None,
    link: app_commands.Range[str, 1, LINK_CHARS] | None = None,
    style: app_commands.Range[str, 1, NAME_CHARS] | None = None,
    start: app_commands.Range[str, 1, START_CHARS] | None = None,
    watermark: app_commands.Range[str, 1, 100] | None = None,
    strength: app_commands.Range[str, 1, 40] | None = None,
    model: app_commands.Range[str, 1, 40] | None = None,
    first_frame: discord.Attachment | None = None,
    first_frame_url: app_commands.Range[str, 1, LINK_CHARS] | None = None,
    spoiler: bool = False,
    private: bool = False,
) -> None:
    """Edit a clip."""
    first = Given(first_frame, first_frame_url)
    wish = Wish(prompt, clip, link, watermark, spoiler, private, strength, model, first, style, start)
    await modify(interaction, wish)


modify_command.autocomplete("style")(suggest_styles)


@modify_command.autocomplete("strength")
async def suggest_strength(interaction: discord.Interaction[LumaBot], typed: str) -> list[app_commands.Choice[str]]:
    """Suggest the strengths of the service."""
    return await suggest_values(interaction, Kind.MODIFY, "strength", typed)


@modify_command.autocomplete("model")
async def suggest_model(interaction: discord.Interaction[LumaBot], typed: str) -> list[app_commands.Choice[str]]:
    """Suggest the models of the service."""
    return await suggest_values(interaction, Kind.MODIFY, "model", typed)


@app_commands.context_menu(name="Modify with Luma")
async def modify_message(interaction: discord.Interaction[LumaBot], message: discord.Message) -> None:
    """Edit the video of a message: ask for the prompt."""
    await ask_for_prompt(interaction, message)


async def submit_form(interaction: discord.Interaction[LumaBot], subject: str) -> None:
    """Edit the video of a message: the prompt has come."""
    fields = read_fields(interaction)
    link = fields.get("link", "").strip()
    try:
        origin = read_origin(subject, link, interaction.channel_id)
    except ValueError:
        raise InvalidRequestError("I don't know that form any more. Please open it again.") from None
    how = read_checks(interaction, "how")
    wish = Wish(
        fields.get("prompt", ""),
        link=link,
        style=fields.get("style"),
        start=fields.get("start"),
        spoiler="spoiler" in how,
        private="private" in how,
    )
    await modify(interaction, wish, origin)


SERVICE_OPTIONS = ("watermark", "strength", "model", "first_frame", "first_frame_url")


async def setup(bot: commands.Bot) -> None:
    """Add this area to the bot."""
    luma_bot = cast("LumaBot", bot)
    luma_bot.luma.add_command(trim(modify_command, luma_bot, Kind.MODIFY, SERVICE_OPTIONS))
    luma_bot.tree.add_command(modify_message)
    luma_bot.add_action("modify", submit_form)
