"""Block members, give them more, let them begin anew; each kept in the log."""

import secrets

from jobs.access import Block
from jobs.admin import Act, Deed, Facts, LogEntry, user
from jobs.quota import Bonus
from storage.admin_rows import read_block, read_bonus
from storage.database import Session
from storage.log_rows import write_entry


def block(session: Session, act: Act, user_id: int, until_ms: int | None) -> LogEntry:
    """Keep a member out, or set the reason and end of a block anew."""
    before = _block_facts(session, act.guild_id, user_id)
    session.execute(
        """
        INSERT INTO blocks (guild_id, user_id, reason, blocked_by, blocked_at_ms, until_ms)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (guild_id, user_id) DO UPDATE SET
            reason = excluded.reason, blocked_by = excluded.blocked_by, blocked_at_ms = excluded.blocked_at_ms,
            until_ms = excluded.until_ms
        """,
        act.guild_id,
        user_id,
        act.reason,
        act.actor_id,
        act.at_ms,
        until_ms,
    )
    after = _block_facts(session, act.guild_id, user_id)
    return write_entry(session, act, Deed.BLOCK, user(user_id), before, after)


def unblock(session: Session, act: Act, user_id: int) -> LogEntry | None:
    """Let a member in again."""
    before = _block_facts(session, act.guild_id, user_id)
    if before is None:
        return None
    session.execute("DELETE FROM blocks WHERE guild_id = $1 AND user_id = $2", act.guild_id, user_id)
    return write_entry(session, act, Deed.UNBLOCK, user(user_id), before, None)


def grant_bonus(session: Session, act: Act, user_id: int, count: int, expires_at_ms: int | None) -> LogEntry:
    """Give a member extra edits."""
    row = session.row(
        """
        INSERT INTO bonuses (id, guild_id, user_id, count, granted_at_ms, expires_at_ms, reason, granted_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        RETURNING *
        """,
        f"{act.at_ms:012x}{secrets.token_hex(4)}",
        act.guild_id,
        user_id,
        count,
        act.at_ms,
        expires_at_ms,
        act.reason,
        act.actor_id,
    )
    assert row is not None
    return write_entry(session, act, Deed.GRANT_BONUS, user(user_id), None, _bonus_facts(read_bonus(row)))


def revoke_bonus(session: Session, act: Act, bonus_id: str) -> LogEntry | None:
    """End a bonus now, if it is this server's and has not ended."""
    row = session.row("SELECT * FROM bonuses WHERE id = $1 AND guild_id = $2", bonus_id, act.guild_id)
    if row is None or (row["expires_at_ms"] is not None and row["expires_at_ms"] <= act.at_ms):
        return None
    changed = session.row("UPDATE bonuses SET expires_at_ms = $2 WHERE id = $1 RETURNING *", bonus_id, act.at_ms)
    assert changed is not None
    before, after = _bonus_facts(read_bonus(row)), _bonus_facts(read_bonus(changed))
    return write_entry(session, act, Deed.REVOKE_BONUS, user(row["user_id"]), before, after)


def reset_use(session: Session, act: Act, user_id: int) -> LogEntry:
    """Mark the moment before which a member's ended edits count no more."""
    row = session.row("SELECT reset_at_ms FROM resets WHERE guild_id = $1 AND user_id = $2", act.guild_id, user_id)
    session.execute(
        """
        INSERT INTO resets (guild_id, user_id, reset_at_ms) VALUES ($1, $2, $3)
        ON CONFLICT (guild_id, user_id) DO UPDATE SET reset_at_ms = excluded.reset_at_ms
        """,
        act.guild_id,
        user_id,
        act.at_ms,
    )
    before = None if row is None else {"reset_at_ms": row["reset_at_ms"]}
    return write_entry(session, act, Deed.RESET_QUOTA, user(user_id), before, {"reset_at_ms": act.at_ms})


def _block_facts(session: Session, guild_id: int, user_id: int) -> Facts | None:
    row = session.row("SELECT * FROM blocks WHERE guild_id = $1 AND user_id = $2", guild_id, user_id)
    if row is None:
        return None
    held: Block = read_block(row)
    return {"reason": held.reason, "until_ms": held.until_ms, "blocked_by": held.blocked_by}


def _bonus_facts(bonus: Bonus) -> Facts:
    return {"id": bonus.id, "count": bonus.count, "expires_at_ms": bonus.expires_at_ms, "reason": bonus.reason}
