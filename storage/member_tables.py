# ruff: noqa: S608 - every statement is put together from fixed texts of this file
"""List where anything about a member stands, what they are handed of it, and what becomes of it once forgotten.

A test holds this list against the schema, so that no new table is forgotten.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_OWN_JOBS = "job_id IN (SELECT id FROM jobs WHERE user_id = $1)"


@dataclass(frozen=True, slots=True)
class MemberTable:
    """Say which rows of a table are about a member (`$1`), and the columns they are handed.

    `erasures` are run in their order, the present time being `$2`; jobs themselves come last and by hand.
    """

    table: str
    where: str
    columns: str = "*"
    name: str = ""
    erasures: Sequence[str] = ()


# Who moderated is left out of what members are handed, and of what moderators are handed everyone they acted on.
MEMBER_TABLES = (
    MemberTable("jobs", "user_id = $1"),
    MemberTable("job_events", _OWN_JOBS, erasures=[f"UPDATE job_events SET detail = '' WHERE {_OWN_JOBS}"]),
    MemberTable(
        "attempts",
        _OWN_JOBS,
        columns="job_id, number, service, started_at_ms, provider_job_id",
        erasures=[f"DELETE FROM attempts WHERE {_OWN_JOBS}"],
    ),
    MemberTable("keepsakes", _OWN_JOBS, erasures=[f"DELETE FROM keepsakes WHERE {_OWN_JOBS}"]),
    MemberTable("copies", _OWN_JOBS, erasures=[f"DELETE FROM copies WHERE {_OWN_JOBS}"]),
    MemberTable("ratings", "user_id = $1", erasures=["DELETE FROM ratings WHERE user_id = $1"]),
    MemberTable("style_favourites", "user_id = $1", erasures=["DELETE FROM style_favourites WHERE user_id = $1"]),
    MemberTable("told_members", "user_id = $1", erasures=["DELETE FROM told_members WHERE user_id = $1"]),
    MemberTable("votes", "user_id = $1", erasures=["DELETE FROM votes WHERE user_id = $1"]),
    MemberTable(
        "shares",
        "user_id = $1",
        columns="id, job_id, code, guild_id, channel_id, choices, state, created_at_ms, posted_at_ms",
        # A row stays, nobody's, until its message is gone from the showcase.
        erasures=[
            "DELETE FROM votes WHERE share_id IN (SELECT id FROM shares WHERE user_id = $1)",
            "DELETE FROM shares WHERE user_id = $1 AND state = 'withdrawn'",
            """
            UPDATE shares SET
                user_id = 0, job_id = NULL, state = 'withdrawing', withdrawn_by = 0,
                due_at_ms = CASE WHEN state = 'posting' THEN due_at_ms ELSE $2 END
            WHERE user_id = $1
            """,
        ],
    ),
    MemberTable("reservations", "user_id = $1"),
    MemberTable(
        "bonuses",
        "user_id = $1",
        columns="id, guild_id, count, granted_at_ms, expires_at_ms, reason",
        erasures=[
            """
            UPDATE bonuses SET reason = '', expires_at_ms = $2
            WHERE user_id = $1 AND (expires_at_ms IS NULL OR expires_at_ms > $2)
            """,
            "UPDATE bonuses SET reason = '' WHERE user_id = $1",
        ],
    ),
    MemberTable("resets", "user_id = $1"),
    MemberTable("allowances", "kind = 'user' AND target_id = $1"),
    MemberTable(
        "blocks",
        "user_id = $1",
        columns="guild_id, user_id, reason, blocked_at_ms, until_ms",
        erasures=["DELETE FROM blocks WHERE user_id = $1 AND until_ms <= $2"],
    ),
    MemberTable(
        "moderation_log",
        "user_id = $1",
        columns="guild_id, number, at_ms, deed, target_kind, target, before, after, reason",
        # What still stands about a member keeps its reason: a block, a quota of their own.
        erasures=[
            """
            UPDATE moderation_log SET user_id = NULL, target = '0', before = NULL, after = NULL, reason = ''
            WHERE user_id = $1
                AND NOT (deed = 'block' AND guild_id IN (SELECT guild_id FROM blocks WHERE user_id = $1))
                AND NOT (deed = 'set_quota' AND guild_id IN (
                    SELECT guild_id FROM allowances WHERE kind = 'user' AND target_id = $1
                ))
            """
        ],
    ),
    MemberTable(
        "moderation_log",
        "actor_id = $1",
        columns="guild_id, number, at_ms, actor_id, deed, reason",
        name="moderation_log_own_acts",
    ),
    MemberTable("erasures", "user_id = $1"),
)

# What is kept for the quota's sake until its longest period is over; `$2` is the moment of the erasure.
AGED_RESERVATIONS = """
    UPDATE reservations SET user_id = 0, bonus_id = NULL
    WHERE user_id = $1 AND reserved_at_ms <= $2
        AND EXISTS (SELECT 1 FROM jobs WHERE jobs.id = reservations.job_id AND jobs.user_id = 0)
"""
AGED_REST = (
    """
    DELETE FROM bonuses WHERE user_id = $1 AND granted_at_ms <= $2
        AND id NOT IN (SELECT bonus_id FROM reservations WHERE bonus_id IS NOT NULL)
    """,
    "DELETE FROM resets WHERE user_id = $1 AND reset_at_ms <= $2",
    "DELETE FROM erasures WHERE user_id = $1 AND erased_at_ms <= $2",
)
