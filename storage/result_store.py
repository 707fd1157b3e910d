"""Keep what people do with results: versions, comparisons, copies, deletions, thumbs."""

from collections.abc import Mapping, Sequence

from jobs.job import Job, State
from jobs.result_ports import Acceptance, Copy, CopyKind, Deleted, Keepsake, Line, Pair, Search, Tally
from storage import ratings
from storage.database import Database, Row, Session
from storage.job_rows import read_job
from storage.moves import record_event
from storage.share_store import withdraw_job
from storage.versions import read_line, read_numbers

# The press that deletes clears away by itself; what it leaves is gone after from here on.
_CLEAR_AFTER_MS = 60_000


class SqlResultStore:
    """Keep them in a database; implements `jobs.result_ports.ResultStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def line(self, job_id: str, around: int) -> Line:
        """Return at most `around` versions about a job; those that failed or were cancelled are left out."""
        return await self._database.read(lambda session: read_line(session, job_id, around))

    async def numbers(self, job_id: str, others: Sequence[str]) -> Mapping[str, int]:
        """Return the numbers of some jobs in the line of one; those of another line are left out."""
        found = await self._database.read(lambda session: read_numbers(session, job_id))
        return {each: found[each] for each in others if each in found}

    async def search(self, search: Search, *, offset: int, limit: int) -> list[Job]:
        """Return the jobs that fit, newest first."""
        return await self._database.read(lambda session: _search(session, search, offset, limit))

    async def was_told(self, user_id: int) -> bool:
        """Tell whether a member was told what the buttons do."""
        found = "SELECT 1 FROM told_members WHERE user_id = $1"
        return await self._database.read(lambda session: session.row(found, user_id) is not None)

    async def note_told(self, user_id: int, *, now_ms: int) -> None:
        """Remember that a member was told what the buttons do."""
        note = "INSERT INTO told_members (user_id, told_at_ms) VALUES ($1, $2) ON CONFLICT (user_id) DO NOTHING"
        await self._database.write(lambda session: session.execute(note, user_id, now_ms))

    async def keepsakes(self, job_ids: Sequence[str], what: Keepsake) -> Mapping[str, str]:
        """Return the files made from single results, by job."""

        def work(session: Session) -> dict[str, str]:
            found = {job_id: _keepsake(session, what, Pair(job_id)) for job_id in job_ids}
            return {job_id: file for job_id, file in found.items() if file is not None}

        return await self._database.read(work)

    async def comparison(self, pair: Pair) -> str | None:
        """Return the file of a comparison."""
        return await self._database.read(lambda session: _keepsake(session, Keepsake.COMPARE, pair))

    async def keep(self, pair: Pair, what: Keepsake, file: str) -> bool:
        """Remember a file in place of an earlier one; False where a result it shows was deleted meanwhile."""

        def work(session: Session) -> bool:
            if not _all_stand(session, pair):
                return False
            session.execute(
                """
                INSERT INTO keepsakes (job_id, what, other_job_id, file, labels) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (job_id, what, other_job_id) DO UPDATE SET file = excluded.file, labels = excluded.labels
                """,
                pair.job_id,
                what,
                pair.other_job_id,
                file,
                pair.labels,
            )
            return True

        return await self._database.write(work)

    async def last_copy(self, what: CopyKind, pair: Pair, channel_id: int | None = None) -> Copy | None:
        """Return the newest such message, in one channel where it is named."""

        def work(session: Session) -> Copy | None:
            row = session.row(
                """
                SELECT * FROM copies
                WHERE job_id = $1 AND what = $2 AND other_job_id = $3 AND channel_id = COALESCE($4, channel_id)
                    AND labels = $5
                ORDER BY posted_at_ms DESC LIMIT 1
                """,
                pair.job_id,
                what,
                pair.other_job_id,
                channel_id,
                pair.labels,
            )
            return None if row is None else _read_copy(row)

        return await self._database.read(work)

    async def note_copy(self, what: CopyKind, pair: Pair, copy: Copy) -> bool:
        """Remember a message; False where a result it shows was deleted meanwhile."""

        def work(session: Session) -> bool:
            if not _all_stand(session, pair):
                return False
            session.execute(
                """
                INSERT INTO copies (message_id, channel_id, job_id, what, other_job_id, posted_at_ms, labels)
                VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (message_id) DO NOTHING
                """,
                copy.message_id,
                copy.channel_id,
                pair.job_id,
                what,
                pair.other_job_id,
                copy.posted_at_ms,
                pair.labels,
            )
            return True

        return await self._database.write(work)

    async def delete(self, job_id: str, by: int, *, now_ms: int) -> Deleted | None:
        """Mark a result as deleted; None where there is none, it has not ended, or somebody was first."""
        return await self._database.write(lambda session: _delete(session, job_id, by, now_ms))

    async def uncleared(self, *, now_ms: int, limit: int) -> list[Deleted]:
        """Return deleted results of which something is left and due to be gone after."""

        def work(session: Session) -> list[Deleted]:
            rows = session.rows(
                "SELECT * FROM jobs WHERE clear_due_at_ms <= $1 ORDER BY clear_due_at_ms LIMIT $2", now_ms, limit
            )
            return [_gather(session, read_job(row)) for row in rows]

        return await self._database.read(work)

    async def note_cleared(self, job_id: str, *, again_at_ms: int | None) -> None:
        """Keep that all of a deleted result is gone, or when the rest is gone after again."""

        def work(session: Session) -> None:
            session.execute("UPDATE jobs SET clear_due_at_ms = $2 WHERE id = $1", job_id, again_at_ms)
            if again_at_ms is None:
                session.execute("DELETE FROM keepsakes WHERE job_id = $1 OR other_job_id = $1", job_id)
                session.execute("DELETE FROM copies WHERE job_id = $1 OR other_job_id = $1", job_id)

        await self._database.write(work)

    async def rate(self, job: Job, user_id: int, *, liked: bool, now_ms: int) -> Tally:
        """Keep a member's thumb in place of their earlier one and return the count."""
        return await self._database.write(
            lambda session: ratings.rate(session, job, user_id, liked=liked, now_ms=now_ms)
        )

    async def acceptance(self, guild_id: int, *, since_ms: int) -> list[Acceptance]:
        """Return a server's thumbs by service and style, the most thumbs first."""
        return await self._database.read(lambda session: ratings.acceptance(session, guild_id, since_ms=since_ms))


