"""Describe a shared result: a row that is posted to its server's showcase, voted for, and withdrawn.

A state exists only where recovery after a crash differs: a share that is `posting` or `withdrawing` is taken up again,
and its message is looked for before anything is posted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from jobs.job import Job
from jobs.ports import Posted


class ShareState(StrEnum):
    """Name where a share stands."""

    POSTING = "posting"
    POSTED = "posted"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Choices:
    """Hold what the creator chose: what is shown beside the video, and how; `tags` are those of a forum."""

    prompt: bool = False
    compare: bool = False
    spoiler: bool = False
    tags: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """Show one share; `channel_id` is the showcase, `post` the message, in a forum its first in a thread of its own.

    `code` is the job's, kept so that our message is known again when the job is gone.
    """

    id: str
    job_id: str | None
    code: str
    guild_id: int
    user_id: int
    channel_id: int
    choices: Choices
    state: ShareState
    created_at_ms: int
    post: Posted | None = None
    posted_at_ms: int | None = None
    withdrawn_by: int | None = None
    attempts: int = 0

    @property
    def is_live(self) -> bool:
        """Tell whether it stands in the showcase or is about to."""
        return self.state in (ShareState.POSTING, ShareState.POSTED)


@dataclass(frozen=True, slots=True)
class Votes:
    """Count a share's votes; `mine` tells whether the asking member's is among them."""

    count: int
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Ranked:
    """Show one of the best: a share, its job and its votes."""

    share: Share
    job: Job
    votes: int


class ShareStore(Protocol):
    """Keep shares and votes; every method is one transaction and raises StorageError."""

    async def begin(self, job: Job, channel_id: int, choices: Choices, *, now_ms: int, due_at_ms: int) -> Share | None:
        """Take a job's one share for posting; None where it has one that is live, withdrawing, or banned.

        A result may be shared again once its creator has withdrawn it, never after a moderator did. Nobody else takes
        the row up before `due_at_ms`.
        """

    async def get(self, share_id: str) -> Share | None:
        """Return a share."""

    async def of_job(self, job_id: str) -> Share | None:
        """Return a job's share."""

    async def posted(self, share_id: str, post: Posted, *, now_ms: int) -> Share | None:
        """Keep where a share stands; None where it was withdrawn meanwhile: then its message has to go."""

    async def drop(self, share_id: str) -> None:
        """Forget a share that surely was not posted."""

    async def withdraw(self, share_id: str, by: int, *, now_ms: int) -> Share | None:
        """Begin to withdraw a live share; its votes go. None where somebody was first."""

    async def withdrawn(self, share_id: str) -> None:
        """Note that a share's message is gone; the row of a job that is gone goes too."""

    async def claim_due(self, *, now_ms: int, wait_ms: int, limit: int) -> list[Share]:
        """Take shares that are posting or withdrawing and whose time has come; each waits longer than the last time."""

    async def toggle_vote(self, share_id: str, user_id: int, *, now_ms: int) -> Votes | None:
        """Give a member's vote, or take it back; None where the share is not posted."""

    async def votes(self, share_id: str) -> int:
        """Count a share's votes."""

    async def best(self, guild_id: int, *, since_ms: int, limit: int) -> Sequence[Ranked]:
        """Return the posted shares of a server since a time with the most votes, the first shared first of equals."""
