"""Decide when: claim what is due, run steps within their bounds, sleep until the next moment, stop without loss."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence

from jobs.errors import LumaBotError
from jobs.job import Job
from jobs.lanes import Lanes
from jobs.lifecycle import Lifecycle
from jobs.outside import Outside
from jobs.ports import Outlook

log = logging.getLogger(__name__)

LONGEST_SLEEP_SECONDS = 60.0
STORE_PAUSE_SECONDS = 1.0
CUT_SECONDS = 1.0  # so long a step that was cut off is waited for


class Worker:
    """Run the steps of due jobs; `wake` may be called from anywhere in the loop."""

    def __init__(self, lifecycle: Lifecycle, outside: Outside, lanes: Lanes, *, lease_ms: int) -> None:
        self._lifecycle = lifecycle
        self._out = outside
        self._lanes = lanes
        self._lease_ms = lease_ms
        self._woken = asyncio.Event()
        self._sleeping: asyncio.Timeout | None = None
        self._stopping = False
        self._running: dict[asyncio.Task[None], list[Job]] = {}
        outside.on_cancel.append(self._cut_off)

    def wake(self, at_ms: int = 0) -> None:
        """Look for due jobs at a moment, 0 being now; for a later one, a look that is planned before it will do."""
        seconds = (at_ms - self._out.clock.now_ms()) / 1000
        if seconds <= 0 or self._sleeping is None or self._sleeping.expired():
            self._woken.set()
            return
        moment, planned = asyncio.get_running_loop().time() + seconds, self._sleeping.when()
        if planned is None or moment < planned:
            self._sleeping.reschedule(moment)

    @property
    def running(self) -> int:
        """Count the steps that run now."""
        return len(self._running)

    async def run(self) -> None:
        """Claim and run until `stop`; whatever fails, the database first of all, is tried again after a pause."""
        renewal = asyncio.create_task(self._keep_leases())
        try:
            while not self._stopping:
                self._woken.clear()
                try:
                    outlook = await self._look()
                    await self._start(outlook)
                    seconds = self._seconds_to(outlook.next_due_ms)
                except Exception as error:
                    _log_error("cannot look for due jobs", error)
                    seconds = STORE_PAUSE_SECONDS
                await self._sleep(seconds)
        finally:
            renewal.cancel()
            await asyncio.gather(renewal, return_exceptions=True)

    async def start_due(self) -> int:
        """Claim due jobs and start their steps; returns how many steps were started."""
        return await self._start(await self._look())

    async def seconds_to_next(self) -> float:
        """Return how long nothing will be due: until a due time, a lease's end, or a gate that opens."""
        return self._seconds_to((await self._look()).next_due_ms)

    async def _look(self) -> Outlook:
        return await self._out.store.outlook(now_ms=self._out.clock.now_ms())

    async def _start(self, outlook: Outlook) -> int:
        lanes = self._lanes.free(outlook.at_service, self._step_counts())
        lanes = [lane for lane in lanes if outlook.has_any(lane)]
        if not lanes:
            return 0
        jobs = await self._out.store.claim(lanes, now_ms=self._out.clock.now_ms(), lease_ms=self._lease_ms)
        if self._stopping:
            return 0  # a step begun now would be cut off, a paid request with it; the leases end at the next start
        steps = self._lanes.batches(jobs)
        for step in steps:
            task = asyncio.create_task(self._run_step(step), name=f"job {step[0].code}")
            self._running[task] = step
            task.add_done_callback(self._forget)
        return len(steps)

    def _seconds_to(self, due_ms: int | None) -> float:
        now_ms = self._out.clock.now_ms()
        moments = [due_ms, self._out.gates.next_opening_ms()]
        earliest = min((moment for moment in moments if moment is not None), default=None)
        if earliest is None:
            return LONGEST_SLEEP_SECONDS
        return min(max(earliest - now_ms, 1) / 1000, LONGEST_SLEEP_SECONDS)

    async def stop(self, grace_seconds: float) -> None:
        """Claim no more, let running steps end within the grace, cancel what is left: it is run again later."""
        self._stopping = True
        self.wake()
        if self._running:
            await asyncio.wait(self._running, timeout=grace_seconds)
        left = list(self._running)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=CUT_SECONDS)

    async def settled(self) -> None:
        """Wait until no step runs."""
        while self._running:
            await asyncio.wait(self._running)

    async def _run_step(self, jobs: Sequence[Job]) -> None:
        try:
            await self._lifecycle.step(jobs)
        except Exception as error:
            _log_error("step failed", error, jobs, foreseen=logging.INFO)
            if len(jobs) > 1 and not isinstance(error, LumaBotError):
                for job in jobs:  # whose error it is shows when each runs alone: it holds up none of the others
                    await self._run_step([job])
                return
            for job in jobs:
                await self._retry_or_fail(job, error)

    async def _retry_or_fail(self, job: Job, error: Exception) -> None:
        try:
            await self._lifecycle.retry_or_fail(job, error)
        except Exception as failed:
            # The lease ends by itself and the step runs again.
            _log_error("cannot store a decision", failed, [job])

    def _cut_off(self, job: Job) -> None:
        """End the step of a job that was cancelled before it was sent, so that its download holds up nobody."""
        for task, step in self._running.items():
            if [each.id for each in step] == [job.id]:
                task.cancel()

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        self.wake()

    def _step_counts(self) -> Counter[str]:
        return Counter(self._lanes.name(step[0]) for step in self._running.values())

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self._lease_ms / 3000)
            jobs = [job for step in self._running.values() for job in step]
            if not jobs:
                continue
            try:
                await self._out.store.renew(jobs, now_ms=self._out.clock.now_ms(), lease_ms=self._lease_ms)
            except Exception as error:
                _log_error("cannot renew leases", error)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds) as self._sleeping:
                await self._woken.wait()
        except TimeoutError:
            pass
        finally:
            self._sleeping = None


def _log_error(what: str, error: Exception, jobs: Sequence[Job] = (), *, foreseen: int = logging.WARNING) -> None:
    """Log an error: with its traceback where nobody foresaw it."""
    is_foreseen = isinstance(error, LumaBotError)
    log.log(
        foreseen if is_foreseen else logging.ERROR, "%s: %s", what, error,
        extra={"job": ",".join(job.code for job in jobs)}, exc_info=None if is_foreseen else error,
    )  # fmt: skip
