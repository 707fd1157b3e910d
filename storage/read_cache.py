"""Keep what was read until a transaction changes one of the tables it was read from."""

import re
from collections import Counter, OrderedDict
from collections.abc import Collection, Hashable, Iterable
from functools import lru_cache
from typing import Any

MOST_KEPT = 2_000
_CHANGE = re.compile(r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+([a-z_]+)")


@lru_cache(maxsize=512)
def changed_tables(sql: str) -> frozenset[str]:
    """Return the tables that a statement of ours may change; its keywords are in capitals."""
    return frozenset(_CHANGE.findall(sql))


class ReadCache:
    """Remember values by key, the least lately used forgotten first.

    `note` is called with the tables of a committed transaction before anybody hears of it; from any thread.
    """

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._editions: Counter[str] = Counter()
        self._values: OrderedDict[Hashable, tuple[list[int], Any]] = OrderedDict()

    def note(self, tables: Iterable[str]) -> None:
        """Let no value be found that was read from one of these tables before now."""
        for table in tables:
            self._editions[table] += 1

    def edition(self, tables: Collection[str]) -> list[int]:
        """Return the state of tables, to be taken before they are read and given to `keep`."""
        return [self._editions[table] for table in tables]

    def find(self, key: Hashable, edition: list[int]) -> tuple[Any] | None:
        """Return a value, in a tuple, if it was read from this edition of its tables."""
        found = self._values.get(key)
        if found is None or found[0] != edition:
            return None
        self._values.move_to_end(key)
        return (found[1],)

    def keep(self, key: Hashable, edition: list[int], value: object) -> None:
        """Remember a value."""
        self._values[key] = (edition, value)
        self._values.move_to_end(key)
        while len(self._values) > self._most:
            self._values.popitem(last=False)
