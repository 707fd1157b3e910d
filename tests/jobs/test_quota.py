"""Hold the rules of who may have how much, against small cases and a model of ten lines."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from jobs.quota import (
    DAY_MS,
    HOUR_MS,
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
    rule_for,
)

NOW_MS = 1_700_000_000_000
THREE_A_DAY = Allowance(3)
POLICIES = Policies(THREE_A_DAY, {7: Allowance(15), 8: Allowance(70, Period.WEEK)}, {11: Allowance(1)})


def ask(
    allowance: Allowance = THREE_A_DAY,
    uses: list[Use] | None = None,
    bonuses: list[Bonus] | None = None,
    policies: Policies = POLICIES,
    server: ServerUse | None = None,
) -> Decision:
    """Decide for a member with this allowance."""
    return decide(policies, Rule(allowance, Origin.DEFAULT), uses or [], bonuses or [], server or ServerUse(), NOW_MS)


def ago(ms: int, *, is_open: bool = False, bonus_id: str | None = None) -> Use:
    """Return a use made so long ago."""
    return Use(NOW_MS - ms, is_open, bonus_id)


@pytest.mark.parametrize(
    ("user_id", "roles", "origin", "edits"),
    [
        (11, [7], Origin.USER, 1),
        (12, [7, 8], Origin.ROLE, 15),
        (12, [8], Origin.ROLE, 70),
        (12, [99], Origin.DEFAULT, 3),
        (12, [], Origin.DEFAULT, 3),
    ],
)
def test_a_members_own_rule_beats_the_best_role_which_beats_the_default(
    user_id: int, roles: list[int], origin: Origin, edits: int
) -> None:
    found = rule_for(POLICIES, user_id, roles)
    assert (found.origin, found.allowance.edits) == (origin, edits)


def test_no_limit_is_the_most_generous_role() -> None:
    policies = replace(POLICIES, roles={7: Allowance(1000), 8: Allowance(None)})
    assert rule_for(policies, 1, [7, 8]).role_id == 8


def test_a_use_leaves_the_window_exactly_one_span_later() -> None:
    full = [ago(DAY_MS - 1), ago(5), ago(1)]
    decision = ask(uses=full)
    assert (decision.refusal, decision.used, decision.left) == (Refusal.EDITS, 3, 0)
    assert decision.next_free_at_ms == NOW_MS + 1
    assert ask(uses=[ago(DAY_MS), ago(5), ago(1)]).is_allowed


def test_after_a_lowered_limit_the_next_free_moment_is_told_right() -> None:
    decision = ask(Allowance(1), [ago(30), ago(20), ago(10)])
    assert decision.next_free_at_ms == NOW_MS - 10 + DAY_MS


def test_a_limit_of_none_left_for_ever_names_no_moment() -> None:
    decision = ask(Allowance(0))
    assert (decision.refusal, decision.next_free_at_ms) == (Refusal.EDITS, None)


def test_too_many_at_once_are_refused_though_edits_are_left() -> None:
    assert ask(Allowance(9, at_once=2), [ago(1, is_open=True)] * 2).refusal is Refusal.AT_ONCE
    assert ask(Allowance(9, at_once=2), [ago(1, is_open=True), ago(1)]).is_allowed


def test_bonuses_drain_after_the_allowance_and_the_last_to_expire_last() -> None:
    late, soon, ever = (
        Bonus("late", 2, 0, NOW_MS + 9 * DAY_MS),
        Bonus("soon", 1, 5, NOW_MS + DAY_MS),
        Bonus("ever", 1, 0),
    )
    bonuses = [late, ever, soon, Bonus("over", 9, 0, NOW_MS)]
    assert ask(bonuses=bonuses).draws_from is None, "the allowance first"
    uses = [ago(1)] * 3
    order = []
    while (decision := ask(uses=uses, bonuses=bonuses)).is_allowed:
        order.append(decision.draws_from)
        uses.append(ago(0, bonus_id=decision.draws_from))
    assert order == ["soon", "late", "late", "ever"]
    assert decision.refusal is Refusal.EDITS


def test_a_bonus_does_not_come_back_with_the_next_day() -> None:
    uses = [ago(1)] * 3 + [ago(40 * DAY_MS, bonus_id="b")]
    assert not ask(uses=uses, bonuses=[Bonus("b", 1, 0)]).is_allowed


def test_the_servers_budget_caps_everyone() -> None:
    policies = replace(POLICIES, budget_day=10, budget_month=100)
    assert ask(policies=policies, server=ServerUse(10, 10)).refusal is Refusal.BUDGET_DAY
    assert ask(policies=policies, server=ServerUse(9, 100)).refusal is Refusal.BUDGET_MONTH
    assert ask(policies=policies, server=ServerUse(9, 99)).is_allowed


def test_a_full_budget_tells_when_it_has_room_and_not_when_the_members_own_does() -> None:
    policies = replace(POLICIES, budget_day=10, budget_month=100)
    full = ServerUse(10, 100, NOW_MS + 5, NOW_MS + 9)
    decision = ask(uses=[ago(1)] * 3, policies=policies, server=full)
    assert (decision.refusal, decision.next_free_at_ms) == (Refusal.BUDGET_DAY, NOW_MS + 5)
    decision = ask(uses=[ago(1)] * 3, policies=replace(policies, budget_day=None), server=full)
    assert (decision.refusal, decision.next_free_at_ms) == (Refusal.BUDGET_MONTH, NOW_MS + 9)


def test_open_jobs_elsewhere_count_for_the_cap_over_all_places() -> None:
    policies = replace(POLICIES, open_jobs=2)
    rule = Rule(Allowance(9, at_once=2), Origin.DEFAULT)
    here = [ago(1, is_open=True)]
    decision = decide(policies, rule, here, [], ServerUse(), NOW_MS, open_codes=["AAAAA", "CCCCC"])
    assert (decision.refusal, decision.open, decision.open_codes) == (Refusal.OPEN_JOBS, 1, ("AAAAA", "CCCCC"))
    assert decide(policies, rule, here, [], ServerUse(), NOW_MS, open_codes=["AAAAA"]).is_allowed
    assert decide(policies, rule, here * 2, [], ServerUse(), NOW_MS, open_codes=["A", "B"]).refusal is Refusal.AT_ONCE


def test_edits_that_ended_uncounted_make_the_next_one_wait_until_the_hour_has_room() -> None:
    policies = replace(POLICIES, uncounted_per_hour=2)
    rule = Rule(Allowance(9), Origin.DEFAULT)

    def with_ends(*ends_ms: int) -> Decision:
        return decide(policies, rule, [], [], ServerUse(), NOW_MS, uncounted_ms=ends_ms)

    assert with_ends(NOW_MS - 1).is_allowed
    assert with_ends(NOW_MS - 1, NOW_MS - HOUR_MS).is_allowed
    decision = with_ends(NOW_MS - 9, NOW_MS - 5, NOW_MS - 7)
    assert (decision.refusal, decision.next_free_at_ms) == (Refusal.UNCOUNTED, NOW_MS - 7 + HOUR_MS)


class QuotaMachine(RuleBasedStateMachine):
    """Begin, end and release edits while time passes and limits change; a short model says what must hold."""

    @initialize(edits=st.integers(0, 5), period=st.sampled_from(Period), at_once=st.integers(1, 4))
    def begin(self, edits: int, period: Period, at_once: int) -> None:
        self.allowance = Allowance(edits, period, at_once)
        self.now_ms = NOW_MS
        self.uses: list[Use] = []
        self.bonuses: list[Bonus] = []

    def decision(self) -> Decision:
        return decide(POLICIES, Rule(self.allowance, Origin.DEFAULT), self.uses, self.bonuses, ServerUse(), self.now_ms)

    def model_allows(self) -> bool:
        window = [u for u in self.uses if u.bonus_id is None and self.now_ms - u.reserved_at_ms < self.span()]
        alive = [b for b in self.bonuses if b.expires_at_ms is None or b.expires_at_ms > self.now_ms]
        extra = sum(max(0, b.count - sum(u.bonus_id == b.id for u in self.uses)) for b in alive)
        is_free = sum(u.is_open for u in self.uses) < (self.allowance.at_once or 0)
        return is_free and (len(window) < (self.allowance.edits or 0) or extra > 0)

    def span(self) -> int:
        return self.allowance.period.span_ms

    @rule()
    def edit(self) -> None:
        decision = self.decision()
        assert decision.is_allowed == self.model_allows()
        if decision.is_allowed:
            self.uses.append(Use(self.now_ms, True, decision.draws_from))

    @precondition(lambda self: any(use.is_open for use in self.uses))
    @rule(settles=st.booleans())
    def end(self, settles: bool) -> None:
        index = next(i for i, use in enumerate(self.uses) if use.is_open)
        use = self.uses.pop(index)
        if settles:
            self.uses.append(replace(use, is_open=False))

    @rule(count=st.integers(1, 3), days=st.one_of(st.none(), st.integers(1, 40)))
    def grant(self, count: int, days: int | None) -> None:
        expires = None if days is None else self.now_ms + days * DAY_MS
        self.bonuses.append(Bonus(f"b{len(self.bonuses)}", count, self.now_ms, expires))

    @rule(hours=st.integers(0, 24 * 40))
    def pass_time(self, hours: int) -> None:
        self.now_ms += hours * 3_600_000

    @rule(edits=st.integers(0, 5), period=st.sampled_from(Period))
    def change_limit(self, edits: int, period: Period) -> None:
        self.allowance = Allowance(edits, period, self.allowance.at_once)

    @invariant()
    def figures_hold(self) -> None:
        decision = self.decision()
        assert decision.left is not None
        assert 0 <= decision.left <= (self.allowance.edits or 0)
        assert all(each.left > 0 for each in decision.bonuses)
        if decision.refusal is Refusal.EDITS and decision.next_free_at_ms is not None:
            later = decide(POLICIES, decision.rule, self.uses, self.bonuses, ServerUse(), decision.next_free_at_ms)
            assert later.refusal is not Refusal.EDITS
            assert decision.next_free_at_ms > self.now_ms


TestQuotaMachine = QuotaMachine.TestCase
TestQuotaMachine.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
