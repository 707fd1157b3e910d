"""Examine everything an edit needs, line by line: in order, or with the way to mend it."""

import platform
from collections.abc import Iterator, Sequence

import discord

from bot import inert
from bot.admin import guild_id_of
from bot.bot_permissions import POSTING, SHOWING, missing_in, needed_in
from bot.checkup import CheckLine
from bot.client import LumaBot
from bot.colours import GREEN, RED
from bot.command_words import name_of
from bot.language import tr, tr_known, trn
from bot.version import VERSION
from jobs.access import Verdict
from jobs.admin import ServerSettings

# A clock further off than this breaks signed callbacks (300 s) and what people read as times long before.
SKEW_SECONDS = 10
SHOWN_CHANNELS = 15
PANEL_CHARS = 4000
WORKING = (discord.TextChannel, discord.ForumChannel, discord.VoiceChannel)


async def show_doctor(interaction: discord.Interaction[LumaBot]) -> None:
    """Examine the server's channels and the whole process."""
    received_ms = interaction.client.desk.clock.now_ms()
    await interaction.response.defer(ephemeral=True, thinking=True)
    admin = interaction.client.desk.admin
    settings = await admin.settings.settings(guild_id_of(interaction))
    lines = [*_channel_lines(interaction.guild, settings), *_post_lines(interaction.guild, settings)]
    lines += [_clock_line(interaction, received_ms), *map(_with_fix, await admin.check_process()), _version_line()]
    await interaction.edit_original_response(embed=build_report(lines))


def build_report(lines: Sequence[CheckLine]) -> discord.Embed:
    """Return the lines, what is wrong first."""
    wrong = [line for line in lines if not line.ok]
    shown = [_shown(line) for line in (*wrong, *(line for line in lines if line.ok))]
    mend = trn("{count} thing to mend", "{count} things to mend", len(wrong))
    title = mend if wrong else tr("Everything is in order")
    return discord.Embed(title=title, description=inert.join_within(shown, PANEL_CHARS), color=RED if wrong else GREEN)


def _shown(line: CheckLine) -> str:
    sign = "\N{LARGE GREEN CIRCLE}" if line.ok else "\N{LARGE RED CIRCLE}"
    return f"{sign} **{line.name}**: {line.detail}"


# --- channels --------------------------------------------------------------------------------------------------------


def _channel_lines(guild: discord.Guild | None, settings: ServerSettings) -> Iterator[CheckLine]:
    fine, broken = [], []
    for channel in _working_channels(guild, settings):
        missing = missing_in(channel, needed_in(channel.type))
        if missing:
            broken.append((channel, missing))
        else:
            fine.append(channel.mention)
    for channel, missing in broken[:SHOWN_CHANNELS]:
        permissions = ", ".join(f"**{name}**" for name in missing)
        fix = tr("give me {permissions} in {channel}'s settings", permissions=permissions, channel=channel.mention)
        yield CheckLine(False, tr("Permissions"), fix)
    if len(broken) > SHOWN_CHANNELS:
        yield CheckLine(
            False, tr("Permissions"), tr("the same in {count} more channels", count=len(broken) - SHOWN_CHANNELS)
        )
    if fine:
        names = " ".join(fine[:SHOWN_CHANNELS])
        yield CheckLine(
            True, tr("Permissions"), tr("all there in {count} channels: {names}", count=len(fine), names=names)
        )
    if not fine and not broken:
        yield CheckLine(False, tr("Permissions"), tr("let me see a channel that edits are allowed in"))


def _working_channels(guild: discord.Guild | None, settings: ServerSettings) -> Iterator[discord.abc.GuildChannel]:
    """Yield the channels edits are allowed in; of those nobody named, the ones the bot sees."""
    rules = settings.access.channels
    only_named = Verdict.ALLOW in rules.values()
    for channel in guild.channels if guild else ():
        verdict = rules.get(channel.id)
        if not isinstance(channel, WORKING) or verdict is Verdict.DENY:
            continue
        seen = channel.permissions_for(channel.guild.me).view_channel
        if verdict is Verdict.ALLOW or (not only_named and seen):
            yield channel


def _post_lines(guild: discord.Guild | None, settings: ServerSettings) -> Iterator[CheckLine]:
    for name, channel_id, needed, command in (
        (tr("Showcase"), settings.showcase_channel_id, SHOWING, "/" + name_of("luma-setup showcase")),
        (tr("Alerts"), settings.alerts_channel_id, POSTING, "/" + name_of("luma-setup alerts")),
    ):
        if channel_id is None:
            yield CheckLine(True, name, tr("not set; `{command}` chooses a channel", command=command))
            continue
        channel = guild.get_channel(channel_id) if guild else None
        if channel is None:
            yield CheckLine(False, name, tr("the channel is gone; choose another with `{command}`", command=command))
        elif missing := missing_in(channel, needed):
            permissions = ", ".join(f"**{each}**" for each in missing)
            fix = tr("give me {permissions} in {channel}'s settings", permissions=permissions, channel=channel.mention)
            yield CheckLine(False, name, fix)
        else:
            yield CheckLine(True, name, channel.mention)


# --- the process -----------------------------------------------------------------------------------------------------


def _clock_line(interaction: discord.Interaction[LumaBot], received_ms: int) -> CheckLine:
    """Compare our clock with Discord's, by the moment it made this command: the way here is in the difference."""
    skew = received_ms / 1000 - interaction.created_at.timestamp()
    if abs(skew) <= SKEW_SECONDS:
        return CheckLine(True, tr("Clock"), tr("agrees with Discord's"))
    return CheckLine(
        False,
        tr("Clock"),
        tr(
            "{seconds} s off Discord's; let the operator's machine set its clock by the network (NTP)",
            seconds=f"{skew:+.0f}",
        ),
    )


def _version_line() -> CheckLine:
    return CheckLine(
        True, tr("Version"), f"{VERSION} · discord.py {discord.__version__} · Python {platform.python_version()}"
    )


def _with_fix(line: CheckLine) -> CheckLine:
    """Return a line of the operator's checks with the way to mend it, its detail inert."""
    detail = inert.prose(line.detail)
    name = inert.plain(tr_known(line.name), 60)
    return CheckLine(line.ok, name, detail if line.ok else f"{detail} {_fix(line.name)}".strip())


def _fix(name: str) -> str:
    match name:
        case "folder":
            return tr("(for the operator: make room on the disk of DATA_DIR)")
        case "database":
            return tr("(for the operator: look at DATABASE_URL and its disk)")
        case "public address":
            return tr("(for the operator: let PUBLIC_URL lead to this program from outside)")
    return tr("(for the operator: look at this service's key and credit, and whether it works)")
