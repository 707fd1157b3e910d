"""Let members see what they have left, and moderators see and steer it: `/luma quota`, `/luma-mod quota`."""

from typing import Literal, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.admin import REASON_CHARS
from bot.client import LumaBot
from bot.quota_acts import grant_bonus, reset_use, revoke_bonus, suggest_bonuses
from bot.quota_views import show_member, show_own, show_top, turn_top
from bot.rights import Right, RightsSubgroup, rightly
from bot.spans import suggest_ends
from jobs.quota import Period

MOST_BONUS = 10_000
Reason = app_commands.Range[str, 1, REASON_CHARS]
Member = discord.Member | discord.User

quota_group = RightsSubgroup(Right.MODERATE, "quota", "See and steer how much members may edit")


@app_commands.command(name="quota", description="What you have left, and why")
async def quota_command(interaction: discord.Interaction[LumaBot]) -> None:
    """Tell what one has left."""
    await show_own(interaction)


@quota_group.command(name="user", description="What a member has and from where, with their use over time")
@app_commands.describe(member="The member")
async def user_command(interaction: discord.Interaction[LumaBot], member: Member) -> None:
    """Show one member."""
    await show_member(interaction, member)


@quota_group.command(name="list", description="Who used most")
@app_commands.describe(period="How far to look back")
async def list_command(
    interaction: discord.Interaction[LumaBot], period: Literal["day", "week", "month"] = "month"
) -> None:
    """Show all members."""
    await show_top(interaction, Period(period))


@quota_group.command(name="bonus", description="Give a member extra edits")
@app_commands.describe(
    member="The member",
    count="How many extra edits",
    reason="Why; kept in the log",
    expires="When they end: 12h, 3d, 2w or 2026-12-24; leave it out for no end",
)
async def bonus_command(
    interaction: discord.Interaction[LumaBot],
    member: Member,
    count: app_commands.Range[int, 1, MOST_BONUS],
    reason: Reason,
    expires: app_commands.Range[str, 1, 40] | None = None,
) -> None:
    """Give extra edits."""
    await grant_bonus(interaction, member, count, reason, expires)


@quota_group.command(name="revoke", description="End a member's bonus now")
@app_commands.describe(member="The member", bonus="Which bonus", reason="Why; kept in the log")
async def revoke_command(
    interaction: discord.Interaction[LumaBot], member: Member, bonus: app_commands.Range[str, 1, 100], reason: Reason
) -> None:
    """Take extra edits back."""
    await revoke_bonus(interaction, member, bonus, reason)


@quota_group.command(name="reset", description="Let a member's use so far count no more")
@app_commands.describe(member="The member", reason="Why; kept in the log")
async def reset_command(interaction: discord.Interaction[LumaBot], member: Member, reason: Reason) -> None:
    """Begin a member's count anew."""
    await reset_use(interaction, member, reason)


@bonus_command.autocomplete("expires")
async def suggest_expiry(_interaction: discord.Interaction[LumaBot], typed: str) -> list[app_commands.Choice[str]]:
    """Suggest when a bonus ends."""
    return suggest_ends(typed)


@revoke_command.autocomplete("bonus")
async def suggest_bonus(interaction: discord.Interaction[LumaBot], typed: str) -> list[app_commands.Choice[str]]:
    """Suggest a member's bonuses."""
    return await suggest_bonuses(interaction, typed)


async def setup(bot: commands.Bot) -> None:
    """Add this area to the bot."""
    luma_bot = cast("LumaBot", bot)
    luma_bot.luma.add_command(quota_command)
    luma_bot.luma_mod.add_command(quota_group)
    luma_bot.add_action("top", rightly(Right.MODERATE, turn_top))
