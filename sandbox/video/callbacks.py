"""Deliver callbacks as the services do: with repeats on failure, and with the faults asked for."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from sandbox.video.faults import Faults
from sandbox.video.ledger import Ledger, Task

REPEATS = 3


@dataclass(frozen=True, slots=True)
class Letter:
    """Hold what a callback says; `build` is asked anew for every try, for fresh headers and body."""

    task: Task
    url: str
    build: Callable[[], tuple[dict[str, str], dict[str, Any]]]
    accepts: Callable[[int], bool]
    retry_seconds: float | None = None


class CallbackSender:
    """Send callbacks; a letter not accepted is repeated up to three times."""

    def __init__(self, ledger: Ledger, faults: Faults, *, retry_seconds: float, timeout_seconds: float) -> None:
        self._ledger = ledger
        self._faults = faults
        self._retry_seconds = retry_seconds
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None
        self._sent = asyncio.Event()

    async def start(self) -> None:
        """Open the session callbacks are sent with."""
        self._session = aiohttp.ClientSession(timeout=self._timeout)

    async def stop(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()

    async def deliver(self, letter: Letter) -> bool:
        """Send a letter, faults included; return whether it was accepted in the end."""
        service, prompt = letter.task.service, letter.task.prompt
        if self._faults.take("lose-callback", service, prompt):
            return True
        if fault := self._faults.take("late-callback", service, prompt):
            await asyncio.sleep(fault.number(5))
        if fault := self._faults.take("reorder-callback", service, prompt):
            await self._wait_for_another(fault.number(5))
        accepted = await self._send(letter)
        if fault := self._faults.take("repeat-callback", service, prompt):
            for _ in range(int(fault.number(2))):
                await self._try(letter)
        self._sent.set()
        self._sent = asyncio.Event()
        return accepted

    async def _wait_for_another(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._sent.wait()
        except TimeoutError:
            return

    async def _send(self, letter: Letter) -> bool:
        for number in range(REPEATS + 1):
            if number:
                await asyncio.sleep(self._retry_seconds if letter.retry_seconds is None else letter.retry_seconds)
            if letter.accepts(await self._try(letter)):
                return True
        letter.task.callback_failed = True
        return False

    async def _try(self, letter: Letter) -> int:
        assert self._session is not None
        headers, body = letter.build()
        status = 0
        try:
            async with self._session.post(letter.url, json=body, headers=headers, allow_redirects=False) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError):
            status = 0
        self._ledger.note_callback(letter.task, status)
        return status
