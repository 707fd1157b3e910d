"""Name what commands and buttons may reach: the job's life, reads, limits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.admin import Administration
from bot.bounds import Bounds
from bot.disk_room import DiskRoom
from bot.media_work import MediaWork
from bot.result_desk import ResultDesk
from bot.showcase import Showcase
from bot.styles import StyleShelf
from jobs.admin import Act, LogNote
from jobs.job import Charge, Job, Kind, NewJob, State
from jobs.ports import Clock, Durations, Posted
from jobs.services import Abilities


class LifecycleActs(Protocol):
    """Do what a person may start; the lifecycle's side of every command and button."""

    def choose_service(self, kind: Kind, wants: frozenset[str] = frozenset(), *, only: str = "") -> Abilities:
        """Return the service a new job goes to, by the options it `wants`; `only` names the one it may be.

        Raises LimitReachedError when none takes any.
        """

    def services(self, kind: Kind) -> Sequence[Abilities]:
        """Return the services that do this kind, the preferred one first, whether or not they take jobs now."""

    def service_title(self, job: Job) -> str:
        """Return the name of the service that works on a job, as people know it."""

    def waiting_reason(self, job: Job) -> str:
        """Return what holds an open job, empty when nothing does."""

    async def queue(self, new: NewJob, note: LogNote | None = None) -> tuple[Job, bool]:
        """Accept a job, and log a moderator's act with it; the same interaction again returns its job and False."""

    async def place(self, job: Job, card: Posted | None, thread_id: int | None = None) -> Job:
        """Keep where a job's card stands and let it begin."""

    async def cancel(self, job_id: str, by: int, act: Act | None = None) -> tuple[Job, Charge]:
        """Cancel a job, and log a moderator's act with it; return how it is charged.

        Raises UserError where that cannot be.
        """

    async def hurry(self, job_id: str, act: Act) -> Job:
        """Let an open job be tried now, and log it; raises UserError where that cannot be."""


class JobReads(Protocol):
    """Read jobs; the part of the store that commands and buttons need."""

    async def get(self, job_id: str) -> Job | None:
        """Return the job of an id."""

    async def find(self, code: str) -> Job | None:
        """Return the job of a short code, in any letter case."""

    async def queue_place(self, job: Job) -> int:
        """Return how many jobs of its service wait before this one, plus one."""

    async def durations(self, kind: Kind) -> Durations:
        """Return how long the last delivered jobs of a kind took."""

    async def history(
        self, user_id: int, guild_id: int | None, *, states: frozenset[State] | None, offset: int, limit: int
    ) -> list[Job]:
        """Return a member's jobs in one guild, newest first."""

    async def open_jobs(self, user_id: int) -> list[Job]:
        """Return a member's open jobs, oldest first."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Bundle everything a command or button may use.

    `check_link` raises UserError, in words for the person, for a link that must not be followed. `max_clip_bytes` is
    the largest file that is fetched. `bounds` keep members from asking for too much.
    """

    lifecycle: LifecycleActs
    store: JobReads
    clock: Clock
    check_link: Callable[[str], None]
    admin: Administration
    results: ResultDesk
    styles: StyleShelf
    showcase: Showcase
    bounds: Bounds
    max_clip_bytes: int = 500_000_000
    work: MediaWork = field(default_factory=MediaWork)
    room: DiskRoom = field(default_factory=DiskRoom)
