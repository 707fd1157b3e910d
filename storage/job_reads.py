"""Read jobs."""

import json
from collections.abc import Mapping
from math import ceil
from statistics import median

from jobs.job import AT_SERVICE_STATES, Job, Kind, State
from jobs.ports import Attempt, Durations, JobEvent, Outlook
from storage.database import Session
from storage.job_rows import read_attempt, read_event, read_job


def get(session: Session, job_id: str) -> Job | None:
    """Return the job of an id."""
    row = session.row("SELECT * FROM jobs WHERE id = $1", job_id)
    return None if row is None else read_job(row)


def find(session: Session, code: str) -> Job | None:
    """Return the job of a short code, in any letter case."""
    row = session.row("SELECT * FROM jobs WHERE code = $1", code.strip().upper())
    return None if row is None else read_job(row)


def attempt(session: Session, job_id: str, number: int) -> Attempt | None:
    """Return one attempt of a job."""
    row = session.row("SELECT * FROM attempts WHERE job_id = $1 AND number = $2", job_id, number)
    return None if row is None else read_attempt(row)


def find_attempt(session: Session, token_sha256: str) -> Attempt | None:
    """Return the attempt of a callback token."""
    row = session.row("SELECT * FROM attempts WHERE token_sha256 = $1", token_sha256)
    return None if row is None else read_attempt(row)


def outlook(session: Session, *, now_ms: int) -> Outlook:
    """Tell what there is to do at a moment and when there will be more, in one pass over the open jobs."""
    rows = session.rows(
        """
        SELECT
            state, service, ready, COUNT(*) AS jobs,
            COUNT(CASE WHEN leased_until_ms > $1 THEN 1 END) AS leased,
            COUNT(CASE WHEN due_at_ms <= $1 AND leased_until_ms <= $1 THEN 1 END) AS waiting,
            MIN(
                CASE
                    WHEN due_at_ms > $1 AND due_at_ms > leased_until_ms THEN due_at_ms
                    WHEN leased_until_ms > $1 THEN leased_until_ms
                END
            ) AS next_ms
        FROM open_jobs GROUP BY state, service, ready
        """,
        now_ms,
    )
    at_service = dict.fromkeys((row["service"] for row in rows), 0)
    for row in rows:
        if row["state"] in AT_SERVICE_STATES:
            at_service[row["service"]] += row["jobs"]
        elif row["state"] == State.QUEUED and row["ready"]:
            at_service[row["service"]] += row["leased"]
    return Outlook(
        at_service,
        frozenset((State(row["state"]), row["service"], bool(row["ready"])) for row in rows if row["waiting"]),
        min((row["next_ms"] for row in rows if row["next_ms"] is not None), default=None),
    )


def open_counts(session: Session) -> Mapping[State, int]:
    """Count open jobs by state; a state without any is left out."""
    rows = session.rows("SELECT state, COUNT(*) AS jobs FROM open_jobs GROUP BY state")
    return {State(row["state"]): row["jobs"] for row in rows}


def queue_place(session: Session, job: Job) -> int:
    """Return how many older jobs of its service are queued, plus one; those of one millisecond share a place."""
    row = session.row(
        """
        SELECT COUNT(*) AS jobs FROM jobs WHERE state = 'queued' AND service = $1 AND created_at_ms < $2
        """,
        job.service,
        job.created_at_ms,
    )
    assert row is not None
    place: int = row["jobs"] + 1
    return place


def durations(session: Session, kind: Kind) -> Durations:
    """Return how long the last 200 delivered jobs of a kind took; zeros when there are none."""
    rows = session.rows(
        """
        SELECT finished_at_ms - submitted_at_ms AS took_ms FROM jobs
        WHERE state = 'delivered' AND kind = $1 AND finished_at_ms IS NOT NULL AND submitted_at_ms IS NOT NULL
        ORDER BY finished_at_ms DESC LIMIT 200
        """,
        kind,
    )
    took = sorted(row["took_ms"] for row in rows)
    if not took:
        return Durations(0, 0, 0)
    return Durations(len(took), round(median(took)), took[ceil(0.9 * len(took)) - 1])


def history(
    session: Session, user_id: int, guild_id: int | None, *, states: frozenset[State] | None, offset: int, limit: int
) -> list[Job]:
    """Return a member's jobs in one guild (None: in direct messages), newest first; `states` None means all."""
    wanted = sorted(State if states is None else states)
    if not wanted:
        return []
    padded = wanted + wanted[:1] * (len(State) - len(wanted))
    rows = session.rows(
        """
        SELECT * FROM jobs
        WHERE user_id = $1 AND guild_id IS NOT DISTINCT FROM $2 AND state IN ($3, $4, $5, $6, $7, $8, $9)
        ORDER BY created_at_ms DESC, id DESC LIMIT $10 OFFSET $11
        """,
        user_id,
        guild_id,
        *padded,
        limit,
        offset,
    )
    return list(map(read_job, rows))


def open_jobs(session: Session, user_id: int) -> list[Job]:
    """Return a member's open jobs, oldest first."""
    rows = session.rows("SELECT * FROM open_jobs WHERE user_id = $1 ORDER BY created_at_ms, id", user_id)
    return list(map(read_job, rows))


def files_in_use(session: Session) -> frozenset[str]:
    """Return the shelf files of open jobs, those they are yet to take from the shelf too."""
    jobs = map(read_job, session.rows("SELECT * FROM open_jobs"))
    return frozenset(file for job in jobs for file in _files_of(job)) - {""}


def _files_of(job: Job) -> list[str]:
    kept = [each.file for each in (job.clip, job.result, job.request.clip) if each is not None]
    return kept + [picture.file for picture in job.request.images.values()]


def events(session: Session, job_id: str) -> list[JobEvent]:
    """Return a job's moves, oldest first."""
    rows = session.rows("SELECT * FROM job_events WHERE job_id = $1 ORDER BY number", job_id)
    return list(map(read_event, rows))


def oldest_open_ms(session: Session, states: frozenset[State]) -> int | None:
    """Return when the oldest open job in one of these states was accepted; None without any."""
    row = session.row(
        "SELECT MIN(created_at_ms) AS at_ms FROM open_jobs WHERE state IN (SELECT value FROM json_each($1))",
        json.dumps(sorted(states)),
    )
    return None if row is None else row["at_ms"]
