"""Hold when a video service is sent new jobs, and how many."""

import pytest

from jobs.errors import (
    LimitReachedError,
    OutcomeUnknownError,
    OutOfCreditError,
    ProviderAuthError,
    ProviderError,
    ProviderGoneError,
    ProviderRefusedError,
    ProviderUnavailableError,
    RateLimitedError,
)
from jobs.gates import MINUTE_MS, Gates
from jobs.job import Kind
from tests.fakes import FakeClock, abilities_of


def make_gates(clock: FakeClock, *names: str, **changes: object) -> tuple[Gates, list[tuple[str, str]]]:
    """Return gates for services of these names and the list that hears of outages."""
    heard: list[tuple[str, str]] = []
    abilities = [abilities_of(name, **changes) for name in names or ("kie",)]
    return Gates(abilities, clock, lambda service, reason: heard.append((service, reason))), heard


def test_no_more_jobs_than_parallel_places_are_sent() -> None:
    gates, _ = make_gates(FakeClock(), parallel=3)
    assert [gates.room("kie", count) for count in (0, 2, 3, 7)] == [3, 1, 0, 0]


def test_twenty_submits_in_ten_seconds_and_then_the_window_opens_again() -> None:
    clock = FakeClock()
    gates, _ = make_gates(clock, parallel=100)
    start_ms = clock.now_ms()
    for _ in range(20):
        assert gates.take("kie") is None
    assert gates.room("kie", 0) == 0
    assert gates.take("kie") == start_ms + 10_000
    assert gates.next_opening_ms() == start_ms + 10_000
    clock.advance(10_000)
    assert gates.take("kie") is None


@pytest.mark.parametrize(
    ("error", "reason", "minutes"),
    [
        (OutOfCreditError("kie", "x"), "out of credit", 5),
        (ProviderAuthError("kie", "x"), "its key was refused", 5),
        (ProviderGoneError("kie", "x"), "switched off", 60),
        (ProviderUnavailableError("kie", "x", maintenance=True), "in maintenance", 1),
    ],
)
def test_an_error_about_the_service_shuts_it_and_it_opens_by_itself(
    error: ProviderError, reason: str, minutes: int
) -> None:
    clock = FakeClock()
    gates, heard = make_gates(clock)
    for _ in range(3):
        gates.note_error("kie", error)
    assert gates.reason("kie") == reason
    assert gates.room("kie", 0) == 0
    assert gates.take("kie") == clock.now_ms() + minutes * MINUTE_MS
    clock.advance(minutes * MINUTE_MS)
    assert gates.reason("kie") == ""
    assert gates.room("kie", 0) == 1, "one job tries first"
    gates.note_success("kie")
    assert gates.room("kie", 0) == 10
    assert heard == [("kie", reason), ("kie", "")], "an outage is told once at its start and once at its end"


@pytest.mark.parametrize(
    "error",
    [
        ProviderRefusedError("kie", "x"),
        OutcomeUnknownError("kie", "x"),
        ProviderUnavailableError("kie", "x"),
        OSError(),
    ],
)
def test_an_error_about_one_job_leaves_the_service_open(error: Exception) -> None:
    gates, heard = make_gates(FakeClock())
    gates.note_error("kie", error)
    assert (gates.reason("kie"), heard) == ("", [])


def test_a_rate_limit_is_waited_for_and_is_no_outage() -> None:
    clock = FakeClock()
    gates, heard = make_gates(clock)
    gates.note_error("kie", RateLimitedError("kie", "slow", retry_after_seconds=3))
    assert gates.take("kie") == clock.now_ms() + 3_000
    assert gates.choose(Kind.MODIFY, ["kie"]).name == "kie"
    clock.advance(3_000)
    assert gates.take("kie") is None
    assert heard == []


def test_the_first_open_service_that_can_is_chosen() -> None:
    gates, _ = make_gates(FakeClock(), "kie", "labs")
    assert gates.choose(Kind.MODIFY, ["kie", "labs"]).name == "kie"
    gates.note_error("kie", OutOfCreditError("kie", "x"))
    assert gates.choose(Kind.MODIFY, ["kie", "labs"]).name == "labs"
    assert gates.choose(Kind.MODIFY, ["unknown", "labs"]).name == "labs"


def test_when_none_is_open_the_reason_is_told() -> None:
    gates, _ = make_gates(FakeClock())
    gates.note_error("kie", OutOfCreditError("kie", "x"))
    with pytest.raises(LimitReachedError, match="out of credit"):
        gates.choose(Kind.MODIFY, ["kie"])
    with pytest.raises(LimitReachedError, match="generate"):
        gates.choose(Kind.GENERATE, ["kie"])