def _all_stand(session: Session, pair: Pair) -> bool:
    wanted = {job_id for job_id in (pair.job_id, pair.other_job_id) if job_id}
    rows = [session.row("SELECT 1 FROM jobs WHERE id = $1 AND deleted_at_ms IS NULL", job_id) for job_id in wanted]
    return all(row is not None for row in rows)


def _keepsake(session: Session, what: Keepsake, pair: Pair) -> str | None:
    row = session.row(
        "SELECT file FROM keepsakes WHERE job_id = $1 AND what = $2 AND other_job_id = $3 AND labels = $4",
        pair.job_id,
        what,
        pair.other_job_id,
        pair.labels,
    )
    return None if row is None else row["file"]


def _read_copy(row: Row) -> Copy:
    return Copy(row["channel_id"], row["message_id"], row["posted_at_ms"])


def _search(session: Session, search: Search, offset: int, limit: int) -> list[Job]:
    wanted = sorted(State if search.states is None else search.states)
    if not wanted:
        return []
    padded = wanted + wanted[:1] * (len(State) - len(wanted))
    rows = session.rows(
        """
        SELECT * FROM jobs
        WHERE user_id = $1 AND guild_id IS NOT DISTINCT FROM $2 AND state IN ($3, $4, $5, $6, $7, $8, $9)
            AND (
                $10 = '%%' OR code LIKE $10 ESCAPE '\\'
                OR json_extract(request, '$.prompt') LIKE $10 ESCAPE '\\'
                OR json_extract(request, '$.style') LIKE $10 ESCAPE '\\'
            )
        ORDER BY created_at_ms DESC, id DESC LIMIT $11 OFFSET $12
        """,
        search.user_id,
        search.guild_id,
        *padded,
        _pattern(search.text),
        limit,
        offset,
    )
    return list(map(read_job, rows))


def _pattern(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _delete(session: Session, job_id: str, by: int, now_ms: int) -> Deleted | None:
    row = session.row(
        """
        UPDATE jobs SET deleted_at_ms = $2, clear_due_at_ms = $3
        WHERE id = $1 AND deleted_at_ms IS NULL AND (state = 'delivered' OR (state = 'failed' AND result IS NOT NULL))
        RETURNING *
        """,
        job_id,
        now_ms,
        now_ms + _CLEAR_AFTER_MS,
    )
    if row is None:
        return None
    job = read_job(row)
    record_event(session, job, "delete", now_ms=now_ms, detail=f"by {by}")
    withdraw_job(session, job_id, by, now_ms=now_ms)
    return _gather(session, job)


def _gather(session: Session, job: Job) -> Deleted:
    made = session.rows(
        "SELECT job_id, other_job_id FROM keepsakes WHERE what = 'compare' AND (job_id = $1 OR other_job_id = $1)",
        job.id,
    )
    copies = session.rows("SELECT * FROM copies WHERE job_id = $1 OR other_job_id = $1", job.id)
    pairs = tuple(Pair(row["job_id"], row["other_job_id"]) for row in made)
    return Deleted(job, pairs, tuple(map(_read_copy, copies)))
