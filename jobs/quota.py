"""Decide who may have how much: pure rules over policies and use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

HOUR_MS = 60 * 60 * 1000
DAY_MS = 24 * HOUR_MS


class Period(StrEnum):
    """Name a rolling window: it ends now, and a use leaves it exactly one span after it was made."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def span_ms(self) -> int:
        """Return the window's length in milliseconds; a month has 30 days."""
        return {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 30}[self] * DAY_MS


class Origin(StrEnum):
    """Name where an allowance comes from, the strongest first."""

    USER = "user"
    ROLE = "role"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Allowance:
    """Allow `edits` in any one period (None: no limit) and `at_once` open at the same time (None: no limit)."""

    edits: int | None
    period: Period = Period.DAY
    at_once: int | None = None

    @property
    def generosity(self) -> tuple[float, float]:
        """Return what orders allowances from meagre to generous: edits per day, then edits at once."""
        per_day = float("inf") if self.edits is None else self.edits / (self.period.span_ms / DAY_MS)
        return per_day, float("inf") if self.at_once is None else self.at_once


@dataclass(frozen=True, slots=True)
class Rule:
    """Hold the allowance that counts for one member and where it comes from."""

    allowance: Allowance
    origin: Origin
    role_id: int | None = None


@dataclass(frozen=True, slots=True)
class Policies:
    """Hold a server's settings; `budget_day` and `budget_month` cap all its members together (None: no cap).

    `open_jobs` caps what one member may have open in all places together, `server_open` what a server may have,
    `all_open` what everybody may. `uncounted_per_hour` caps how many edits of a member may end without being counted.
    """

    default: Allowance
    roles: Mapping[int, Allowance]
    users: Mapping[int, Allowance]
    budget_day: int | None = None
    budget_month: int | None = None
    open_jobs: int | None = None
    server_open: int | None = None
    all_open: int | None = None
    uncounted_per_hour: int | None = None


@dataclass(frozen=True, slots=True)
class Defaults:
    """Hold what counts where a server has set nothing, and in direct messages; the last four count everywhere."""

    allowance: Allowance = Allowance(10, Period.DAY, 3)
    budget_day: int | None = 500
    budget_month: int | None = None
    open_jobs: int | None = 3
    server_open: int | None = None
    all_open: int | None = None
    uncounted_per_hour: int | None = None


@dataclass(frozen=True, slots=True)
class Bonus:
    """Hold extra edits granted to a member; they drain once and never come back, but for a released use."""

    id: str
    count: int
    granted_at_ms: int
    expires_at_ms: int | None = None
    reason: str = ""
    granted_by: int = 0


@dataclass(frozen=True, slots=True)
class Use:
    """Show one reservation that is held or settled; `bonus_id` when it was drawn from a bonus."""

    reserved_at_ms: int
    is_open: bool
    bonus_id: str | None = None


@dataclass(frozen=True, slots=True)
class ServerUse:
    """Count a whole server's reservations held or settled in the last day and the last 30 days, up to its budgets.

    A period that is full has the moment when it has room again. `open` counts its open jobs, `open_everywhere` those of
    all, up to their caps.
    """

    day: int = 0
    month: int = 0
    day_free_at_ms: int | None = None
    month_free_at_ms: int | None = None
    open: int = 0
    open_everywhere: int = 0


@dataclass(frozen=True, slots=True)
class BonusLeft:
    """Show what is left of one bonus."""

    bonus: Bonus
    left: int


class Refusal(StrEnum):
    """Name the limit that stands in the way."""

    EDITS = "edits"
    AT_ONCE = "at_once"
    OPEN_JOBS = "open_jobs"
    AGAIN = "again"
    SERVER_OPEN = "server_open"
    ALL_OPEN = "all_open"
    UNCOUNTED = "uncounted"
    BUDGET_DAY = "budget_day"
    BUDGET_MONTH = "budget_month"


@dataclass(frozen=True, slots=True)
class Decision:
    """Explain itself: the rule and its origin, what is used, held and left, and when the next edit comes free.

    `used` counts the period's uses not drawn from bonuses, open ones among them; `left` is None without a limit and
    counts no bonus. `open` counts what is held here, `open_codes` names the member's open jobs everywhere, oldest
    first. `draws_from` names the bonus the next edit would drain. `next_free_at_ms` is of the budget, or of the hour's
    uncounted edits, when that refuses; AGAIN: the same edit is being made again already.
    """

    rule: Rule
    refusal: Refusal | None
    used: int
    open: int
    left: int | None
    bonuses: tuple[BonusLeft, ...]
    draws_from: str | None
    next_free_at_ms: int | None
    policies: Policies
    server: ServerUse
    open_codes: tuple[str, ...] = ()

    @property
    def is_allowed(self) -> bool:
        """Tell whether one more edit may begin."""
        return self.refusal is None


