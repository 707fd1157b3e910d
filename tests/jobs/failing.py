"""Let the process die, fail or hang before or after any call to the outside, and live on from what is stored."""

import asyncio
from asyncio import FIRST_COMPLETED
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from jobs.errors import (
    OutcomeUnknownError,
    ProviderRefusedError,
    ProviderUnavailableError,
    RateLimitedError,
    StorageError,
)
from jobs.job import State
from jobs.services import Accepted, Order, Progress, Status
from storage import open_store
from storage.database import Database, Row
from storage.job_rows import read_job
from storage.job_store import SqlJobStore
from tests.fakes import NO_LIMITS, FakeProvider
from tests.jobs.world import World

EFFECTS: Mapping[str, tuple[str, ...]] = {
    "database": ("write",),
    "provider": ("submit", "poll", "link"),
    "clips": ("prepare", "fetch_result", "fit"),
    "delivery": ("open_place", "upload_limit", "find_posted", "post_result", "post_failure"),
}
MODES = ("kill", "hang", "cancel", "error", "bug")
CUT_OFF = object()
ENDINGS = ("kill", "hang")
WAKES_WITHIN_MS = 24 * 3_600_000
ENDED_FOR_GOOD = ("delivered", "cancelled")
TOLD = (State.DELIVERED, State.FAILED)
HELD = {"reserved", "released"}  # released where a late callback has reopened the job
RESERVATIONS = {
    State.DELIVERED: {"settled", "released"},
    State.FAILED: {"released"},
    State.CANCELLED: {"settled", "released"},
}


@dataclass
class Failpoints:
    """Count the moments before and after every effect, and strike at one of them; `seen` names those that passed."""

    at: int = 0
    mode: str = "kill"
    seen: list[str] = field(default_factory=list)
    is_dead: bool = False
    has_struck: bool = False
    struck: asyncio.Event = field(default_factory=asyncio.Event)

    def aim(self, at: int, mode: str) -> None:
        """Strike at the n-th moment from now; 0: never."""
        self.at, self.mode = at, mode
        self.seen.clear()
        self.is_dead = self.has_struck = False
        self.struck = asyncio.Event()

    async def around(self, what: str, call: Callable[[], Awaitable[Any]]) -> Any:
        """Do a call between its two moments."""
        await self._pass(f"before {what}")
        value = await call()
        await self._pass(f"after {what}")
        return value

    async def _pass(self, where: str) -> None:
        if self.is_dead:
            raise asyncio.CancelledError  # nothing that a dead process still does has any effect
        self.seen.append(where)
        if len(self.seen) != self.at:
            return
        self.has_struck = True
        self.struck.set()
        match self.mode:
            case "error":
                raise StorageError("busy") if "database" in where else OSError("cut")
            case "bug":
                raise StorageError("busy") if "database" in where else RuntimeError("a bug")
            case "cancel":
                raise asyncio.CancelledError
            case "kill":
                self.is_dead = True
        await asyncio.Event().wait()  # until it is cancelled


class Failing:
    """Put the moments around the effects of a port; everything else is the port's own."""

    def __init__(self, name: str, inner: Any, points: Failpoints) -> None:
        self._name, self._inner, self._points = name, inner, points

    def __getattr__(self, name: str) -> Any:
        """Return the port's own, with moments around it where it has an effect."""
        own = getattr(self._inner, name)
        if name not in EFFECTS[self._name]:
            return own
        return lambda *values, **named: self._points.around(f"{self._name}.{name}", lambda: own(*values, **named))


@dataclass
class Task:
    """Hold a paid task: for which order, and how it stands."""

    order: Order
    status: str = "running"


async def _hold_tongue(_task_id: str) -> None:
    return None


class LedgerProvider(FakeProvider):
    """Keep a ledger of paid tasks; `plans` says what happens to the next submits, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks: dict[str, Task] = {}
        self.plans: list[str] = []
        self.call_early: Callable[[str], Awaitable[object]] = _hold_tongue

    async def submit(self, order: Order) -> Accepted:
        """Take an order as planned: ok, lost (its answer), never came, down, busy, away, refused, early callback."""
        plan = self.plans.pop(0) if self.plans else "ok"
        match plan:
            case "never came" | "down":
                raise OutcomeUnknownError("kie", plan)
            case "busy":
                raise RateLimitedError("kie", "429", retry_after_seconds=4)
            case "away":
                raise ProviderUnavailableError("kie", "connection refused")
            case "refused":
                raise ProviderRefusedError("kie", "not allowed")
        task_id = f"kie-task-{len(self.tasks) + 1}"
        self.tasks[task_id] = Task(order)
        if plan == "early callback":
            await self.call_early(task_id)
        if plan == "lost":
            raise OutcomeUnknownError("kie", "the answer was lost")
        return Accepted(task_id)

    async def poll(self, provider_job_ids: Sequence[str]) -> Mapping[str, Status | Exception]:
        """Say how each task fares."""
        if self.on_poll:
            return dict.fromkeys(provider_job_ids, self.on_poll.pop(0))
        return {each: self._status(each) for each in provider_job_ids}

    def _status(self, task_id: str) -> Status:
        match self.tasks[task_id].status:
            case "done":
                return Status(Progress.DONE, (f"https://service.example/{task_id}.mp4?sig=secret",))
            case "failed":
                return Status(Progress.FAILED, reason="moderation", code="501")
        return Status(Progress.RUNNING)

    def token_of(self, task_id: str) -> str:
        """Return the token of a task's callback address."""
        return (self.tasks[task_id].order.callback_url or "").rpartition("/")[2]


