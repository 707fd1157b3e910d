"""Remember for a little while how long edits usually take, so that a card costs no extra read."""

from dataclasses import dataclass, field

from bot.desk import JobReads
from jobs.job import Kind
from jobs.ports import Clock, Durations

FRESH_MS = 30_000
MIN_COUNT = 5  # fewer finished jobs say nothing about the next


@dataclass(slots=True)
class TypicalDurations:
    """Keep the durations of each kind for half a minute."""

    store: JobReads
    clock: Clock
    _kept: dict[Kind, tuple[int, Durations]] = field(default_factory=dict)

    async def read(self, kind: Kind) -> Durations | None:
        """Return how long edits of a kind took lately; None while there are too few to tell."""
        now_ms = self.clock.now_ms()
        kept = self._kept.get(kind)
        if kept is None or now_ms - kept[0] >= FRESH_MS:
            kept = self._kept[kind] = (now_ms, await self.store.durations(kind))
        return kept[1] if kept[1].count >= MIN_COUNT else None
