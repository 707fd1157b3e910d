"""Bundle the outside worlds of a job, and the one way to move it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jobs.admin import BudgetWarning, LogNote
from jobs.errors import ProviderGoneError, StorageError
from jobs.gates import Gates
from jobs.job import Charge, Job
from jobs.ports import (
    Alarms,
    Clips,
    Clock,
    Delivery,
    JobStore,
)
from jobs.services import Provider

# About as long as an unknown outcome is waited for: after it there is nothing to be sure of any more.
RETRY_PAUSES_SECONDS = (0.2, 1.0, 5.0, *(20.0 for _ in range(180)))
# How long the task of a paid submit is kept in memory while the database will not take it.
RECORD_PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 28.0)


def _asleep(_at_ms: int) -> None:
    return None


def _unheard(_job: Job, _event: str) -> None:
    return None


def _unwarned(_warning: BudgetWarning) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Outside:
    """Hold the ports a job's life needs.

    `wake(at_ms)` tells the worker when something may be due; `on_move(job, event)` hears of every move once it is
    durable, `on_budget` of a server's budget that runs out, once in a period, those in `on_cancel` of a job that was
    cancelled before it was sent. `shield` lets what must not be cut off go on when the one who awaits it is cancelled.
    """

    store: JobStore
    providers: Mapping[str, Provider]
    clips: Clips
    delivery: Delivery
    gates: Gates
    clock: Clock
    alarms: Alarms
    wake: Callable[[int], None] = _asleep
    on_move: Callable[[Job, str], None] = _unheard
    on_budget: Callable[[BudgetWarning], None] = _unwarned
    on_cancel: list[Callable[[Job], None]] = field(default_factory=list)
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    shield: Callable[[Coroutine[Any, Any, None]], Awaitable[None]] = asyncio.shield

    def provider(self, service: str) -> Provider:
        """Return a service; raises ProviderGoneError for one that is not switched on here any more."""
        if service not in self.providers:
            raise ProviderGoneError(service, "not switched on")
        return self.providers[service]

    def calls_back(self, service: str) -> bool:
        """Tell whether a service is switched on here and calls back at an address it is given."""
        provider = self.providers.get(service)
        return provider is not None and provider.abilities.calls_back

    async def move(
        self,
        before: Job,
        after: Job,
        event: str,
        *,
        detail: str = "",
        charge: Charge | None = None,
        fenced: bool = True,
        keep_lease: bool = False,
        note: LogNote | None = None,
    ) -> Job | None:
        """Move a job in one guarded transaction; None means somebody else was first."""
        moved = await self.store.move(
            before,
            after,
            event=event,
            now_ms=self.clock.now_ms(),
            detail=detail,
            charge=charge,
            fenced=fenced,
            keep_lease=keep_lease,
            note=note,
        )
        return self.moved(moved, event, by_a_step=fenced)

    async def move_with_retries(self, before: Job, after: Job, event: str, *, detail: str = "") -> Job | None:
        """Move a job, for an hour again and again where the database will not take it."""
        return await self._stored(RETRY_PAUSES_SECONDS, lambda: self.move(before, after, event, detail=detail))

    def moved(self, job: Job | None, event: str, *, by_a_step: bool = False) -> Job | None:
        """Tell of a move, if there was one, and return its job; the worker looks anyway when a step of its own ends."""
        if job is not None:
            self.on_move(job, event)
            if not by_a_step:
                self.wake(0 if job.state.is_final else job.due_at_ms)
        return job

    async def record_task(self, sent: Job, after: Job, *, keep_lease: bool) -> Job | None:
        """Store the task of an accepted submit, again and again for a minute; None where the job was given up."""
        task = str(after.provider_job_id)

        async def record() -> Job | None:
            taken = await self.move(sent, after, "accepted", fenced=False, keep_lease=keep_lease)
            if taken is None:
                await self.adopt(sent, task)
            return taken

        try:
            return await self._stored(RECORD_PAUSES_SECONDS, record)
        except StorageError:
            self.alarms.raise_alarm(f"task {task} of {sent.service} was accepted and could not be stored", job=sent)
            raise

    async def _stored(self, pauses_seconds: Sequence[float], store: Callable[[], Awaitable[Job | None]]) -> Job | None:
        """Store something, again after each pause where the database will not take it."""
        for seconds in pauses_seconds:
            try:
                return await store()
            except StorageError:
                await self.pause(seconds)
        return await store()

    async def adopt(self, sent: Job, provider_job_id: str) -> None:
        """Give a task to its job that was given up before the submit's answer came, as a late callback would."""
        attempt = await self.store.attempt(sent.id, sent.attempt)
        if attempt is not None:
            now_ms = self.clock.now_ms()
            self.moved(await self.store.record_callback(attempt, provider_job_id, now_ms=now_ms), "callback")
