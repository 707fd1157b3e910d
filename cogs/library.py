"""Let members see and steer their own edits: `/luma history`, `show`, `cancel`, and the Cancel button."""

from typing import cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.choices import MOST_CHOICES, build_choices
from bot.client import LumaBot
from bot.history import TEXT_CHARS, choose_job, filter_page, open_history, turn_page
from bot.job_filters import JobFilter
from bot.own_jobs import cancel, find_cancellable, find_own_by_code, name_choice
from bot.pressing import find_here
from bot.showing import show


@app_commands.command(name="history", description="List your edits")
@app_commands.describe(only="Which edits to list", text="Words of the prompt, a style or a code")
async def history_command(
    interaction: discord.Interaction[LumaBot],
    only: JobFilter = "all",
    text: app_commands.Range[str, 1, TEXT_CHARS] = "",
) -> None:
    """List one's own edits."""
    await open_history(interaction, only, text)


@app_commands.command(name="show", description="Show one of your edits again")
@app_commands.describe(job="The edit, by its code")
async def show_command(interaction: discord.Interaction[LumaBot], job: app_commands.Range[str, 1, 40]) -> None:
    """Show one's own edit with its versions."""
    await show(interaction, await find_own_by_code(interaction, job))


@app_commands.command(name="cancel", description="Cancel one of your open edits")
@app_commands.describe(job="The edit, by its code")
async def cancel_command(interaction: discord.Interaction[LumaBot], job: app_commands.Range[str, 1, 40]) -> None:
    """Cancel one's own edit."""
    said = await cancel(interaction, await find_cancellable(interaction, job))
    await interaction.response.send_message(said, ephemeral=True)


async def press_cancel(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Cancel the edit of a card."""
    said = await cancel(interaction, await find_here(interaction, job_id))
    await interaction.response.send_message(said, ephemeral=True)


@cancel_command.autocomplete("job")
async def suggest_open(interaction: discord.Interaction[LumaBot], typed: str) -> list[app_commands.Choice[str]]:
    """Suggest one's own open edits."""
    jobs = await interaction.client.desk.store.open_jobs(interaction.user.id)
    return build_choices(((name_choice(job), job.code) for job in jobs), typed)


@show_command.autocomplete("job")
async def suggest_own(interaction: discord.Interaction[LumaBot], typed: str) -> list[app_commands.Choice[str]]:
    """Suggest one's own latest edits."""
    jobs = await interaction.client.desk.store.history(
        interaction.user.id, interaction.guild_id, states=None, offset=0, limit=4 * MOST_CHOICES
    )
    return build_choices(((name_choice(job), job.code) for job in jobs), typed)


async def setup(bot: commands.Bot) -> None:
    """Add this area to the bot."""
    luma_bot = cast("LumaBot", bot)
    luma_bot.luma.add_command(history_command)
    luma_bot.luma.add_command(show_command)
    luma_bot.luma.add_command(cancel_command)
    luma_bot.add_action("history", turn_page)
    luma_bot.add_action("filter", filter_page)
    luma_bot.add_action("pick", choose_job)
    luma_bot.add_action("cancel", press_cancel)