def rule_for(policies: Policies, user_id: int, role_ids: Sequence[int]) -> Rule:
    """Return the rule that counts: the member's own, else the most generous role's, else the server's."""
    if user_id in policies.users:
        return Rule(policies.users[user_id], Origin.USER)
    held = [(policies.roles[role_id], role_id) for role_id in sorted(set(role_ids)) if role_id in policies.roles]
    if held:
        allowance, role_id = max(held, key=lambda pair: pair[0].generosity)
        return Rule(allowance, Origin.ROLE, role_id)
    return Rule(policies.default, Origin.DEFAULT)


def decide(
    policies: Policies,
    rule: Rule,
    uses: Sequence[Use],
    bonuses: Sequence[Bonus],
    server: ServerUse,
    now_ms: int,
    *,
    open_codes: Sequence[str] = (),
    uncounted_ms: Sequence[int] = (),
) -> Decision:
    """Decide whether a member may begin one more edit now.

    `uncounted_ms` are the ends of the last edits that were not counted.
    """
    allowance = rule.allowance
    begins_ms = now_ms - allowance.period.span_ms
    counted = sorted(use.reserved_at_ms for use in uses if use.bonus_id is None and use.reserved_at_ms > begins_ms)
    left = None if allowance.edits is None else max(0, allowance.edits - len(counted))
    remaining = bonuses_left(bonuses, uses, now_ms)
    decision = Decision(
        rule=rule,
        refusal=None,
        used=len(counted),
        open=sum(use.is_open for use in uses),
        left=left,
        bonuses=remaining,
        draws_from=remaining[0].bonus.id if left == 0 and remaining else None,
        next_free_at_ms=_next_free_ms(allowance, counted),
        policies=policies,
        server=server,
        open_codes=tuple(open_codes),
    )
    return _refuse(decision, _uncounted_free_ms(policies, uncounted_ms, now_ms))


def _refuse(decision: Decision, uncounted_free_ms: int | None) -> Decision:
    """Return the decision with the limit that stands in the way, if one does."""
    policies, server = decision.policies, decision.server
    if policies.budget_day is not None and server.day >= policies.budget_day:
        return replace(decision, refusal=Refusal.BUDGET_DAY, next_free_at_ms=server.day_free_at_ms)
    if policies.budget_month is not None and server.month >= policies.budget_month:
        return replace(decision, refusal=Refusal.BUDGET_MONTH, next_free_at_ms=server.month_free_at_ms)
    if (refusal := _full(decision)) is not None:
        return replace(decision, refusal=refusal)
    if uncounted_free_ms is not None:
        return replace(decision, refusal=Refusal.UNCOUNTED, next_free_at_ms=uncounted_free_ms)
    if decision.left == 0 and decision.draws_from is None:
        return replace(decision, refusal=Refusal.EDITS)
    return decision


def _full(decision: Decision) -> Refusal | None:
    """Return which cap on open edits is reached, the member's own first: they can do something about it."""
    policies, server = decision.policies, decision.server
    caps = (
        (decision.rule.allowance.at_once, decision.open, Refusal.AT_ONCE),
        (policies.open_jobs, len(decision.open_codes), Refusal.OPEN_JOBS),
        (policies.server_open, server.open, Refusal.SERVER_OPEN),
        (policies.all_open, server.open_everywhere, Refusal.ALL_OPEN),
    )
    return next((refusal for most, held, refusal in caps if most is not None and held >= most), None)


def bonuses_left(bonuses: Sequence[Bonus], uses: Sequence[Use], now_ms: int) -> tuple[BonusLeft, ...]:
    """Return the bonuses that still hold something, in the order they drain: the last to expire last."""
    alive = [bonus for bonus in bonuses if bonus.expires_at_ms is None or bonus.expires_at_ms > now_ms]
    alive.sort(key=lambda bonus: (bonus.expires_at_ms or float("inf"), bonus.granted_at_ms, bonus.id))
    drawn = [use.bonus_id for use in uses]
    counted = (BonusLeft(bonus, bonus.count - drawn.count(bonus.id)) for bonus in alive)
    return tuple(each for each in counted if each.left > 0)


def _uncounted_free_ms(policies: Policies, uncounted_ms: Sequence[int], now_ms: int) -> int | None:
    """Return when a member may begin again who let too many edits of an hour end uncounted; None: now."""
    most = policies.uncounted_per_hour
    recent = sorted(at_ms for at_ms in uncounted_ms if at_ms > now_ms - HOUR_MS)
    return None if not most or len(recent) < most else recent[-most] + HOUR_MS


def _next_free_ms(allowance: Allowance, counted: Sequence[int]) -> int | None:
    """Return when the period has room again; None while it has, or where it never will."""
    if allowance.edits is None or allowance.edits == 0 or len(counted) < allowance.edits:
        return None
    return counted[len(counted) - allowance.edits] + allowance.period.span_ms
