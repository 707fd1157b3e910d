"""Write down every task created, what it was billed and how it ended: the truth the crash tests read."""

import asyncio
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TextIO

State = Literal["waiting", "working", "done", "failed"]


@dataclass(slots=True, eq=False)
class Task:
    """Hold one task; times are Unix milliseconds, `billed` is in the service's own credits.

    `failure` is one of "", create-failed, fail, moderate; `applied` tells the edits in words.
    """

    service: str
    kind: str
    task_id: str
    request: dict[str, Any]
    created_ms: int
    billed: float
    state: State = "waiting"
    finished_ms: int | None = None
    failure: str = ""
    error: str = ""
    applied: tuple[str, ...] = ()
    result_url: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    callbacks: list[int] = field(default_factory=list)
    callback_failed: bool = False
    polls: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def prompt(self) -> str:
        """Return the prompt of the request."""
        return str(self.request.get("prompt") or "")

    def to_json(self) -> dict[str, Any]:
        """Return the task as the control endpoint shows it."""
        names = ("service", "kind", "task_id", "request", "created_ms", "finished_ms", "billed", "state", "failure")
        more = ("error", "applied", "result_url", "facts", "callbacks", "callback_failed", "polls")
        return {name: getattr(self, name) for name in names + more}


class Ledger:
    """Hold all tasks by id, and append each event to a JSON-lines file as soon as it happens."""

    def __init__(self, clock: Callable[[], float], path: Path | None = None) -> None:
        self._clock = clock
        self._file: TextIO | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8")
        self.tasks: dict[str, Task] = {}
        self.violations: list[str] = []
        self._changed = asyncio.Event()

    def now_ms(self) -> int:
        """Return the time in Unix milliseconds."""
        return int(self._clock() * 1000)

    def create(self, service: str, kind: str, request: dict[str, Any], price: float, task_id: str = "") -> Task:
        """Write a new task down before anybody hears of it."""
        task = Task(service, kind, task_id or uuid.uuid4().hex, request, self.now_ms(), price)
        self.tasks[task.task_id] = task
        self._write("created", task, service=service, kind=kind, billed=price, request=request)
        return task

    def start(self, task: Task) -> None:
        """Note that work on a task has begun."""
        task.state = "working"
        self._write("started", task)

    def finish(self, task: Task, url: str, applied: tuple[str, ...], facts: dict[str, Any]) -> None:
        """Note a success and its result."""
        task.state, task.result_url, task.applied, task.finished_ms = "done", url, applied, self.now_ms()
        task.facts.update(facts)
        self._write("done", task, applied=applied, facts=task.facts)
        task.ended.set()

    def fail(self, task: Task, failure: str, error: str) -> None:
        """Note a failure; failed tasks are not billed."""
        task.state, task.failure, task.error, task.finished_ms = "failed", failure, error, self.now_ms()
        task.billed = 0
        self._write("failed", task, failure=failure, error=error, billed=0)
        task.ended.set()

    def note_callback(self, task: Task, status: int) -> None:
        """Note one try to deliver a callback; status 0 means that nobody answered."""
        task.callbacks.append(status)
        self._write("callback", task, status=status)

    def violation(self, text: str) -> None:
        """Note something a real service would have minded in silence."""
        self.violations.append(text)
        self._write("violation", None, text=text)

    @property
    def billed(self) -> float:
        """Return what all tasks together were billed."""
        return sum(task.billed for task in self.tasks.values())

    def by_callback(self) -> dict[str, int]:
        """Count the tasks per callback address: more than one means a task was bought twice."""
        counts: dict[str, int] = {}
        for task in self.tasks.values():
            url = str(task.request.get("callBackUrl") or task.request.get("callback_url") or "")
            if url:
                counts[url] = counts.get(url, 0) + 1
        return counts

    async def wait_for(self, condition: Callable[["Ledger"], bool]) -> None:
        """Wait until a condition on the ledger holds; it is asked again after every event."""
        while not condition(self):
            await self._changed.wait()

    def to_json(self) -> dict[str, Any]:
        """Return the ledger as the control endpoint shows it."""
        tasks = [task.to_json() for task in self.tasks.values()]
        repeated = {url: count for url, count in self.by_callback().items() if count > 1}
        return {"created": len(tasks), "billed": self.billed, "repeated": repeated,
                "violations": self.violations, "tasks": tasks}  # fmt: skip

    def reset(self) -> None:
        """Forget all tasks; the file keeps its lines."""
        self.tasks.clear()
        self.violations.clear()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, event: str, task: Task | None, **more: Any) -> None:
        if self._file is not None:
            line = {"event": event, "at_ms": self.now_ms(), "task_id": task.task_id if task else None, **more}
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()
        self._changed.set()
        self._changed = asyncio.Event()
