"""Bring to its end what a process that died had begun to tell: a job's card, and what a moderator's cancel means."""

from collections.abc import Sequence
from typing import Protocol

from jobs.intake import Intake
from jobs.job import Job
from jobs.ports import Clock, Delivery

_OLD_NEWS_MS = 3_600_000  # what a crash left behind for longer helps nobody any more


class LeftBehind(Protocol):
    """Know what is left behind; the part of the store that is asked at the start."""

    async def not_shown(self, *, since_ms: int) -> Sequence[Job]:
        """Return jobs that ended since then whose card is not known to show it."""

    async def not_told(self, *, since_ms: int) -> Sequence[Job]:
        """Return jobs that somebody else stopped since then whose member is not known to have been told."""


async def tell_left_behind(left: LeftBehind, clock: Clock, delivery: Delivery, intake: Intake) -> None:
    """Show and tell what the last process did not; neither is waited for."""
    since_ms = clock.now_ms() - _OLD_NEWS_MS
    for job in await left.not_shown(since_ms=since_ms):
        delivery.show(job)
    for job in await left.not_told(since_ms=since_ms):
        intake.tell_stopped(job)
