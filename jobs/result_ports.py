"""Name what people do with results, and what that needs of the database and the shelf."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

from jobs.job import Job, State
from jobs.ports import Clips

# How the halves of a comparison are lettered: capitals and digits.
BEFORE_AFTER = ("BEFORE", "AFTER")


class Keepsake(StrEnum):
    """Name a file made from results."""

    POSTER = "poster"
    COMPARE = "compare"


class CopyKind(StrEnum):
    """Name a message with a result besides its ending."""

    COMPARE = "compare"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Pair:
    """Name a comparison: a result, and the older result it is held against (empty: its own clip).

    `older` and `newer` are the words its halves are lettered with (empty: before and after).
    """

    job_id: str
    other_job_id: str = ""
    older: str = ""
    newer: str = ""

    @property
    def labels(self) -> str:
        """Return both words in one, empty for before and after."""
        return f"{self.older} / {self.newer}" if self.older else ""

    @property
    def file_id(self) -> str:
        """Return the id under which files of it are kept: one of the newer job's."""
        return f"{self.job_id}-{sha256(self.other_job_id.encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Copy:
    """Tell of one such message."""

    channel_id: int
    message_id: int
    posted_at_ms: int


@dataclass(frozen=True, slots=True)
class Version:
    """Show one job in its line; `number` counts from 1 by time, `parent` is the number it was made from (0: none)."""

    job: Job
    number: int
    parent: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """Hold the window of a line around one job, oldest first.

    `total` counts the whole line, `hidden` what could be shown beside the window. Every job has its number for ever:
    those that failed or were cancelled are left out, not counted out.
    """

    versions: tuple[Version, ...]
    total: int
    hidden: int = 0

    def find(self, job_id: str) -> Version | None:
        """Return the version of a job."""
        return next((each for each in self.versions if each.job.id == job_id), None)


@dataclass(frozen=True, slots=True)
class Deleted:
    """Tell what goes with a deleted result: the comparisons it is part of, and the messages it stands in."""

    job: Job
    pairs: tuple[Pair, ...]
    copies: tuple[Copy, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """Count the thumbs."""

    liked: int
    disliked: int


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Count the thumbs for results of one service and style (empty: none)."""

    service: str
    style: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class Search:
    """Say which of a member's jobs in one server are looked for, newest first; `text` is in prompt, style or code."""

    user_id: int
    guild_id: int | None
    states: frozenset[State] | None = None
    text: str = ""


class ResultStore(Protocol):
    """Keep what people do with results; every method is one transaction and raises StorageError."""

    async def line(self, job_id: str, around: int) -> Line:
        """Return at most `around` versions about a job; those that failed or were cancelled are left out."""

    async def numbers(self, job_id: str, others: Sequence[str]) -> Mapping[str, int]:
        """Return the numbers of some jobs in the line of one; those of another line are left out."""

    async def search(self, search: Search, *, offset: int, limit: int) -> list[Job]:
        """Return the jobs that fit."""

    async def was_told(self, user_id: int) -> bool:
        """Tell whether a member was told what the buttons do."""

    async def note_told(self, user_id: int, *, now_ms: int) -> None:
        """Remember that a member was told what the buttons do."""

    async def keepsakes(self, job_ids: Sequence[str], what: Keepsake) -> Mapping[str, str]:
        """Return the files made from single results, by job."""

    async def comparison(self, pair: Pair) -> str | None:
        """Return the file of a comparison."""

    async def keep(self, pair: Pair, what: Keepsake, file: str) -> bool:
        """Remember a file in place of an earlier one; False where a result it shows was deleted meanwhile."""

    async def last_copy(self, what: CopyKind, pair: Pair, channel_id: int | None = None) -> Copy | None:
        """Return the newest such message, in one channel where it is named."""

    async def note_copy(self, what: CopyKind, pair: Pair, copy: Copy) -> bool:
        """Remember a message; False where a result it shows was deleted meanwhile."""

    async def delete(self, job_id: str, by: int, *, now_ms: int) -> Deleted | None:
        """Mark a result as deleted; None where there is none, it has not ended, or somebody was first."""

    async def uncleared(self, *, now_ms: int, limit: int) -> list[Deleted]:
        """Return deleted results of which something is left and due to be gone after."""

    async def note_cleared(self, job_id: str, *, again_at_ms: int | None) -> None:
        """Keep that all of a deleted result is gone, or when the rest is gone after again."""

    async def rate(self, job: Job, user_id: int, *, liked: bool, now_ms: int) -> Tally:
        """Keep a member's thumb in place of their earlier one and return the count."""

    async def acceptance(self, guild_id: int, *, since_ms: int) -> list[Acceptance]:
        """Return a server's thumbs by service and style, the most thumbs first."""


class Gallery(Clips, Protocol):
    """Keep clips and results, and make new files of them; raises MediaError."""

    async def keeps(self, file: str) -> bool:
        """Tell whether a file is on the shelf; False for an empty name."""

    async def discard_all(self, job_id: str) -> None:
        """Delete every file that is kept for a job, those made from its result too."""

    async def compare(self, job: Job, before: str, after: str, names: tuple[str, str] = BEFORE_AFTER) -> str:
        """Make one video of two shelf files, each half under its name; return its name on the shelf."""
