"""Keep what was read lately in memory, a bounded number of answers, each until it is said to have changed."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class RecentCache(Generic[K, V]):
    """Answer from memory, or by `read`; what was read last stays, `size` answers at most."""

    def __init__(self, read: Callable[[K], Awaitable[V]], size: int) -> None:
        self._read = read
        self._size = size
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._changes = 0

    async def get(self, key: K) -> V:
        """Return the answer for a key."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        changes = self._changes
        value = await self._read(key)
        if changes == self._changes:  # else it may have been read before the change
            self._kept[key] = value
            if len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return value

    def forget(self, key: K) -> None:
        """Read anew the next time: something has changed."""
        self._changes += 1
        self._kept.pop(key, None)

    def clear(self) -> None:
        """Read everything anew."""
        self._changes += 1
        self._kept.clear()
