"""Let people with Manage Server set where, by whom and whether edits are made: `/luma-setup`."""

from typing import Literal, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.admin import REASON_CHARS
from bot.client import LumaBot
from bot.doctor import show_doctor
from bot.setup_acts import list_channel, list_role, pause, resume, set_alerts, set_showcase
from bot.setup_panels import show_lists, show_settings
from jobs.access import Verdict
from jobs.errors import InvalidRequestError

Reason = app_commands.Range[str, 1, REASON_CHARS]
Rule = Literal["allow", "deny", "off the list"]
Channel = discord.TextChannel | discord.ForumChannel | discord.VoiceChannel | discord.Thread
_VERDICTS: dict[str, Verdict | None] = {"allow": Verdict.ALLOW, "deny": Verdict.DENY, "off the list": None}


@app_commands.command(name="channels", description="Where edits may be made; a thread follows its channel")
@app_commands.describe(
    channel="The channel or thread; leave it out to see the list",
    rule="allow: here, and in no channel that is not allowed; deny: not here",
    reason="Why; kept in the log",
)
async def channels_command(
    interaction: discord.Interaction[LumaBot],
    channel: Channel | None = None,
    rule: Rule | None = None,
    reason: Reason = "",
) -> None:
    """Allow or deny a channel."""
    if channel is not None:
        await list_channel(interaction, channel.id, _VERDICTS[rule or "allow"], reason)
    elif rule is not None:
        raise InvalidRequestError("Choose the `channel` that this is to be so for.", rule="channel")
    else:
        await show_lists(interaction)


@app_commands.command(name="roles", description="Who may make edits")
@app_commands.describe(
    role="The role; leave it out to see the list",
    rule="allow: these members, and nobody without an allowed role; deny: not these",
    reason="Why; kept in the log",
)
async def roles_command(
    interaction: discord.Interaction[LumaBot],
    role: discord.Role | None = None,
    rule: Rule | None = None,
    reason: Reason = "",
) -> None:
    """Allow or deny a role."""
    if role is not None:
        await list_role(interaction, role.id, _VERDICTS[rule or "allow"], reason)
    elif rule is not None:
        raise InvalidRequestError("Choose the `role` that this is to be so for.", rule="role")
    else:
        await show_lists(interaction)


@app_commands.command(name="showcase", description="Where shared results go")
@app_commands.describe(channel="The channel, forum or media channel; leave it out for none")
async def showcase_command(
    interaction: discord.Interaction[LumaBot], channel: discord.TextChannel | discord.ForumChannel | None = None
) -> None:
    """Choose the showcase."""
    await set_showcase(interaction, channel)


@app_commands.command(name="alerts", description="Which channel hears of stuck edits, budgets and blocked prompts")
@app_commands.describe(channel="The channel; leave it out for none")
async def alerts_command(interaction: discord.Interaction[LumaBot], channel: discord.TextChannel | None = None) -> None:
    """Choose where trouble is told."""
    await set_alerts(interaction, channel)


@app_commands.command(name="pause", description="Take no new edits in this server for now")
@app_commands.describe(reason="Why; members read it")
async def pause_command(interaction: discord.Interaction[LumaBot], reason: Reason) -> None:
    """Pause new edits."""
    await pause(interaction, reason)


@app_commands.command(name="resume", description="Take new edits again")
@app_commands.describe(reason="Why; kept in the log")
async def resume_command(interaction: discord.Interaction[LumaBot], reason: Reason = "") -> None:
    """Resume new edits."""
    await resume(interaction, reason)


@app_commands.command(name="show", description="Everything that is set in this server")
async def show_command(interaction: discord.Interaction[LumaBot]) -> None:
    """Show all settings."""
    await show_settings(interaction)


@app_commands.command(name="doctor", description="Examine permissions, services, address, disk and clock")
async def doctor_command(interaction: discord.Interaction[LumaBot]) -> None:
    """Examine everything."""
    await show_doctor(interaction)


async def setup(bot: commands.Bot) -> None:
    """Add this area to the bot."""
    luma_bot = cast("LumaBot", bot)
    luma_bot.luma_setup.add_command(channels_command)
    luma_bot.luma_setup.add_command(roles_command)
    luma_bot.luma_setup.add_command(showcase_command)
    luma_bot.luma_setup.add_command(alerts_command)
    luma_bot.luma_setup.add_command(pause_command)
    luma_bot.luma_setup.add_command(resume_command)
    luma_bot.luma_setup.add_command(show_command)
    luma_bot.luma_setup.add_command(doctor_command)
