"""Bound how often members may ask in vain: a bucket of tries that empties with each refusal and fills with time."""

import math
from collections.abc import Hashable
from dataclasses import dataclass

from jobs.ports import Clock

# A server stands for ten members who ask in vain all the time, all servers together for a hundred.
SERVER_FACTOR, EVERYWHERE_FACTOR = 10, 100
_KEPT_BUCKETS = 20_000
_EVERYWHERE = "everywhere"


@dataclass(slots=True)
class _Bucket:
    """Hold the tries that are left, and when that was so; who asked much at once has fewer than none."""

    left: float
    at_ms: int
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class Spent:
    """Tell that no try is left: when the next one comes, and whether that is news.

    `is_own` where the member has none left, `is_everywhere` where all servers together have none, else the server has.
    """

    again_at_ms: int
    is_own: bool
    is_news: bool
    is_everywhere: bool = False


class Tries:
    """Keep a bucket for every member, for every server and for all together.

    A member has `most` tries; one that was spent comes back after `seconds`. A server has ten times as many, which
    come back ten times as fast, and all of them together a hundred times. They are forgotten at a restart.
    """

    def __init__(self, clock: Clock, *, most: int = 10, seconds: float = 30.0) -> None:
        self._clock = clock
        self._most = most
        self._span_ms = seconds * 1000
        self._buckets: dict[Hashable, _Bucket] = {}

    def look(self, user_id: int, guild_id: int | None) -> Spent | None:
        """Return why somebody may not ask now; None while they may. What is granted costs nothing."""
        for key, factor in _keys(user_id, guild_id):
            bucket = self._bucket(key, factor)
            if bucket.left < 1:
                wait_ms = math.ceil((1 - bucket.left) * self._span_ms / factor)
                spent = Spent(bucket.at_ms + wait_ms, factor == 1, not bucket.is_told, key == _EVERYWHERE)
                bucket.is_told = True
                return spent
        return None

    def spend(self, user_id: int, guild_id: int | None) -> None:
        """Count a try that was in vain."""
        for key, factor in _keys(user_id, guild_id):
            bucket = self._bucket(key, factor)
            bucket.left = max(bucket.left - 1, -self._most * factor)

    def _bucket(self, key: Hashable, factor: int) -> _Bucket:
        """Return a bucket as it is by now, the most lately used ones at the end."""
        now_ms, most = self._clock.now_ms(), self._most * factor
        bucket = self._buckets.pop(key, None) or _Bucket(most, now_ms)
        passed_ms = max(0, now_ms - bucket.at_ms)  # a clock that was put back fills nothing
        bucket.left = min(bucket.left + passed_ms * factor / self._span_ms, most)
        bucket.at_ms = now_ms
        if bucket.left >= most / 2:
            bucket.is_told = False
        self._buckets[key] = bucket
        while len(self._buckets) > _KEPT_BUCKETS:
            del self._buckets[next(iter(self._buckets))]
        return bucket


def _keys(user_id: int, guild_id: int | None) -> list[tuple[Hashable, int]]:
    server = [] if guild_id is None else [(("server", guild_id), SERVER_FACTOR)]
    return [(("member", user_id), 1), *server, (_EVERYWHERE, EVERYWHERE_FACTOR)]
