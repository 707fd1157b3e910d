"""Bring cards up to date: the latest state only, never more often than is polite."""

import asyncio
from dataclasses import replace

from bot.card_edits import CardEdits
from jobs.errors import DeliveryError
from jobs.job import Job, State
from tests.jobs.making import make_job


class Shown:
    """Hear which states a card showed; `gate` holds an edit until it is set."""

    def __init__(self) -> None:
        self.states: list[State] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def edit(self, job: Job) -> None:
        await self.gate.wait()
        self.states.append(job.state)
        if self.error is not None:
            raise self.error


async def test_states_that_pass_during_an_edit_are_skipped() -> None:
    shown = Shown()
    edits = CardEdits(shown.edit, every_seconds=0)
    job = make_job()
    shown.gate.clear()
    for state in (State.QUEUED, State.SUBMITTING, State.RUNNING, State.DELIVERED):
        edits.show(replace(job, state=state))
        await asyncio.sleep(0)
    shown.gate.set()
    await edits.settle()
    assert shown.states == [State.QUEUED, State.DELIVERED]


async def test_cards_of_different_jobs_do_not_wait_for_each_other() -> None:
    shown = Shown()
    edits = CardEdits(shown.edit, every_seconds=3600)
    for number in range(3):
        edits.show(make_job(id=f"job{number}"))
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(shown.states) == 3
    await edits.close()


async def test_an_edit_that_fails_is_not_the_last() -> None:
    shown = Shown()
    shown.error = DeliveryError("no")
    edits = CardEdits(shown.edit, every_seconds=0)
    edits.show(make_job())
    await edits.settle()
    shown.error = None
    edits.show(make_job(State.RUNNING))
    await edits.settle()
    assert shown.states == [State.QUEUED, State.RUNNING]


async def test_a_closed_desk_shows_what_waited_and_nothing_more() -> None:
    shown = Shown()
    edits = CardEdits(shown.edit, every_seconds=3600)
    edits.show(make_job())
    for _ in range(5):
        await asyncio.sleep(0)
    edits.show(make_job(State.RUNNING))
    await edits.close()
    edits.show(make_job(State.DELIVERING))
    await edits.close()
    assert shown.states == [State.QUEUED, State.RUNNING]


async def test_an_edit_that_is_under_way_is_let_end_by_a_close() -> None:
    shown = Shown()
    edits = CardEdits(shown.edit, every_seconds=3600)
    shown.gate.clear()
    edits.show(make_job())
    await asyncio.sleep(0)
    edits.show(make_job(State.RUNNING))
    closing = asyncio.create_task(edits.close())
    await asyncio.sleep(0)
    shown.gate.set()
    await closing
    assert shown.states == [State.QUEUED, State.RUNNING]
