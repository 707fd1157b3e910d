"""Decide from an error when a step runs again, and how a job ends when it does not."""

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.errors import (
    DeliveryError,
    DeliveryRetryError,
    DiskFullError,
    LumaBotError,
    MediaError,
    OutcomeUnknownError,
    OutOfCreditError,
    ProviderAuthError,
    ProviderError,
    ProviderGoneError,
    ProviderProtocolError,
    ProviderRefusedError,
    ProviderUnavailableError,
    RateLimitedError,
    ServerLeftError,
    SourceUnavailableError,
    StorageError,
    UserError,
)
from jobs.job import Failure, FailureCode, Job, State
from jobs.phrases import Phrase

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS

UNKNOWN_TASK = "unknown_task"  # the code of a status read that does not know the task


@dataclass(frozen=True, slots=True)
class Timings:
    """Hold every span of a job's life, in milliseconds."""

    poll_ms: int = 30 * SECOND_MS
    poll_max_ms: int = 5 * MINUTE_MS
    batch_ms: int = 10 * SECOND_MS
    unknown_outcome_ms: int = 60 * MINUTE_MS
    job_deadline_ms: int = 180 * MINUTE_MS
    queue_deadline_ms: int = 360 * MINUTE_MS
    delivery_deadline_ms: int = 24 * HOUR_MS
    place_wait_ms: int = 10 * SECOND_MS
    unknown_task_grace_ms: int = 3 * MINUTE_MS
    retry_ms: int = 5 * SECOND_MS
    retry_max_ms: int = 5 * MINUTE_MS
    source_attempts: int = 3
    result_attempts: int = 5
    late_attempts: int = 3


def retry_at(error: Exception, job: Job, now_ms: int, timings: Timings) -> int | None:
    """Return when the step that raised runs again, or None when it does not."""
    delay_ms = _delay_ms(error, job, now_ms, timings)
    if delay_ms is None:
        return None
    due_ms = now_ms + delay_ms
    if due_ms <= deadline_ms(job, timings):
        return due_ms
    # A program that was off past the deadline has hardly tried yet, and what it looks after is paid for.
    is_new = job.state in (State.RUNNING, State.DELIVERING) and job.attempts + 1 < timings.late_attempts
    return due_ms if is_new else None


def deadline_ms(job: Job, timings: Timings) -> int:
    """Return when the present stage of a job must have ended."""
    if job.state is State.QUEUED:
        return job.created_at_ms + timings.queue_deadline_ms
    if job.state is State.DELIVERING:
        return (job.finished_at_ms or job.created_at_ms) + timings.delivery_deadline_ms
    return (job.submitted_at_ms or job.created_at_ms) + timings.job_deadline_ms


def silence_ms(submit_seconds: float, may_hear: bool, timings: Timings) -> int:
    """Return how long a submit is left alone whose answer does not come: for a callback, where one may come.

    Where none can, as long as the answer may take, and a minute in which it may be stored.
    """
    return timings.unknown_outcome_ms if may_hear else int(submit_seconds * SECOND_MS) + MINUTE_MS


