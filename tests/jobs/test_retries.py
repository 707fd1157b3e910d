"""Hold the one table from an error to a time, and from an error to an ending."""

from collections.abc import Iterator

import pytest

from jobs.errors import (
    ConfigError,
    DeliveryError,
    DeliveryRetryError,
    DiskFullError,
    InvalidRequestError,
    LumaBotError,
    MediaError,
    OutcomeUnknownError,
    OutOfCreditError,
    ProviderAuthError,
    ProviderError,
    ProviderGoneError,
    ProviderProtocolError,
    ProviderRefusedError,
    ProviderUnavailableError,
    RateLimitedError,
    SourceUnavailableError,
    StorageError,
    TooLargeError,
    UnusableClipError,
)
from jobs.job import OPEN_STATES, FailureCode, State
from jobs.phrases import Phrase
from jobs.retries import HOUR_MS, MINUTE_MS, SECOND_MS, UNKNOWN_TASK, Timings, deadline_ms, failure_of, retry_at
from tests.jobs.making import NOW_MS, make_job

TIMINGS = Timings()
Q, R, D = State.QUEUED, State.RUNNING, State.DELIVERING


@pytest.mark.parametrize(
    ("error", "state", "delay_ms"),
    [
        (ProviderUnavailableError("kie", "down"), Q, 5 * SECOND_MS),
        (ProviderUnavailableError("kie", "down", maintenance=True), Q, MINUTE_MS),
        (RateLimitedError("kie", "slow", retry_after_seconds=7), Q, 7 * SECOND_MS),
        (RateLimitedError("kie", "slow", retry_after_seconds=0), Q, SECOND_MS),
        (RateLimitedError("kie", "slow"), Q, 5 * SECOND_MS),
        (OutOfCreditError("kie", "empty"), Q, MINUTE_MS),
        (ProviderAuthError("kie", "key"), Q, MINUTE_MS),
        (ProviderGoneError("kie", "gone"), Q, MINUTE_MS),
        (ProviderRefusedError("kie", "no"), Q, None),
        (OutcomeUnknownError("kie", "cut"), Q, None),
        (SourceUnavailableError("slow"), Q, 5 * SECOND_MS),
        (MediaError("not a video"), Q, None),
        (UnusableClipError("too long"), Q, None),
        (InvalidRequestError("no"), Q, None),
        (DiskFullError("full"), Q, MINUTE_MS),
        (StorageError("busy"), Q, 5 * SECOND_MS),
        (OSError(28, "no space"), Q, 5 * SECOND_MS),
        (ValueError("a bug"), Q, None),
        (ProviderUnavailableError("kie", "down"), R, 30 * SECOND_MS),
        (ProviderProtocolError("kie", "html"), R, 30 * SECOND_MS),
        (ProviderUnavailableError("kie", "?", code=UNKNOWN_TASK), R, 30 * SECOND_MS),
        (ProviderAuthError("kie", "key"), R, MINUTE_MS),
        (RateLimitedError("kie", "slow", retry_after_seconds=0), R, 30 * SECOND_MS),
        (RateLimitedError("kie", "slow", retry_after_seconds=90), R, 90 * SECOND_MS),
        (DeliveryRetryError("503"), D, 5 * SECOND_MS),
        (DeliveryError("forbidden"), D, None),
        (TooLargeError("413"), D, None),
        (SourceUnavailableError("cut"), D, 5 * SECOND_MS),
    ],
    ids=lambda value: getattr(value, "name", None) or type(value).__name__,
)
def test_an_error_leads_to_its_next_time(error: Exception, state: State, delay_ms: int | None) -> None:
    due_ms = retry_at(error, make_job(state), NOW_MS, TIMINGS)
    assert due_ms == (None if delay_ms is None else NOW_MS + delay_ms)


def test_waiting_doubles_up_to_five_minutes() -> None:
    error = ProviderUnavailableError("kie", "down")
    delays = [(retry_at(error, make_job(attempts=count), NOW_MS, TIMINGS) or 0) - NOW_MS for count in range(10)]
    assert delays[:4] == [5_000, 10_000, 20_000, 40_000]
    assert delays == sorted(delays)
    assert delays[-1] == 5 * MINUTE_MS


