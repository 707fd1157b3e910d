"""Tell the machine's time."""

import time


class SystemClock:
    """Be the clock of a running process."""

    def now_ms(self) -> int:
        """Return Unix time in milliseconds."""
        return time.time_ns() // 1_000_000
