"""Read the spans of a job's life from the settings."""

from bot.settings import Settings
from jobs.retries import Timings


def timings_of(settings: Settings) -> Timings:
    """Return the spans of a job's life as an operator set them."""
    return Timings(
        poll_ms=int(settings.poll_seconds * 1000),
        poll_max_ms=int(settings.poll_seconds_max * 1000),
        unknown_outcome_ms=int(settings.unknown_outcome_minutes * 60_000),
        job_deadline_ms=int(settings.job_deadline_minutes * 60_000),
        queue_deadline_ms=int(settings.queue_deadline_minutes * 60_000),
        delivery_deadline_ms=int(settings.delivery_deadline_minutes * 60_000),
        place_wait_ms=int(settings.place_wait_seconds * 1000),
        unknown_task_grace_ms=int(settings.unknown_task_grace_seconds * 1000),
        retry_ms=int(settings.retry_seconds * 1000),
        retry_max_ms=int(settings.retry_seconds_max * 1000),
        source_attempts=settings.source_attempts,
        result_attempts=settings.result_attempts,
    )
