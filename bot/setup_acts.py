"""Let people with Manage Server set what members may do: each change is kept in the log and confirmed by its entry."""

from collections.abc import Mapping

import discord

from bot.admin import build_act
from bot.bot_permissions import POSTING, SHOWING, missing_in
from bot.client import LumaBot
from bot.language import tr
from bot.log_replies import change_words
from bot.rights import check_above
from jobs.access import Verdict
from jobs.admin import SERVER, LogEntry, Target, role, user
from jobs.errors import InvalidRequestError
from jobs.quota import Allowance, Period

Member = discord.Member | discord.User


async def confirm(interaction: discord.Interaction[LumaBot], entry: LogEntry | None) -> None:
    """Say what has changed."""
    await interaction.response.send_message(change_words(entry), ephemeral=True)


# --- quota -----------------------------------------------------------------------------------------------------------


def build_allowance(
    edits: int | None, period: Period | None, at_once: int | None, *, unlimited: bool
) -> Allowance | None:
    """Return what is to be allowed; None: nothing is set, and what is weaker counts. Raises InvalidRequestError."""
    if edits is not None and unlimited:
        raise InvalidRequestError("Give either `edits` or `unlimited`, not both.", rule="edits")
    if edits is None and not unlimited:
        if period is not None or at_once is not None:
            raise InvalidRequestError("Say how many `edits`, or that they are `unlimited`.", rule="edits")
        return None
    return Allowance(edits, period or Period.DAY, at_once)


async def set_default(interaction: discord.Interaction[LumaBot], allowance: Allowance | None, reason: str) -> None:
    """Set what every member may have."""
    await _set_allowance(interaction, SERVER, allowance, reason)


async def set_role(
    interaction: discord.Interaction[LumaBot], which: discord.Role, allowance: Allowance | None, reason: str
) -> None:
    """Set what members with a role may have."""
    await _set_allowance(interaction, role(which.id), allowance, reason)


async def set_user(
    interaction: discord.Interaction[LumaBot], member: Member, allowance: Allowance | None, reason: str
) -> None:
    """Set what one member may have, above all roles."""
    check_above(interaction, member)
    await _set_allowance(interaction, user(member.id), allowance, reason)


async def _set_allowance(
    interaction: discord.Interaction[LumaBot], target: Target, allowance: Allowance | None, reason: str
) -> None:
    settings = interaction.client.desk.admin.settings
    await confirm(interaction, await settings.set_allowance(build_act(interaction, reason), target, allowance))


async def set_budget(
    interaction: discord.Interaction[LumaBot], period: Period, edits: int | None, reason: str, *, unlimited: bool
) -> None:
    """Cap what all members together may have, or let the operator's default count again."""
    if edits is not None and unlimited:
        raise InvalidRequestError("Give either `edits` or `unlimited`, not both.", rule="edits")
    settings, act = interaction.client.desk.admin.settings, build_act(interaction, reason)
    if edits is None and not unlimited:
        await confirm(interaction, await settings.unset_budget(act, period))
    else:
        await confirm(interaction, await settings.set_budget(act, period, edits))


# --- where, who, posts -----------------------------------------------------------------------------------------------


async def list_channel(
    interaction: discord.Interaction[LumaBot], channel_id: int, verdict: Verdict | None, reason: str
) -> None:
    """Allow or deny a channel, or take it off the list."""
    settings = interaction.client.desk.admin.settings
    await confirm(interaction, await settings.set_channel(build_act(interaction, reason), channel_id, verdict))


async def list_role(
    interaction: discord.Interaction[LumaBot], role_id: int, verdict: Verdict | None, reason: str
) -> None:
    """Allow or deny a role, or take it off the list."""
    settings = interaction.client.desk.admin.settings
    await confirm(interaction, await settings.set_role(build_act(interaction, reason), role_id, verdict))


async def set_showcase(
    interaction: discord.Interaction[LumaBot], channel: discord.TextChannel | discord.ForumChannel | None
) -> None:
    """Choose where shared results go."""
    _check_posting(channel, SHOWING)
    settings, channel_id = interaction.client.desk.admin.settings, channel.id if channel else None
    await confirm(interaction, await settings.set_showcase(build_act(interaction), channel_id))


async def set_alerts(interaction: discord.Interaction[LumaBot], channel: discord.TextChannel | None) -> None:
    """Choose which channel hears of trouble."""
    _check_posting(channel, POSTING)
    settings, channel_id = interaction.client.desk.admin.settings, channel.id if channel else None
    await confirm(interaction, await settings.set_alerts(build_act(interaction), channel_id))


def _check_posting(channel: discord.TextChannel | discord.ForumChannel | None, needed: Mapping[str, str]) -> None:
    if channel is None:
        return
    missing = missing_in(channel, needed)
    if missing:
        raise InvalidRequestError(
            "I can't post in {channel}: I lack {permissions} there.",
            rule="permissions",
            channel=channel.mention,
            permissions=", ".join(f"**{name}**" for name in missing),
        )


# --- all or nothing --------------------------------------------------------------------------------------------------


async def pause(interaction: discord.Interaction[LumaBot], reason: str) -> None:
    """Take no new edits."""
    entry = await interaction.client.desk.admin.settings.pause(build_act(interaction, reason))
    text = tr("New edits are paused. What has begun goes on.")
    await interaction.response.send_message(f"{text}\n{change_words(entry)}", ephemeral=True)


async def resume(interaction: discord.Interaction[LumaBot], reason: str) -> None:
    """Take new edits again."""
    await confirm(interaction, await interaction.client.desk.admin.settings.resume(build_act(interaction, reason)))
