"""Carry functions to a thread of the database, all that wait at the same time together, and back what came of them."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from storage.database import Session
from storage.sqlite_connection import name_error

# Bounds how long a commit may take and how many callers one failing disk write tells at once.
_MAX_BATCH = 256


@dataclass(slots=True)
class Call:
    """Hold one function, its caller's future, and its value or error until the future may have it."""

    work: Callable[[Session], Any]
    future: asyncio.Future[Any]
    durable: bool = True
    value: Any = None
    error: BaseException | None = None

    def run(self, session: Session) -> None:
        """Run the function; what it raises is kept."""
        try:
            self.value = self.work(session)
        except sqlite3.Error as error:
            self.fail(error)
        except BaseException as error:  # the caller gets it; the thread must live on
            self.error = error

    def fail(self, cause: BaseException) -> None:
        """Keep what went wrong, by its name."""
        self.error = name_error(cause)
        self.error.__cause__ = cause

    def settle(self) -> None:
        """Tell the caller, in the loop."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.value)
        else:
            self.future.set_exception(self.error)


class CallQueue:
    """A thread and the calls that wait for it; `run` gets, in the thread, those that wait at the same time."""

    def __init__(self, name: str, run: Callable[[list[Call]], None]) -> None:
        self.thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._run = run
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Call] = deque()
        self._is_woken = False

    def put(self, work: Callable[[Session], Any], *, durable: bool = True) -> asyncio.Future[Any]:
        """Let a function wait for the thread, which is woken once for all of them; return its future."""
        call = Call(work, self._loop.create_future(), durable)
        self._waiting.append(call)
        if not self._is_woken:
            self._is_woken = True
            self.thread.submit(self._drain)
        return call.future

    def _drain(self) -> None:
        self._is_woken = False  # before anything is taken: what comes from now on wakes again
        while calls := self._take():
            self._run(calls)
            self._loop.call_soon_threadsafe(_settle, calls)

    def _take(self) -> list[Call]:
        calls: list[Call] = []
        while self._waiting and len(calls) < _MAX_BATCH:
            call = self._waiting.popleft()
            if not call.future.cancelled():  # its caller has gone
                calls.append(call)
        return calls


def _settle(calls: list[Call]) -> None:
    for call in calls:
        call.settle()
