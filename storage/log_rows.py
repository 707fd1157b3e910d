"""Write the log of who did what, inside the transaction of the deed."""

import json

from jobs.admin import Act, Deed, Facts, LogEntry, LogNote, Target
from storage.admin_rows import read_entry
from storage.database import Session


def write_note(session: Session, note: LogNote) -> LogEntry:
    """Keep a deed beside the change it tells of."""
    return write_entry(session, note.act, note.deed, note.target, note.before, note.after)


def write_entry(
    session: Session, act: Act, deed: Deed, target: Target, before: Facts | None, after: Facts | None
) -> LogEntry:
    """Keep a deed under the server's next number."""
    row = session.row(
        """
        INSERT INTO moderation_log (
            guild_id, number, at_ms, actor_id, deed, target_kind, target, user_id, before, after, reason
        )
        VALUES (
            $1, (SELECT COALESCE(MAX(number), 0) + 1 FROM moderation_log WHERE guild_id = $1), $2, $3, $4, $5, $6, $7,
            $8, $9, $10
        )
        RETURNING *
        """,
        act.guild_id,
        act.at_ms,
        act.actor_id,
        deed,
        target.kind,
        target.name,
        target.user_id,
        _dump(before),
        _dump(after),
        act.reason,
    )
    assert row is not None
    return read_entry(row)


def _dump(facts: Facts | None) -> str | None:
    return None if facts is None else json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
