"""Keep what only upkeep needs: which cards show how their job ended, and moves that are old enough to go."""

from jobs.job import Job
from storage.database import Database, Session
from storage.job_rows import read_job

_MOST_CARDS = 500
_JOBS_AT_ONCE = 500
_WEEK_MS = 7 * 86_400_000


class SqlUpkeepStore:
    """Do upkeep in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note_shown(self, job: Job) -> None:
        """Keep that a job's card shows how it ended, unless it has moved on since."""
        await self._database.write(
            lambda session: session.execute(
                "UPDATE jobs SET shown_state = state WHERE id = $1 AND state = $2 AND shown_state <> state",
                job.id,
                job.state,
            )
        )

    async def not_shown(self, *, since_ms: int) -> list[Job]:
        """Return jobs that ended since then whose card is not known to show it, the newest 500, oldest first."""
        rows = await self._database.read(
            lambda session: session.rows(
                """
                SELECT * FROM jobs
                WHERE state IN ('delivered', 'failed', 'cancelled') AND shown_state <> state AND finished_at_ms >= $1
                    AND card_message_id IS NOT NULL
                ORDER BY finished_at_ms DESC LIMIT $2
                """,
                since_ms,
                _MOST_CARDS,
            )
        )
        return [read_job(row) for row in reversed(rows)]

    async def not_told(self, *, since_ms: int) -> list[Job]:
        """Return jobs that somebody else stopped since then whose member is not known to have been told, oldest first.

        Of jobs that were accepted within a week before: a job's id begins with that time.
        """
        rows = await self._database.read(
            lambda session: session.rows(
                """
                SELECT * FROM jobs
                WHERE id >= $1 AND state = 'cancelled' AND failure IS NOT NULL AND result_message_id IS NULL
                    AND finished_at_ms >= $2 AND user_id <> 0
                ORDER BY id LIMIT $3
                """,
                f"{max(0, since_ms - _WEEK_MS):012x}",
                since_ms,
                _MOST_CARDS,
            )
        )
        return [read_job(row) for row in rows]

    async def forget_moves(self, *, before_ms: int) -> int:
        """Delete the moves of jobs that were accepted before then and have ended; return how many."""
        forgotten = 0
        while deleted := await self._database.write(lambda session: _forget_some(session, before_ms)):
            forgotten += deleted
        return forgotten


def _forget_some(session: Session, before_ms: int) -> int:
    # A job's id begins with the time of its acceptance, so the oldest moves stand first in the key.
    return session.execute(
        """
        DELETE FROM job_events WHERE job_id IN (
            SELECT DISTINCT job_id FROM job_events
            WHERE job_id < $1 AND job_id NOT IN (SELECT id FROM open_jobs)
            ORDER BY job_id LIMIT $2
        )
        """,
        f"{before_ms:012x}",
        _JOBS_AT_ONCE,
    )