class FailingWorld(World):
    """Hold a world whose every effect has a moment before and after it."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.points = Failpoints()
        self._ended: dict[str, str] = {}
        self.ledger = LedgerProvider()
        self.ledger.call_early = lambda task_id: self.call_back(task_id, self.ledger.token_of(task_id))
        self._join()
        self.restart()

    def _join(self) -> None:
        points = self.points
        self.store = SqlJobStore(cast(Database, Failing("database", self.database, points)), defaults=NO_LIMITS)
        self.provider = cast(Any, Failing("provider", self.ledger, points))
        self.clips = cast(Any, Failing("clips", self.clips, points))
        self.delivery = cast(Any, Failing("delivery", self.delivery, points))

    async def live(self) -> None:
        """Run what is due until nothing is; a process that dies or hangs meanwhile is begun again."""
        try:
            while await self._unless_struck(self.worker.start_due()) not in (0, CUT_OFF):
                await self._unless_struck(self.worker.settled())
        except StorageError:
            pass  # the worker asks again after a pause
        if self.points.has_struck and self.points.mode in ENDINGS:
            await self.begin_again()

    async def act(self, deed: Callable[[], Awaitable[Any]]) -> Any:
        """Do something from outside; what the process does not answer is asked again."""
        while True:
            try:
                value = await self._unless_struck(deed())
            except StorageError:
                continue
            if value is not CUT_OFF:
                return value
            if self.points.has_struck and self.points.mode in ENDINGS:
                await self.begin_again()

    async def _unless_struck(self, work: Awaitable[Any]) -> Any:
        """Return what some work returns; CUT_OFF when it was cancelled, or the process died or hung first."""
        task, struck = asyncio.ensure_future(work), asyncio.ensure_future(self.points.struck.wait())
        try:
            await asyncio.wait([task, struck] if self.points.mode in ENDINGS else [task], return_when=FIRST_COMPLETED)
            return task.result() if task.done() and not task.cancelled() else CUT_OFF
        finally:
            task.cancel()
            struck.cancel()
            await asyncio.gather(task, struck, return_exceptions=True)

    async def begin_again(self) -> None:
        """End what still runs, as a stop or a death does, and begin as a new process."""
        await self.worker.stop(0)
        self.points.aim(0, "kill")
        self.restart()
        await self.store.end_leases()

    async def drain(self) -> None:
        """Let time pass until no job is open; every task that runs is finished by its service."""
        for _ in range(400):
            await self.live()
            if not await self.store.open_counts():
                return
            for task in self.ledger.tasks.values():
                task.status = "done" if task.status == "running" else task.status
            self.clock.advance(max(int(await self.worker.seconds_to_next() * 1000), 1))
        raise AssertionError("some jobs never end")

    async def broken(self) -> list[str]:
        """Return every promise that does not hold now, and every job that came back though it had ended for good."""
        rows = await self.database.read(
            lambda session: session.rows(
                """
                SELECT jobs.*, reservations.state AS reservation
                FROM jobs JOIN reservations ON reservations.job_id = jobs.id
                """
            )
        )
        paid = Counter(task.order.request.prompt for task in self.ledger.tasks.values())
        told = Counter((kind, job_id) for kind, job_id, _video in self.delivery.messages)
        found = [f"{row['code']} {row['state']}: {what}" for row in rows for what in self._broken_by(row, paid, told)]
        found += [
            f"{row['code']} came back" for row in rows if self._ended.get(row["id"], row["state"]) != row["state"]
        ]
        self._ended |= {row["id"]: row["state"] for row in rows if row["state"] in ENDED_FOR_GOOD}
        return found

    def _broken_by(self, row: Row, paid: Counter[str], told: Counter[tuple[str, str]]) -> list[str]:
        state, job_id = State(row["state"]), row["id"]
        horizon_ms = self.clock.now_ms() + WAKES_WITHIN_MS
        promises = {
            "paid twice": paid[read_job(row).request.prompt] <= 1,
            "posted twice": told["result", job_id] <= 1,
            "not told": state not in TOLD or told["result", job_id] + told["failure", job_id] > 0,
            f"reservation {row['reservation']}": row["reservation"] in RESERVATIONS.get(state, HELD),
            "no wake-up": state.is_final or max(row["due_at_ms"], row["leased_until_ms"]) <= horizon_ms,
        }
        return [what for what, is_kept in promises.items() if not is_kept]


async def open_failing_world(folder: Path) -> FailingWorld:
    """Open a failing world on a new database file."""
    return FailingWorld(await open_store(f"sqlite:///{folder / 'luma.db'}"))
