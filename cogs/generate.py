"""Let members make new videos and go on with them: `/luma generate`, `/luma extend`, **Extend with Luma**."""

from typing import cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.choices import MOST_CHOICES, build_choices
from bot.client import LumaBot
from bot.generate import Wish, ask_to_extend, extend, extend_job, find_extendable, generate, is_extendable
from bot.offers import suggest_values, trim
from bot.options import LINK_CHARS, PROMPT_CHARS
from bot.own_jobs import name_choice
from bot.pictures import Given
from bot.presses import read_fields
from bot.styles import suggest_styles
from jobs.job import Kind, State
from jobs.styles import NAME_CHARS

Link = app_commands.Range[str, 1, LINK_CHARS]


@app_commands.command(name="generate", description="Make a new video with Luma")
@app_commands.describe(
    prompt="What the video should show, in English",
    style="A style that goes along with the prompt",
    aspect_ratio="Width to height, 16:9 if you leave it out",
    start_image="The picture the video begins with, as a file",
    start_image_url="The picture the video begins with, as a link",
    end_image="The picture the video ends with, as a file",
    end_image_url="The picture the video ends with, as a link",
    enhancement="Let the service enhance your prompt",
    loop="Make the end lead back to the beginning",
    spoiler="Hide the video behind a spoiler",
    private="Only for you: in your direct messages with me",
)
async def generate_command(
    interaction: discord.Interaction[LumaBot],
    *,
    prompt: app_commands.Range[str, 1, PROMPT_CHARS],
    style: app_commands.Range[str, 1, NAME_CHARS] | None = None,
    aspect_ratio: app_commands.Range[str, 1, 20] | None = None,
    start_image: discord.Attachment | None = None,
    start_image_url: Link | None = None,
    end_image: discord.Attachment | None = None,
    end_image_url: Link | None = None,
    enhancement: bool | None = None,
    loop: bool | None = None,
    spoiler: bool = False,
    private: bool = False,
) -> None:
    """Make a new video."""
    options = {"aspect_ratio": aspect_ratio, "enhancement": enhancement, "loop": loop}
    pictures = {"start_image": Given(start_image, start_image_url), "end_image": Given(end_image, end_image_url)}
    await generate(interaction, Wish(prompt, options, pictures, spoiler, private, style))


@app_commands.command(name="extend", description="Go on with a video you made with Luma")
@app_commands.describe(
    prompt="How the video should go on, in English",
    job="One of your finished videos",
    video_id="The service's id of a video, instead of job",
    video_url="The service's link of a video, instead of job",
    end_image="The picture the video ends with, as a file",
    end_image_url="The picture the video ends with, as a link",
    spoiler="Hide the video behind a spoiler",
    private="Only for you: in your direct messages with me",
)
async def extend_command(
    interaction: discord.Interaction[LumaBot],
    *,
    prompt: app_commands.Range[str, 1, PROMPT_CHARS],
    job: app_commands.Range[str, 1, 40] | None = None,
    video_id: app_commands.Range[str, 1, 100] | None = None,
    video_url: Link | None = None,
    end_image: discord.Attachment | None = None,
    end_image_url: Link | None = None,
    spoiler: bool = False,
    private: bool = False,
) -> None:
    """Go on with a video."""
    options = {"video_id": video_id, "video_url": video_url}
    pictures = {"end_image": Given(end_image, end_image_url)}
    await extend(interaction, Wish(prompt, options, pictures, spoiler, private), job)


@app_commands.context_menu(name="Extend with Luma")
async def extend_message(interaction: discord.Interaction[LumaBot], message: discord.Message) -> None:
    """Go on with the video of a message: ask for the prompt."""
    await ask_to_extend(interaction, message)


async def submit_form(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Go on with the video of a message: the prompt has come."""
    job = await find_extendable(interaction, job_id)
    await extend_job(interaction, job, Wish(read_fields(interaction).get("prompt", "")))


generate_command.autocomplete("style")(suggest_styles)


@generate_command.autocomplete("aspect_ratio")
async def suggest_ratio(interaction: discord.Interaction[LumaBot], typed: str) -> list[app_commands.Choice[str]]:
    """Suggest the aspect ratios of the service."""
    return await suggest_values(interaction, Kind.GENERATE, "aspect_ratio", typed)


@extend_command.autocomplete("job")
async def suggest_finished(interaction: discord.Interaction[LumaBot], typed: str) -> list[app_commands.Choice[str]]:
    """Suggest one's own finished generations."""
    jobs = await interaction.client.desk.store.history(
        interaction.user.id, interaction.guild_id, states=frozenset({State.DELIVERED}), offset=0, limit=8 * MOST_CHOICES
    )
    return build_choices(((name_choice(each), each.code) for each in jobs if is_extendable(each)), typed)


GENERATE_OPTIONS = (
    "aspect_ratio",
    "start_image",
    "start_image_url",
    "end_image",
    "end_image_url",
    "enhancement",
    "loop",
)


async def setup(bot: commands.Bot) -> None:
    """Add this area to the bot, as far as there are services for it."""
    luma_bot = cast("LumaBot", bot)
    if luma_bot.desk.lifecycle.services(Kind.GENERATE):
        luma_bot.luma.add_command(trim(generate_command, luma_bot, Kind.GENERATE, GENERATE_OPTIONS))
    if luma_bot.desk.lifecycle.services(Kind.EXTEND):
        luma_bot.luma.add_command(trim(extend_command, luma_bot, Kind.EXTEND, ("end_image", "end_image_url")))
        luma_bot.tree.add_command(extend_message)
    luma_bot.add_action("extend", submit_form)
