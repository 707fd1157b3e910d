"""Keep thumbs and count them."""

from jobs.job import Job
from jobs.result_ports import Acceptance, Tally
from storage.database import Session


def rate(session: Session, job: Job, user_id: int, *, liked: bool, now_ms: int) -> Tally:
    """Keep a member's thumb in place of their earlier one and return the count."""
    session.execute(
        """
        INSERT INTO ratings (job_id, user_id, guild_id, service, style, liked, rated_at_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (job_id, user_id) DO UPDATE SET liked = excluded.liked, rated_at_ms = excluded.rated_at_ms
        """,
        job.id,
        user_id,
        job.guild_id,
        job.service,
        job.request.style,
        int(liked),
        now_ms,
    )
    row = session.row(
        "SELECT COALESCE(SUM(liked), 0) AS liked, COUNT(*) AS thumbs FROM ratings WHERE job_id = $1", job.id
    )
    assert row is not None
    return Tally(row["liked"], row["thumbs"] - row["liked"])


def acceptance(session: Session, guild_id: int, *, since_ms: int) -> list[Acceptance]:
    """Return a server's thumbs by service and style, the most thumbs first."""
    rows = session.rows(
        """
        SELECT service, style, SUM(liked) AS liked, COUNT(*) AS thumbs FROM ratings
        WHERE guild_id = $1 AND rated_at_ms >= $2
        GROUP BY service, style ORDER BY thumbs DESC, service, style
        """,
        guild_id,
        since_ms,
    )
    return [Acceptance(row["service"], row["style"], Tally(row["liked"], row["thumbs"] - row["liked"])) for row in rows]
