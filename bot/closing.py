"""Share out the time a stop may take: what hangs is left behind, so that everything else still closes in order."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

PART_SECONDS = 1.0
LAST_SECONDS = 1.5  # kept for the part that closes last: the database
STEPS_RESERVE_SECONDS = 3.5  # of the whole, for closing once the steps have ended
_log = logging.getLogger(__name__)


class Closing:
    """Close parts one after another within `seconds` from `begin`, or else from the first one.

    A part that is left behind loses nothing: what must be kept was stored before anybody was told of it.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends_at: float | None = None

    def begin(self) -> float:
        """Let the time run; return for how many seconds of it steps that are under way may go on."""
        if self._ends_at is None:
            self._ends_at = asyncio.get_running_loop().time() + self._seconds
        return max(0.0, self._seconds - STEPS_RESERVE_SECONDS)

    async def close(self, what: str, part: Callable[[], Awaitable[object]]) -> None:
        """Close a part that is not the last one, within a second at most."""
        await self._close(what, part, LAST_SECONDS, PART_SECONDS)

    async def close_last(self, what: str, part: Callable[[], Awaitable[object]]) -> None:
        """Close the last part in all the time that is left."""
        await self._close(what, part, 0.0, self._seconds)

    async def _close(
        self, what: str, part: Callable[[], Awaitable[object]], reserve_seconds: float, most_seconds: float
    ) -> None:
        self.begin()
        assert self._ends_at is not None
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(min(now + most_seconds, self._ends_at - reserve_seconds)):
                await part()
        except TimeoutError:
            _log.warning("%s did not close in time and was left behind", what)
