"""Take what comes from outside: a new job, its card, a cancel, a callback."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from jobs.admin import Act, Deed, LogNote, job_of
from jobs.errors import LumaBotError, ProviderError, UserError
from jobs.job import CANCELLABLE_STATES, Charge, Failure, FailureCode, Job, Kind, NewJob, State
from jobs.outside import Outside
from jobs.ports import Attempt, Posted
from jobs.retries import Timings
from jobs.service_choice import check_full_prompt
from jobs.services import Abilities, CallbackNote, Provider

_MOVED_ON = "This edit has just moved on; please look again."


class Intake:
    """Accept jobs and what people and services say of them; every method is one act."""

    def __init__(self, outside: Outside, timings: Timings, preferences: Mapping[Kind, Sequence[str]]) -> None:
        self._out = outside
        self._timings = timings
        self._preferences = preferences
        self._hearing: set[asyncio.Task[None]] = set()

    def choose_service(self, kind: Kind, wants: frozenset[str] = frozenset(), *, only: str = "") -> Abilities:
        """Return the service a new job of this kind goes to, by the options it `wants`; `only` names the one it may be.

        Raises LimitReachedError when none takes any.
        """
        order = [name for name in self._preferences.get(kind, ()) if only in ("", name)]
        return self._out.gates.choose(kind, order, wants)

    def services(self, kind: Kind) -> list[Abilities]:
        """Return the services that do this kind, the preferred one first, whether or not they take jobs now."""
        return self._out.gates.able(kind, self._preferences.get(kind, ()))

    def service_title(self, job: Job) -> str:
        """Return the name of the service that works on a job, as people know it."""
        provider = self._out.providers.get(job.service)
        return provider.abilities.title if provider else job.service

    def waiting_reason(self, job: Job) -> str:
        """Return what holds an open job, empty when nothing does."""
        return job.hold or (self._out.gates.reason(job.service) if job.state is State.QUEUED else "")

    async def queue(self, new: NewJob, note: LogNote | None = None) -> tuple[Job, bool]:
        """Accept a job; it waits a moment for its card. The same interaction again returns its job and False.

        A note, of a moderator who makes another's edit again, goes into the log with it.

        Raises LimitReachedError with the decision that stands in the way, InvalidRequestError for too long a prompt.
        """
        check_full_prompt(new.request, self._out.gates.abilities(new.service))
        now_ms = self._out.clock.now_ms()
        due_at_ms = now_ms + self._timings.place_wait_ms
        admitted = await self._out.store.insert(new, now_ms=now_ms, due_at_ms=due_at_ms, note=note)
        if admitted.is_new:
            self._out.moved(admitted.job, "queue")
        for warning in admitted.warnings:
            self._out.on_budget(warning)
        return admitted.job, admitted.is_new

    async def place(self, job: Job, card: Posted | None, thread_id: int | None = None) -> Job:
        """Keep where a job's card stands and let it begin."""
        after = replace(
            job,
            card_channel_id=card.channel_id if card else None,
            card_message_id=card.message_id if card else None,
            thread_id=thread_id or job.thread_id,
            due_at_ms=self._out.clock.now_ms(),
        )
        return await self._out.move(job, after, "placed", fenced=False) or job

    async def cancel(self, job_id: str, by: int, act: Act | None = None) -> tuple[Job, Charge]:
        """Cancel a job that waits or runs, and log a moderator's act with it; return it and how it is charged.

        Raises UserError where that cannot be.
        """
        job = await self._out.store.get(job_id)
        if job is None:
            raise UserError("This edit is not known any more.")
        if job.state not in CANCELLABLE_STATES:
            raise _not_cancellable(job.state)
        failure, charge = (None if by == job.user_id else Failure(FailureCode.STOPPED)), Charge.RELEASE
        if job.state is State.RUNNING:
            # What was sent is paid for: no service says that it gives anything back for a task that it stops.
            charge = Charge.SETTLE if failure is None else Charge.FORGIVE
        now_ms = self._out.clock.now_ms()
        after = replace(job, state=State.CANCELLED, finished_at_ms=now_ms, hold="", failure=failure)
        note = None if act is None else _note(act, Deed.CANCEL_JOB, job, after)
        moved = await self._out.move(job, after, "cancel", detail=f"by {by}", charge=charge, fenced=False, note=note)
        if moved is None:
            raise UserError(_MOVED_ON)
        self._out.delivery.show(moved)
        # Only now, for a video that is on its way must not be deleted; and who cancelled has 3 s to be answered in.
        if job.state is State.RUNNING and job.provider_job_id is not None:
            self._stop_at_service(job, job.provider_job_id)
        if failure is not None:
            self._begin(self._tell(moved, may_be_told=False), f"tell {job.code}")
        if job.state is State.QUEUED:
            for hear in self._out.on_cancel:
                hear(job)
        return moved, charge

    def tell_stopped(self, job: Job) -> None:
        """Tell a member that another stopped their edit, unless they were told before this process."""
        self._begin(self._tell(job, may_be_told=True), f"tell {job.code}")

    async def settled(self) -> None:
        """Wait until services and members have heard of every cancel."""
        while self._hearing:
            await asyncio.wait(self._hearing)

    async def hurry(self, job_id: str, act: Act) -> Job:
        """Let an open job that waits to be tried again be tried now, and log it; raises UserError."""
        job = await self._out.store.get(job_id)
        if job is None:
            raise UserError("This edit is not known any more.")
        if job.state.is_final or job.state is State.SUBMITTING:
            raise _not_hurried(job.state)
        after = replace(job, due_at_ms=self._out.clock.now_ms(), attempts=0, hold="")
        note = _note(act, Deed.RETRY_JOB, job, after)
        moved = await self._out.move(
            job, after, "hurried", detail=f"by {act.actor_id}", fenced=False, keep_lease=True, note=note
        )
        if moved is None:
            raise UserError(_MOVED_ON)
        return moved

    def _stop_at_service(self, job: Job, provider_job_id: str) -> None:
        provider = self._out.providers.get(job.service)
        if provider is not None and provider.abilities.cancels:
            self._begin(_stop(provider, provider_job_id), f"stop {job.code}")

    async def _tell(self, job: Job, *, may_be_told: bool) -> None:
        """Tell a member that another stopped their edit; where that cannot be posted, its card says so."""
        with suppress(LumaBotError):
            posted = await self._out.delivery.find_posted(job) if may_be_told else None
            posted = posted or await self._out.delivery.post_failure(job)
            after = replace(job, result_channel_id=posted.channel_id, result_message_id=posted.message_id)
            now = await self._out.store.get(job.id)
            if now is not None and now.user_id == job.user_id:  # else it is nobody's any more
                await self._out.store.move(job, after, event="told", now_ms=self._out.clock.now_ms(), fenced=False)

    def _begin(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._hearing.add(task)
        task.add_done_callback(self._hearing.discard)

    async def callback(self, attempt: Attempt, note: CallbackNote) -> Job | None:
        """Take a callback as a hint: keep the task's id, look soon."""
        job = await self._out.store.record_callback(attempt, note.provider_job_id, now_ms=self._out.clock.now_ms())
        return self._out.moved(job, "callback")


async def _stop(provider: Provider, provider_job_id: str) -> None:
    with suppress(ProviderError):
        await provider.cancel(provider_job_id)


def _note(act: Act, deed: Deed, before: Job, after: Job) -> LogNote:
    target = job_of(before.code, before.user_id)
    return LogNote(act, deed, target, {"state": before.state, "hold": before.hold}, {"state": after.state})


def _not_cancellable(state: State) -> UserError:
    match state:
        case State.SUBMITTING:
            return UserError("This edit is with the service, which has not answered yet; please try again in a minute.")
        case State.DELIVERING:
            return UserError("This edit is finished and on its way to you.")
    return UserError("This edit has already ended.")


def _not_hurried(state: State) -> UserError:
    if state is State.SUBMITTING:
        return UserError("This edit may be with the service already; it is never sent twice.")
    return UserError("This edit has already ended.")
