"""Remember for a while how a job's member can be told something alone: by the token of what began the job.

Discord shows a message to one person only as an answer to what they did, for 15 minutes. The tokens stay in memory:
they are secrets, and after a restart there is another way.
"""

from dataclasses import dataclass
from typing import Any

import discord

from jobs.ports import Clock

TOKEN_MS = 15 * 60_000
_MARGIN_MS = 30_000  # a dead token counts against us at Discord
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class _Way:
    webhook: discord.Webhook
    ends_ms: int


class WaysBack:
    """Hold the tokens by job, the newest `most` of them."""

    def __init__(self, clock: Clock, *, most: int = _MOST) -> None:
        self._clock = clock
        self._most = most
        self._ways: dict[str, _Way] = {}

    def __len__(self) -> int:
        """Count what is held."""
        return len(self._ways)

    def keep(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """Keep the way back to whoever began a job."""
        ends_ms = int(interaction.created_at.timestamp() * 1000) + TOKEN_MS - _MARGIN_MS
        self._ways[job_id] = _Way(interaction.followup, ends_ms)
        while len(self._ways) > self._most or self._is_over(next(iter(self._ways.values()))):
            del self._ways[next(iter(self._ways))]
            if not self._ways:
                return

    def take(self, job_id: str) -> discord.Webhook | None:
        """Return the way back to a job's member and forget it; None where there is none any more."""
        way = self._ways.pop(job_id, None)
        return None if way is None or self._is_over(way) else way.webhook

    def _is_over(self, way: _Way) -> bool:
        return self._clock.now_ms() >= way.ends_ms