@pytest.mark.parametrize(("state", "limit"), [(Q, 3), (D, 5)])
def test_a_download_is_tried_a_few_times(state: State, limit: int) -> None:
    error = SourceUnavailableError("cut")
    tries = 1
    while retry_at(error, make_job(state, attempts=tries - 1), NOW_MS, TIMINGS) is not None:
        tries += 1
    assert tries == limit


@pytest.mark.parametrize(("state", "span_ms"), [(Q, 6 * HOUR_MS), (R, 3 * HOUR_MS), (D, 24 * HOUR_MS)])
def test_nothing_is_tried_again_after_the_deadline_of_its_stage(state: State, span_ms: int) -> None:
    job = make_job(state, attempts=TIMINGS.late_attempts)
    error = StorageError("busy")
    assert deadline_ms(job, TIMINGS) == NOW_MS + span_ms
    assert retry_at(error, job, NOW_MS + span_ms - 2 * MINUTE_MS, TIMINGS) is not None
    assert retry_at(error, job, NOW_MS + span_ms - 4_000, TIMINGS) is None


@pytest.mark.parametrize(("state", "tries"), [(Q, 1), (R, 3), (D, 3)])
def test_a_stage_whose_deadline_passed_while_nobody_looked_gets_a_few_tries_if_it_is_paid(
    state: State, tries: int
) -> None:
    taken = 1
    while retry_at(StorageError("busy"), make_job(state, attempts=taken - 1), NOW_MS + 99 * HOUR_MS, TIMINGS):
        taken += 1
    assert taken == tries


def test_a_task_the_service_does_not_know_gets_three_minutes() -> None:
    error = ProviderUnavailableError("kie", "unknown", code=UNKNOWN_TASK)
    job = make_job(R)
    assert retry_at(error, job, NOW_MS + 3 * MINUTE_MS - 1, TIMINGS) is not None
    assert retry_at(error, job, NOW_MS + 3 * MINUTE_MS, TIMINGS) is None
    assert failure_of(error, job).code is FailureCode.OUTCOME_UNKNOWN


@pytest.mark.parametrize(
    ("error", "state", "code", "detail"),
    [
        (UnusableClipError("12 s, 10 s at most"), Q, FailureCode.UNUSABLE_CLIP, "12 s, 10 s at most"),
        (ProviderRefusedError("kie", "policy"), Q, FailureCode.REFUSED, "policy"),
        (SourceUnavailableError("a word for the log"), Q, FailureCode.CLIP_UNREACHABLE, ""),
        (
            SourceUnavailableError(Phrase("It broke off."), log="early"),
            Q,
            FailureCode.CLIP_UNREACHABLE,
            "It broke off.",
        ),
        (MediaError("no video in it"), D, FailureCode.RESULT_UNUSABLE, ""),
        (DeliveryError("no channel"), D, FailureCode.UNDELIVERABLE, "no channel"),
        (ProviderUnavailableError("kie", "down"), Q, FailureCode.SERVICE_UNAVAILABLE, ""),
        (ProviderUnavailableError("kie", "down"), R, FailureCode.TIMED_OUT, ""),
        (ValueError("a secret"), Q, FailureCode.INTERNAL, ""),
    ],
    ids=lambda value: getattr(value, "name", None) or type(value).__name__,
)
def test_an_error_ends_a_job_with_its_reason(error: Exception, state: State, code: FailureCode, detail: str) -> None:
    failure = failure_of(error, make_job(state))
    assert (failure.code, failure.detail) == (code, detail)


def every_error() -> Iterator[LumaBotError]:
    """Yield one error of every class in the tree."""
    classes = [LumaBotError]
    while classes:
        kind = classes.pop()
        # those of other rooms that happen to be imported are none of this table's
        classes += [each for each in kind.__subclasses__() if each.__module__ == "jobs.errors"]
        if issubclass(kind, ProviderError):
            yield kind("kie", "reason")
        elif kind is ConfigError:
            yield kind(["a problem"])
        elif kind.__name__ != "CallbackError":
            yield kind("text")


def test_every_error_in_every_open_state_either_waits_or_ends() -> None:
    for error in every_error():
        for state in OPEN_STATES:
            job = make_job(state)
            due_ms = retry_at(error, job, NOW_MS, TIMINGS)
            assert due_ms is None or due_ms > NOW_MS
            assert failure_of(error, job).code in FailureCode
