"""Gather what the page shows of the machinery: the bot's process, jobs, video tasks, and the requests between them."""

import asyncio
import itertools
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from sandbox.discord.model import Json

_KEPT = 200
Deed = Callable[[str], Awaitable[None]]


class Panel:
    """The state behind the page's side panel; every change goes to all who listen as a JSON event.

    `deeds` are what its controls do, by name; each gets the control's value, empty for a button. `faults` are what
    may be made to go wrong at the video service, as [value, words].
    """

    def __init__(self) -> None:
        self.deeds: dict[str, Deed] = {}
        self.faults: list[tuple[str, str]] = []
        self._bot: Json | None = None
        self._jobs: dict[str, Json] = {}
        self._tasks: dict[str, Json] = {}
        self._flow: deque[Json] = deque(maxlen=_KEPT)
        self._numbers = itertools.count(1)
        self._listeners: set[Callable[[Json], None]] = set()

    def snapshot(self) -> Json:
        """Return everything, for a page that has just opened."""
        return {
            "kind": "panel",
            "bot": self._bot,
            "jobs": list(self._jobs.values()),
            "tasks": list(self._tasks.values()),
            "flow": list(self._flow),
            "faults": self.faults,
        }

    def set_bot(self, state: str, text: str, errors: list[str]) -> None:
        """Show the bot's process: `state` is starting, running or stopped, `errors` its last complaints."""
        self._bot = {"state": state, "text": text, "errors": errors}
        self._tell({"kind": "bot", "bot": self._bot})

    def add_job_state(self, job_id: str, state: str, note: str = "") -> None:
        """Add a state to a job's line; the same state again only changes the note."""
        job = self._jobs.setdefault(job_id, {"id": job_id, "states": [], "note": ""})
        if not job["states"] or job["states"][-1]["state"] != state:
            job["states"].append({"state": state})
        job["note"] = note
        self._tell({"kind": "job", "job": job})

    def set_task(self, task_id: str, prompt: str, state: str, edits: list[str], note: str = "") -> None:
        """Show a video task and, in words, what was done to its clip."""
        task = {"id": task_id, "prompt": prompt, "state": state, "edits": edits, "note": note}
        if self._tasks.get(task_id) != task:
            self._tasks[task_id] = task
            self._tell({"kind": "task", "task": task})

    def add_flow(self, sender: str, receiver: str, title: str, status: int | None = None, detail: str = "") -> None:
        """Add a request between two parts; status None where there is none, 0 where nobody answered."""
        entry = {"id": next(self._numbers), "from": sender, "to": receiver, "title": title}
        entry |= {"status": status, "detail": detail}
        self._flow.append(entry)
        self._tell({"kind": "flow", "entry": entry})

    @contextmanager
    def listen(self, listener: Callable[[Json], None]) -> Iterator[None]:
        """Call `listener` with every change until the context ends."""
        self._listeners.add(listener)
        try:
            yield
        finally:
            self._listeners.discard(listener)

    def _tell(self, event: Json) -> None:
        for listener in list(self._listeners):
            listener(event)


async def do_deed(panel: Panel, name: str, value: str = "") -> None:
    """Run a control's deed to its end even when the asking page goes away; raise LookupError without such a one."""
    deed = panel.deeds.get(name)
    if deed is None:
        raise LookupError("The bot was not started from here.")
    await asyncio.shield(asyncio.ensure_future(deed(value)))
