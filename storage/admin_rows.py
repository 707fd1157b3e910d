"""Turn rows of settings, allowances, blocks, bonuses and the log into values."""

import json
from dataclasses import replace
from typing import Any

from jobs.access import AccessRules, Block, Pause, Verdict
from jobs.admin import Budget, Deed, LogEntry, ServerSettings, Target, TargetKind
from jobs.quota import Allowance, Bonus, Period
from storage.database import Row, Session

_NOWHERE = {"channel_id": None}
# All that `read_all_settings` reads from.
SETTINGS_TABLES = ("server_settings", "access_lists", "allowances", "blocked_words")


def read_settings(session: Session, guild_id: int) -> ServerSettings:
    """Return what a server has set, but for its words and the number of its members' own allowances."""
    rows = session.rows("SELECT name, value FROM server_settings WHERE guild_id = $1", guild_id)
    named: dict[str, Any] = {row["name"]: json.loads(row["value"]) for row in rows}
    pause = named.get("pause")
    return ServerSettings(
        allowance=_allowance_of(named.get("allowance")),
        budget_day=Budget(named["budget_day"]["edits"]) if "budget_day" in named else None,
        budget_month=Budget(named["budget_month"]["edits"]) if "budget_month" in named else None,
        role_allowances=_role_allowances(session, guild_id),
        access=AccessRules(
            channels=_listed(session, guild_id, "channel"),
            roles=_listed(session, guild_id, "role"),
            pause=None if pause is None else Pause(pause["reason"], pause["paused_by"], pause["paused_at_ms"]),
        ),
        showcase_channel_id=named.get("showcase", _NOWHERE)["channel_id"],
        alerts_channel_id=named.get("alerts", _NOWHERE)["channel_id"],
    )


def read_all_settings(session: Session, guild_id: int) -> ServerSettings:
    """Return all that a server has set."""
    users = session.row("SELECT COUNT(*) AS users FROM allowances WHERE guild_id = $1 AND kind = 'user'", guild_id)
    assert users is not None
    return replace(read_settings(session, guild_id), user_count=users["users"], words=read_words(session, guild_id))


def read_words(session: Session, guild_id: int) -> tuple[str, ...]:
    """Return a server's blocked words and patterns, in order."""
    rows = session.rows("SELECT word FROM blocked_words WHERE guild_id = $1 ORDER BY word", guild_id)
    return tuple(row["word"] for row in rows)


def read_blocks(session: Session, guild_id: int) -> dict[int, Block]:
    """Return a server's blocks by member, those that have ended too."""
    rows = session.rows("SELECT * FROM blocks WHERE guild_id = $1", guild_id)
    return {row["user_id"]: read_block(row) for row in rows}


def _allowance_of(facts: dict[str, Any] | None) -> Allowance | None:
    return None if facts is None else Allowance(facts["edits"], Period(facts["period"]), facts["at_once"])


def _role_allowances(session: Session, guild_id: int) -> dict[int, Allowance]:
    rows = session.rows("SELECT * FROM allowances WHERE guild_id = $1 AND kind = 'role'", guild_id)
    return {row["target_id"]: read_allowance(row) for row in rows}


def _listed(session: Session, guild_id: int, kind: str) -> dict[int, Verdict]:
    rows = session.rows("SELECT target_id, verdict FROM access_lists WHERE guild_id = $1 AND kind = $2", guild_id, kind)
    return {row["target_id"]: Verdict(row["verdict"]) for row in rows}


def read_allowance(row: Row) -> Allowance:
    """Return the allowance of a row of `allowances`."""
    return Allowance(row["edits"], Period(row["period"]), row["at_once"])


def read_block(row: Row) -> Block:
    """Return the block of a row of `blocks`."""
    return Block(row["user_id"], row["reason"], row["blocked_by"], row["blocked_at_ms"], row["until_ms"])


def read_bonus(row: Row) -> Bonus:
    """Return the bonus of a row of `bonuses`."""
    return Bonus(
        id=row["id"],
        count=row["count"],
        granted_at_ms=row["granted_at_ms"],
        expires_at_ms=row["expires_at_ms"],
        reason=row["reason"],
        granted_by=row["granted_by"],
    )


def read_entry(row: Row) -> LogEntry:
    """Return the entry of a row of `moderation_log`."""
    return LogEntry(
        number=row["number"],
        guild_id=row["guild_id"],
        at_ms=row["at_ms"],
        actor_id=row["actor_id"],
        deed=Deed(row["deed"]),
        target=Target(TargetKind(row["target_kind"]), row["target"], row["user_id"]),
        before=None if row["before"] is None else json.loads(row["before"]),
        after=None if row["after"] is None else json.loads(row["after"]),
        reason=row["reason"],
    )
