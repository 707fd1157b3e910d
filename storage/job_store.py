"""Keep jobs: their moves, their events, their reservations."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from jobs.admin import LogNote
from jobs.job import Charge, Job, Kind, NewJob, State
from jobs.ports import (
    Admitted,
    Attempt,
    Durations,
    JobEvent,
    Lane,
    Outlook,
)
from jobs.quota import Defaults
from storage import callbacks, claiming, job_reads, moves
from storage.admission import admit, note_warnings
from storage.database import Database, Session
from storage.job_rows import read_job
from storage.log_rows import write_note

# Neither 0 O, 1 I L, nor both of 2 Z, 5 S, 8 B, U V.
CODE_LETTERS = "23456789ACDEFGHJKMNPQRTVWXY"


def new_code() -> str:
    """Return five random characters of which no two look alike."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(5))


class SqlJobStore:
    """Keep jobs in a database; implements `jobs.ports.JobStore`."""

    def __init__(
        self, database: Database, *, defaults: Defaults | None = None, new_code: Callable[[], str] = new_code
    ) -> None:
        self._database = database
        self._defaults = defaults or Defaults()
        self._new_code = new_code

    async def insert(self, new: NewJob, *, now_ms: int, due_at_ms: int, note: LogNote | None = None) -> Admitted:
        """Decide by the rows of this moment, and insert a job in QUEUED with its reservation, or raise.

        The same interaction again gives its job, whatever the limits say by now.
        """

        def work(session: Session) -> Admitted:
            row = session.row("SELECT * FROM jobs WHERE interaction_id = $1", new.interaction_id)
            if row is not None:
                return Admitted(read_job(row), is_new=False)
            decision = admit(session, new, self._defaults, now_ms=now_ms)
            job = moves.insert_job(
                session, new, self._new_code, now_ms=now_ms, due_at_ms=due_at_ms, bonus_id=decision.draws_from
            )
            warnings = note_warnings(session, new.guild_id, decision, now_ms=now_ms)
            if note is not None:
                write_note(session, replace(note, after={**(note.after or {}), "code": job.code}))
            return Admitted(job, is_new=True, decision=decision, warnings=warnings)

        return await self._database.write(work)

    async def get(self, job_id: str) -> Job | None:
        """Return the job of an id."""
        return await self._database.glance(lambda session: job_reads.get(session, job_id))

    async def find(self, code: str) -> Job | None:
        """Return the job of a short code, in any letter case."""
        return await self._database.glance(lambda session: job_reads.find(session, code))

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

        Unfenced, only what differs from `before` is written.

        Raises ValueError on a move that is not one, and when a job would end with its reservation still held.
        """
        moves.check_move(before, after)

        def work(session: Session) -> Job | None:
            job = moves.write_move(session, before, after, now_ms=now_ms, fenced=fenced, keep_lease=keep_lease)
            if job is not None:
                moves.record_event(session, job, event, now_ms=now_ms, detail=detail)
                moves.end_reservation(session, job, charge, now_ms=now_ms)
                if note is not None:
                    write_note(session, note)
            return job

        return await self._database.write(work)

    async def begin_attempt(self, before: Job, after: Job, attempt: Attempt, *, now_ms: int) -> Job | None:
        """Move QUEUED to SUBMITTING and keep the attempt, in one transaction; the lease is kept."""
        if (before.state, after.state) != (State.QUEUED, State.SUBMITTING):
            raise ValueError(f"an attempt does not move a job from {before.state} to {after.state}")
        if (attempt.job_id, attempt.number) != (before.id, after.attempt):
            raise ValueError("the attempt is another one than the job's")

        def work(session: Session) -> Job | None:
            job = moves.write_move(session, before, after, now_ms=now_ms, fenced=True, keep_lease=True)
            if job is not None:
                moves.insert_attempt(session, attempt)
                moves.record_event(session, job, "submit", now_ms=now_ms)
            return job

        return await self._database.write(work)

    async def attempt(self, job_id: str, number: int) -> Attempt | None:
        """Return one attempt of a job."""
        return await self._database.glance(lambda session: job_reads.attempt(session, job_id, number))

    async def find_attempt(self, token_sha256: str) -> Attempt | None:
        """Return the attempt of a callback token."""
        return await self._database.glance(lambda session: job_reads.find_attempt(session, token_sha256))

    async def record_callback(self, attempt: Attempt, provider_job_id: str | None, *, now_ms: int) -> Job | None:
        """Take a callback as a hint; None when nothing was to be done."""
        return await self._database.write(
            lambda session: callbacks.record_callback(session, attempt, provider_job_id, now_ms=now_ms)
        )

    async def claim(self, lanes: Sequence[Lane], *, now_ms: int, lease_ms: int) -> list[Job]:
        """Lease due jobs for each lane, fairly between guilds and members."""
        return await self._database.write(
            lambda session: claiming.claim(session, lanes, now_ms=now_ms, lease_ms=lease_ms),
            durable=False,  # a lease ends with the process
        )

    async def end_leases(self) -> int:
        """End every lease and return how many: at start, when no worker of an earlier process can be alive."""
        return await self._database.write(
            lambda session: session.execute(
                "UPDATE jobs SET leased_until_ms = 0 WHERE id IN (SELECT id FROM open_jobs)"
            )
        )

    async def renew(self, jobs: Sequence[Job], *, now_ms: int, lease_ms: int) -> None:
        """Prolong the leases of jobs whose steps still run; one that was lost stays lost."""
        await self._database.write(
            lambda session: claiming.renew(session, jobs, now_ms=now_ms, lease_ms=lease_ms), durable=False
        )

    async def outlook(self, *, now_ms: int) -> Outlook:
        """Tell what there is to do at a moment, and when there will be more."""
        return await self._database.read(lambda session: job_reads.outlook(session, now_ms=now_ms))

    async def open_counts(self) -> Mapping[State, int]:
        """Count open jobs by state."""
        return await self._database.read(job_reads.open_counts)

    async def oldest_open_ms(self, states: frozenset[State]) -> int | None:
        """Return when the oldest open job in one of these states was accepted; None without any."""
        return await self._database.read(lambda session: job_reads.oldest_open_ms(session, states))

    async def queue_place(self, job: Job) -> int:
        """Return how many jobs of its service wait before this one, plus one."""
        return await self._database.glance(lambda session: job_reads.queue_place(session, job))

    async def durations(self, kind: Kind) -> Durations:
        """Return how long the last 200 delivered jobs of a kind took."""
        return await self._database.read(lambda session: job_reads.durations(session, kind))

    async def history(
        self, user_id: int, guild_id: int | None, *, states: frozenset[State] | None, offset: int, limit: int
    ) -> list[Job]:
        """Return a member's jobs in one guild (None: in direct messages), newest first."""
        return await self._database.read(
            lambda session: job_reads.history(session, user_id, guild_id, states=states, offset=offset, limit=limit)
        )

    async def open_jobs(self, user_id: int) -> list[Job]:
        """Return a member's open jobs, oldest first."""
        return await self._database.read(lambda session: job_reads.open_jobs(session, user_id))

    async def files_in_use(self) -> frozenset[str]:
        """Return the shelf files of open jobs."""
        return await self._database.read(job_reads.files_in_use)

    async def events(self, job_id: str) -> list[JobEvent]:
        """Return a job's moves, oldest first."""
        return await self._database.read(lambda session: job_reads.events(session, job_id))
