"""Say how long a download may take: a deadline by its size, and a floor under its speed."""

from collections.abc import Callable
from dataclasses import dataclass

from jobs.errors import SourceUnavailableError
from jobs.phrases import Phrase


@dataclass(frozen=True, slots=True)
class PaceLimits:
    """Limit a download's time: `base_seconds` plus its size at `bytes_per_second`, and a floor in each window."""

    base_seconds: float = 30.0
    bytes_per_second: float = 1_000_000
    floor_bytes_per_second: float = 100_000
    floor_window_seconds: float = 15.0
    connect_seconds: float = 10.0


DEFAULT_PACE = PaceLimits()


class Pace:
    """Follow one download by a clock in seconds; raise SourceUnavailableError when it is too slow."""

    def __init__(self, limits: PaceLimits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._started = clock()
        self.begin()

    def deadline(self, size_bytes: int) -> float:
        """Return the clock's time by which a download of this size must be whole."""
        return self._started + self._limits.base_seconds + size_bytes / self._limits.bytes_per_second

    def begin(self) -> None:
        """Begin the first window: now bytes are to come."""
        self._window_bytes = 0
        self.window_end = self._clock() + self._limits.floor_window_seconds

    def add(self, count: int) -> None:
        """Count bytes that came."""
        self._window_bytes += count
        if self._clock() >= self.window_end:
            self.turn()

    def turn(self) -> None:
        """End a window; refuse to go on when too little came in it."""
        if self._window_bytes < self._limits.floor_bytes_per_second * self._limits.floor_window_seconds:
            raise SourceUnavailableError(Phrase("The download was too slow."))
        self.begin()
