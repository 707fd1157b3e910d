"""Bring to its end what a process that died had begun to tell: a job's card, and what a moderator's cancel means."""

from collections.abc import Callable, Sequence
from typing import Protocol

from jobs.job import Job

_OLD_NEWS_MS = 3_600_000  # what a crash left behind for longer helps nobody any more


class LeftBehind(Protocol):
    """Know what is left behind; the part of the store that is asked at the start."""

    async def not_shown(self, *, since_ms: int) -> Sequence[Job]:
        """Return jobs that ended since then whose card is not known to show it."""

    async def not_told(self, *, since_ms: int) -> Sequence[Job]:
        """Return jobs that somebody else stopped since then whose member is not known to have been told."""


async def tell_left_behind(
    left: LeftBehind, now_ms: int, show: Callable[[Job], None], tell_stopped: Callable[[Job], None]
) -> None:
    """Show and tell what the last process did not; neither is waited for."""
    for job in await left.not_shown(since_ms=now_ms - _OLD_NEWS_MS):
        show(job)
    for job in await left.not_told(since_ms=now_ms - _OLD_NEWS_MS):
        tell_stopped(job)
