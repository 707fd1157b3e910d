"""Name what commands of quota, moderation, settings and privacy need of the database."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from jobs.access import Access, Asker, Block, Verdict
from jobs.admin import (
    Act,
    DayUse,
    Deed,
    Erased,
    Facts,
    LogEntry,
    MemberRecords,
    Page,
    ServerSettings,
    Target,
    UserUse,
)
from jobs.job import Job, State
from jobs.quota import Allowance, Bonus, Decision, Period


class QuotaStore(Protocol):
    """Read who has how much; every figure is counted from the ledger. Raises StorageError."""

    async def access(self, asker: Asker, *, now_ms: int) -> Access:
        """Return what keeps somebody out here, if anything does."""

    async def decision(self, asker: Asker, *, now_ms: int) -> Decision:
        """Return what a member may have now and why; admission decides by the same rows again."""

    async def top_users(self, guild_id: int, *, since_ms: int, offset: int, limit: int) -> Page[UserUse]:
        """Return who used most since a time, most first, those without use left out."""

    async def use_by_day(self, guild_id: int, user_id: int | None, *, days: int, now_ms: int) -> list[DayUse]:
        """Return the last days' use, oldest first and none left out, of a member or (None) the whole server."""

    async def bonuses(self, guild_id: int, user_id: int) -> list[Bonus]:
        """Return all bonuses of a member, expired and drained ones too, newest first."""

    async def server_jobs(
        self, guild_id: int, *, user_id: int | None, states: frozenset[State] | None, offset: int, limit: int
    ) -> Page[Job]:
        """Return a server's jobs, newest first; open states only are read from a small index."""


class AdminStore(Protocol):
    """Keep a server's settings and its moderators' acts.

    Each change and its log entry are one transaction; a change that changes nothing returns None and is not logged.
    """

    async def settings(self, guild_id: int) -> ServerSettings:
        """Return everything a server has set."""

    async def alert_channels(self) -> Mapping[int, int]:
        """Return every server that has chosen a channel for alerts, with that channel."""

    async def user_allowances(self, guild_id: int, *, offset: int, limit: int) -> Page[tuple[int, Allowance]]:
        """Return the members with an allowance of their own."""

    async def set_allowance(self, act: Act, target: Target, allowance: Allowance | None) -> LogEntry | None:
        """Set what SERVER, a role or a user may have; None takes it away: what is weaker counts again."""

    async def set_budget(self, act: Act, period: Period, edits: int | None) -> LogEntry | None:
        """Cap the server's edits per DAY or MONTH; None: no cap."""

    async def unset_budget(self, act: Act, period: Period) -> LogEntry | None:
        """Let the operator's default count again."""

    async def set_channel(self, act: Act, channel_id: int, verdict: Verdict | None) -> LogEntry | None:
        """Allow or deny a channel; None takes it off the list."""

    async def set_role(self, act: Act, role_id: int, verdict: Verdict | None) -> LogEntry | None:
        """Allow or deny a role; None takes it off the list."""

    async def set_showcase(self, act: Act, channel_id: int | None) -> LogEntry | None:
        """Choose where shared results go; None: nowhere."""

    async def set_alerts(self, act: Act, channel_id: int | None) -> LogEntry | None:
        """Choose which channel hears of trouble; None: none."""

    async def pause(self, act: Act) -> LogEntry | None:
        """Take no new edits in a server, for the act's reason."""

    async def resume(self, act: Act) -> LogEntry | None:
        """Take new edits again."""

    async def add_word(self, act: Act, word: str) -> LogEntry | None:
        """Block a word, phrase or pattern; raises InvalidRequestError from `jobs.words.check_word`."""

    async def remove_word(self, act: Act, word: str) -> LogEntry | None:
        """Let a word through again; None where it was not blocked."""

    async def block(self, act: Act, user_id: int, until_ms: int | None) -> LogEntry | None:
        """Keep a member out for the act's reason; again sets reason and end anew."""

    async def unblock(self, act: Act, user_id: int) -> LogEntry | None:
        """Let a member in again."""

    async def blocks(self, guild_id: int, *, now_ms: int, offset: int, limit: int) -> Page[Block]:
        """Return the blocks that hold, newest first."""

    async def grant_bonus(self, act: Act, user_id: int, count: int, expires_at_ms: int | None) -> LogEntry:
        """Give a member extra edits; `after["id"]` of the entry is the bonus."""

    async def revoke_bonus(self, act: Act, bonus_id: str) -> LogEntry | None:
        """End a bonus now; what was drawn from it stays drawn."""

    async def reset_use(self, act: Act, user_id: int) -> LogEntry:
        """Let a member's ended edits so far count no more; bonuses stay as drained as they are."""


class LogStore(Protocol):
    """Keep and read the log of who did what."""

    async def note(
        self, act: Act, deed: Deed, target: Target, *, before: Facts | None = None, after: Facts | None = None
    ) -> LogEntry:
        """Keep an act that changes no setting."""

    async def entries(
        self, guild_id: int, *, user_id: int | None = None, actor_id: int | None = None, offset: int, limit: int
    ) -> Page[LogEntry]:
        """Return entries newest first, those about one member or by one moderator."""

    def export(self, guild_id: int) -> AsyncIterator[LogEntry]:
        """Yield a server's whole log, oldest first, in short reads."""


class PrivacyStore(Protocol):
    """Hand a member what is stored of them, and erase it."""

    async def collect(self, user_id: int) -> MemberRecords:
        """Return every row about a member."""

    async def erase(self, user_id: int, *, now_ms: int) -> Erased:
        """Make a member's ended jobs nobody's, in one transaction; does nothing while a job is open."""

    async def forget_aged(self, *, now_ms: int) -> int:
        """Make reservations of erased jobs nobody's once no period counts them; returns how many."""
