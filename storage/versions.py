"""Read lines of versions: which job was made from which."""

from jobs.job import State
from jobs.result_ports import Line, Version
from storage.database import Row, Session
from storage.job_rows import read_job

_HIDDEN = frozenset({State.FAILED, State.CANCELLED})
# UNION, not UNION ALL: whatever the rows say, it ends.
_FAMILY = """
WITH RECURSIVE up (id, parent_job_id) AS (
    SELECT id, parent_job_id FROM jobs WHERE id = $1
    UNION
    SELECT jobs.id, jobs.parent_job_id FROM jobs JOIN up ON jobs.id = up.parent_job_id
),
family (id, parent_job_id, state, created_at_ms) AS (
    SELECT jobs.id, jobs.parent_job_id, jobs.state, jobs.created_at_ms FROM jobs JOIN up ON up.id = jobs.id
    WHERE jobs.parent_job_id IS NULL
    UNION
    SELECT jobs.id, jobs.parent_job_id, jobs.state, jobs.created_at_ms
    FROM jobs JOIN family ON jobs.parent_job_id = family.id
)
SELECT id, parent_job_id, state FROM family ORDER BY created_at_ms, id
"""


def read_line(session: Session, job_id: str, around: int) -> Line:
    """Return the window of a job's line, with parents that are left out bridged."""
    rows = session.rows(_FAMILY, job_id)
    numbers = {row["id"]: number for number, row in enumerate(rows, start=1)}
    shown = [row["id"] for row in rows if row["state"] not in _HIDDEN or row["id"] == job_id]
    parents = _parents(rows, {each: numbers[each] for each in shown})
    middle = shown.index(job_id) if job_id in numbers else 0
    first = max(0, min(middle - around // 2, len(shown) - around))
    window = shown[first : first + around]
    versions = tuple(_version(session, each, numbers, parents) for each in window)
    return Line(versions, len(rows), len(shown) - len(window))


def read_numbers(session: Session, job_id: str) -> dict[str, int]:
    """Return the number of every job in the line of one; it never changes."""
    return {row["id"]: number for number, row in enumerate(session.rows(_FAMILY, job_id), start=1)}


def _parents(rows: list[Row], numbers: dict[str, int]) -> dict[str, int]:
    """Return for every job the number of the nearest shown job it was made from; parents come before their children."""
    nearest: dict[str, int] = {}
    for row in rows:
        parent = row["parent_job_id"]
        nearest[row["id"]] = numbers.get(parent) or nearest.get(parent, 0)
    return nearest


def _version(session: Session, job_id: str, numbers: dict[str, int], parents: dict[str, int]) -> Version:
    row = session.row("SELECT * FROM jobs WHERE id = $1", job_id)
    assert row is not None
    return Version(read_job(row), numbers[job_id], parents[job_id])
