"""Let policies, bonuses, roles, time and restarts play against the real store, held to a model of ten lines."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from jobs.access import Asker
from jobs.admin import SERVER, Act, role, user
from jobs.errors import LimitReachedError
from jobs.job import Charge, Job, State
from jobs.quota import DAY_MS, Allowance, Defaults, Period
from storage.admin_store import SqlAdminStore
from storage.job_store import SqlJobStore
from storage.quota_store import SqlQuotaStore
from storage.sqlite import SqliteDatabase
from tests.storage.jobs_made import new_job
from tests.storage.quota_model import Edit, may_begin

T = TypeVar("T")
MEMBER, ROLES, GUILDS = 20, (7, 8), (10, 11)
DEFAULTS = Defaults(Allowance(2, Period.DAY, 3), budget_day=None, open_jobs=None)
ALLOWANCES = st.builds(Allowance, st.integers(0, 4), st.sampled_from(Period), st.one_of(st.none(), st.integers(1, 4)))


class QuotaMachine(RuleBasedStateMachine):
    """Play one member in two servers."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp())
        self.now_ms = 1_700_000_000_000
        self.edits: dict[str, Edit] = {}
        self.jobs: dict[str, Job] = {}
        self.bonuses: dict[int, dict[str, tuple[int, int]]] = {guild: {} for guild in GUILDS}
        self.resets = dict.fromkeys(GUILDS, 0)
        self.policies: dict[tuple[int, str], Allowance] = {}
        self.held: frozenset[int] = frozenset()

    def do(self, work: Awaitable[T]) -> T:
        """Run to the end."""
        return self.loop.run_until_complete(asyncio.ensure_future(work, loop=self.loop))

    @initialize()
    def open(self) -> None:
        """Open the database, as at every restart."""
        self.database = self.do(SqliteDatabase.open(self.folder / "luma.db"))
        self.store = SqlJobStore(self.database, defaults=DEFAULTS)
        self.admin = SqlAdminStore(self.database)
        self.quota = SqlQuotaStore(self.database, DEFAULTS)

    def teardown(self) -> None:
        """Leave nothing open."""
        try:
            if hasattr(self, "database"):
                self.do(self.database.close())
        finally:
            self.loop.close()
            shutil.rmtree(self.folder)

    def act(self, guild: int) -> Act:
        """Return a moderator's act now; each at a moment of its own."""
        self.now_ms += 1
        return Act(guild, 99, self.now_ms)

    def rule_of(self, guild: int) -> Allowance:
        """Return what counts by the model."""
        if (guild, "user") in self.policies:
            return self.policies[guild, "user"]
        held = [self.policies[guild, str(each)] for each in self.held if (guild, str(each)) in self.policies]
        return (
            max(held, key=lambda each: each.generosity)
            if held
            else self.policies.get((guild, "server"), DEFAULTS.allowance)
        )

    def allowed(self, guild: int) -> bool:
        """Return what the model says."""
        rule = self.rule_of(guild)
        return may_begin(list(self.edits.values()), guild, rule, self.bonuses[guild], self.resets[guild], self.now_ms)

    @rule(guild=st.sampled_from(GUILDS))
    def edit(self, guild: int) -> None:
        """Ask for one more edit."""
        self.now_ms += 1
        new = new_job(user_id=MEMBER, guild_id=guild, role_ids=self.held)
        expected = self.allowed(guild)
        try:
            admitted = self.do(self.store.insert(new, now_ms=self.now_ms, due_at_ms=self.now_ms))
        except LimitReachedError:
            assert not expected
            return
        assert expected
        assert admitted.decision is not None
        self.jobs[admitted.job.id] = admitted.job
        self.edits[admitted.job.id] = Edit(guild, self.now_ms, admitted.decision.draws_from)

    @precondition(lambda self: self.jobs)
    @rule(first=st.sampled_from(Charge), data=st.data())
    def end(self, first: Charge, data: st.DataObject) -> None:
        """End an edit, twice: the second time nothing happens."""
        self.now_ms += 1
        job = self.jobs.pop(data.draw(st.sampled_from(sorted(self.jobs))))
        gone = replace(job, state=State.CANCELLED)
        for charge in (first, Charge.RELEASE):
            self.do(self.store.move(job, gone, event="end", now_ms=self.now_ms, charge=charge, fenced=False))
        edit = self.edits[job.id]
        edit.state, edit.ended_ms = ("settled" if first is Charge.SETTLE else "released"), self.now_ms

    @rule(
        guild=st.sampled_from(GUILDS),
        whose=st.sampled_from(["server", "user", "7", "8"]),
        to=st.one_of(st.none(), ALLOWANCES),
    )
    def set_rule(self, guild: int, whose: str, to: Allowance | None) -> None:
        """Change a policy."""
        target = {"server": SERVER, "user": user(MEMBER)}.get(whose) or role(int(whose))
        self.do(self.admin.set_allowance(self.act(guild), target, to))
        self.policies.pop((guild, whose), None)
        self.policies |= {(guild, whose): to} if to else {}

    @rule(guild=st.sampled_from(GUILDS), count=st.integers(1, 2), days=st.one_of(st.none(), st.integers(1, 40)))
    def grant(self, guild: int, count: int, days: int | None) -> None:
        """Give a bonus."""
        act = self.act(guild)
        ends_ms = None if days is None else act.at_ms + days * DAY_MS
        entry = self.do(self.admin.grant_bonus(act, MEMBER, count, ends_ms))
        assert entry.after is not None
        self.bonuses[guild][str(entry.after["id"])] = (count, ends_ms or 10**15)

    @rule(guild=st.sampled_from(GUILDS))
    def reset(self, guild: int) -> None:
        """Let the member begin anew."""
        act = self.act(guild)
        self.do(self.admin.reset_use(act, MEMBER))
        self.resets[guild] = act.at_ms

    @rule(roles=st.frozensets(st.sampled_from(ROLES)))
    def change_roles(self, roles: frozenset[int]) -> None:
        """Give and take roles."""
        self.held = roles

    @rule(hours=st.integers(1, 24 * 31))
    def pass_time(self, hours: int) -> None:
        """Let time pass."""
        self.now_ms += hours * 3_600_000

    @rule()
    def restart(self) -> None:
        """Forget all that was only in memory."""
        self.do(self.database.close())
        self.open()

    @invariant()
    def what_members_are_told_is_what_happens(self) -> None:
        """Hold the figures of `/luma quota` to the model."""
        for guild in GUILDS if hasattr(self, "database") else ():
            asker = Asker(MEMBER, guild, self.held)
            decision = self.do(self.quota.decision(asker, now_ms=self.now_ms))
            assert decision.is_allowed == self.allowed(guild)
            open_here = sum(edit.guild == guild and edit.state == "reserved" for edit in self.edits.values())
            assert decision.open == open_here
            assert decision.left is None or decision.left >= 0


TestQuotaMachine = QuotaMachine.TestCase
TestQuotaMachine.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
