"""Bring messages up to date in the background: the latest state only, and each at most every few seconds."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from bot.faults import DISCORD_FAULTS
from jobs.errors import LumaBotError

EVERY_SECONDS = 3.0
CLOSE_SECONDS = 2.0
_log = logging.getLogger(__name__)


class Shown(Protocol):
    """Be what a message shows: known by an id, and named in the log by a code."""

    @property
    def id(self) -> str:
        """Return the id."""

    @property
    def code(self) -> str:
        """Return the code."""


T = TypeVar("T", bound=Shown)


class CardEdits(Generic[T]):
    """Run one task per message that has something to show; `edit` does one edit."""

    def __init__(self, edit: Callable[[T], Awaitable[None]], every_seconds: float = EVERY_SECONDS) -> None:
        self._edit = edit
        self._every = every_seconds
        self._latest: dict[str, T] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._closing = asyncio.Event()

    def show(self, job: T) -> None:
        """Note what a message should show; it will, soon."""
        self._latest[job.id] = job
        if job.id not in self._tasks and not self._closing.is_set():
            self._tasks[job.id] = asyncio.create_task(self._keep_shown(job.id), name=f"card {job.code}")

    async def _keep_shown(self, job_id: str) -> None:
        try:
            while (job := self._latest.pop(job_id, None)) is not None:
                started = time.monotonic()
                try:
                    await self._edit(job)
                except (*DISCORD_FAULTS, LumaBotError) as error:
                    _log.info("job=%s: its card could not be brought up to date (%s)", job.code, error)
                # Also after the last one: the next may come at once.
                await self._pause(started + self._every - time.monotonic())
        finally:
            self._tasks.pop(job_id, None)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._closing.wait()
        except TimeoutError:
            pass

    async def settle(self) -> None:
        """Wait until every card shows the latest state."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    async def close(self) -> None:
        """Stop: what waits for its turn is shown at once, as far as two seconds allow."""
        self._closing.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks.values(), timeout=CLOSE_SECONDS)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
