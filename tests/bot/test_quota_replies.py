"""Say what may be had and why not: every text comes from a decision."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot import inert
from bot.quota_replies import access_words, explain, left_words, refusal_words
from jobs.access import Access, Barrier, Block
from jobs.quota import (
    DAY_MS,
    Allowance,
    Bonus,
    Decision,
    Origin,
    Period,
    Policies,
    Refusal,
    Rule,
    ServerUse,
    Use,
    decide,
)

NOW_MS = 1_790_000_000_000
CREATOR = Rule(Allowance(15), Origin.ROLE, 5)


def decided(rule: Rule, used: int, *, held: int = 0, bonuses: Sequence[Bonus] = (), **policies: int) -> Decision:
    """Return the decision over a number of uses an hour ago, the last of them still open."""
    uses = [Use(NOW_MS - 3_600_000, is_open=number >= used - held) for number in range(used)]
    server = ServerUse(used, used, NOW_MS + 60_000, NOW_MS + 60_000)
    return decide(
        Policies(rule.allowance, {}, {}, **policies), rule, uses, bonuses, server, NOW_MS, open_codes=("A2B3C",)
    )


def at(ms: int) -> str:
    return f"<t:{ms // 1000}:R>"


def test_a_role_a_bonus_and_use_read_as_one_sentence() -> None:
    bonus = Bonus("b", 5, NOW_MS - 1, NOW_MS + 2 * DAY_MS)
    decision = decided(CREATOR, 14, bonuses=[bonus])
    assert explain(decision) == f"15 a day from <@&5>, +5 until {at(NOW_MS + 2 * DAY_MS)}; 14 used"
    assert left_words(decision) == "6"


def test_the_next_one_is_told_once_all_are_used() -> None:
    decision = decided(CREATOR, 15, held=1)
    free = at(NOW_MS - 3_600_000 + DAY_MS)
    assert explain(decision) == f"15 a day from <@&5>; 15 used; 1 of them still open; next one free {free}"
    assert refusal_words(decision) == f"You have no edits left ({explain(decision)}). Nothing was counted."


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Rule(Allowance(None), Origin.DEFAULT), "no limit by default; 0 used"),
        (Rule(Allowance(3, Period.WEEK, 2), Origin.USER), "3 a week, 2 at once, set personally; 0 used"),
        (Rule(Allowance(0, Period.MONTH), Origin.DEFAULT), "0 a month by default; 0 used"),
    ],
)
def test_every_origin_and_period_is_named(rule: Rule, said: str) -> None:
    assert explain(decided(rule, 0)) == said


@pytest.mark.parametrize("refusal", list(Refusal))
def test_every_refusal_says_the_limit_and_the_way_out(refusal: Refusal) -> None:
    rule = Rule(Allowance(15, at_once=2), Origin.ROLE, 5)
    limits = {"budget_day": 15, "budget_month": 40, "open_jobs": 3, "server_open": 9, "all_open": 9}
    decision = replace(decided(rule, 15, held=2, bonuses=(), uncounted_per_hour=20, **limits), refusal=refusal)
    for in_server in (True, False):
        text = refusal_words(decision, in_server=in_server)
        assert refusal is Refusal.AGAIN or "Nothing was counted" in text
        assert "None" not in text
    if refusal in (Refusal.AT_ONCE, Refusal.OPEN_JOBS):
        assert "`A2B3C`" in text
        assert "`/luma cancel`" in text


def test_an_allowance_of_nothing_says_so() -> None:
    decision = decided(Rule(Allowance(0), Origin.ROLE, 5), 0)
    assert refusal_words(decision).startswith("You may not make edits here (0 a day from <@&5>")


@pytest.mark.parametrize(
    "access",
    [
        Access(Barrier.CHANNEL, denied_id=1),
        Access(Barrier.CHANNEL, allowed_ids=tuple(range(500))),
        Access(Barrier.ROLE, denied_id=1),
        Access(Barrier.ROLE, allowed_ids=tuple(range(500))),
        Access(Barrier.BLOCK, block=Block(1, "x" * 300, 2, NOW_MS)),
        Access(Barrier.BLOCK, block=Block(1, "", 2, NOW_MS, NOW_MS + 1)),
        Access(Barrier.PAUSE),
    ],
)
def test_what_keeps_out_is_said_and_fits(access: Access) -> None:
    text = access_words(access)
    assert text
    assert inert.length(text) <= 2000
