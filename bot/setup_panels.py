"""Draw everything a server has set, in one look."""

from collections.abc import Mapping
from typing import Any

import discord

from bot import inert
from bot.admin import guild_id_of
from bot.client import LumaBot
from bot.colours import BLURPLE
from bot.language import tr, trn
from bot.pages import page_words, read_turn, turn_buttons
from bot.quota_replies import allowance_words
from bot.replies import relative_time
from jobs.access import AccessRules, Verdict
from jobs.admin import Budget, ServerSettings
from jobs.quota import Defaults
from jobs.styles import NAME_CHARS

FIELD_CHARS = 1024
STYLES_CHARS = 500
PAGE_MEMBERS = 15


async def show_settings(interaction: discord.Interaction[LumaBot]) -> None:
    """Show everything that is set."""
    admin, guild_id = interaction.client.desk.admin, guild_id_of(interaction)
    panel = build_settings(await admin.settings.settings(guild_id), admin.defaults)
    styles = (inert.code(style.name, NAME_CHARS) for style in await interaction.client.desk.styles.own(guild_id))
    names = inert.join_within(styles, STYLES_CHARS, " ")
    panel.add_field(name=tr("Styles of its own"), value=names or tr("none"), inline=False)
    await interaction.response.send_message(embed=panel, ephemeral=True)


async def show_lists(interaction: discord.Interaction[LumaBot]) -> None:
    """Show where and by whom edits may be made."""
    settings = await interaction.client.desk.admin.settings.settings(guild_id_of(interaction))
    panel = discord.Embed(title=tr("Where and by whom edits are made"), color=BLURPLE)
    for name, kind in ((tr("Channels"), "channel"), (tr("Roles"), "role")):
        panel.add_field(name=name, value=list_words(settings.access, kind), inline=False)
    await interaction.response.send_message(embed=panel, ephemeral=True)


def build_settings(settings: ServerSettings, defaults: Defaults) -> discord.Embed:
    """Return what a server has set, and the operator's defaults where it has not."""
    panel = discord.Embed(title=tr("Luma in this server"), color=BLURPLE)
    pause = settings.access.pause
    state = tr("\N{LARGE GREEN CIRCLE} Takes new edits")
    if pause is not None:
        state = tr("\N{LARGE RED CIRCLE} Paused {when}", when=relative_time(pause.paused_at_ms))
        state += f": {inert.prose(pause.reason)}" if pause.reason else ""
    panel.description = state
    for name, value in _rows(settings, defaults):
        panel.add_field(name=name, value=value, inline=False)
    return panel


def _rows(settings: ServerSettings, defaults: Defaults) -> list[tuple[str, str]]:
    allowance = allowance_words(settings.allowance or defaults.allowance)
    words = inert.join_within((inert.code(word, 60) for word in settings.words), FIELD_CHARS, " ")
    return [
        (tr("Quota of everybody"), allowance if settings.allowance else tr("{value} (default)", value=allowance)),
        (tr("Quota of roles"), _role_lines(settings)),
        (
            tr("Quota of members"),
            trn("{count} member has their own", "{count} members have their own", settings.user_count),
        ),
        (tr("Budget of the whole server"), _budgets(settings, defaults)),
        (tr("Channels"), list_words(settings.access, "channel")),
        (tr("Roles"), list_words(settings.access, "role")),
        (tr("Showcase"), _channel(settings.showcase_channel_id)),
        (tr("Alerts"), _channel(settings.alerts_channel_id)),
        (tr("Blocked words"), words or tr("none")),
    ]


def _role_lines(settings: ServerSettings) -> str:
    lines = [f"<@&{role_id}>: {allowance_words(each)}" for role_id, each in settings.role_allowances.items()]
    return inert.join_within(lines, FIELD_CHARS) or tr("none")


def _budgets(settings: ServerSettings, defaults: Defaults) -> str:
    day = _budget(settings.budget_day, defaults.budget_day)
    month = _budget(settings.budget_month, defaults.budget_month)
    return tr("a day: {day}; a month: {month}", day=day, month=month)


def _budget(budget: Budget | None, default: int | None) -> str:
    edits = default if budget is None else budget.edits
    words = tr("no limit") if edits is None else str(edits)
    return words if budget else tr("{value} (default)", value=words)


def list_words(rules: AccessRules, kind: str) -> str:
    """Return the channels or the roles that are allowed and denied, and what that means."""
    sign = "#" if kind == "channel" else "@&"
    listed: Mapping[int, Verdict] = rules.channels if kind == "channel" else rules.roles
    allowed = _mentions(listed, Verdict.ALLOW, sign)
    denied = _mentions(listed, Verdict.DENY, sign)
    parts = [tr("only {those}", those=allowed)] if allowed else [tr("all")]
    if denied:
        parts.append(tr("not {those}", those=denied))
    return tr(", ").join(parts)


def _mentions(listed: Mapping[int, Verdict], verdict: Verdict, sign: str) -> str:
    these = (f"<{sign}{each}>" for each, said in sorted(listed.items()) if said is verdict)
    return inert.join_within(these, FIELD_CHARS // 2 - 50, " ")


def _channel(channel_id: int | None) -> str:
    return tr("none") if channel_id is None else f"<#{channel_id}>"


# --- members with a quota of their own -------------------------------------------------------------------------------


async def show_members(interaction: discord.Interaction[LumaBot]) -> None:
    """List the members with a quota of their own."""
    await interaction.response.send_message(**await _member_parts(interaction, 0), ephemeral=True)


async def turn_members(interaction: discord.Interaction[LumaBot], subject: str) -> None:
    """Show another page of the members with a quota of their own."""
    page, _ = read_turn(subject)
    await interaction.response.edit_message(**await _member_parts(interaction, page))


async def _member_parts(interaction: discord.Interaction[LumaBot], page: int) -> dict[str, Any]:
    found = await interaction.client.desk.admin.settings.user_allowances(
        guild_id_of(interaction), offset=page * PAGE_MEMBERS, limit=PAGE_MEMBERS
    )
    lines = [f"<@{user_id}>: {allowance_words(allowance)}" for user_id, allowance in found.items]
    panel = discord.Embed(title=tr("Quota of members"), description="\n".join(lines) or tr("none"), color=BLURPLE)
    panel.set_footer(text=page_words(page, size=PAGE_MEMBERS, total=found.total))
    return {"embed": panel, "view": turn_buttons("ownquota", page, size=PAGE_MEMBERS, total=found.total)}
