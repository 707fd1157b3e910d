"""Hold every move of a job, in the order of a job's life."""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace

from jobs.errors import (
    LumaBotError,
    OutcomeUnknownError,
    ProviderError,
    ProviderProtocolError,
    ProviderUnavailableError,
)
from jobs.fetching import fetch_result, left_there
from jobs.job import Charge, Failure, FailureCode, Job, Result, State
from jobs.outside import Outside
from jobs.ports import Attempt, Posted
from jobs.retries import (
    MINUTE_MS,
    Timings,
    deadline_ms,
    failure_of,
    hold_of,
    name_error,
    next_read_ms,
    retry_at,
    silence_ms,
)
from jobs.services import Accepted, Order, Progress, Status
from jobs.size_ladder import post_within_limit
from jobs.staging import drop_staged, open_links, stage


class Lifecycle:
    """Move accepted jobs until the person has been told; every method is one stage."""

    def __init__(self, outside: Outside, timings: Timings, *, callback_url: Callable[[str, str], str | None]) -> None:
        self._out = outside
        self._timings = timings
        self._callback_url = callback_url
        self._began_ms = outside.clock.now_ms()

    # --- the stages, when the worker comes ---

    async def step(self, jobs: Sequence[Job]) -> None:
        """Run the next stage of claimed jobs; several at once only where one status read serves them all."""
        match jobs[0].state:
            case State.QUEUED if not jobs[0].is_staged:
                await self.prepare(jobs[0])
            case State.QUEUED:
                await self.submit(jobs[0])
            case State.SUBMITTING:
                await self.give_up(jobs[0])
            case State.RUNNING:
                await self.poll(jobs)
            case State.DELIVERING:
                await self.deliver(jobs[0])

    async def prepare(self, job: Job) -> None:
        """Open the job's place in Discord and stage its clip and pictures: nothing is spent yet."""
        job = await self._placed(job)
        staged = replace(await stage(job, self._out), attempts=0, hold="", due_at_ms=self._out.clock.now_ms())
        moved = await self._out.move(job, staged, "prepared")
        if moved is None:
            await drop_staged(job, staged, self._out)
        elif job.hold or (moved.clip is not None and moved.clip.notes):
            self._out.delivery.show(moved)

    async def _placed(self, job: Job) -> Job:
        """Return the job with its card and thread; a place that cannot be opened now is looked for at delivery."""
        if job.card_message_id is not None and job.thread_id is not None:
            return job
        try:
            placed = await self._out.delivery.open_place(job)
        except LumaBotError:
            return job
        return placed if placed == job else await self._out.move(job, placed, "opened", keep_lease=True) or placed

    async def submit(self, job: Job) -> None:
        """Ask the service: the one request that costs money, sent once and only after its intent is committed."""
        if await self._moved_elsewhere(job):
            return
        job = await self._placed(job)
        if await self._must_wait(job, self._out.gates.opens_ms(job.service)):
            return  # before a clip is uploaded in vain
        links = await open_links(job, self._out)
        if await self._must_wait(job, self._out.gates.take(job.service)):
            return
        provider, token = self._out.provider(job.service), secrets.token_urlsafe(32)
        callback_url = self._callback_url(job.service, token) if provider.abilities.calls_back else None
        order = Order(links.fill(job.request), links.clip, callback_url)
        silent_ms = silence_ms(provider.abilities.submit_seconds, callback_url is not None, self._timings)
        sent = await self._begin_attempt(job, token, silent_ms)
        if sent is None:
            return
        try:
            accepted = await provider.submit(order)
        except ProviderError as error:
            await self._out.shield(self._not_accepted(sent, error, may_hear=callback_url is not None))
        else:
            self._out.gates.note_success(job.service)
            await self._out.shield(self._accepted(sent, accepted))

    async def _must_wait(self, job: Job, opens_at_ms: int | None) -> bool:
        if opens_at_ms is None:
            return False
        due_at_ms = min(opens_at_ms, self._out.clock.now_ms() + MINUTE_MS)
        await self._out.move(job, replace(job, due_at_ms=due_at_ms), "waits for the service")
        return True

    async def _begin_attempt(self, job: Job, token: str, silent_ms: int) -> Job | None:
        now_ms = self._out.clock.now_ms()
        after = replace(
            job,
            state=State.SUBMITTING,
            attempt=job.attempt + 1,
            submitted_at_ms=now_ms,
            due_at_ms=now_ms + silent_ms,
            hold="",
        )
        attempt = Attempt(job.id, after.attempt, job.service, hashlib.sha256(token.encode()).hexdigest(), now_ms)
        return self._out.moved(await self._out.store.begin_attempt(job, after, attempt, now_ms=now_ms), "submit")

    async def _moved_elsewhere(self, job: Job) -> bool:
        """Give a job that was never sent, and whose service is shut, to the next one that takes it as it stands."""
        other = self._out.gates.elsewhere(job)
        if other is None:
            return False
        after = replace(job, service=other.name, hold="", due_at_ms=self._out.clock.now_ms())
        moved = await self._out.move(job, after, "goes elsewhere", detail=f"{job.service} is shut")
        if moved is not None:
            self._out.delivery.show(moved)
        return True

    async def _accepted(self, sent: Job, accepted: Accepted) -> None:
        now_ms = self._out.clock.now_ms()
        after = replace(
            sent,
            state=State.RUNNING,
            provider_job_id=accepted.provider_job_id,
            attempts=0,
            due_at_ms=now_ms if accepted.status else self._next_read_ms(sent, now_ms),
        )
        taken = await self._out.record_task(sent, after, keep_lease=accepted.status is not None)
        if taken is not None and accepted.status is not None:
            await self._take_status(taken, accepted.status)

    async def _not_accepted(self, sent: Job, error: ProviderError, *, may_hear: bool) -> None:
        self._out.gates.note_error(sent.service, error)
        if isinstance(error, OutcomeUnknownError | ProviderProtocolError):
            self._out.alarms.raise_alarm(f"outcome of a submit to {sent.service} is unknown: {error.reason}", job=sent)
            await self._out.move(sent, sent, "outcome unknown", detail=error.reason, keep_lease=not may_hear)
            if not may_hear:
                await self._fail(sent, Failure(FailureCode.OUTCOME_UNKNOWN))
            return
        queued = replace(sent, state=State.QUEUED, submitted_at_ms=None, hold=self._out.gates.reason(sent.service))
        due_at_ms = retry_at(error, queued, self._out.clock.now_ms(), self._timings)
        if due_at_ms is None:
            await self._fail(sent, failure_of(error, queued), detail=str(error))
            return
        after = replace(queued, attempts=sent.attempts + 1, due_at_ms=due_at_ms)
        await self._out.move_with_retries(sent, after, "not accepted", detail=str(error))
        if after.hold:
            self._out.delivery.show(after)

    async def give_up(self, job: Job) -> None:
        """End a submit whose outcome stayed unknown until its deadline; it is never sent again."""
        self._out.alarms.raise_alarm(f"a submit to {job.service} may have been paid and was never heard of", job=job)
        await self._fail(job, Failure(FailureCode.OUTCOME_UNKNOWN))

    async def poll(self, jobs: Sequence[Job]) -> None:
        """Read what the service says of running jobs: the only truth about a result."""
        provider = self._out.provider(jobs[0].service)
        known = [job.provider_job_id for job in jobs if job.provider_job_id is not None]
        answers = await provider.poll(known)
        for job in jobs:
            answer = answers.get(job.provider_job_id or "")
            if isinstance(answer, Status):
                await self._take_status(job, answer)
            else:
                await self.retry_or_fail(job, answer or ProviderUnavailableError(job.service, "no answer for the task"))

    async def _take_status(self, job: Job, status: Status) -> None:
        now_ms = self._out.clock.now_ms()
        if status.progress is Progress.FAILED:
            await self._fail(job, Failure(FailureCode.REFUSED, status.reason), detail=status.code)
        elif status.progress is Progress.DONE and status.urls:
            after = replace(
                job,
                state=State.DELIVERING,
                result=Result(status.urls[0], video_id=status.video_id),
                failure=None,
                posting_at_ms=None,
                finished_at_ms=now_ms,
                due_at_ms=now_ms,
                attempts=0,
                hold="",
            )
            await self._out.move(job, after, "finished")
        elif now_ms >= deadline_ms(job, self._timings):
            self._out.alarms.raise_alarm(f"a job at {job.service} passed its deadline", job=job)
            await self._fail(job, Failure(FailureCode.TIMED_OUT))
        else:
            due_at_ms = self._next_read_ms(job, now_ms)
            await self._out.move(job, replace(job, due_at_ms=due_at_ms, attempts=0), "still running")

    def _next_read_ms(self, job: Job, now_ms: int) -> int:
        return next_read_ms(job, now_ms, self._out.gates.abilities(job.service).poll_batch, self._timings)

    async def deliver(self, job: Job) -> None:
        """Tell the person how it ended: the one exit door of success and failure."""
        job = await self._placed(job)
        if job.failure is None and job.result is not None and not (job.result.file or job.result.is_beyond_us):
            job = await self.download(job, job.result)
        # A job older than this process may have been told before a crash, or after the backup that was put back.
        may_be_told = job.posting_at_ms is not None or job.created_at_ms < self._began_ms
        posted = await self._out.delivery.find_posted(job) if may_be_told else None
        if posted is None:
            intent = replace(job, posting_at_ms=self._out.clock.now_ms())
            claimed = await self._out.move(job, intent, "posting", keep_lease=True)
            if claimed is None:
                return
            job = claimed
            posted = await self._post(job)
        await self._end(job, posted)

    async def download(self, job: Job, result: Result) -> Job:
        """Fetch the finished video and keep it; a link alone must do where it cannot be fetched any more."""
        fetched = await fetch_result(job, result, self._out, self._timings)
        if fetched == result:
            return job
        after = replace(job, result=fetched, attempts=0)
        what = "downloaded" if fetched.file else "stays at the service"
        return await self._out.move(job, after, what, keep_lease=True) or after

    async def _post(self, job: Job) -> Posted:
        if job.failure is not None or job.result is None:
            return await self._out.delivery.post_failure(job)
        return await post_within_limit(
            job, job.result, self._out.clips, self._out.delivery, self._out.providers.get(job.service)
        )

    async def _end(self, job: Job, posted: Posted | None) -> None:
        failed = job.failure is not None
        after = replace(
            job,
            state=State.FAILED if failed else State.DELIVERED,
            result_channel_id=posted.channel_id if posted else None,
            result_message_id=posted.message_id if posted else None,
            hold="",
        )
        charge = Charge.RELEASE if failed else Charge.SETTLE
        ended = await self._out.move(job, after, "told" if posted else "nobody could be told", charge=charge)
        if ended is not None:
            self._out.delivery.show(ended)

    # --- when a step raises ---

    async def retry_or_fail(self, claimed: Job, error: Exception) -> None:
        """Store the decision an error leads to: again at a later time, or the way out."""
        job = await self._out.store.get(claimed.id)
        if job is None or job.state is State.SUBMITTING or (job.state, job.lease) != (claimed.state, claimed.lease):
            return  # it has moved on, or another worker has it; a submit on the wire has its deadline stored
        self._out.gates.note_trouble(job.service, error)
        due_at_ms = retry_at(error, job, self._out.clock.now_ms(), self._timings)
        if due_at_ms is not None:
            hold = hold_of(error, self._out.gates.reason(job.service))
            after = replace(job, due_at_ms=due_at_ms, attempts=job.attempts + 1, hold=hold)
            moved = await self._out.move(job, after, "again later", detail=name_error(error))
            if moved is not None and moved.hold != job.hold:
                self._out.delivery.show(moved)
        elif (result := left_there(job, error)) is not None:
            self._out.alarms.raise_alarm(f"a finished video could not be fetched: {name_error(error)}", job=job)
            after = replace(job, result=result, attempts=0, due_at_ms=self._out.clock.now_ms())
            await self._out.move(job, after, "stays at the service", detail=name_error(error))
        elif job.state is not State.DELIVERING or (job.posting_at_ms is None and job.failure is None):
            await self._fail(job, failure_of(error, job), detail=name_error(error))
        else:
            self._out.alarms.raise_alarm(f"a job's end could not be told: {name_error(error)}", job=job)
            await self._end(replace(job, failure=job.failure or failure_of(error, job)), None)

    async def _fail(self, job: Job, failure: Failure, *, detail: str = "") -> None:
        if failure.code is FailureCode.OUTCOME_UNKNOWN:
            may_hear = self._out.calls_back(job.service) and self._callback_url(job.service, "") is not None
            failure = replace(failure, may_hear=may_hear)
        now_ms = self._out.clock.now_ms()
        after = replace(
            job,
            state=State.DELIVERING,
            failure=failure,
            posting_at_ms=None,
            finished_at_ms=now_ms,
            due_at_ms=now_ms,
            attempts=0,
            hold="",
        )
        # That a submit was refused is known here alone: forgotten, it would be an outcome unknown for an hour.
        move = self._out.move_with_retries if job.state is State.SUBMITTING else self._out.move
        await move(job, after, failure.code.value, detail=detail)
