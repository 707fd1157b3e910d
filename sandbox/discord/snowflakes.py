"""Make and read Discord's ids (https://discord.com/developers/docs/reference#snowflakes)."""

from datetime import UTC, datetime

from sandbox.discord.clock import Clock

EPOCH_MS = 1_420_070_400_000
_COUNTER_BITS = 22


class SnowflakeSource:
    """Hand out ids that grow, also when the clock stands still."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> int:
        """Return an id never given before, of the present millisecond or later."""
        fresh = (int(self._clock.now() * 1000) - EPOCH_MS) << _COUNTER_BITS
        self._last = max(fresh, self._last + 1)
        return self._last


def iso_time(seconds: float) -> str:
    """Write Unix seconds as Discord does, in UTC with microseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()
