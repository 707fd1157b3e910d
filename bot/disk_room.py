"""Take no new edits while the disk has no room for their videos."""

from collections.abc import Awaitable, Callable

from jobs.errors import LimitReachedError
from jobs.ports import Alarms


class DiskRoom:
    """Look at the disk before an edit is taken in; the operator hears once when it fills up."""

    def __init__(self, has_room: Callable[[], Awaitable[bool]] | None = None, alarms: Alarms | None = None) -> None:
        self._has_room = has_room
        self._alarms = alarms
        self._was_full = False

    async def check(self) -> None:
        """Raise LimitReachedError while there is no room."""
        is_full = self._has_room is not None and not await self._has_room()
        if is_full and not self._was_full and self._alarms is not None:
            self._alarms.raise_alarm("the disk is full: no new edits are taken")
        self._was_full = is_full
        if is_full:
            raise LimitReachedError(
                "My disk is full, so I can't take new edits right now. Nothing was counted, and nothing is lost: edits "
                "that wait go on by themselves. Please try again later.",
                rule="disk",
            )
