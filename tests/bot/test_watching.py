"""Hear of work that repeats and stops: a passing error is waited out, any other one is told."""

import asyncio
import logging

import aiohttp
import pytest

from bot.metrics import Metrics
from bot.watching import Watch, repeat, tell_end
from jobs.errors import ProviderAuthError, StorageError
from jobs.gates import Gates
from jobs.job import Failure, FailureCode, State
from tests.fakes import FakeClock, abilities_of
from tests.jobs.making import make_job


@pytest.mark.parametrize("error", [StorageError("busy"), OSError("gone"), aiohttp.ServerDisconnectedError()])
async def test_a_passing_error_does_not_end_what_repeats(error: Exception) -> None:
    again, tries = asyncio.Event(), 0

    async def act() -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise error
        again.set()

    task = asyncio.create_task(repeat("sweep", 0.0, act))
    try:
        async with asyncio.timeout(10):
            await again.wait()
        assert tries > 1
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_ends_by_an_unforeseen_error_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async def act() -> None:
        raise KeyError("a bug")

    task = asyncio.create_task(repeat("sweep", 0.0, act))
    task.add_done_callback(tell_end)
    with caplog.at_level(logging.ERROR):
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0)
    assert [record.getMessage() for record in caplog.records] == ["ALARM sweep has stopped until the next start"]


def test_an_outage_is_logged_once_when_it_starts_and_once_when_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = FakeClock()
    gates = Gates([abilities_of()], clock, Watch(Metrics()).on_outage)
    for _ in range(2):
        for _ in range(3):
            gates.note_error("kie", ProviderAuthError("kie", "x"))
            clock.advance(10 * 60_000)  # it is tried again, and still down
        for _ in range(3):
            gates.note_success("kie")
    told = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert told == [("WARNING", "kie takes no new jobs: its key was refused"), ("INFO", "kie takes jobs again")] * 2


def test_a_job_whose_outcome_stayed_unknown_is_counted_once() -> None:
    metrics = Metrics()
    watch, sent = Watch(metrics), make_job(State.SUBMITTING)
    watch.raise_alarm("its outcome is unknown", job=sent)
    watch.on_move(sent, "outcome unknown")
    assert b"orphan_suspected_total 0.0" in metrics.page()[0], "a callback may still tell"
    watch.raise_alarm("it was never heard of", job=sent)
    watch.on_move(make_job(State.DELIVERING, failure=Failure(FailureCode.OUTCOME_UNKNOWN)), "outcome_unknown")
    assert b"orphan_suspected_total 1.0" in metrics.page()[0]
    assert b"alarms_total 2.0" in metrics.page()[0]
