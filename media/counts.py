"""Name what the operator's figures hear from this room."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MediaCounts:
    """Hear of each look at a file (in seconds), of each child that ended without an answer, of each refused link.

    The reasons of refusals are few and fixed: none holds any part of a link.
    """

    looked: Callable[[float], object] = lambda _seconds: None
    failed: Callable[[], object] = lambda: None
    refused: Callable[[str], object] = lambda _reason: None
