"""Put what passes between the parts into words: REST exchanges, video tasks, the bot's log."""

import asyncio
import contextlib
import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from sandbox.discord.page_panel import Panel
from sandbox.discord.recording import Exchange
from sandbox.video.ledger import Ledger, Task

_LONGEST_DETAIL = 4_000
_LOOK_SECONDS = 0.25
# discord.py says the first at each start without its optional packages, and the second when loopback acknowledges a
# heartbeat before its own thread has noted the time it was sent
_NOISE = ("voice will NOT be supported", "Can't keep up, shard ID")
_LONG_ID = re.compile(r"\d{12,}(?=\d{4})")
_MOVE = re.compile(
    r"(?P<event>[^:]+): (?P<state>queued|submitting|running|delivering|delivered|failed|cancelled)"
    r"(?: \((?P<failure>[\w-]+)\))?"
)
_STATE_WORDS = {"waiting": "waiting", "working": "working", "done": "success", "failed": "failed"}


def describe_exchange(exchange: Exchange) -> tuple[str, int, str]:
    """Return a title, the status and the details of one REST exchange."""
    files = [f"{one.get('name')} ({one.get('size')} bytes)" for one in exchange.files]
    parts = [("request", exchange.request), ("files", files), ("response", exchange.response)]
    shown = [f"{name}: {json.dumps(value, ensure_ascii=False, indent=1)}" for name, value in parts if value]
    path = _LONG_ID.sub("…", exchange.path)
    return f"{exchange.method} {path}", exchange.status, "\n".join([exchange.path, *shown])[:_LONGEST_DETAIL]


def read_move(fields: dict[str, Any]) -> tuple[str, str, str] | None:
    """Return a job's code, its new state and a note from one line of the bot's log, or None for any other line."""
    code, move = fields.get("job"), _MOVE.fullmatch(str(fields.get("message", "")))
    if not isinstance(code, str) or move is None:
        return None
    return code, move["state"], ", ".join(dict.fromkeys(filter(None, (move["event"], move["failure"]))))


def is_worth_telling(fields: dict[str, Any]) -> bool:
    """Tell whether a line of the bot's log is a warning, an error or no log line at all."""
    if any(noise in str(fields.get("message")) for noise in _NOISE):
        return False
    return fields.get("level", "ERROR") in ("WARNING", "ERROR", "CRITICAL")


async def follow_ledger(ledger: Ledger, panel: Panel, say: Callable[[str], None]) -> None:
    """Tell the panel of every new task, change, status read and callback, until cancelled."""
    seen: dict[str, tuple[str, int, int]] = {}
    while True:
        for task in list(ledger.tasks.values()):
            _follow(task, seen.get(task.task_id, ("", 0, 0)), panel, say)
        seen = _marks(ledger)
        with contextlib.suppress(TimeoutError):
            # reading a task's status is no event of the ledger, only a count
            async with asyncio.timeout(_LOOK_SECONDS):
                await ledger.wait_for(partial(_differs, seen))


def _differs(seen: dict[str, tuple[str, int, int]], ledger: Ledger) -> bool:
    return _marks(ledger) != seen


def _marks(ledger: Ledger) -> dict[str, tuple[str, int, int]]:
    return {task.task_id: _mark(task) for task in ledger.tasks.values()}


def _mark(task: Task) -> tuple[str, int, int]:
    return task.state, len(task.callbacks), task.polls


def _follow(task: Task, old: tuple[str, int, int], panel: Panel, say: Callable[[str], None]) -> None:
    state, callbacks, polls = old
    if not state:
        panel.add_flow("bot", "video service", f"create task {task.task_id[:8]}", 200, _detail(task.request))
    if task.polls > polls:
        panel.add_flow("bot", "video service", f"status of task {task.task_id[:8]}", 200, f"state: {task.state}")
    for status in task.callbacks[callbacks:]:
        panel.add_flow("video service", "bot", f"callback for task {task.task_id[:8]}", status)
    if state != task.state:
        say(_words(task))
    note = task.error or (f"{task.billed:g} credits" if task.state == "done" else "")
    panel.set_task(task.task_id, task.prompt, _STATE_WORDS[task.state], list(task.applied), note)


def _words(task: Task) -> str:
    head = f"video task {task.task_id[:8]}"
    if task.state == "done":
        return f"{head}: done: {', '.join(task.applied) or 'nothing changed'}"
    return f"{head}: {task.state}" + (f": {task.error}" if task.error else "")


def _detail(request: dict[str, Any]) -> str:
    return json.dumps(request, ensure_ascii=False, indent=1)[:_LONGEST_DETAIL]
