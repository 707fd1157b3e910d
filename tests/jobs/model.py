"""Explore every interleaving of one job's life with a service, with Discord and with faults.

The real worker step, lifecycle, intake and SQL run one effect at a time: a step stops before each call to the outside,
the explorer chooses what happens there, and the step goes on from a replay of what it was told before. A scene is what
is true between two effects; scenes are visited breadth-first, the fewest faults first.
"""

import sqlite3
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from jobs.errors import (
    DeliveryError,
    DeliveryRetryError,
    MediaError,
    OutcomeUnknownError,
    ProviderRefusedError,
    ProviderUnavailableError,
    RateLimitedError,
    SourceUnavailableError,
    StorageError,
    UnusableClipError,
)
from jobs.gates import Gates
from jobs.intake import Intake
from jobs.job import MOVES, OPEN_STATES, Job, Kind, State
from jobs.lanes import Lanes, Widths
from jobs.lifecycle import Lifecycle
from jobs.outside import Outside
from jobs.ports import Posted
from jobs.retries import Timings
from jobs.services import Accepted, CallbackNote, Progress, Status
from jobs.worker import Worker
from storage.database import Database
from storage.job_rows import read_job
from storage.job_store import SqlJobStore
from storage.migrate import migrate
from storage.sqlite_connection import SqliteSession
from tests.fakes import NO_LIMITS, START_MS, FakeAlarms, FakeClock
from tests.jobs.asking import Ask, AskingClips, AskingDatabase, AskingDelivery, AskingProvider
from tests.jobs.making import make_new

DAY_MS = 86_400_000
LATE_MS = START_MS + 10 * DAY_MS  # past every deadline
FAR_MS = LATE_MS + 10 * DAY_MS
LEASE_MS = 300_000
TASK = "task-of-attempt-"
CANCEL = "the member cancels"
NOWHERE = "nowhere"  # stands among the posted endings once Discord has forbidden one

Values = tuple[Any, ...]
Outcome = tuple[str, Any]


class Step(NamedTuple):
    """Hold a step under way: the claimed row, and what it was told so far, each with whether it was late by then."""

    claimed: Values
    late: bool
    told: tuple[tuple[bool, Outcome], ...] = ()


class Scene(NamedTuple):
    """Hold all that is true between two effects; `tasks` and `calls` name attempts by their number."""

    job: Values
    attempts: tuple[Values, ...]
    reservation: str
    tasks: tuple[tuple[int, str], ...] = ()
    calls: tuple[int, ...] = ()
    posted: tuple[str, ...] = ()
    late: bool = False
    up: bool = True
    step: Step | None = None
    ghost: Step | None = None

    def with_step(self, which: str, step: Step | None) -> "Scene":
        """Return the scene with another `step` or `ghost`."""
        return self._replace(step=step) if which == "step" else self._replace(ghost=step)


class Move(NamedTuple):
    """Hold one thing that may happen next; `fault` names what went wrong, empty for what is in order."""

    what: str
    fault: str
    after: Scene


ERRORS: Mapping[str, Exception] = {
    "the database fails": StorageError("busy"),
    "the clip is away": SourceUnavailableError("cut"),
    "the clip is unusable": UnusableClipError("no"),
    "the answer of a submit is lost": OutcomeUnknownError("kie", "cut"),
    "a submit is lost": OutcomeUnknownError("kie", "cut"),
    "a submit is put off": RateLimitedError("kie", "429"),
    "a submit is refused": ProviderRefusedError("kie", "no"),
    "a status is unread": ProviderUnavailableError("kie", "503"),
    "a result is away": SourceUnavailableError("cut"),
    "a result is no video": MediaError("no video"),
    "a search fails": DeliveryRetryError("503"),
    "a post is lost": DeliveryRetryError("503"),
    "the answer of a post is lost": DeliveryRetryError("cut"),
    "a post is forbidden": DeliveryError("403"),
}
FAULTS_AT: Mapping[str, tuple[str, ...]] = {
    "read": (),
    "write": ("the database fails",),
    "prepare": ("the clip is away", "the clip is unusable"),
    "submit": ("the answer of a submit is lost", "a submit is lost", "a submit is put off", "a submit is refused"),
    "poll": ("a status is unread",),
    "fetch": ("a result is away", "a result is no video"),
    "find": ("a search fails",),
    "post": ("a post is lost", "the answer of a post is lost", "a post is forbidden"),
}


ALL_FAULTS = frozenset(ERRORS) | {"crash", "late", "stall", "callback twice", "callback lost"}


