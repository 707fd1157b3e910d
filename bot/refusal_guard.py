"""Stop asking where Discord refuses: it bans an address after 10,000 refusals in ten minutes.

https://docs.discord.com/developers/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import discord

from bot.places import ClosedError, discord_errors
from jobs.errors import DeliveryRetryError

SPAN_SECONDS = 600.0
# Refusals of one channel after which it is left alone for the span, then tried once more.
MOST_HERE = 3
# Refusals of all channels together after which nothing is posted until some are ten minutes old.
MOST_EVERYWHERE = 2000
# "Missing Access", "Missing Permissions": of the whole channel, with all of its threads.
_WHOLE_CHANNEL_CODES = frozenset({50001, 50013})
# "Unknown Message": somebody has deleted it, which says nothing of the channel.
_NO_MESSAGE_CODE = 10008
_KEPT_CHANNELS = 10_000
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Channel:
    refusals: int = 0
    shut_until: float = 0.0


class RefusalGuard:
    """Count what Discord refuses, by channel and in all."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._channels: dict[int, _Channel] = {}
        self._all: deque[float] = deque()

    @contextmanager
    def calling(self, what: str, channel_id: int, *, under: int | None = None) -> Iterator[None]:
        """Let one request to a channel (a thread `under` another) through, or not; count how it ends.

        Raises ClosedError while the channel is left alone, DeliveryRetryError while everything is, and what
        `discord_errors` makes of Discord's answer.
        """
        parent_id = under or channel_id
        self._check(what, channel_id, parent_id)
        try:
            with discord_errors(what):
                yield
        except ClosedError as error:
            self._note(channel_id, parent_id, error)
            raise
        self._channels.pop(channel_id, None)
        self._channels.pop(parent_id, None)

    def forgive(self, channel_id: int) -> None:
        """Try a channel again at once: Discord says that the bot may post there."""
        self._channels.pop(channel_id, None)

    def is_shut(self, channel_id: int) -> bool:
        """Tell whether a channel is left alone now."""
        channel = self._channels.get(channel_id)
        return channel is not None and self._now() < channel.shut_until

    def _check(self, what: str, *channel_ids: int) -> None:
        now = self._now()
        while self._all and self._all[0] <= now - SPAN_SECONDS:
            self._all.popleft()
        if len(self._all) >= MOST_EVERYWHERE:
            raise DeliveryRetryError(f"{what}: Discord has refused too much of late")
        for channel_id in channel_ids:
            if self.is_shut(channel_id):
                raise ClosedError(f"{what}: Discord has refused this channel of late")

    def _note(self, channel_id: int, parent_id: int, error: ClosedError) -> None:
        cause = error.__cause__
        code = cause.code if isinstance(cause, discord.HTTPException) else 0
        if code == _NO_MESSAGE_CODE:
            return
        self._all.append(self._now())
        whole = code in _WHOLE_CHANNEL_CODES
        key = parent_id if whole else channel_id
        channel = self._channels.setdefault(key, _Channel())
        channel.refusals += 1
        if channel.refusals >= MOST_HERE:
            channel.shut_until = self._now() + SPAN_SECONDS
            _log.warning("channel %d refuses everything: it is left alone for %g s", key, SPAN_SECONDS)
        while len(self._channels) > _KEPT_CHANNELS:
            del self._channels[next(iter(self._channels))]
