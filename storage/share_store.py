"""Keep shares and votes."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict

from jobs.job import Job
from jobs.ports import Posted
from jobs.shares import Choices, Ranked, Share, ShareState, Votes
from storage.database import Database, Row, Session
from storage.job_rows import read_job


class SqlShareStore:
    """Keep them in a database; implements `jobs.shares.ShareStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, job: Job, channel_id: int, choices: Choices, *, now_ms: int, due_at_ms: int) -> Share | None:
        """Take a job's one share for posting; None where it has one that is live, withdrawing, or banned."""

        def work(session: Session) -> Share | None:
            row = session.row(
                """
                INSERT INTO shares (
                    id, job_id, code, guild_id, user_id, channel_id, choices, state, created_at_ms, due_at_ms
                )
                SELECT $1, id, code, guild_id, user_id, $3, $4, 'posting', $5, $6 FROM jobs
                WHERE id = $2 AND state = 'delivered' AND deleted_at_ms IS NULL AND guild_id IS NOT NULL
                ON CONFLICT (job_id) DO UPDATE SET
                    id = excluded.id, channel_id = excluded.channel_id, choices = excluded.choices, state = 'posting',
                    created_at_ms = excluded.created_at_ms, due_at_ms = excluded.due_at_ms, attempts = 0,
                    post_channel_id = NULL, post_message_id = NULL, posted_at_ms = NULL, withdrawn_by = NULL
                WHERE shares.state = 'withdrawn' AND shares.withdrawn_by = shares.user_id
                RETURNING *
                """,
                secrets.token_hex(8),
                job.id,
                channel_id,
                json.dumps(asdict(choices)),
                now_ms,
                due_at_ms,
            )
            return None if row is None else _read_share(row)

        return await self._database.write(work)

    async def get(self, share_id: str) -> Share | None:
        """Return a share."""
        return await self._database.read(lambda session: _find(session, share_id))

    async def of_job(self, job_id: str) -> Share | None:
        """Return a job's share."""

        def work(session: Session) -> Share | None:
            row = session.row("SELECT * FROM shares WHERE job_id = $1", job_id)
            return None if row is None else _read_share(row)

        return await self._database.read(work)

    async def posted(self, share_id: str, post: Posted, *, now_ms: int) -> Share | None:
        """Keep where a share stands; None where it was withdrawn meanwhile: then its message has to go."""

        def work(session: Session) -> Share | None:
            row = session.row(
                """
                UPDATE shares SET
                    post_channel_id = $2, post_message_id = $3, posted_at_ms = COALESCE(posted_at_ms, $4),
                    state = CASE WHEN state = 'posting' THEN 'posted' ELSE state END, attempts = 0
                WHERE id = $1 AND state IN ('posting', 'withdrawing') RETURNING *
                """,
                share_id,
                post.channel_id,
                post.message_id,
                now_ms,
            )
            share = None if row is None else _read_share(row)
            return share if share is not None and share.state is ShareState.POSTED else None

        return await self._database.write(work)

    async def drop(self, share_id: str) -> None:
        """Forget a share that surely was not posted."""
        await self._database.write(
            lambda session: session.execute("DELETE FROM shares WHERE id = $1 AND state = 'posting'", share_id)
        )

    async def withdraw(self, share_id: str, by: int, *, now_ms: int) -> Share | None:
        """Begin to withdraw a live share; its votes go. None where somebody was first."""

        def work(session: Session) -> Share | None:
            (found,) = _withdraw(session, "id", share_id, by, now_ms) or (None,)
            return found

        return await self._database.write(work)

    async def withdrawn(self, share_id: str) -> None:
        """Note that a share's message is gone; the row of a job that is gone goes too."""

        def work(session: Session) -> None:
            session.execute("UPDATE shares SET state = 'withdrawn' WHERE id = $1 AND state = 'withdrawing'", share_id)
            session.execute("DELETE FROM shares WHERE id = $1 AND state = 'withdrawn' AND job_id IS NULL", share_id)

        await self._database.write(work)

    async def claim_due(self, *, now_ms: int, wait_ms: int, limit: int) -> list[Share]:
        """Take shares that are posting or withdrawing and whose time has come; each waits longer than the last time."""

        def work(session: Session) -> list[Share]:
            rows = session.rows(
                """
                UPDATE shares SET due_at_ms = $1 + $2 * (attempts + 1), attempts = attempts + 1
                WHERE id IN (
                    SELECT id FROM shares WHERE state IN ('posting', 'withdrawing') AND due_at_ms <= $1
                    ORDER BY due_at_ms LIMIT $3
                )
                RETURNING *
                """,
                now_ms,
                wait_ms,
                limit,
            )
            return list(map(_read_share, rows))

        return await self._database.write(work)

    async def toggle_vote(self, share_id: str, user_id: int, *, now_ms: int) -> Votes | None:
        """Give a member's vote, or take it back; None where the share is not posted."""

        def work(session: Session) -> Votes | None:
            share = _find(session, share_id)
            if share is None or share.state is not ShareState.POSTED:
                return None
            taken = session.execute("DELETE FROM votes WHERE share_id = $1 AND user_id = $2", share_id, user_id)
            if not taken:
                session.execute(
                    "INSERT INTO votes (share_id, user_id, voted_at_ms) VALUES ($1, $2, $3)", share_id, user_id, now_ms
                )
            return Votes(_count(session, share_id), mine=not taken)

        return await self._database.write(work)

    async def votes(self, share_id: str) -> int:
        """Count a share's votes."""
        return await self._database.read(lambda session: _count(session, share_id))

    async def best(self, guild_id: int, *, since_ms: int, limit: int) -> Sequence[Ranked]:
        """Return the posted shares of a server since a time with the most votes, the first shared first of equals."""

        def work(session: Session) -> list[Ranked]:
            rows = session.rows(
                """
                SELECT shares.*, COUNT(votes.user_id) AS votes FROM shares
                LEFT JOIN votes ON votes.share_id = shares.id
                WHERE shares.state = 'posted' AND shares.guild_id = $1 AND shares.posted_at_ms >= $2
                    AND shares.job_id IS NOT NULL
                GROUP BY shares.id ORDER BY COUNT(votes.user_id) DESC, shares.posted_at_ms LIMIT $3
                """,
                guild_id,
                since_ms,
                limit,
            )
            return [_rank(session, row) for row in rows]

        return await self._database.read(work)


def _find(session: Session, share_id: str) -> Share | None:
    row = session.row("SELECT * FROM shares WHERE id = $1", share_id)
    return None if row is None else _read_share(row)


def _count(session: Session, share_id: str) -> int:
    row = session.row("SELECT COUNT(*) AS total FROM votes WHERE share_id = $1", share_id)
    return 0 if row is None else int(row["total"])


def _rank(session: Session, row: Row) -> Ranked:
    job = session.row("SELECT * FROM jobs WHERE id = $1", row["job_id"])
    assert job is not None, "a share's job is there while the share names it"
    return Ranked(_read_share(row), read_job(job), row["votes"])


def _read_share(row: Row) -> Share:
    choices = json.loads(row["choices"])
    post = None
    if row["post_channel_id"] is not None and row["post_message_id"] is not None:
        post = Posted(row["post_channel_id"], row["post_message_id"])
    return Share(
        id=row["id"],
        job_id=row["job_id"],
        code=row["code"],
        guild_id=row["guild_id"],
        user_id=row["user_id"],
        channel_id=row["channel_id"],
        choices=Choices(**(choices | {"tags": tuple(choices["tags"])})),
        state=ShareState(row["state"]),
        created_at_ms=row["created_at_ms"],
        post=post,
        posted_at_ms=row["posted_at_ms"],
        withdrawn_by=row["withdrawn_by"],
        attempts=row["attempts"],
    )


def _withdraw(session: Session, column: str, value: str | int, by: int, now_ms: int) -> list[Share]:
    # Of a share that is being posted nobody knows yet whether its message stands: it is looked for after a while.
    rows = session.rows(
        f"""
        UPDATE shares SET state = 'withdrawing', withdrawn_by = $2,
            due_at_ms = CASE WHEN state = 'posting' THEN due_at_ms ELSE $3 END
        WHERE {column} = $1 AND state IN ('posting', 'posted') RETURNING *
        """,  # noqa: S608 - the column is one of ours
        value,
        by,
        now_ms,
    )
    shares = list(map(_read_share, rows))
    for share in shares:
        session.execute("DELETE FROM votes WHERE share_id = $1", share.id)
    return shares


def withdraw_job(session: Session, job_id: str, by: int, *, now_ms: int) -> list[Share]:
    """Begin to withdraw a job's share, inside the transaction that deletes its result."""
    return _withdraw(session, "job_id", job_id, by, now_ms)
