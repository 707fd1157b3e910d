"""Count from the ledger who used how much, and list a server's jobs."""

from collections.abc import Iterable

from jobs.admin import DayUse, Page, UserUse
from jobs.job import OPEN_STATES, Job, State
from jobs.quota import DAY_MS, Bonus
from storage.admin_rows import read_bonus
from storage.database import Session, Value
from storage.job_rows import read_job


def top_users(session: Session, guild_id: int, *, since_ms: int, offset: int, limit: int) -> Page[UserUse]:
    """Return who used most since a time; the index is read once, in the order of members."""
    rows = session.rows(
        """
        WITH members AS MATERIALIZED (
            SELECT user_id, COUNT(*) AS used FROM reservations
            WHERE guild_id = $1 AND reserved_at_ms > $2 AND state <> 'released' AND user_id <> 0
            GROUP BY user_id
        )
        SELECT user_id, (SELECT COUNT(*) FROM members) AS total FROM members
        ORDER BY used DESC, user_id LIMIT $3 OFFSET $4
        """,
        guild_id,
        since_ms,
        limit,
        offset,
    )
    if not rows and offset > 0:  # a page that was there a moment ago
        return Page((), top_users(session, guild_id, since_ms=since_ms, offset=0, limit=1).total)
    users = tuple(_user_use(session, guild_id, row["user_id"], since_ms) for row in rows)
    return Page(users, rows[0]["total"] if rows else 0)


def _user_use(session: Session, guild_id: int, user_id: int, since_ms: int) -> UserUse:
    row = session.row(
        """
        SELECT COUNT(CASE state WHEN 'settled' THEN 1 END) AS settled,
            COUNT(CASE state WHEN 'reserved' THEN 1 END) AS held, COUNT(bonus_id) AS bonus
        FROM reservations WHERE guild_id = $1 AND user_id = $2 AND reserved_at_ms > $3 AND state <> 'released'
        """,
        guild_id,
        user_id,
        since_ms,
    )
    assert row is not None
    return UserUse(user_id, row["settled"], row["held"], row["bonus"])


def use_by_day(session: Session, guild_id: int, user_id: int | None, *, days: int, now_ms: int) -> list[DayUse]:
    """Return the last days' use, oldest first; a day is 24 hours and the last one ends now."""
    begins_ms = now_ms - days * DAY_MS
    return [_day_use(session, guild_id, user_id, begins_ms + day * DAY_MS) for day in range(days)]


def _day_use(session: Session, guild_id: int, user_id: int | None, begins_ms: int) -> DayUse:
    # One range of an index for each day: grouping by day would sort every row.
    whose = "" if user_id is None else "AND user_id = $4"
    row = session.row(
        f"""
        SELECT COUNT(CASE state WHEN 'settled' THEN 1 END) AS settled,
            COUNT(CASE state WHEN 'reserved' THEN 1 END) AS held,
            COUNT(CASE state WHEN 'released' THEN 1 END) AS released
        FROM reservations WHERE guild_id = $1 AND reserved_at_ms > $2 AND reserved_at_ms <= $3 {whose}
        """,  # noqa: S608 - one of two fixed texts
        guild_id,
        begins_ms,
        begins_ms + DAY_MS,
        *(() if user_id is None else (user_id,)),
    )
    assert row is not None
    return DayUse(begins_ms, settled=row["settled"], open=row["held"], released=row["released"])


def bonuses(session: Session, guild_id: int, user_id: int) -> list[Bonus]:
    """Return all bonuses of a member, newest first."""
    rows = session.rows(
        "SELECT * FROM bonuses WHERE user_id = $1 AND guild_id = $2 ORDER BY granted_at_ms DESC, id DESC",
        user_id,
        guild_id,
    )
    return [read_bonus(row) for row in rows]


def server_jobs(
    session: Session, guild_id: int, *, user_id: int | None, states: frozenset[State] | None, offset: int, limit: int
) -> Page[Job]:
    """Return a server's jobs, newest first."""
    wanted = frozenset(State) if states is None else states
    if not wanted:
        return Page((), 0)
    # The view's condition is that of the small indexes over open jobs.
    table = "open_jobs" if wanted <= OPEN_STATES else "jobs"
    values: list[Value] = [guild_id]
    where = "guild_id = $1"
    if user_id is not None:
        values.append(user_id)
        where += " AND user_id = $2"
    if wanted != frozenset(State):
        where += f" AND state IN ({_numbers(values, sorted(wanted))})"
    total = session.row(f"SELECT COUNT(*) AS total FROM {table} WHERE {where}", *values)  # noqa: S608 - numbers only
    rows = session.rows(
        f"SELECT * FROM {table} WHERE {where} ORDER BY created_at_ms DESC, id DESC "  # noqa: S608 - numbers only
        f"LIMIT {limit:d} OFFSET {offset:d}",
        *values,
    )
    assert total is not None
    return Page(tuple(map(read_job, rows)), total["total"])


def _numbers(values: list[Value], added: Iterable[Value]) -> str:
    """Append values and return the numbers of their parameters."""
    first = len(values) + 1
    values.extend(added)
    return ", ".join(f"${number}" for number in range(first, len(values) + 1))
