"""Name what a job needs of the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from jobs.admin import BudgetWarning, LogNote
from jobs.job import Charge, Job, Kind, NewJob, State
from jobs.quota import Decision


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


@dataclass(frozen=True, slots=True)
class Admitted:
    """Hold an accepted job; `is_new` False where its interaction was known.

    `decision` is of the moment before this job was counted; `warnings` are to be told to the server's moderators.
    """

    job: Job
    is_new: bool
    decision: Decision | None = None
    warnings: tuple[BudgetWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class Outlook:
    """Tell what there is to do.

    `at_service` counts by service the jobs SUBMITTING, RUNNING, or QUEUED, ready and leased: about to be sent; a
    service that has none of them but other open jobs counts 0. `waiting` holds state, service and readiness of the
    jobs that can be claimed. `next_due_ms` is the first later moment at which one becomes due or its lease ends.
    """

    at_service: Mapping[str, int]
    waiting: frozenset[tuple[State, str, bool]]
    next_due_ms: int | None

    def has_any(self, lane: Lane) -> bool:
        """Tell whether a lane would find a job to claim."""
        return any(
            state in lane.states and lane.service in ("", service) and lane.prepared in (None, ready)
            for state, service, ready in self.waiting
        )


class JobStore(Protocol):
    """Keep jobs; every method is one transaction and raises StorageError when it cannot commit."""

    async def insert(self, new: NewJob, *, now_ms: int, due_at_ms: int, note: LogNote | None = None) -> Admitted:
        """Decide by the rows of this moment, and insert a job in QUEUED with its reservation, or raise.

        The same interaction again gives its job, whatever the limits say by now. Raises LimitReachedError with the
        decision; then nothing is inserted. A note goes into the log with the job's code as `after["code"]`.
        """

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
        note: LogNote | None = None,
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

        SUBMITTING becomes RUNNING when the id is known; a job that ends or has FAILED with its outcome unknown is
        reopened as RUNNING, its reservation released.
        None: nothing was to be done (a duplicate, a final state).
        """

    async def claim(self, lanes: Sequence[Lane], *, now_ms: int, lease_ms: int) -> list[Job]:
        """Lease due jobs for each lane, fairly between guilds and members, in one UPDATE that repeats its choice."""

    async def renew(self, jobs: Sequence[Job], *, now_ms: int, lease_ms: int) -> None:
        """Prolong the leases of jobs whose steps still run; one that was lost stays lost."""

    async def outlook(self, *, now_ms: int) -> Outlook:
        """Tell what there is to do at a moment, and when there will be more."""

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
