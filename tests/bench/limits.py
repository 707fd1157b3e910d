"""Bound what a measurement may take, and say while it lasts what it waits for."""

import asyncio
import faulthandler
from collections import Counter
from collections.abc import Callable, Coroutine
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

TELL_SECONDS = 60.0
CLEAN_UP_SECONDS = 90.0
_ROOT = Path(__file__).parents[2]


async def within(
    seconds: float, work: Coroutine[Any, Any, T], say: Callable[[str], None], *, tell_seconds: float = TELL_SECONDS
) -> T:
    """Do some work; every `tell_seconds` say what it waits for, and after `seconds` raise TimeoutError with it.

    What cannot even be cancelled ends the process, after the stacks of all threads were printed.
    """
    task = asyncio.create_task(work)
    faulthandler.dump_traceback_later(seconds + CLEAN_UP_SECONDS, exit=True)
    try:
        for turn in count(1):
            left = seconds - (turn - 1) * tell_seconds
            await asyncio.wait([task], timeout=min(tell_seconds, left))
            if task.done():
                break
            if left <= tell_seconds:
                raise TimeoutError(f"not done in {seconds:g} s; {waits_of(task)}")
            say(f"after {turn * tell_seconds:g} s {waits_of(task)}")
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        faulthandler.cancel_dump_traceback_later()


def waits_of(task: asyncio.Task[Any]) -> str:
    """Return where a task waits, and where all others do by their number."""
    others = Counter(map(_place, asyncio.all_tasks() - {task, asyncio.current_task()}))
    return "; ".join(
        [f"it waits in {_place(task)}", *(f"{number} x {place}" for place, number in others.most_common(8))]
    )


def _place(task: asyncio.Task[Any]) -> str:
    """Return the calls of ours that a task stands in, the outermost first."""
    places = []
    step: Any = task.get_coro()
    while step is not None:
        frame = getattr(step, "cr_frame", None) or getattr(step, "gi_frame", None) or getattr(step, "ag_frame", None)
        path = Path(frame.f_code.co_filename) if frame else Path()
        if frame and path.is_relative_to(_ROOT) and ".venv" not in path.parts:
            places.append(f"{path.relative_to(_ROOT)}:{frame.f_lineno} {frame.f_code.co_name}")
        step = getattr(step, "cr_await", None) or getattr(step, "gi_yieldfrom", None) or getattr(step, "ag_await", None)
    return " > ".join(places[-4:]) or task.get_name()
