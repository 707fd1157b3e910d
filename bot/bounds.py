"""Bound how often members may be refused, and how often they may be sent all that is kept of them."""

from dataclasses import dataclass

from jobs.ports import Clock
from jobs.tries import Tries

# So many archives of a member at once, then one in so long: each is as much work as an edit.
ARCHIVES, ARCHIVE_SECONDS = 3, 600.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """Hold what bounds members: `tries` that are refused, `archives` of all that is kept of them."""

    tries: Tries
    archives: Tries


def build_bounds(clock: Clock, refused_tries: int, refused_try_seconds: float = 30.0) -> Bounds:
    """Return the bounds of one process."""
    return Bounds(
        Tries(clock, most=refused_tries, seconds=refused_try_seconds),
        Tries(clock, most=ARCHIVES, seconds=ARCHIVE_SECONDS),
    )
