"""Tell the operator: one log line per move, alarms, and the figures of /metrics."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from bot.faults import DISCORD_FAULTS
from bot.metrics import Metrics
from jobs.admin import BudgetWarning
from jobs.errors import LumaBotError
from jobs.gates import ServiceState
from jobs.job import FailureCode, Job, State
from jobs.ports import Clock

log = logging.getLogger(__name__)

_SUBMIT_OUTCOMES: Mapping[str, str] = {
    "accepted": "ok",
    "not accepted": "refused",
    "outcome unknown": "ambiguous",
}


class OpenJobs(Protocol):
    """Count what is open; the part of the store that is watched."""

    async def open_counts(self) -> Mapping[State, int]:
        """Count open jobs by state."""

    async def oldest_open_ms(self, states: frozenset[State]) -> int | None:
        """Return when the oldest job in these states was accepted."""


class Listener(Protocol):
    """Hear what the moderators of servers should know."""

    def tell_stuck(self, job: Job, what: str) -> None:
        """Hear of an edit that needs somebody's eyes."""

    def tell_outage(self, service: str, reason: str) -> None:
        """Hear that a video service takes no edits, or (without a reason) takes them again."""

    def tell_budget(self, warning: BudgetWarning) -> None:
        """Hear that a server's budget runs out."""


class Watch:
    """Hear of moves, alarms and outages; this is the `Alarms` port."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._moves = {state: metrics.jobs.labels(state.value) for state in State}
        self._listener: Listener | None = None

    def listen(self, listener: Listener) -> None:
        """Let somebody hear what moderators should know, from now on."""
        self._listener = listener

    def on_move(self, job: Job, event: str) -> None:
        """Log a move and count it."""
        failure = f" ({job.failure.code.value})" if job.failure else ""
        log.info("%s: %s%s", event, job.state.value, failure, extra={"job": job.code})
        self._moves[job.state].inc()
        outcome = _SUBMIT_OUTCOMES.get(event)
        if outcome:
            self._metrics.submits.labels(job.service, outcome).inc()
        if event == FailureCode.OUTCOME_UNKNOWN:
            self._metrics.orphans.inc()

    def raise_alarm(self, what: str, *, job: Job | None = None) -> None:
        """Log and count something that a person should look at."""
        log.error("ALARM %s", what, extra={"job": job.code if job else ""})
        self._metrics.alarms.inc()
        if job is not None and self._listener is not None:
            self._listener.tell_stuck(job, what)

    def on_outage(self, service: str, reason: str) -> None:
        """Log an outage once when it starts and once when it ends."""
        if reason:
            log.warning("%s takes no new jobs: %s", service, reason)
        else:
            log.info("%s takes jobs again", service)
        if self._listener is not None:
            self._listener.tell_outage(service, reason)

    def on_budget(self, warning: BudgetWarning) -> None:
        """Log that a server's budget runs out, and let its moderators hear it."""
        log.info("a server has used %d %% of its budget a %s", warning.level, warning.period)
        if self._listener is not None:
            self._listener.tell_budget(warning)

    async def measure(self, store: OpenJobs, clock: Clock, services: Mapping[str, ServiceState]) -> None:
        """Set the gauges that are read, not counted."""
        self._metrics.note_open_jobs(await store.open_counts())
        open_since = await store.oldest_open_ms(frozenset(State) - {State.DELIVERED, State.FAILED, State.CANCELLED})
        untold_since = await store.oldest_open_ms(frozenset({State.DELIVERING}))
        self._metrics.oldest_open_job.set(_age_seconds(clock, open_since))
        self._metrics.outbox_lag.set(_age_seconds(clock, untold_since))
        self._metrics.note_services(services)


def _age_seconds(clock: Clock, since_ms: int | None) -> float:
    return 0.0 if since_ms is None else max(0, clock.now_ms() - since_ms) / 1000


async def repeat(what: str, seconds: float, act: Callable[[], Awaitable[object]]) -> None:
    """Do something now and every so often until cancelled; a failure is logged and waits for the next time."""
    if (task := asyncio.current_task()) is not None:
        task.set_name(what)
    while True:
        try:
            await act()
        except (LumaBotError, *DISCORD_FAULTS) as error:
            log.warning("%s: %s", what, error if isinstance(error, LumaBotError) else type(error).__name__)
        await asyncio.sleep(seconds)


def tell_end(task: "asyncio.Task[None]") -> None:
    """Tell that a task which should go on until it is cancelled has ended by an error nobody foresaw."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        log.error("ALARM %s has stopped until the next start", task.get_name(), exc_info=error)
