"""Let people with Manage Server set how much members may edit: `/luma-setup quota`, `/luma-setup budget`."""

from typing import Literal, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.admin import REASON_CHARS
from bot.client import LumaBot
from bot.rights import Right, RightsSubgroup, rightly
from bot.setup_acts import build_allowance, set_budget, set_default, set_role, set_user
from bot.setup_panels import show_members, turn_members
from jobs.errors import InvalidRequestError
from jobs.quota import Period

MOST = 100_000
Edits = app_commands.Range[int, 0, MOST]
AtOnce = app_commands.Range[int, 1, 100]
Reason = app_commands.Range[str, 1, REASON_CHARS]
Span = Literal["day", "week", "month"]
_QUOTA = {
    "edits": "How many edits; leave out everything to take this setting away",
    "period": "In any one day, week or month; a day where you don't say",
    "at_once": "How many may be open at the same time",
    "unlimited": "No limit of edits",
    "reason": "Why; kept in the log",
}

quota_group = RightsSubgroup(Right.SETUP, "quota", "How many edits members may make")


@quota_group.command(name="default", description="What every member may have")
@app_commands.describe(**_QUOTA)
async def default_command(
    interaction: discord.Interaction[LumaBot],
    edits: Edits | None = None,
    period: Span | None = None,
    at_once: AtOnce | None = None,
    unlimited: bool = False,
    reason: Reason = "",
) -> None:
    """Set the server's default."""
    await set_default(interaction, build_allowance(edits, _period(period), at_once, unlimited=unlimited), reason)


@quota_group.command(name="role", description="What members with a role may have; the most generous role counts")
@app_commands.describe(role="The role", **_QUOTA)
async def role_command(
    interaction: discord.Interaction[LumaBot],
    role: discord.Role,
    edits: Edits | None = None,
    period: Span | None = None,
    at_once: AtOnce | None = None,
    unlimited: bool = False,
    reason: Reason = "",
) -> None:
    """Set a role's quota."""
    await set_role(interaction, role, build_allowance(edits, _period(period), at_once, unlimited=unlimited), reason)


@quota_group.command(name="user", description="What one member may have, above all roles")
@app_commands.describe(member="The member; leave it out to list those with a quota of their own", **_QUOTA)
async def user_command(
    interaction: discord.Interaction[LumaBot],
    member: discord.Member | discord.User | None = None,
    edits: Edits | None = None,
    period: Span | None = None,
    at_once: AtOnce | None = None,
    unlimited: bool = False,
    reason: Reason = "",
) -> None:
    """Set one member's quota, or list all that have one."""
    allowance = build_allowance(edits, _period(period), at_once, unlimited=unlimited)
    if member is not None:
        await set_user(interaction, member, allowance, reason)
    elif allowance is not None:
        raise InvalidRequestError("Choose the `member` who is to have that.", rule="member")
    else:
        await show_members(interaction)


def _period(span: Span | None) -> Period | None:
    return None if span is None else Period(span)


@app_commands.command(name="budget", description="How many edits the whole server may make")
@app_commands.describe(
    period="In any one day or month",
    edits="How many edits; leave out everything to go back to the bot's default",
    unlimited="No budget",
    reason="Why; kept in the log",
)
async def budget_command(
    interaction: discord.Interaction[LumaBot],
    period: Literal["day", "month"],
    edits: Edits | None = None,
    unlimited: bool = False,
    reason: Reason = "",
) -> None:
    """Set the server's budget."""
    await set_budget(interaction, Period(period), edits, reason, unlimited=unlimited)


async def setup(bot: commands.Bot) -> None:
    """Add this area to the bot."""
    luma_bot = cast("LumaBot", bot)
    luma_bot.luma_setup.add_command(quota_group)
    luma_bot.luma_setup.add_command(budget_command)
    luma_bot.add_action("ownquota", rightly(Right.SETUP, turn_members))
