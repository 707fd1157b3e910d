"""Read where a member stands: the rules in force, what the ledger says, and the decision that follows."""

from collections.abc import Mapping
from dataclasses import replace

from jobs.access import Access, Asker, Block, decide_access
from jobs.admin import ServerSettings
from jobs.job import NewJob
from jobs.quota import (
    DAY_MS,
    HOUR_MS,
    Allowance,
    Bonus,
    Decision,
    Defaults,
    Period,
    Policies,
    Refusal,
    Rule,
    ServerUse,
    Use,
    decide,
    rule_for,
)
from storage.admin_rows import read_allowance, read_block, read_bonus, read_settings
from storage.database import Row, Session, Value
from storage.job_rows import build_request

MONTH_MS = 30 * DAY_MS
# What nobody reads to the end is counted no further than this.
MOST_SHOWN = 200


def settings_of(session: Session, asker: Asker) -> ServerSettings:
    """Return what the server somebody asks in has set; nothing in direct messages."""
    return ServerSettings() if asker.guild_id is None else read_settings(session, asker.guild_id)


def read_access(session: Session, asker: Asker, settings: ServerSettings, *, now_ms: int) -> Access:
    """Return what keeps somebody out here, if anything does."""
    block = None if asker.guild_id is None else _block(session, asker.guild_id, asker.user_id)
    return decide_access(settings.access, block, asker, now_ms)


def read_decision(
    session: Session, asker: Asker, settings: ServerSettings, defaults: Defaults, *, now_ms: int
) -> Decision:
    """Return what a member may have now and why."""
    own = {} if asker.guild_id is None else _own_allowance(session, asker.guild_id, asker.user_id)
    policies = settings.policies(defaults, own)
    rule = rule_for(policies, asker.user_id, sorted(asker.role_ids))
    return decide(
        policies,
        rule,
        _uses(session, asker, rule, now_ms),
        _bonuses(session, asker, now_ms),
        read_server_use(session, asker.guild_id, policies, now_ms=now_ms),
        now_ms,
        open_codes=_open_codes(session, asker.user_id, policies.open_jobs),
        uncounted_ms=_uncounted(session, asker.user_id, policies.uncounted_per_hour, now_ms),
    )


def find_again(session: Session, new: NewJob, decision: Decision) -> Decision:
    """Refuse an edit that is open already with the same wish and the same parent: a button pressed twice."""
    if new.parent_job_id is None or not decision.open_codes:
        return decision
    row = session.row(
        "SELECT 1 FROM open_jobs WHERE user_id = $1 AND parent_job_id = $2 AND request = $3",
        new.user_id,
        new.parent_job_id,
        build_request(new.request),
    )
    return decision if row is None else replace(decision, refusal=Refusal.AGAIN)


def read_server_use(session: Session, guild_id: int | None, policies: Policies, *, now_ms: int) -> ServerUse:
    """Count what a server holds, was given or has paid for, no further than its budgets.

    All direct messages are one place.
    """
    day, day_free_at_ms = _spent(session, guild_id, policies.budget_day, DAY_MS, now_ms)
    month, month_free_at_ms = _spent(session, guild_id, policies.budget_month, MONTH_MS, now_ms)
    here = 0 if guild_id is None else _count_open(session, "guild_id = $2", policies.server_open, guild_id)
    everywhere = _count_open(session, "TRUE", policies.all_open)
    return ServerUse(day, month, day_free_at_ms, month_free_at_ms, here, everywhere)


def _count_open(session: Session, whose: str, cap: int | None, *values: Value) -> int:
    """Count open jobs no further than a cap."""
    if not cap:
        return 0
    # A column that the large index of all jobs does not hold leads SQLite to the small one of open jobs.
    row = session.row(
        f"SELECT COUNT(*) AS held FROM (SELECT due_at_ms FROM open_jobs WHERE {whose} LIMIT $1) AS found",  # noqa: S608 - one of two fixed texts
        cap,
        *values,
    )
    assert row is not None
    held: int = row["held"]
    return held


def _spent(
    session: Session, guild_id: int | None, budget: int | None, span_ms: int, now_ms: int
) -> tuple[int, int | None]:
    if not budget:
        return 0, None
    row = session.row(
        """
        SELECT COUNT(*) AS used, MIN(reserved_at_ms) AS oldest_ms FROM (
            SELECT reserved_at_ms FROM reservations
            WHERE guild_id IS NOT DISTINCT FROM $1 AND reserved_at_ms > $2
                AND (state IN ('reserved', 'settled') OR spent = 1)
            ORDER BY reserved_at_ms DESC LIMIT $3
        ) AS newest
        """,
        guild_id,
        now_ms - span_ms,
        budget,
    )
    assert row is not None
    return row["used"], row["oldest_ms"] + span_ms if row["used"] >= budget else None


