"""Know how far the work on a job's video is, and let its card show what takes longer than a moment."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from jobs.job import Job

SHOWN_AFTER_SECONDS = 5.0
SHOWN_EVERY_SECONDS = 3.0


@dataclass(slots=True)
class Work:
    """Hold how much of the work on a job's video is done, from 0 to 1; None while it waits for its turn."""

    job: Job
    done: float | None
    timer: asyncio.TimerHandle | None = None
    shown: int | None = None

    @property
    def percent(self) -> int | None:
        """Return whole percents; None while it waits."""
        return None if self.done is None else int(self.done * 100)


class MediaWork:
    """Hear of the work on videos; `show` is called for what lasts, at most every few seconds and when it changed."""

    def __init__(
        self,
        show: Callable[[Job], None] | None = None,
        *,
        after_seconds: float = SHOWN_AFTER_SECONDS,
        every_seconds: float = SHOWN_EVERY_SECONDS,
    ) -> None:
        self._show = show
        self._after = after_seconds
        self._every = every_seconds
        self._works: dict[str, Work] = {}

    def tell(self, job: Job, done: float | None) -> None:
        """Hear how much is done, from 0 to 1; None: it waits for its turn; 1: the work has ended, well or not."""
        if done is not None and done >= 1.0:
            self._end(job.id)
        elif not job.state.is_final:
            work = self._works.get(job.id)
            if work is None:
                work = self._works[job.id] = Work(job, done)
                self._wait(work, self._after)
            work.done = done

    def of(self, job_id: str) -> Work | None:
        """Return the work on a job's video that has lasted long enough to be told of; None when there is none."""
        work = self._works.get(job_id)
        return work if work is not None and work.shown is not None else None

    def _wait(self, work: Work, seconds: float) -> None:
        work.timer = asyncio.get_running_loop().call_later(seconds, self._tell_card, work)

    def _tell_card(self, work: Work) -> None:
        percent = -1 if work.percent is None else work.percent
        if work.shown != percent:
            work.shown = percent
            if self._show is not None:
                self._show(work.job)
        self._wait(work, self._every)

    def _end(self, job_id: str) -> None:
        work = self._works.pop(job_id, None)
        if work is not None and work.timer is not None:
            work.timer.cancel()
