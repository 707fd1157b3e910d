"""Read where a cut begins."""

import pytest

from bot.options import read_start
from jobs.errors import InvalidRequestError

READ = {
    None: 0.0, "": 0.0, "0": 0.0, "12": 12.0, " 12.5 ": 12.5, "12,5": 12.5, "12s": 12.0, "12 s": 12.0, "90": 90.0,
    "1:04": 64.0, "0:06.5": 6.5, "01:02": 62.0, "1:02:03": 3723.0, "100:00": 6000.0,
}  # fmt: skip
UNREAD = (
    "soon",
    "-1",
    "1:60",
    "1:",
    ":5",
    "1:2:3:4",
    "0x10",
    "1e3",
    "nan",
    "inf",
    "١٢",
    "1.2.3",
    "1 2",
    "12m",
    "999999",
)


def test_seconds_and_clock_times_are_read() -> None:
    assert {text: read_start(text) for text in READ} == READ


@pytest.mark.parametrize("text", UNREAD)
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="1:04") as refused:
        read_start(text)
    assert refused.value.rule == "start"
