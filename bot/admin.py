"""Bundle what commands of quota, moderation, settings and privacy work with."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import discord

from bot import inert
from bot.charts import Charts
from bot.checkup import CheckLine
from jobs.access import AccessRules, Asker, Verdict
from jobs.admin import Act
from jobs.admin_ports import AdminStore, LogStore, PrivacyStore, QuotaStore
from jobs.errors import InvalidRequestError
from jobs.job import Job
from jobs.ports import Posted
from jobs.quota import Defaults

REASON_CHARS = 300


class RedeliveryActs(Protocol):
    """Do with ended edits what moderators may."""

    async def tell_again(self, job: Job, act: Act) -> Posted:
        """Post how a job ended once more, and log it; raises UserError or DeliveryError."""


class KeptFiles(Protocol):
    """Reach the files that are kept for members' edits."""

    def path(self, name: str) -> Path:
        """Return where a file of this name lies."""

    async def discard(self, name: str) -> None:
        """Delete a file; a missing one is fine."""


async def _no_lines() -> Sequence[CheckLine]:
    return ()


@dataclass(frozen=True, slots=True)
class Administration:
    """Hold the administrative side of the database, its pictures, the kept files, and the operator's defaults.

    `check_process` proves the parts that belong to no server: services, address, disk. `kept_days` says how long
    finished videos are kept.
    """

    quotas: QuotaStore
    settings: AdminStore
    log: LogStore
    privacy: PrivacyStore
    files: KeptFiles
    redelivery: RedeliveryActs
    defaults: Defaults = field(default_factory=Defaults)
    charts: Charts = field(default_factory=Charts)
    check_process: Callable[[], Awaitable[Sequence[CheckLine]]] = _no_lines
    kept_days: float = 14.0


def guild_id_of(interaction: discord.Interaction[Any]) -> int:
    """Return the server of an interaction that cannot come from anywhere else."""
    assert interaction.guild_id is not None, "the command is for servers only"
    return interaction.guild_id


def build_act(interaction: discord.Interaction[Any], reason: str | None = None) -> Act:
    """Return who acts, where, when and why; raises InvalidRequestError for a reason in which nothing can be read."""
    if reason and not inert.prose(reason):
        raise InvalidRequestError("There is nothing to read in your reason. Please write it in words.", rule="reason")
    return Act(
        guild_id_of(interaction),
        interaction.user.id,
        interaction.client.desk.clock.now_ms(),
        (reason or "").strip()[:REASON_CHARS],
    )


def build_asker(interaction: discord.Interaction[Any]) -> Asker:
    """Return who asks for an edit and where, a thread before its channel."""
    channel = interaction.channel
    parent_id = channel.parent_id if isinstance(channel, discord.Thread) else None
    channels = (interaction.channel_id, parent_id)
    return Asker(
        interaction.user.id,
        interaction.guild_id,
        role_ids_of(interaction.user),
        tuple(channel_id for channel_id in channels if channel_id is not None),
    )


def ask_for(guild_id: int, member: discord.Member | discord.User, rules: AccessRules) -> Asker:
    """Return a member as one who would ask for an edit where the server's rules let people ask."""
    allowed = sorted(channel_id for channel_id, verdict in rules.channels.items() if verdict is Verdict.ALLOW)
    return Asker(member.id, guild_id, role_ids_of(member), tuple(allowed[:1]))


def role_ids_of(member: discord.Member | discord.User) -> frozenset[int]:
    """Return the roles somebody has, the server's own for everybody among them; none once they have left."""
    if not isinstance(member, discord.Member):
        return frozenset()
    # `member.roles` leaves out those of which the gateway has not told yet: all of them for a while after each start.
    return frozenset(member._roles) | {member.guild.id}
