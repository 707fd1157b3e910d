"""Read where a message was refused and why from what a job keeps of it."""

import pytest

from bot.inert import prose
from bot.refused_places import keep_refusal, say_detail, say_refusals
from jobs.job import Failure, FailureCode

STRANGE = "channel 7: post: Discord answered 403 (50013) <@1>"


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (f"channel 7: {keep_refusal('post', 403, 50013)}", "<#7>: I lack a permission there"),
        (f"channel 7: {keep_refusal('upload', 404, 10003)}", "<#7>: it is gone"),
        (f"channel 7: {keep_refusal('post', 400, 50035)}", "<#7>: Discord answered 400 (50035)"),
        (
            "channel 7: post: Discord has refused this channel of late",
            "<#7>: Discord has refused it several times of late",
        ),
        (f"channel 7: {keep_refusal('post', 403, 50007)}", "direct messages: the member takes none from me"),
        (keep_refusal("direct messages", 400, 0), "direct messages: Discord answered 400 (0)"),
        (keep_refusal("server", 403, 50001), "I can't see it"),
        ("no <@1> channel", prose("no <@1> channel")),
        (STRANGE, prose(STRANGE)),
    ],
)
def test_each_place_is_named_with_its_reason(kept: str, said: str) -> None:
    assert say_refusals(kept) == said
    both = Failure(FailureCode.UNDELIVERABLE, f"{kept}; {kept}")
    assert say_detail(both) == f"{said}; {said}"


def test_what_another_failure_says_is_not_read_as_a_refusal() -> None:
    kept = f"channel 7: {keep_refusal('post', 403, 50013)}"
    assert "<#7>" not in say_detail(Failure(FailureCode.REFUSED, kept))
