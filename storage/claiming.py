"""Choose which due jobs are worked on next, fairly between guilds and their members."""

import logging
from collections.abc import Iterable, Iterator

from jobs.job import OPEN_STATES, Job, State
from jobs.ports import Lane
from storage.database import Row, Session
from storage.job_rows import read_job

log = logging.getLogger(__name__)

# A turn is how many jobs a guild (or member) has in flight plus how many of its own are chosen before this one, so
# sorting by turns gives what choosing one job after another would, each choice counting those before it. A member's
# direct messages are a guild of their own.
_CLAIM = """
WITH waiting AS (
    SELECT id, COALESCE(guild_id, -user_id) AS place, user_id, created_at_ms
    FROM open_jobs
    WHERE state IN ($1, $2, $3, $4) AND ($5 = '' OR service = $5)
        AND ($6 IS NULL OR ready = $6)
        AND due_at_ms <= $7 AND leased_until_ms <= $7
),
in_flight AS MATERIALIZED (
    SELECT COALESCE(guild_id, -user_id) AS place, user_id, COUNT(*) AS jobs
    FROM open_jobs
    WHERE state IN ('submitting', 'running') OR (state = 'queued' AND leased_until_ms > $7)
    GROUP BY 1, 2
),
by_member AS (
    SELECT waiting.id, waiting.place, waiting.created_at_ms, COALESCE(in_flight.jobs, 0) + ROW_NUMBER() OVER (
        PARTITION BY waiting.place, waiting.user_id ORDER BY waiting.created_at_ms, waiting.id
    ) AS member_turn
    FROM waiting LEFT JOIN in_flight ON in_flight.place = waiting.place AND in_flight.user_id = waiting.user_id
),
guilds AS MATERIALIZED (
    SELECT place, SUM(jobs) AS jobs FROM in_flight GROUP BY place
),
by_guild AS (
    SELECT by_member.id, by_member.member_turn, by_member.created_at_ms, COALESCE(guilds.jobs, 0) + ROW_NUMBER() OVER (
        PARTITION BY by_member.place ORDER BY by_member.member_turn, by_member.created_at_ms, by_member.id
    ) AS guild_turn
    FROM by_member LEFT JOIN guilds ON guilds.place = by_member.place
)
UPDATE jobs SET lease = lease + 1, leased_until_ms = $8
WHERE id IN (
    SELECT id FROM by_guild ORDER BY guild_turn, member_turn, created_at_ms, id LIMIT $9
)
    AND state IN ($1, $2, $3, $4) AND due_at_ms <= $7 AND leased_until_ms <= $7
RETURNING *
"""


def claim(session: Session, lanes: Iterable[Lane], *, now_ms: int, lease_ms: int) -> list[Job]:
    """Lease due jobs lane by lane; what one lane takes counts as in flight for the next. Oldest first in a lane."""
    jobs: list[Job] = []
    for lane in lanes:
        if lane.free > 0:
            jobs += _claim_lane(session, lane, now_ms, lease_ms)
    return jobs


def renew(session: Session, jobs: Iterable[Job], *, now_ms: int, lease_ms: int) -> None:
    """Prolong leases that are still held under their numbers."""
    for job in jobs:
        session.execute(
            "UPDATE jobs SET leased_until_ms = $3 WHERE id = $1 AND lease = $2 AND leased_until_ms > 0",
            job.id,
            job.lease,
            now_ms + lease_ms,
        )


def _claim_lane(session: Session, lane: Lane, now_ms: int, lease_ms: int) -> list[Job]:
    states: list[State] = sorted(lane.states & OPEN_STATES)
    if not states:
        return []
    padded = states + states[:1] * (len(OPEN_STATES) - len(states))
    ready = None if lane.prepared is None else int(lane.prepared)
    rows = session.rows(_CLAIM, *padded, lane.service, ready, now_ms, now_ms + lease_ms, lane.free)
    return sorted(_readable(rows), key=lambda job: (job.created_at_ms, job.id))


def _readable(rows: Iterable[Row]) -> Iterator[Job]:
    """Leave out a damaged row: it is leased and told of again when that ends, and the others go on without it."""
    for row in rows:
        try:
            yield read_job(row)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            log.error("a job's row cannot be read: %s", type(error).__name__, extra={"job": row["code"]})
