"""Read when something ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.spans import LONGEST_MS, read_end, suggest_ends
from jobs.errors import InvalidRequestError

NOW_MS = 1_790_000_000_000
HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("12h", 12 * HOUR_MS),
        ("3d", 72 * HOUR_MS),
        ("1w 2d", 9 * 24 * HOUR_MS),
        ("1D12H", 36 * HOUR_MS),
        ("90m", 90 * 60_000),
    ],
)
def test_a_span_counts_from_now(text: str, ms: int) -> None:
    assert read_end(text, NOW_MS) == NOW_MS + ms


def test_a_day_begins_at_midnight_in_utc_and_a_time_may_say_otherwise() -> None:
    assert read_end("2026-12-24", NOW_MS) == 1_798_070_400_000
    assert read_end("2026-12-24T01:00+01:00", NOW_MS) == 1_798_070_400_000


def test_no_text_is_no_end() -> None:
    assert read_end(None, NOW_MS) is None
    assert read_end("  ", NOW_MS) is None


@given(st.text(max_size=40))
def test_anything_else_is_refused_or_lies_in_the_year_ahead(text: str) -> None:
    try:
        end_ms = read_end(text, NOW_MS)
    except InvalidRequestError:
        return
    assert end_ms is None or NOW_MS < end_ms <= NOW_MS + LONGEST_MS


def test_spans_are_suggested_by_name_and_by_what_was_typed() -> None:
    assert [choice.value for choice in suggest_ends("")] == ["1h", "1d", "3d", "1w", "30d"]
    assert [choice.value for choice in suggest_ends("3")] == ["3d", "30d"]
    assert [choice.value for choice in suggest_ends("5d")] == ["5d"]
