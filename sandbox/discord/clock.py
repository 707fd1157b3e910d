"""Tell the local Discord's time, so that a test can move it."""

import time
from typing import Protocol


class Clock(Protocol):
    """Give the present moment."""

    def now(self) -> float:
        """Return Unix seconds."""
        ...


class SystemClock:
    """Follow the machine's clock."""

    def now(self) -> float:
        """Return Unix seconds."""
        return time.time()


class ManualClock:
    """Stand still until a test moves it."""

    def __init__(self, start: float = 1_790_000_000.0) -> None:
        self._now = start

    def now(self) -> float:
        """Return Unix seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the time forward by that many seconds."""
        self._now += seconds
