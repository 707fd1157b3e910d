"""Let moderators keep members out, see and steer edits, and read the log: `/luma-mod`."""

from typing import cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.admin import REASON_CHARS
from bot.client import LumaBot
from bot.member_acts import block_member, show_blocks, turn_blocks, unblock_member
from bot.mod_log import export_log, show_log, turn_log
from bot.rights import Right, rightly
from bot.spans import suggest_ends

Reason = app_commands.Range[str, 1, REASON_CHARS]
Member = discord.Member | discord.User


@app_commands.command(name="block", description="Let a member make no new edits here")
@app_commands.describe(
    member="The member",
    reason="Why; the member reads it",
    until="When it ends: 12h, 3d, 2w or 2026-12-24; leave it out for no end",
)
async def block_command(
    interaction: discord.Interaction[LumaBot],
    member: Member,
    reason: Reason,
    until: app_commands.Range[str, 1, 40] | None = None,
) -> None:
    """Keep a member out."""
    await block_member(interaction, member, reason, until)


@app_commands.command(name="unblock", description="Let a blocked member edit again")
@app_commands.describe(member="The member", reason="Why; kept in the log")
async def unblock_command(
    interaction: discord.Interaction[LumaBot], member: Member, reason: Reason | None = None
) -> None:
    """Let a member in again."""
    await unblock_member(interaction, member, reason)


@app_commands.command(name="blocks", description="Who is blocked, why and until when")
async def blocks_command(interaction: discord.Interaction[LumaBot]) -> None:
    """List who is kept out."""
    await show_blocks(interaction)


@app_commands.command(name="log", description="Who did what, when and why")
@app_commands.describe(member="Only what was done to this member", moderator="Only what this moderator did")
async def log_command(
    interaction: discord.Interaction[LumaBot], member: Member | None = None, moderator: Member | None = None
) -> None:
    """Show the log."""
    await show_log(interaction, member.id if member else None, moderator.id if moderator else None)


@block_command.autocomplete("until")
async def suggest_until(_interaction: discord.Interaction[LumaBot], typed: str) -> list[app_commands.Choice[str]]:
    """Suggest when a block ends."""
    return suggest_ends(typed)


async def setup(bot: commands.Bot) -> None:
    """Add this area to the bot."""
    luma_bot = cast("LumaBot", bot)
    luma_bot.luma_mod.add_command(block_command)
    luma_bot.luma_mod.add_command(unblock_command)
    luma_bot.luma_mod.add_command(blocks_command)
    luma_bot.luma_mod.add_command(log_command)
    for name, action in (("blocks", turn_blocks), ("log", turn_log), ("logfile", export_log)):
        luma_bot.add_action(name, rightly(Right.MODERATE, action))
