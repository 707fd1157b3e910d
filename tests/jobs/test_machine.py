"""Let Hypothesis live with several jobs at once: whatever it does in whatever order, the promises hold after each step.

The store is the real one on a database in memory; the service keeps a ledger, Discord its messages, and only the test
moves the clock.
"""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Coroutine
from contextlib import closing
from dataclasses import replace
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from jobs.errors import (
    DeliveryRetryError,
    ProviderProtocolError,
    ProviderUnavailableError,
    RateLimitedError,
    SourceUnavailableError,
    UnusableClipError,
    UserError,
)
from jobs.job import NewJob
from jobs.ports import Posted
from jobs.retries import UNKNOWN_TASK
from tests.jobs.failing import MODES, FailingWorld
from tests.jobs.inline import InlineDatabase, new_template
from tests.jobs.making import REQUEST, make_new

T = TypeVar("T")

EXAMPLES, STEPS = (int(number) for number in os.environ.get("LUMA_MACHINE", "200x50").split("x"))
MOST_JOBS = 8
WHICH = st.integers(0, MOST_JOBS - 1)
PLANS = ("lost", "never came", "down", "busy", "away", "refused", "early callback")
MISREADINGS = (
    ProviderUnavailableError("kie", "503"),
    ProviderUnavailableError("kie", "not known", code=UNKNOWN_TASK),
    RateLimitedError("kie", "429", retry_after_seconds=4),
    ProviderProtocolError("kie", "html"),
)


class JobsMachine(RuleBasedStateMachine):
    """Act as members, service, Discord, disk, clock and death."""

    template: sqlite3.Connection

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.world = FailingWorld(InlineDatabase(self.template))
        self.asked: list[NewJob] = []

    def run_now(self, deed: Coroutine[Any, Any, T]) -> T:
        """Run something to its end."""
        return self.runner.run(deed)

    def teardown(self) -> None:
        """Let every fault end, and see every job end."""
        try:
            self.run_now(self._drain())
        finally:
            self.run_now(self._close())
            self.runner.close()

    async def _drain(self) -> None:
        self.world.points.aim(0, "kill")
        self.world.ledger.plans.clear()
        await self.world.drain()
        assert await self.world.broken() == []

    async def _close(self) -> None:
        await self.world.worker.stop(0)
        await self.world.database.close()

    # --- members ---

    @initialize()
    def begin(self) -> None:
        """Ask for one edit, so that there is something to do."""
        self.ask(user=1, is_placed=True)

    @precondition(lambda self: len(self.asked) < MOST_JOBS)
    @rule(user=st.integers(1, 3), is_placed=st.booleans())
    def ask(self, user: int, is_placed: bool) -> None:
        """Ask for an edit; its card may never come."""
        number = len(self.asked) + 1
        self.world.clock.advance(1)  # in their order: ids of one moment have none
        new = make_new(number, user_id=user, request=replace(REQUEST, prompt=f"job {number}"))
        self.asked.append(new)
        self.run_now(self._ask(new, is_placed))

    @rule(which=WHICH)
    def ask_again(self, which: int) -> None:
        """Press once more: the same interaction."""
        self.run_now(self._ask(self.asked[which % len(self.asked)], False))

    async def _ask(self, new: NewJob, is_placed: bool) -> None:
        job, _ = await self.world.act(lambda: self.world.intake.queue(new))
        if is_placed:
            await self.world.act(lambda: self.world.intake.place(job, Posted(2, 700)))
        await self.world.live()

    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        """Press Cancel."""
        self.run_now(self._cancel(self.asked[which % len(self.asked)]))

    async def _cancel(self, new: NewJob) -> None:
        async def cancel() -> None:
            job, _ = await self.world.intake.queue(new)
            with contextlib.suppress(UserError):  # too late, or too early
                await self.world.intake.cancel(job.id, by=new.user_id)

        await self.world.act(cancel)

    # --- the service ---

    @rule(plan=st.sampled_from(PLANS))
    def plan_a_submit(self, plan: str) -> None:
        """Let the next submit go another way."""
        self.world.ledger.plans.append(plan)

    @precondition(lambda self: self.world.ledger.tasks)
    @rule(which=WHICH, status=st.sampled_from(["done", "done", "failed"]), calls=st.integers(0, 3))
    def end_a_task(self, which: int, status: str, calls: int) -> None:
        """End a task, and call back not at all, once or more often."""
        task_id = list(self.world.ledger.tasks)[which % len(self.world.ledger.tasks)]
        task = self.world.ledger.tasks[task_id]
        task.status = status if task.status == "running" else task.status
        self.run_now(self._call(task_id, calls))

    async def _call(self, task_id: str, calls: int) -> None:
        token = self.world.ledger.token_of(task_id)
        for _ in range(calls):
            await self.world.act(lambda: self._call_once(task_id, token))
        await self.world.live()

    async def _call_once(self, task_id: str, token: str) -> bool:
        return await self.world.call_back(task_id, token) is not None

    @rule(error=st.sampled_from(MISREADINGS))
    def misread(self, error: Exception) -> None:
        """Let the next status read fail."""
        self.world.ledger.on_poll.append(error)

    # --- clips and Discord ---

    @rule(error=st.sampled_from([SourceUnavailableError("cut"), UnusableClipError("no"), OSError(28, "full")]))
    def break_a_clip(self, error: Exception) -> None:
        """Let the next clip not be fetched."""
        self.world.clips.on_prepare.append(error)

    @rule()
    def break_a_download(self) -> None:
        """Let the next result not be fetched."""
        self.world.clips.on_fetch.append(SourceUnavailableError("cut"))

    @rule(has_landed=st.booleans())
    def lose_a_post(self, has_landed: bool) -> None:
        """Let the next post fail, before or after it has landed."""
        faults: list[Any] = self.world.delivery.after_post if has_landed else self.world.delivery.on_post
        faults.append(DeliveryRetryError("503"))

    # --- time and death ---

    @rule(seconds=st.sampled_from([1, 6, 31, 61, 301, 3601]))
    def pass_time(self, seconds: int) -> None:
        """Let time pass, and do what has become due."""
        self.world.clock.advance(seconds * 1000)
        self.run_now(self.world.live())

    @rule(moments=st.integers(1, 30), mode=st.sampled_from(MODES))
    def strike(self, moments: int, mode: str) -> None:
        """Die, hang or fail a few moments from now."""
        self.world.points.aim(moments, mode)
        self.run_now(self.world.live())

    @rule()
    def begin_again(self) -> None:
        """Stop and start."""
        self.run_now(self.world.begin_again())

    # --- what always holds ---

    @invariant()
    def keep_every_promise(self) -> None:
        """See that nothing is doubled, lost, or charged wrongly, and that nothing comes back that has ended well."""
        assert self.run_now(self.world.broken()) == []


def test_whatever_happens_in_whatever_order_every_promise_holds() -> None:
    with closing(new_template()) as JobsMachine.template:
        run_state_machine_as_test(
            JobsMachine, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None)
        )
