"""Change what a server has set, and keep in the log what stood before and after."""

import json

from jobs.access import Verdict
from jobs.admin import SERVER, Act, Deed, Facts, LogEntry, Target, TargetKind
from jobs.quota import Allowance
from storage.admin_rows import read_allowance
from storage.database import Session
from storage.log_rows import write_entry


def facts_of(allowance: Allowance) -> Facts:
    """Return an allowance as the log and the settings have it."""
    return {"edits": allowance.edits, "period": allowance.period, "at_once": allowance.at_once}


def set_value(session: Session, act: Act, name: str, after: Facts | None, deed: Deed) -> LogEntry | None:
    """Set one of the server's values by its name, or take it away."""
    row = session.row("SELECT value FROM server_settings WHERE guild_id = $1 AND name = $2", act.guild_id, name)
    before: Facts | None = None if row is None else json.loads(row["value"])
    if before == after:
        return None
    if after is None:
        session.execute("DELETE FROM server_settings WHERE guild_id = $1 AND name = $2", act.guild_id, name)
    else:
        session.execute(
            """
            INSERT INTO server_settings (guild_id, name, value) VALUES ($1, $2, $3)
            ON CONFLICT (guild_id, name) DO UPDATE SET value = excluded.value
            """,
            act.guild_id,
            name,
            json.dumps(after, ensure_ascii=False),
        )
    return write_entry(session, act, deed, SERVER, before, after)


def set_allowance(session: Session, act: Act, target: Target, after: Allowance | None) -> LogEntry | None:
    """Set what a role or a user may have, or take it away."""
    if target.kind not in (TargetKind.ROLE, TargetKind.USER):
        raise ValueError(f"a {target.kind} has no quota")
    key = (act.guild_id, target.kind, target.discord_id)
    row = session.row("SELECT * FROM allowances WHERE guild_id = $1 AND kind = $2 AND target_id = $3", *key)
    before = None if row is None else read_allowance(row)
    if before == after:
        return None
    if after is None:
        session.execute("DELETE FROM allowances WHERE guild_id = $1 AND kind = $2 AND target_id = $3", *key)
    else:
        session.execute(
            """
            INSERT INTO allowances (guild_id, kind, target_id, edits, period, at_once) VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (guild_id, kind, target_id)
            DO UPDATE SET edits = excluded.edits, period = excluded.period, at_once = excluded.at_once
            """,
            *key,
            after.edits,
            after.period,
            after.at_once,
        )
    return write_entry(
        session,
        act,
        Deed.SET_QUOTA,
        target,
        None if before is None else facts_of(before),
        None if after is None else facts_of(after),
    )


def list_target(session: Session, act: Act, target: Target, after: Verdict | None, deed: Deed) -> LogEntry | None:
    """Put a channel or role on the server's list, or take it off."""
    key = (act.guild_id, target.kind, target.discord_id)
    row = session.row("SELECT verdict FROM access_lists WHERE guild_id = $1 AND kind = $2 AND target_id = $3", *key)
    before = None if row is None else Verdict(row["verdict"])
    if before == after:
        return None
    if after is None:
        session.execute("DELETE FROM access_lists WHERE guild_id = $1 AND kind = $2 AND target_id = $3", *key)
    else:
        session.execute(
            """
            INSERT INTO access_lists (guild_id, kind, target_id, verdict) VALUES ($1, $2, $3, $4)
            ON CONFLICT (guild_id, kind, target_id) DO UPDATE SET verdict = excluded.verdict
            """,
            *key,
            after,
        )
    return write_entry(session, act, deed, target, _listed(before), _listed(after))


def _listed(verdict: Verdict | None) -> Facts | None:
    return None if verdict is None else {"verdict": verdict}


def add_word(session: Session, act: Act, word: str) -> LogEntry | None:
    """Put a word on the server's list."""
    added = session.execute(
        "INSERT INTO blocked_words (guild_id, word) VALUES ($1, $2) ON CONFLICT (guild_id, word) DO NOTHING",
        act.guild_id,
        word,
    )
    target = Target(TargetKind.WORD, word)
    return write_entry(session, act, Deed.ADD_WORD, target, None, {"word": word}) if added else None


def remove_word(session: Session, act: Act, word: str) -> LogEntry | None:
    """Take a word off the server's list."""
    removed = session.execute("DELETE FROM blocked_words WHERE guild_id = $1 AND word = $2", act.guild_id, word)
    target = Target(TargetKind.WORD, word)
    return write_entry(session, act, Deed.REMOVE_WORD, target, {"word": word}, None) if removed else None
