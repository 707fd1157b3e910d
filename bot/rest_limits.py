"""Keep requests to Discord under its global limit; answers to interactions are not counted in it and never wait."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import aiohttp
from yarl import URL

# Discord counts 50 a second: rate and burst together stay below it in any second.
PER_SECOND = 45.0
BURST = 5


class Pace:
    """Hand out turns: `burst` at once, then `per_second`, in the order they were asked for."""

    def __init__(
        self,
        per_second: float = PER_SECOND,
        burst: int = BURST,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._interval = 1 / per_second
        self._slack = (burst - 1) * self._interval
        self._now = now
        self._sleep = sleep
        self._next = now()

    async def take(self) -> None:
        """Return when it is this caller's turn."""
        turn = max(self._next, self._now())
        self._next = turn + self._interval
        wait = turn - self._slack - self._now()
        if wait > 0:
            await self._sleep(wait)


def _unheard(_status: int) -> None:
    return None


def build_trace(pace: Pace, api_url: str, note_answer: Callable[[int], None] = _unheard) -> aiohttp.TraceConfig:
    """Return a trace that makes each counted request to the API wait for its turn, retries included.

    `note_answer` hears the HTTP status of every answer of the API.
    """
    base = URL(api_url)

    async def wait_for_turn(
        _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
    ) -> None:
        if is_counted(params.url, base):
            await pace.take()

    async def hear(
        _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        if params.url.origin() == base.origin():
            note_answer(params.response.status)

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(wait_for_turn)
    trace.on_request_end.append(hear)
    return trace


def is_counted(url: URL, base: URL) -> bool:
    """Tell whether Discord counts a request in the global limit of 50 a second."""
    path = url.path.removeprefix(base.path.rstrip("/"))
    return url.origin() == base.origin() and not path.startswith(("/interactions/", "/webhooks/"))