def _own_allowance(session: Session, guild_id: int, user_id: int) -> Mapping[int, Allowance]:
    row = session.row(
        "SELECT * FROM allowances WHERE guild_id = $1 AND kind = 'user' AND target_id = $2", guild_id, user_id
    )
    return {} if row is None else {user_id: read_allowance(row)}


def _block(session: Session, guild_id: int, user_id: int) -> Block | None:
    row = session.row("SELECT * FROM blocks WHERE guild_id = $1 AND user_id = $2", guild_id, user_id)
    return None if row is None else read_block(row)


def _bonuses(session: Session, asker: Asker, now_ms: int) -> list[Bonus]:
    rows = session.rows(
        """
        SELECT * FROM bonuses
        WHERE user_id = $1 AND guild_id = $2 AND (expires_at_ms IS NULL OR expires_at_ms > $3)
        """,
        asker.user_id,
        asker.guild_id,
        now_ms,
    )
    return [read_bonus(row) for row in rows]


def _uses(session: Session, asker: Asker, rule: Rule, now_ms: int) -> list[Use]:
    """Return the uses of the rule's period that no reset took away, all that are held, and all drawn from bonuses."""
    held = session.rows(
        """
        SELECT job_id, reserved_at_ms, state, bonus_id FROM reservations
        WHERE guild_id IS NOT DISTINCT FROM $1 AND user_id = $2 AND state = 'reserved'
        LIMIT $3
        """,
        asker.guild_id,
        asker.user_id,
        max(MOST_SHOWN, rule.allowance.at_once or 0),
    )
    drawn = session.rows(
        """
        SELECT job_id, reserved_at_ms, state, bonus_id FROM reservations
        WHERE bonus_id IN (SELECT id FROM bonuses WHERE user_id = $1 AND guild_id = $2)
            AND state IN ('reserved', 'settled')
        """,
        asker.user_id,
        asker.guild_id,
    )
    rows: dict[str, Row] = {row["job_id"]: row for row in (*_in_period(session, asker, rule, now_ms), *held, *drawn)}
    return [Use(row["reserved_at_ms"], row["state"] == "reserved", row["bonus_id"]) for row in rows.values()]


def _in_period(session: Session, asker: Asker, rule: Rule, now_ms: int) -> list[Row]:
    """Return the newest uses, as many as the rule allows and no fewer than can be shown."""
    return session.rows(
        """
        SELECT job_id, reserved_at_ms, state, bonus_id FROM reservations
        WHERE guild_id IS NOT DISTINCT FROM $1 AND user_id = $2 AND reserved_at_ms > $3
            AND state IN ('reserved', 'settled') AND bonus_id IS NULL
            AND (state = 'reserved' OR ended_at_ms > COALESCE(
                (SELECT reset_at_ms FROM resets WHERE guild_id = $1 AND user_id = $2), 0
            ))
        ORDER BY reserved_at_ms DESC LIMIT $4
        """,
        asker.guild_id,
        asker.user_id,
        now_ms - rule.allowance.period.span_ms,
        max(MOST_SHOWN, rule.allowance.edits or 0),
    )


def _open_codes(session: Session, user_id: int, cap: int | None) -> list[str]:
    rows = session.rows(
        "SELECT code FROM open_jobs WHERE user_id = $1 ORDER BY created_at_ms, id LIMIT $2",
        user_id,
        max(MOST_SHOWN, cap or 0),
    )
    return [row["code"] for row in rows]


def _uncounted(session: Session, user_id: int, cap: int | None, now_ms: int) -> list[int]:
    """Return when a member's last uncounted edits ended, no more than the cap.

    What another stopped at the service is left out: that was paid for.
    """
    if not cap:
        return []
    rows = session.rows(
        """
        SELECT ended_at_ms FROM reservations
        WHERE user_id = $1 AND state = 'released' AND ended_at_ms > $2 AND spent = 0
        ORDER BY ended_at_ms DESC LIMIT $3
        """,
        user_id,
        now_ms - HOUR_MS,
        cap,
    )
    return [row["ended_at_ms"] for row in rows]


def budget_of(policies: Policies, period: Period) -> int | None:
    """Return a server's budget of a period."""
    return policies.budget_day if period is Period.DAY else policies.budget_month