@dataclass
class Rules:
    """Say what the worlds around the job do, and which parts are the real ones."""

    service_calls_again: bool = True
    has_nonce: bool = True
    has_search: bool = True
    lifecycle: type[Lifecycle] = Lifecycle
    store: type[SqlJobStore] = SqlJobStore
    takes_callbacks: bool = True
    faults: frozenset[str] = ALL_FAULTS


@dataclass
class Explorer:
    """Say what may happen in a scene."""

    rules: Rules
    _requests: dict[Step, Ask | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Open a database in memory with one accepted job."""
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.row_factory = sqlite3.Row
        migrate(self.connection)
        self.session = SqliteSession(self.connection)
        self.clock = FakeClock()
        self.connection.execute("BEGIN")
        job = self._drive(self._intake().queue(make_new(1, thread_id=700)))[0]
        self._drive(self._intake().place(job, Posted(2, 700)))
        self.columns = [row["name"] for row in self.connection.execute("PRAGMA table_info(jobs)")]
        self.first = self._seen(Scene((), (), ""))
        self.connection.execute("COMMIT")

    # --- the real parts ---

    def _outside(self, database: Database) -> Outside:
        provider = AskingProvider()
        return Outside(
            store=self.rules.store(database, defaults=NO_LIMITS),
            providers={"kie": provider},
            clips=AskingClips(),
            delivery=AskingDelivery(),
            gates=Gates([provider.abilities], self.clock),
            clock=self.clock,
            alarms=FakeAlarms(),
            pause=_no_pause,
            shield=_as_it_is,
        )

    def _intake(self) -> Intake:
        return Intake(self._outside(AskingDatabase()), Timings(), {Kind.MODIFY: ["kie"]})

    def _run_step(self, job: Job) -> Coroutine[Ask, Any, None]:
        outside = self._outside(AskingDatabase())
        lifecycle = self.rules.lifecycle(outside, Timings(), callback_url=lambda _service, token: token)
        lanes = Lanes(outside.gates, {"kie": 1}, Widths())
        return Worker(lifecycle, outside, lanes, lease_ms=LEASE_MS)._run_step([job])

    def _drive(self, act: Coroutine[Ask, Any, Any]) -> Any:
        """Run an act that asks nothing but the database, at once."""
        try:
            ask = act.send(None)
            while True:
                ask = act.send(ask.detail(self.session))
        except StopIteration as stop:
            return stop.value

    def _request(self, step: Step) -> Ask | None:
        """Return what a step asks next; None when it has ended."""
        if step not in self._requests:
            self._requests[step] = self._replay(step)
        return self._requests[step]

    def _replay(self, step: Step) -> Ask | None:
        self._set_clock(step.late)
        act = self._run_step(self._read(step.claimed))
        try:
            ask = act.send(None)
            for late, outcome in step.told:
                self._set_clock(late)
                ask = self._tell(act, outcome)
        except StopIteration:
            return None
        act.close()
        return ask

    def _tell(self, act: Coroutine[Ask, Any, None], outcome: Outcome) -> Ask:
        kind, value = outcome
        match kind:
            case "error":
                return act.throw(ERRORS[value])
            case "row":
                return act.send(None if value is None else self._read(value))
            case "task":
                return act.send(Accepted(value))
            case "status":
                return act.send(STATUSES[value])
            case "message":
                return act.send(Posted(700, 800) if value else None)
        return act.send(None)

    def failure_code(self, scene: Scene) -> str:
        """Return why a scene's job failed, empty when it did not."""
        failure = self._read(scene.job).failure
        return failure.code.value if failure else ""

    def _read(self, values: Values) -> Job:
        row: Any = dict(zip(self.columns, values, strict=True))
        return read_job(row)

    def _set_clock(self, late: bool) -> None:
        self.clock.advance((LATE_MS if late else START_MS) - self.clock.now_ms())

    # --- scenes and rows ---

    def _put(self, scene: Scene) -> None:
        """Make the database hold a scene."""
        self._set_clock(scene.late)
        names = ", ".join(f"{name} = ?" for name in self.columns)
        self.connection.execute(f"UPDATE jobs SET {names}", scene.job)
        self.connection.execute("DELETE FROM attempts")
        self.connection.executemany("INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?)", scene.attempts)
        ended = None if scene.reservation == "reserved" else START_MS
        self.connection.execute("UPDATE reservations SET state = ?, ended_at_ms = ?", (scene.reservation, ended))

    def _seen(self, scene: Scene) -> Scene:
        """Return a scene with what the database holds, freed of numbers that only grow."""
        row = dict(zip(self.columns, tuple(self.connection.execute("SELECT * FROM jobs").fetchone()), strict=True))
        now_ms = self.clock.now_ms()
        row["due_at_ms"] = START_MS if row["due_at_ms"] <= now_ms else FAR_MS
        row["leased_until_ms"] = 0 if row["leased_until_ms"] <= now_ms else FAR_MS
        row["attempts"], row["hold"] = 0, ""
        if row["failure"] is not None:
            code = self.failure_code(scene._replace(job=tuple(row.values())))
            row["failure"] = f'{{"code":"{code}","detail":"","values":{{}}}}'
        if scene.step is None and scene.ghost is None:
            row["lease"] = row["nudges"] = 0
        elif scene.ghost is not None:
            row["lease"] = min(row["lease"], 1 + scene.ghost.claimed[self.columns.index("lease")])
        attempts = self.connection.execute("SELECT * FROM attempts ORDER BY number").fetchall()
        reserved = self.connection.execute("SELECT state FROM reservations").fetchone()[0]
        return scene._replace(
            job=tuple(row.values()),
            attempts=tuple((*each[:3], f"token {each[1]}", START_MS, each[5]) for each in map(tuple, attempts)),
            reservation=reserved,
        )

    def _acting(self, scene: Scene, act: Callable[[], Any]) -> tuple[Scene, Any]:
        """Do something to the database as of a scene; return the scene after it and what was returned."""
        self.connection.execute("BEGIN")
        try:
            self._put(scene)
            value = act()
            return self._seen(scene), value
        finally:
            self.connection.execute("ROLLBACK")

    def field(self, scene: Scene, name: str) -> Any:
        """Return a column of a scene's job."""
        return scene.job[self.columns.index(name)]

    # --- what may happen next ---

    def moves(self, scene: Scene) -> Iterator[Move]:
        """Yield everything that may happen next."""
        for move in self._all_moves(scene):
            if not move.fault or move.fault in self.rules.faults:
                yield move

    def _all_moves(self, scene: Scene) -> Iterator[Move]:
        if scene.up:
            yield from self._bot_moves(scene)
            yield Move("the bot dies", "crash", scene._replace(up=False, step=None, ghost=None))
        else:
            yield Move("the bot starts", "", self._acting(scene._replace(up=True), self._end_leases)[0])
        yield from self._service_moves(scene)
        if not scene.late:
            yield Move("every deadline passes", "late", self._pass_time(scene))

    def _end_leases(self) -> None:
        self._drive(SqlJobStore(AskingDatabase()).end_leases())

    def _pass_time(self, scene: Scene) -> Scene:
        columns = self.columns
        job = list(scene.job)
        job[columns.index("due_at_ms")] = START_MS
        return scene._replace(late=True, job=tuple(job))

    def _bot_moves(self, scene: Scene) -> Iterator[Move]:
        if scene.step is None and self.is_open(scene):
            if self.field(scene, "leased_until_ms"):
                yield Move("the lease ends", "", self._acting(scene, self._end_leases)[0])
            elif self.field(scene, "due_at_ms") == FAR_MS:
                yield Move("time passes", "", self._acting(scene, self._make_due)[0])
            else:
                step = Step(scene.job, scene.late)
                after, _ = self._acting(scene._replace(step=step), self._lease)
                yield Move("a step begins", "", after._replace(step=Step(after.job, scene.late)))
        if scene.step is not None:
            yield from self._step_moves(scene, "step")
            if scene.ghost is None:
                yield Move("the worker stalls past its lease", "stall", self._stall(scene))
        if scene.ghost is not None:
            yield from self._step_moves(scene, "ghost")
        if self.field(scene, "state") in ("queued", "running"):
            yield Move(CANCEL, "", self._acting(scene, self._cancel)[0])

    def is_open(self, scene: Scene) -> bool:
        """Tell whether a scene's job has not ended."""
        return self.field(scene, "state") in OPEN_STATES

    def is_lawful(self, before: Scene, after: Scene) -> bool:
        """Tell whether the job moved as jobs may, or not at all."""
        states = State(self.field(before, "state")), State(self.field(after, "state"))
        return states[0] is states[1] or states in MOVES

    def _make_due(self) -> None:
        self.connection.execute("UPDATE jobs SET due_at_ms = ?", (START_MS,))

    def _lease(self) -> None:
        self.connection.execute("UPDATE jobs SET lease = lease + 1, leased_until_ms = ?", (FAR_MS,))

    def _stall(self, scene: Scene) -> Scene:
        job = list(scene.job)
        job[self.columns.index("leased_until_ms")] = 0
        return scene._replace(job=tuple(job), ghost=scene.step, step=None)

    def _cancel(self) -> None:
        row = self.connection.execute("SELECT id, user_id FROM jobs").fetchone()
        self._drive(self._intake().cancel(row["id"], by=row["user_id"]))

    # --- a step's next effect ---

    def _step_moves(self, scene: Scene, which: str) -> Iterator[Move]:
        step: Step = getattr(scene, which)
        ask = self._request(step)
        if ask is None:
            after, _ = self._acting(scene.with_step(which, None), lambda: None)
            yield Move(f"the {which} ends", "", after)
            return
        after, outcome = self._effect(scene, ask)
        yield Move(f"{which}: {ask.port}", "", self._told(after, which, outcome))
        for fault in FAULTS_AT[ask.port]:
            there = after if fault.startswith("the answer") else scene
            if fault == "a post is forbidden":
                there = scene._replace(posted=tuple(sorted({*scene.posted, NOWHERE})))
            yield Move(f"{which}: {ask.port}, {fault}", fault, self._told(there, which, ("error", fault)))

    def _told(self, scene: Scene, which: str, outcome: Outcome) -> Scene:
        step: Step = getattr(scene, which)
        grown = step._replace(told=(*step.told, (scene.late, outcome)))
        if self._request(grown) is None:
            return self._acting(scene.with_step(which, None), lambda: None)[0]
        return scene.with_step(which, grown)

    def _effect(self, scene: Scene, ask: Ask) -> tuple[Scene, Outcome]:
        match ask.port:
            case "read" | "write":
                after, value = self._acting(scene, lambda: self._row_of(ask.detail(self.session)))
                return after, value
            case "submit":
                number = self.field(scene, "attempt")
                return scene._replace(tasks=(*scene.tasks, (number, "running"))), ("task", f"{TASK}{number}")
            case "poll":
                known = {f"{TASK}{number}": status for number, status in scene.tasks}
                return scene, ("status", known[ask.detail])
            case "find":
                return scene, ("message", self.rules.has_search and ask.detail in scene.posted)
            case "post":
                if self.rules.has_nonce and ask.detail in scene.posted:
                    return scene, ("message", True)
                return scene._replace(posted=tuple(sorted((*scene.posted, ask.detail)))), ("message", True)
        return scene, ("nothing", None)

    def _row_of(self, value: Any) -> Outcome:
        if not isinstance(value, Job):
            return ("row", None)
        row = self.connection.execute("SELECT * FROM jobs").fetchone()
        return ("row", tuple(row))

    # --- the service ---

    def _service_moves(self, scene: Scene) -> Iterator[Move]:
        for index, (number, status) in enumerate(scene.tasks):
            if status == "running":
                for ended in ("done", "failed"):
                    tasks = (*scene.tasks[:index], (number, ended), *scene.tasks[index + 1 :])
                    yield Move(
                        f"the task is {ended}",
                        "",
                        scene._replace(tasks=tasks, calls=tuple(sorted((*scene.calls, number)))),
                    )
        for index, number in enumerate(scene.calls):
            fewer = scene._replace(calls=(*scene.calls[:index], *scene.calls[index + 1 :]))
            if scene.up:
                taken = self._call_back(fewer, number)
                yield Move("a callback comes", "", taken)
                yield Move("a callback comes twice", "callback twice", taken._replace(calls=scene.calls))
                yield Move("a callback is lost", "callback lost", fewer)
            elif not self.rules.service_calls_again:
                yield Move("a callback finds nobody", "", fewer)

    def _call_back(self, scene: Scene, number: int) -> Scene:
        if not self.rules.takes_callbacks:
            return scene

        def act() -> None:
            store = SqlJobStore(AskingDatabase())
            job_id = scene.job[self.columns.index("id")]
            attempt = self._drive(store.attempt(job_id, number))
            self._drive(self._intake().callback(attempt, CallbackNote(f"{TASK}{number}")))

        return self._acting(scene, act)[0]


STATUSES: Mapping[str, Status] = {
    "running": Status(Progress.RUNNING),
    "done": Status(Progress.DONE, ("https://service.example/v.mp4",)),
    "failed": Status(Progress.FAILED, reason="no"),
}


def _as_it_is(act: Coroutine[Any, Any, None]) -> Coroutine[Any, Any, None]:
    return act


async def _no_pause(_seconds: float) -> None:
    return None
