"""Name what a job needs of the outside: the database, the video services, clips, Discord, the clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from jobs.job import Charge, Job, Kind, NewJob, Prepared, Request, Result, State


class Clock(Protocol):
    """Tell the time."""

    def now_ms(self) -> int:
        """Return Unix time in milliseconds."""


# --- storage ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lane:
    """Say which due jobs may be claimed together, and how many.

    `service` empty means of any service; `prepared` False means with a clip asked for and not yet staged, True means
    ready to be sent (staged, or without a clip), None means either.
    """

    states: frozenset[State]
    free: int
    service: str = ""
    prepared: bool | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """Tell of one submit: the callback token's SHA-256 (hex), never the token."""

    job_id: str
    number: int
    service: str
    token_sha256: str
    started_at_ms: int
    provider_job_id: str | None = None


@dataclass(frozen=True, slots=True)
class JobEvent:
    """Tell of one move, as kept for the log."""

    at_ms: int
    event: str
    state: State
    detail: str


@dataclass(frozen=True, slots=True)
class Durations:
    """Give how long edits took lately: milliseconds from submit to result over `count` jobs."""

    count: int
    median_ms: int
    p90_ms: int


class JobStore(Protocol):
    """Keep jobs; every method is one transaction and raises StorageError when it cannot commit."""

    async def insert(self, new: NewJob, *, now_ms: int, due_at_ms: int) -> tuple[Job, bool]:
        """Insert a job in QUEUED with its reservation; the same interaction again gives its job and False."""

    async def get(self, job_id: str) -> Job | None:
        """Return the job of an id."""

    async def find(self, code: str) -> Job | None:
        """Return the job of a short code, in any letter case."""

    async def move(
        self,
        before: Job,
        after: Job,
        *,
        event: str,
        now_ms: int,
        detail: str = "",
        charge: Charge | None = None,
        fenced: bool = True,
        keep_lease: bool = False,
    ) -> Job | None:
        """Write `after` over the row if it still stands in `before.state` (and, fenced, under `before.lease`).

        None means somebody else was first. A callback since `before` was read makes the job due now instead of at
        `after.due_at_ms`. Ids of Discord and of the service are only ever filled in, never emptied. The lease ends
        unless it is kept.
        """

    async def begin_attempt(self, before: Job, after: Job, attempt: Attempt, *, now_ms: int) -> Job | None:
        """Move QUEUED to SUBMITTING and keep the attempt, in one transaction; the lease is kept."""

    async def attempt(self, job_id: str, number: int) -> Attempt | None:
        """Return one attempt of a job."""

    async def find_attempt(self, token_sha256: str) -> Attempt | None:
        """Return the attempt of a callback token."""

    async def record_callback(self, attempt: Attempt, provider_job_id: str | None, *, now_ms: int) -> Job | None:
        """Take a callback as a hint: fill in the service's id, make the job due now.

        SUBMITTING becomes RUNNING when the id is known; FAILED with its outcome unknown is reopened as RUNNING.
        None: nothing was to be done (a duplicate, a final state).
        """

    async def claim(self, lanes: Sequence[Lane], *, now_ms: int, lease_ms: int) -> list[Job]:
        """Lease due jobs for each lane, fairly between guilds and members, in one UPDATE that repeats its choice."""

    async def renew(self, jobs: Sequence[Job], *, now_ms: int, lease_ms: int) -> None:
        """Prolong the leases of jobs whose steps still run; one that was lost stays lost."""

    async def next_due_ms(self, *, after_ms: int) -> int | None:
        """Return the first moment after the given one when an open job becomes due or a lease ends; None for never."""

    async def at_service(self, *, now_ms: int) -> Mapping[str, int]:
        """Count by service the jobs SUBMITTING, RUNNING, or QUEUED, ready and leased: about to be sent."""

    async def open_counts(self) -> Mapping[State, int]:
        """Count open jobs by state."""

    async def queue_place(self, job: Job) -> int:
        """Return how many jobs of its service wait before this one, plus one."""

    async def durations(self, kind: Kind) -> Durations:
        """Return how long the last 200 delivered jobs of a kind took."""

    async def history(
        self, user_id: int, guild_id: int | None, *, states: frozenset[State] | None, offset: int, limit: int
    ) -> list[Job]:
        """Return a member's jobs in one guild, newest first."""

    async def open_jobs(self, user_id: int) -> list[Job]:
        """Return a member's open jobs, oldest first."""

    async def files_in_use(self) -> frozenset[str]:
        """Return the shelf files of open jobs."""

    async def events(self, job_id: str) -> list[JobEvent]:
        """Return a job's moves, oldest first."""


