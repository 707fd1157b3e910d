"""Describe what a server's moderators set, do and see: settings, acts, the log, use over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from jobs.access import AccessRules
from jobs.quota import Allowance, Defaults, Period, Policies

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Hold one page of a longer list of `total` items."""

    items: tuple[T, ...]
    total: int


# --- settings --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Budget:
    """Cap a whole server's edits in a rolling period; None: no cap."""

    edits: int | None


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Hold everything a server has set, None where the operator's defaults count.

    `user_count` tells how many members have an allowance of their own.
    """

    allowance: Allowance | None = None
    budget_day: Budget | None = None
    budget_month: Budget | None = None
    role_allowances: Mapping[int, Allowance] = field(default_factory=dict)
    user_count: int = 0
    access: AccessRules = field(default_factory=AccessRules)
    showcase_channel_id: int | None = None
    alerts_channel_id: int | None = None
    words: tuple[str, ...] = ()

    def policies(self, defaults: Defaults, users: Mapping[int, Allowance]) -> Policies:
        """Return the rules in force, with the members' own allowances that matter."""
        return Policies(
            default=self.allowance or defaults.allowance,
            roles=self.role_allowances,
            users=users,
            budget_day=defaults.budget_day if self.budget_day is None else self.budget_day.edits,
            budget_month=defaults.budget_month if self.budget_month is None else self.budget_month.edits,
            open_jobs=defaults.open_jobs,
            server_open=defaults.server_open,
            all_open=defaults.all_open,
            uncounted_per_hour=defaults.uncounted_per_hour,
        )


class TargetKind(StrEnum):
    """Name what an act is done to."""

    SERVER = "server"
    USER = "user"
    ROLE = "role"
    CHANNEL = "channel"
    WORD = "word"
    JOB = "job"
    STYLE = "style"


@dataclass(frozen=True, slots=True)
class Target:
    """Point at what an act is done to: an id of Discord in digits, a word, a job's code, a style's name."""

    kind: TargetKind
    name: str = ""
    user_id: int | None = None

    @property
    def discord_id(self) -> int:
        """Return the id of a user, role or channel."""
        return int(self.name)


SERVER = Target(TargetKind.SERVER)


def user(user_id: int) -> Target:
    """Point at a member."""
    return Target(TargetKind.USER, str(user_id), user_id)


def role(role_id: int) -> Target:
    """Point at a role."""
    return Target(TargetKind.ROLE, str(role_id))


def channel(channel_id: int) -> Target:
    """Point at a channel."""
    return Target(TargetKind.CHANNEL, str(channel_id))


def job_of(code: str, user_id: int) -> Target:
    """Point at a member's job."""
    return Target(TargetKind.JOB, code, user_id)


# --- acts and the log ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Act:
    """Say who changes something, where, when and why; every change keeps this in the log."""

    guild_id: int
    actor_id: int
    at_ms: int
    reason: str = ""


class Deed(StrEnum):
    """Name what was done."""

    SET_QUOTA = "set_quota"
    SET_BUDGET = "set_budget"
    SET_CHANNEL = "set_channel"
    SET_ROLE = "set_role"
    SET_SHOWCASE = "set_showcase"
    SET_ALERTS = "set_alerts"
    ADD_WORD = "add_word"
    REMOVE_WORD = "remove_word"
    PAUSE = "pause"
    RESUME = "resume"
    BLOCK = "block"
    UNBLOCK = "unblock"
    GRANT_BONUS = "grant_bonus"
    REVOKE_BONUS = "revoke_bonus"
    RESET_QUOTA = "reset_quota"
    CANCEL_JOB = "cancel_job"
    RETRY_JOB = "retry_job"
    REDELIVER_JOB = "redeliver_job"
    ADD_STYLE = "add_style"
    EDIT_STYLE = "edit_style"
    REMOVE_STYLE = "remove_style"
    SHARE_RESULT = "share_result"
    WITHDRAW_SHARE = "withdraw_share"
    DELETE_RESULT = "delete_result"
    EXPORT_LOG = "export_log"


# What stood before and after a change, as plain JSON values: {"edits": 15, "period": "day", "at_once": null}.
Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class LogNote:
    """Hold what is to be kept in the log in the transaction of another change."""

    act: Act
    deed: Deed
    target: Target
    before: Facts | None = None
    after: Facts | None = None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Tell who did what to whom, why, and what stood before and after (None: nothing did); `number` is per server."""

    number: int
    guild_id: int
    at_ms: int
    actor_id: int
    deed: Deed
    target: Target
    before: Facts | None
    after: Facts | None
    reason: str


# --- use -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UserUse:
    """Count a member's reservations of a period: delivered, still open, and how many of both came from bonuses."""

    user_id: int
    settled: int
    open: int
    bonus: int

    @property
    def used(self) -> int:
        """Return what was used and held."""
        return self.settled + self.open


@dataclass(frozen=True, slots=True)
class DayUse:
    """Count the reservations of 24 hours from `begins_at_ms`, by how they stand now."""

    begins_at_ms: int
    settled: int = 0
    open: int = 0
    released: int = 0


@dataclass(frozen=True, slots=True)
class BudgetWarning:
    """Tell, once in a period, that a server's budget is used to `level` per cent (80 or 100)."""

    guild_id: int
    period: Period
    level: int
    used: int
    budget: int


# --- privacy ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MemberRecords:
    """Hold every row about a member, by table, and the shelf files that go with them."""

    user_id: int
    tables: Mapping[str, Sequence[Facts]]
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Erased:
    """Tell what an erasure did; with `open_codes` nothing was done, for these jobs must be cancelled first.

    `files` are to be deleted from the shelf. Until `counts_until_ms` the number of edits made stays with the member, so
    that no quota begins anew; blocks and a member's own allowance stay as the server set them.
    """

    jobs: int = 0
    files: tuple[str, ...] = ()
    open_codes: tuple[str, ...] = ()
    counts_until_ms: int | None = None