def next_read_ms(job: Job, now_ms: int, batch: int, timings: Timings) -> int:
    """Return when a running task is read again: the older, the later.

    Where one request reads a batch of tasks, their reads fall on common moments, so that batches are full.
    """
    age_ms = now_ms - (job.submitted_at_ms or now_ms)
    due_ms = now_ms + min(max(timings.poll_ms, age_ms // 10), timings.poll_max_ms)
    grid_ms = min(timings.batch_ms, timings.poll_ms) if batch > 1 else 1
    return due_ms + -due_ms % grid_ms


def _delay_ms(error: Exception, job: Job, now_ms: int, timings: Timings) -> int | None:
    backoff_ms: int = min(timings.retry_ms * 2 ** min(job.attempts, 16), timings.retry_max_ms)
    match error:
        case RateLimitedError() if error.retry_after_seconds is not None:
            return max(_least_ms(job, timings), int(error.retry_after_seconds * SECOND_MS))
        case SourceUnavailableError():
            limit = timings.result_attempts if job.state is State.DELIVERING else timings.source_attempts
            return backoff_ms if job.attempts + 1 < limit else None
        case ProviderUnavailableError() | ProviderProtocolError() if job.state is State.RUNNING:
            return _next_read_ms(error, job, now_ms, backoff_ms, timings)
        case OutOfCreditError() | ProviderAuthError() | ProviderGoneError() | DiskFullError():
            return max(_least_ms(job, timings), MINUTE_MS)
        case ProviderUnavailableError(maintenance=True):
            return MINUTE_MS
        case ProviderUnavailableError() | DeliveryRetryError() | StorageError() | OSError():
            return backoff_ms  # OSError: a full disk, a process that cannot start
        case LumaBotError():
            return None
    return _unforeseen_ms(job, backoff_ms, timings)


def _least_ms(job: Job, timings: Timings) -> int:
    """Return how soon a step may run again at the earliest: no error makes status reads follow each other faster."""
    return timings.poll_ms if job.state is State.RUNNING else SECOND_MS


def _unforeseen_ms(job: Job, backoff_ms: int, timings: Timings) -> int | None:
    if job.state is State.RUNNING:  # a read costs nothing, and the video behind it is paid for
        return min(max(backoff_ms, timings.poll_ms), timings.poll_max_ms)
    # While telling, a search comes before the next post, so that trying again is safe.
    return backoff_ms if job.state is State.DELIVERING and job.attempts + 1 < timings.result_attempts else None


def _next_read_ms(error: ProviderError, job: Job, now_ms: int, backoff_ms: int, timings: Timings) -> int | None:
    if error.code == UNKNOWN_TASK:
        known_since_ms = job.submitted_at_ms or job.created_at_ms
        return timings.poll_ms if now_ms < known_since_ms + timings.unknown_task_grace_ms else None
    return min(max(backoff_ms, timings.poll_ms), timings.poll_max_ms)


# The first row whose error and state fit says how a job ends; no state means any.
_ENDINGS: Sequence[tuple[type[Exception], State | None, FailureCode]] = (
    (UserError, None, FailureCode.UNUSABLE_CLIP),
    (ProviderRefusedError, None, FailureCode.REFUSED),
    (OutcomeUnknownError, None, FailureCode.OUTCOME_UNKNOWN),
    (ServerLeftError, None, FailureCode.SERVER_LEFT),
    (DeliveryError, None, FailureCode.UNDELIVERABLE),
    (MediaError, State.DELIVERING, FailureCode.RESULT_UNUSABLE),
    (MediaError, None, FailureCode.CLIP_UNREACHABLE),
    (ProviderError, State.RUNNING, FailureCode.TIMED_OUT),
    (ProviderError, None, FailureCode.SERVICE_UNAVAILABLE),
)


def failure_of(error: Exception, job: Job) -> Failure:
    """Return how a job ends that a step's error ended; the detail is a person's to read."""
    if isinstance(error, ProviderUnavailableError) and error.code == UNKNOWN_TASK:
        return Failure(FailureCode.OUTCOME_UNKNOWN)
    for kind, state, code in _ENDINGS:
        if isinstance(error, kind) and state in (None, job.state):
            values = error.values if isinstance(error, UserError | MediaError) else {}
            return Failure(code, _detail(error), {name: str(value) for name, value in values.items()})
    return Failure(FailureCode.INTERNAL)


def hold_of(error: Exception, reason: str) -> str:
    """Return what an open job waits for after an error; `reason` is why its service is shut, if it is."""
    if isinstance(error, ProviderError):
        return reason or Phrase("the service is not answering")
    if isinstance(error, DiskFullError):
        return Phrase("there is no room on my disk")
    return Phrase("Discord is not answering") if isinstance(error, DeliveryRetryError) else ""


def name_error(error: Exception) -> str:
    """Return what a job's log keeps of an error: the text of our own, the name of any other."""
    return str(error) if isinstance(error, LumaBotError) else type(error).__name__


def _detail(error: Exception) -> str:
    match error:
        case UserError():
            return error.template
        case ProviderRefusedError():
            return error.reason
        case ServerLeftError():
            return ""
        case MediaError(template=Phrase() as template):
            return template
        case DeliveryError():
            return str(error)
    return ""