# --- video services --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Abilities:
    """State what a service can do and its limits; the lifecycle decides by these, never by name.

    `containers` and `codecs` are FFmpeg's short names as `ClipFacts` has them. `creates_per_window` submits may be
    sent in any `window_seconds`.
    """

    name: str
    title: str
    kinds: frozenset[Kind]
    max_seconds: float
    max_bytes: int
    containers: frozenset[str]
    codecs: frozenset[str]
    prompt_chars: int
    parallel: int
    creates_per_window: int
    window_seconds: float
    uploads: bool = False
    poll_batch: int = 1
    cancels: bool = False
    strengths: tuple[str, ...] = ()
    watermark: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """Hold everything one submit needs; `clip_url` and `callback_url` are secrets."""

    request: Request
    clip_url: str | None
    callback_url: str | None


class Progress(StrEnum):
    """Name what a service says of a task."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Status:
    """Tell what a status read said; `urls` (secrets) when DONE, `reason` when FAILED."""

    progress: Progress
    urls: tuple[str, ...] = ()
    reason: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Tell that a service took a job; `status` when it is finished already."""

    provider_job_id: str
    status: Status | None = None


@dataclass(frozen=True, slots=True)
class CallbackNote:
    """Hold the one thing a callback is believed: which task it speaks of (None: it did not say)."""

    provider_job_id: str | None


@dataclass(frozen=True, slots=True)
class TemporaryLink:
    """Hold a link (a secret) and when it ends; None: not known."""

    url: str
    expires_at_ms: int | None = None


class Provider(Protocol):
    """Speak one video service's wire format; raises ProviderError only."""

    @property
    def abilities(self) -> Abilities:
        """State what the service can do."""

    async def submit(self, order: Order) -> Accepted:
        """Send a paid request, once."""

    async def poll(self, provider_job_ids: Sequence[str]) -> Mapping[str, Status | Exception]:
        """Read the status of tasks; an id's error stands in its place."""

    async def upload(self, path: Path, filename: str) -> TemporaryLink:
        """Hand a file to the service's own upload API."""

    async def link(self, url: str) -> TemporaryLink:
        """Return an address from which a result can be fetched now."""

    async def balance(self) -> float | None:
        """Return the account's credit in the service's unit; None when it cannot be known."""

    async def cancel(self, provider_job_id: str) -> bool:
        """Ask the service to stop a task; False where it cannot."""

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> CallbackNote:
        """Check and read a callback; raises CallbackError."""

    async def close(self) -> None:
        """Close connections."""


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

    def public_url(self, file: str) -> str | None:
        """Return a signed address of a shelf file; None without a public address."""

    def path(self, file: str) -> Path:
        """Return where a shelf file lies."""

    async def fetch_result(self, job: Job, link: TemporaryLink) -> Result:
        """Fetch a finished video, look at it like at any stranger's file, keep it playable."""

    async def fit(self, job: Job, result: Result, limit_bytes: int) -> Fitted | None:
        """Return the result, or a smaller encode, within the limit; None when quality would suffer too much."""

    async def discard(self, file: str) -> None:
        """Delete a shelf file; a missing one is fine."""


# --- Discord ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Posted:
    """Tell where a message stands."""

    channel_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """Hold what is handed over: a file to attach, or a link, or both (a smaller file and the full one's link)."""

    path: Path | None
    filename: str
    link: str | None = None
    link_expires_at_ms: int | None = None
    shrunk: bool = False
    notes: tuple[str, ...] = field(default_factory=tuple)


class Delivery(Protocol):
    """Speak in a job's place, as the bot and by stored ids; raises DeliveryError."""

    async def open_place(self, job: Job) -> Job:
        """Return the job with its card and thread, making what is missing."""

    async def upload_limit(self, job: Job) -> int:
        """Return how many bytes a file may have in the job's place, asked from Discord."""

    async def find_posted(self, job: Job) -> Posted | None:
        """Look for our own ending message of this job: the result, or the failure when the job has one."""

    async def post_result(self, job: Job, parcel: Parcel) -> Posted:
        """Post the result and mention the requester; raises TooLargeError when the file will not go."""

    async def post_failure(self, job: Job) -> Posted:
        """Tell the requester why the job failed and what to do."""

    def show(self, job: Job) -> None:
        """Bring the card up to date soon, at most every 3 s, never awaited."""


class Alarms(Protocol):
    """Tell the operator."""

    def raise_alarm(self, what: str, *, job: Job | None = None) -> None:
        """Log and count something that a person should look at."""
