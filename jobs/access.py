"""Decide who may use the bot where: channels and roles, blocked members, a pause; pure rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """Say what a list does with a channel or role on it."""

    ALLOW = "allow"
    DENY = "deny"


class Barrier(StrEnum):
    """Name what keeps somebody out, in the order it is looked at."""

    CHANNEL = "channel"
    ROLE = "role"
    BLOCK = "block"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Asker:
    """Show who asks and where.

    `channel_ids` come nearest first: a thread, then its channel; `guild_id` None means a direct message.
    """

    user_id: int
    guild_id: int | None
    role_ids: frozenset[int] = frozenset()
    channel_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """Keep a member out until a time (None: for good)."""

    user_id: int
    reason: str
    blocked_by: int
    blocked_at_ms: int
    until_ms: int | None = None

    def holds(self, now_ms: int) -> bool:
        """Tell whether it has not ended."""
        return self.until_ms is None or now_ms < self.until_ms


@dataclass(frozen=True, slots=True)
class Pause:
    """Keep everybody out of a server's use of the bot."""

    reason: str
    paused_by: int
    paused_at_ms: int


@dataclass(frozen=True, slots=True)
class AccessRules:
    """Hold a server's lists; a channel or role on none is let in where nothing of its kind is allowed by name."""

    channels: Mapping[int, Verdict] = field(default_factory=dict)
    roles: Mapping[int, Verdict] = field(default_factory=dict)
    pause: Pause | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """Explain itself: what keeps somebody out, if anything does.

    `denied_id` is the channel or role that is denied by name; without it, `allowed_ids` are the ones that would do.
    """

    barrier: Barrier | None = None
    denied_id: int | None = None
    allowed_ids: tuple[int, ...] = ()
    block: Block | None = None
    pause: Pause | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether nothing keeps this person out."""
        return self.barrier is None


OPEN = Access()


def decide_access(rules: AccessRules, block: Block | None, asker: Asker, now_ms: int) -> Access:
    """Decide whether somebody may use the bot here; in direct messages no server's rules hold."""
    if asker.guild_id is None:
        return OPEN
    return (
        _channel_barrier(rules.channels, asker.channel_ids)
        or _role_barrier(rules.roles, asker.role_ids)
        or (Access(Barrier.BLOCK, block=block) if block is not None and block.holds(now_ms) else None)
        or (Access(Barrier.PAUSE, pause=rules.pause) if rules.pause is not None else OPEN)
    )


def _channel_barrier(listed: Mapping[int, Verdict], channel_ids: Iterable[int]) -> Access | None:
    """Let the nearest listed channel decide, so that a thread follows its parent unless it is listed itself."""
    nearest = next((channel_id for channel_id in channel_ids if channel_id in listed), None)
    if nearest is not None:
        return Access(Barrier.CHANNEL, denied_id=nearest) if listed[nearest] is Verdict.DENY else None
    allowed = _allowed(listed)
    return Access(Barrier.CHANNEL, allowed_ids=allowed) if allowed else None


def _role_barrier(listed: Mapping[int, Verdict], role_ids: frozenset[int]) -> Access | None:
    """Let one denied role keep out, whatever other roles are held."""
    denied = min((role_id for role_id in role_ids if listed.get(role_id) is Verdict.DENY), default=None)
    if denied is not None:
        return Access(Barrier.ROLE, denied_id=denied)
    allowed = _allowed(listed)
    return Access(Barrier.ROLE, allowed_ids=allowed) if allowed and not role_ids & set(allowed) else None


def _allowed(listed: Mapping[int, Verdict]) -> tuple[int, ...]:
    return tuple(sorted(each for each, verdict in listed.items() if verdict is Verdict.ALLOW))
