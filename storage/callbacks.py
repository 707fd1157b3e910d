"""Take a callback as a hint: it may fill in the service's id and hurry a poll, nothing else."""

from jobs.job import Charge, FailureCode, Job, State
from jobs.ports import Attempt
from storage.database import Row, Session
from storage.job_rows import read_job
from storage.moves import end_reservation, note_task, record_event


def record_callback(session: Session, attempt: Attempt, provider_job_id: str | None, *, now_ms: int) -> Job | None:
    """Make the attempt's job due now, adopting or reopening it where its outcome was unknown; None: nothing to do."""
    row = session.row("SELECT * FROM jobs WHERE id = $1", attempt.job_id)
    if row is None or _is_of_another_job(session, attempt, provider_job_id):
        return None
    if provider_job_id is not None and attempt.provider_job_id is None:  # nearly always it is known by then
        note_task(session, attempt.job_id, attempt.number, provider_job_id)
    job = read_job(row)
    if attempt.number != job.attempt:
        return None
    if job.state is State.RUNNING:
        waits_already = job.due_at_ms <= now_ms and row["leased_until_ms"] <= now_ms
        return None if waits_already else _hurry(session, job, now_ms)
    if (provider_job_id or job.provider_job_id) and _has_unknown_outcome(job):
        return _adopt(session, job, attempt, provider_job_id, now_ms)
    return None


def _is_of_another_job(session: Session, attempt: Attempt, provider_job_id: str | None) -> bool:
    other = session.row(
        "SELECT 1 FROM jobs WHERE service = $1 AND provider_job_id = $2 AND id <> $3",
        attempt.service,
        provider_job_id,
        attempt.job_id,
    )
    return other is not None


def _has_unknown_outcome(job: Job) -> bool:
    if job.state in (State.DELIVERING, State.FAILED):
        return job.failure is not None and job.failure.code is FailureCode.OUTCOME_UNKNOWN
    return job.state is State.SUBMITTING


def _hurry(session: Session, job: Job, now_ms: int) -> Job | None:
    # The lease stays: a poll under way learns of the callback by `nudges` when it stores its own decision.
    row = session.row(
        """
        UPDATE jobs SET due_at_ms = CASE WHEN due_at_ms < $2 THEN due_at_ms ELSE $2 END, nudges = nudges + 1
        WHERE id = $1 AND state = 'running'
        RETURNING *
        """,
        job.id,
        now_ms,
    )
    return _recorded(session, row, now_ms)


def _adopt(session: Session, job: Job, attempt: Attempt, provider_job_id: str | None, now_ms: int) -> Job | None:
    # The lease ends: the submit that holds it finds its state gone and stops without a word.
    row = session.row(
        """
        UPDATE jobs SET
            state = 'running', provider_job_id = COALESCE(provider_job_id, $3), failure = NULL, result = NULL,
            posting_at_ms = NULL, submitted_at_ms = COALESCE(submitted_at_ms, $4), finished_at_ms = NULL,
            attempts = 0, hold = '', due_at_ms = $5, leased_until_ms = 0, nudges = nudges + 1
        WHERE id = $1 AND state = $2
        RETURNING *
        """,
        job.id,
        job.state,
        provider_job_id,
        attempt.started_at_ms,
        now_ms,
    )
    adopted = _recorded(session, row, now_ms)
    if adopted is not None and job.state is State.DELIVERING:
        # The words that nothing was counted may be on the wire already.
        end_reservation(session, adopted, Charge.RELEASE, now_ms=now_ms)
    return adopted


def _recorded(session: Session, row: Row | None, now_ms: int) -> Job | None:
    if row is None:
        return None
    job = read_job(row)
    record_event(session, job, "callback", now_ms=now_ms)
    return job
