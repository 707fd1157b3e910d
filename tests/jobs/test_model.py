"""Hold every interleaving of bot, service, Discord and up to four faults: nothing paid or posted twice, nothing stuck.

What stays possible is a paid video that nobody sees: it takes the answer of a submit and its callback being lost, or
a service that calls once and never again while the bot is down. Each guard is shown to be needed: without it the same
exploration finds what it keeps away.
"""

import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from jobs.admin import LogNote
from jobs.errors import OutcomeUnknownError, ProviderError, RateLimitedError
from jobs.job import Charge, Job, State
from jobs.lifecycle import Lifecycle
from jobs.ports import Attempt
from jobs.services import Order
from storage import moves
from storage.database import Session
from storage.job_store import SqlJobStore
from tests.jobs.explore import Findings, explore
from tests.jobs.model import ALL_FAULTS, Rules

# The faults from which money or a message might be doubled; four of them may meet.
FATAL = frozenset(
    {
        "crash", "callback lost", "callback twice",
        "the answer of a submit is lost", "a submit is lost", "a submit is put off",
        "the answer of a post is lost", "a post is lost",
    }
)  # fmt: skip
# Of all faults at once there may be this many; 2 takes a minute or two, 3 an hour.
BUDGET_OF_ALL = int(os.environ.get("LUMA_MODEL_FAULTS", "1"))


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Keep the log out of ten thousands of replays."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(before)


def test_four_faults_that_might_double_break_nothing_but_two_of_them_may_lose_a_paid_video() -> None:
    # A nonce keeps a message single for some minutes only: here it never does, and the search alone must.
    found = explore(Rules(faults=FATAL, has_nonce=False), budget=4)
    assert found.fewest == {"orphan": 2}, found.broken
    assert found.scenes > 3000
    lost = [what for what in found.broken["orphan"][1] if "lost" in what or what == "the bot dies"]
    assert lost[-1] == "a callback is lost"


@pytest.mark.timeout(60 + 600 * (BUDGET_OF_ALL - 1) ** 2)
def test_any_fault_at_any_moment_breaks_nothing() -> None:
    found = explore(Rules(), budget=BUDGET_OF_ALL)
    assert found.fewest == ({"orphan": 2} if BUDGET_OF_ALL > 1 else {}), found.broken
    assert found.scenes > 2000


def test_a_service_that_never_calls_again_loses_a_paid_video_to_one_crash() -> None:
    found = explore(Rules(faults=FATAL, service_calls_again=False), budget=1)
    assert found.fewest == {"orphan": 1}, found.broken
    assert {"the bot dies", "a callback finds nobody"} <= set(found.broken["orphan"][1])


# --- without one of the guards ---


class SendsAgain(Lifecycle):
    """Takes an unknown outcome for a refusal."""

    async def _not_accepted(self, sent: Job, error: ProviderError, *, may_hear: bool) -> None:
        again = RateLimitedError("kie", "again") if isinstance(error, OutcomeUnknownError) else error
        await super()._not_accepted(sent, again, may_hear=may_hear)


class QueuesAgain(Lifecycle):
    """Begins anew with a submit that was cut off."""

    async def give_up(self, job: Job) -> None:
        await self._out.move(job, replace(job, state=State.QUEUED, due_at_ms=self._out.clock.now_ms()), "again")


class SendsBeforeItIsWritten(Lifecycle):
    """Sends the request and notes it afterwards."""

    async def submit(self, job: Job) -> None:
        accepted = await self._out.providers[job.service].submit(Order(job.request, None, None))
        sent = await self._begin_attempt(job, "token", self._timings.unknown_outcome_ms)
        if sent is not None:
            await self._accepted(sent, accepted)


class NeverReads(Lifecycle):
    """Waits for callbacks alone."""

    async def poll(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            later = self._out.clock.now_ms() + self._timings.poll_ms
            await self._out.move(job, replace(job, due_at_ms=later), "not read")


class PostsWithoutIntent(Lifecycle):
    """Posts at once, so that it cannot know later whether it did."""

    async def deliver(self, job: Job) -> None:
        await self._end(job, await self._post(job))


class ForgetsLateCallbacks(SqlJobStore):
    """Believes that what has failed has failed."""

    async def record_callback(self, attempt: Attempt, provider_job_id: str | None, *, now_ms: int) -> Job | None:
        job = await self.get(attempt.job_id)
        if job is None or job.state in (State.DELIVERING, State.FAILED):
            return None
        return await super().record_callback(attempt, provider_job_id, now_ms=now_ms)


class Unguarded(SqlJobStore):
    """Writes over whatever has happened meanwhile."""

    async def move(
        self, before: Job, after: Job, *, event: str, now_ms: int, detail: str = "", charge: Charge | None = None,
        fenced: bool = True, keep_lease: bool = False, note: LogNote | None = None,
    ) -> Job | None:  # fmt: skip
        def work(session: Session) -> Job | None:
            session.execute("UPDATE jobs SET state = $1, lease = $2", before.state, before.lease)
            job = moves.write_move(session, before, after, now_ms=now_ms, fenced=fenced, keep_lease=keep_lease)
            if job is not None:
                moves.end_reservation(session, job, charge, now_ms=now_ms)
            return job

        return await self._database.write(work)


def without(budget: int = 1, **guards: object) -> Findings:
    """Explore with some guards taken away."""
    return explore(Rules(**{"faults": FATAL, **guards}), budget)  # type: ignore[arg-type]  # the tests name the fields


@pytest.mark.parametrize("lifecycle", [SendsAgain, QueuesAgain])
def test_sending_an_unknown_outcome_again_pays_twice_at_one_fault(lifecycle: type[Lifecycle]) -> None:
    assert without(lifecycle=lifecycle).fewest["paid twice"] == 1


def test_sending_before_the_intent_is_written_pays_twice_at_one_crash() -> None:
    found = without(lifecycle=SendsBeforeItIsWritten, takes_callbacks=False)
    assert found.fewest["paid twice"] == 1
    assert "the bot dies" in found.broken["paid twice"][1]


def test_without_an_address_of_its_own_for_each_attempt_one_lost_answer_loses_a_paid_video() -> None:
    assert without(takes_callbacks=False).fewest["orphan"] == 1


def test_without_late_callbacks_one_lost_answer_loses_a_paid_video() -> None:
    assert without(store=ForgetsLateCallbacks).fewest["orphan"] == 1


def test_without_reading_the_status_a_job_never_ends() -> None:
    assert without(lifecycle=NeverReads).fewest["stuck"] == 0


def test_without_nonce_and_search_one_lost_answer_posts_twice() -> None:
    assert without(has_nonce=False, has_search=False).fewest["result posted twice"] == 1


def test_without_an_intent_there_is_no_search_and_one_fault_posts_twice() -> None:
    assert without(lifecycle=PostsWithoutIntent, has_nonce=False).fewest["result posted twice"] == 1


def test_without_the_nonce_a_worker_that_stalls_while_it_posts_posts_twice() -> None:
    assert without(faults=ALL_FAULTS, has_nonce=False).fewest["result posted twice"] == 1


def test_without_the_guard_of_every_move_a_cancelled_job_comes_back() -> None:
    assert without(0, store=Unguarded).fewest["moved unlawfully"] == 0
