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
class _Followup:
    webhook: discord.Webhook
    ends_ms: int


class Followups:
    """Hold the tokens of interactions by job, the newest `most` of them."""

    def __init__(self, clock: Clock, *, most: int = _MOST) -> None:
        self._clock = clock
        self._most = most
        self._followups: dict[str, _Followup] = {}

    def __len__(self) -> int:
        """Count what is held."""
        return len(self._followups)

    def keep(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """Keep how whoever began a job can be answered once more."""
        ends_ms = int(interaction.created_at.timestamp() * 1000) + TOKEN_MS - _MARGIN_MS
        self._followups[job_id] = _Followup(interaction.followup, ends_ms)
        while len(self._followups) > self._most or self._is_over(next(iter(self._followups.values()))):
            del self._followups[next(iter(self._followups))]
            if not self._followups:
                return

    def take(self, job_id: str) -> discord.Webhook | None:
        """Return what answers a job's member and forget it; None where nothing does any more."""
        followup = self._followups.pop(job_id, None)
        return None if followup is None or self._is_over(followup) else followup.webhook

    def _is_over(self, followup: _Followup) -> bool:
        return self._clock.now_ms() >= followup.ends_ms
