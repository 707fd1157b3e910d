"""Decide whether a new job is let in, by the rows its own transaction sees."""

from jobs.access import Asker
from jobs.admin import BudgetWarning
from jobs.errors import LimitReachedError
from jobs.job import NewJob
from jobs.quota import DAY_MS, Decision, Defaults, Period
from storage.database import Session
from storage.standing import MONTH_MS, budget_of, find_again, read_access, read_decision, settings_of

_SPANS_MS = {Period.DAY: DAY_MS, Period.MONTH: MONTH_MS}
_LEVELS = (80, 100)


def admit(session: Session, new: NewJob, defaults: Defaults, *, now_ms: int) -> Decision:
    """Return the decision that lets a job in; raises LimitReachedError with the one that does not."""
    asker = asker_of(new)
    settings = settings_of(session, asker)
    access = read_access(session, asker, settings, now_ms=now_ms)
    if access.barrier is not None:
        raise LimitReachedError(f"kept out: {access.barrier}", rule=access.barrier, decision=access)
    decision = find_again(session, new, read_decision(session, asker, settings, defaults, now_ms=now_ms))
    if decision.refusal is not None:
        raise LimitReachedError(f"limit reached: {decision.refusal}", rule=decision.refusal, decision=decision)
    return decision


def asker_of(new: NewJob) -> Asker:
    """Return who asks for a job and where, the nearest channel first."""
    channels = (new.thread_id, new.channel_id, new.parent_channel_id)
    return Asker(
        new.user_id,
        new.guild_id,
        new.role_ids,
        tuple(dict.fromkeys(channel for channel in channels if channel is not None)),
    )


def note_warnings(
    session: Session, guild_id: int | None, decision: Decision, *, now_ms: int
) -> tuple[BudgetWarning, ...]:
    """Return the warnings that one more job makes due, each level once in a rolling period."""
    if guild_id is None:
        return ()
    uses = ((Period.DAY, decision.server.day + 1), (Period.MONTH, decision.server.month + 1))
    warnings = [_warning(session, guild_id, decision, period, used, now_ms) for period, used in uses]
    return tuple(warning for warning in warnings if warning is not None)


def _warning(
    session: Session, guild_id: int, decision: Decision, period: Period, used: int, now_ms: int
) -> BudgetWarning | None:
    budget = budget_of(decision.policies, period)
    if budget is None:
        return None
    reached = [level for level in _LEVELS if used * 100 >= budget * level]
    fresh = [level for level in reached if _mark(session, guild_id, period, level, now_ms)]
    return BudgetWarning(guild_id, period, fresh[-1], used, budget) if fresh else None


def _mark(session: Session, guild_id: int, period: Period, level: int, now_ms: int) -> bool:
    """Keep that a warning is given now, unless it was in this period."""
    changed = session.execute(
        """
        INSERT INTO budget_warnings (guild_id, period, level, warned_at_ms) VALUES ($1, $2, $3, $4)
        ON CONFLICT (guild_id, period, level) DO UPDATE SET warned_at_ms = excluded.warned_at_ms
        WHERE budget_warnings.warned_at_ms <= $5
        """,
        guild_id,
        period,
        level,
        now_ms,
        now_ms - _SPANS_MS[period],
    )
    return changed > 0
