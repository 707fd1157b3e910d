"""Name what a job needs of the outside: the database, clips, Discord, the clock; the services are in `services`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from jobs.job import Job, Picture, Prepared, Remark, Result
from jobs.services import Abilities, TemporaryLink
from jobs.store_ports import Admitted, Attempt, Durations, JobEvent, JobStore, Lane, Outlook

__all__ = [
    "Admitted",
    "Alarms",
    "Attempt",
    "Clips",
    "Clock",
    "Delivery",
    "Durations",
    "Fitted",
    "JobEvent",
    "JobStore",
    "Lane",
    "Outlook",
    "Posted",
    "VideoPost",
]  # fmt: skip


class Clock(Protocol):
    """Tell the time."""

    def now_ms(self) -> int:
        """Return Unix time in milliseconds."""


# --- clips -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fitted:
    """Hold a file made to fit an upload limit."""

    path: Path
    size_bytes: int
    shrunk: bool


class Clips(Protocol):
    """Fetch, look at, keep and shape clips; raises UnusableClipError or MediaError."""

    async def prepare(self, job: Job, abilities: Abilities) -> Prepared:
        """Fetch the clip of a job through the guard, look at it, and keep what the service will get."""

    async def prepare_picture(self, job: Job, name: str, abilities: Abilities) -> Picture:
        """Fetch a picture of a job's request through the guard, look at it, and keep it."""

    def public_link(self, file: str) -> TemporaryLink | None:
        """Return a signed address of a shelf file and when it ends; None without a public address."""

    def path(self, file: str) -> Path:
        """Return where a shelf file lies."""

    async def fetch_result(self, job: Job, link: TemporaryLink) -> Result:
        """Fetch a finished video, look at it like at any stranger's file, keep it playable."""

    async def fit(self, job: Job, result: Result, limit_bytes: int) -> Fitted | None:
        """Return the result, or a smaller encode, within the limit; None when quality would suffer too much."""

    async def poster(self, job: Job, result: Result) -> str:
        """Make a still picture of a result; return its name on the shelf."""

    async def discard(self, file: str) -> None:
        """Delete a shelf file; a missing one is fine."""


# --- Discord ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Posted:
    """Tell where a message stands."""

    channel_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class VideoPost:
    """Hold how a video is posted: as a file, as a link, or as both (a smaller file and the full one's link).

    `poster` is a still picture that goes with a link alone.
    """

    path: Path | None
    filename: str
    link: str | None = None
    link_expires_at_ms: int | None = None
    shrunk: bool = False
    notes: tuple[Remark, ...] = field(default_factory=tuple)
    poster: Path | None = None

    @property
    def attachment(self) -> tuple[Path, str] | None:
        """Return the file that is attached, and its name for people; None for a link alone."""
        if self.path is not None:
            return self.path, self.filename
        return None if self.poster is None else (self.poster, str(Path(self.filename).with_suffix(".jpg")))


class Delivery(Protocol):
    """Speak in a job's place, as the bot and by stored ids; raises DeliveryError."""

    def has_left(self, job: Job) -> bool:
        """Tell whether the bot was removed from a job's server, as far as it is known without a question."""

    async def open_place(self, job: Job) -> Job:
        """Return the job with its card and thread, making what is missing."""

    async def upload_limit(self, job: Job) -> int:
        """Return how many bytes a file may have in the job's place, asked from Discord."""

    async def find_posted(self, job: Job) -> Posted | None:
        """Look for our own ending message of this job: the result, or the failure when the job has one."""

    async def post_result(self, job: Job, video: VideoPost) -> Posted:
        """Post the result and mention the requester; raises TooLargeError when the file will not go."""

    async def post_failure(self, job: Job) -> Posted:
        """Tell the requester why the job failed and what to do."""

    def show(self, job: Job) -> None:
        """Bring the card up to date soon, at most every 3 s, never awaited."""


class Alarms(Protocol):
    """Tell the operator."""

    def raise_alarm(self, what: str, *, job: Job | None = None) -> None:
        """Log and count something that a person should look at."""
