"""Write a job's insertion and its moves, each with its event and its entry in the ledger."""

import secrets
from collections.abc import Callable
from dataclasses import replace

from jobs.errors import StorageError
from jobs.job import MOVES, Charge, Job, NewJob
from jobs.ports import Attempt
from storage.database import Session
from storage.job_rows import build_columns, build_request, read_job

_CODE_TRIES = 100

# Ids that somebody else may have filled in meanwhile: they are never emptied.
_FILLED_IN = (
    "card_channel_id",
    "card_message_id",
    "thread_id",
    "result_channel_id",
    "result_message_id",
    "provider_job_id",
)
_MOVABLE = (
    *_FILLED_IN,
    "request",
    "service",
    "due_at_ms",
    "posting_at_ms",
    "clip",
    "attempt",
    "submitted_at_ms",
    "finished_at_ms",
    "attempts",
    "hold",
    "result",
    "failure",
)


def insert_job(
    session: Session,
    new: NewJob,
    new_code: Callable[[], str],
    *,
    now_ms: int,
    due_at_ms: int,
    bonus_id: str | None = None,
) -> Job:
    """Insert a job in QUEUED, its first event and its reservation, drawn from a bonus where one is named."""
    job = _insert_row(session, new, _free_code(session, new_code), now_ms, due_at_ms)
    _reserve(session, job, bonus_id)
    record_event(session, job, "queue", now_ms=now_ms)
    return job


def _insert_row(session: Session, new: NewJob, code: str, now_ms: int, due_at_ms: int) -> Job:
    # The time comes first so that new rows stand together in the index.
    job_id = f"{now_ms:012x}{secrets.token_hex(10)}"
    row = session.row(
        """
        INSERT INTO jobs (
            id, code, kind, state, user_id, guild_id, channel_id, interaction_id, locale, request, service,
            created_at_ms, due_at_ms, thread_id, parent_job_id, ready
        )
        VALUES ($1, $2, $3, 'queued', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        RETURNING *
        """,
        job_id,
        code,
        new.kind,
        new.user_id,
        new.guild_id,
        new.channel_id,
        new.interaction_id,
        new.locale,
        build_request(new.request),
        new.service,
        now_ms,
        due_at_ms,
        new.thread_id,
        new.parent_job_id,
        int(new.request.is_staged(None)),
    )
    assert row is not None
    return read_job(row)


def check_move(before: Job, after: Job) -> None:
    """Raise ValueError on a move that is not one; the same state again is a stored retry decision."""
    if before.id != after.id:
        raise ValueError("a move is of one job")
    if before.state != after.state and (before.state, after.state) not in MOVES:
        raise ValueError(f"no job moves from {before.state} to {after.state}")


def write_move(session: Session, before: Job, after: Job, *, now_ms: int, fenced: bool, keep_lease: bool) -> Job | None:
    """Write `after` over the row, unfenced only what differs from `before`; None when the row is not `before`'s."""
    guard = (before.id, before.state, int(fenced), before.lease)
    row = session.row("SELECT * FROM jobs WHERE id = $1 AND state = $2 AND ($3 = 0 OR lease = $4)", *guard)
    if row is None:
        return None
    job = _merge(read_job(row), before, after, now_ms=now_ms, fenced=fenced)
    columns = build_columns(job) | ({} if keep_lease else {"leased_until_ms": 0})
    # Every column that is named here has its indexes written, whether it changes or not: `attempts` has none.
    changed = {name: value for name, value in columns.items() if row[name] != value} or {"attempts": job.attempts}
    sets = ", ".join(f"{name} = ${number}" for number, name in enumerate(changed, len(guard) + 1))
    row = session.row(
        f"UPDATE jobs SET {sets} WHERE id = $1 AND state = $2 AND ($3 = 0 OR lease = $4) RETURNING *",  # noqa: S608 - our own columns
        *guard,
        *changed.values(),
    )
    if row is not None and job.provider_job_id != before.provider_job_id:
        note_task(session, job.id, job.attempt, job.provider_job_id)
    return None if row is None else read_job(row)


def _merge(row: Job, before: Job, after: Job, *, now_ms: int, fenced: bool) -> Job:
    # Who holds no lease writes only differences: a card's id stored beside a step must not undo what the step stored.
    new = {name: getattr(after, name) for name in _MOVABLE if fenced or getattr(after, name) != getattr(before, name)}
    for name in _FILLED_IN:
        if name in new and new[name] is None:
            del new[name]
    job = replace(row, state=after.state, **new)
    if row.nudges != before.nudges:
        return replace(job, due_at_ms=min(job.due_at_ms, now_ms))
    return job


def record_event(session: Session, job: Job, event: str, *, now_ms: int, detail: str = "") -> None:
    """Keep one move for the log."""
    session.execute(
        """
        INSERT INTO job_events (job_id, number, at_ms, event, state, detail)
        VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM job_events WHERE job_id = $1), $2, $3, $4, $5)
        """,
        job.id,
        now_ms,
        event,
        job.state,
        detail,
    )


def _reserve(session: Session, job: Job, bonus_id: str | None) -> None:
    session.execute(
        """
        INSERT INTO reservations (job_id, guild_id, user_id, state, reserved_at_ms, bonus_id)
        VALUES ($1, $2, $3, 'reserved', $4, $5)
        """,
        job.id,
        job.guild_id,
        job.user_id,
        job.created_at_ms,
        bonus_id,
    )


def end_reservation(session: Session, job: Job, charge: Charge | None, *, now_ms: int) -> None:
    """Settle or release a job's reservation if it is still held; raises ValueError when it would be held for ever."""
    if charge is not None:
        session.execute(
            """
            UPDATE reservations SET state = $2, ended_at_ms = $3, spent = $4 WHERE job_id = $1 AND state = 'reserved'
            """,
            job.id,
            Charge.SETTLE if charge is Charge.SETTLE else Charge.RELEASE,
            now_ms,
            int(charge is Charge.FORGIVE),
        )
    if job.state.is_final:
        held = session.row("SELECT 1 FROM reservations WHERE job_id = $1 AND state = 'reserved'", job.id)
        if held is not None:
            raise ValueError(f"job {job.code} would end with its reservation still held")


def insert_attempt(session: Session, attempt: Attempt) -> None:
    """Keep one submit before it leaves."""
    session.execute(
        """
        INSERT INTO attempts (job_id, number, service, token_sha256, started_at_ms, provider_job_id)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        attempt.job_id,
        attempt.number,
        attempt.service,
        attempt.token_sha256,
        attempt.started_at_ms,
        attempt.provider_job_id,
    )


def note_task(session: Session, job_id: str, number: int, provider_job_id: str | None) -> None:
    """Fill in the service's id on an attempt."""
    session.execute(
        "UPDATE attempts SET provider_job_id = COALESCE(provider_job_id, $3) WHERE job_id = $1 AND number = $2",
        job_id,
        number,
        provider_job_id,
    )


def _free_code(session: Session, new_code: Callable[[], str]) -> str:
    for _ in range(_CODE_TRIES):
        code = new_code()
        if session.row("SELECT 1 FROM jobs WHERE code = $1", code) is None:
            return code
    raise StorageError("no free short code was found")
