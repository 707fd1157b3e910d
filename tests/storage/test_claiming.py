"""Hold the claim to its fairness: by a table of cases and by a model that chooses one job after another."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.job import State
from jobs.ports import Lane
from storage.claiming import claim
from storage.migrate import migrate
from storage.sqlite_connection import SqliteSession

NOW = 1000


@dataclass(frozen=True)
class Waiting:
    """Tell of one job as the claim sees it; `id` says its place in the table."""

    id: str
    guild: int | None
    user: int
    state: State = State.QUEUED
    created: int = 0
    due: int = 0
    leased_until: int = 0
    ready: bool = True
    service: str = "kie"

    @property
    def place(self) -> int:
        """Return the guild; direct messages are each member's own."""
        return -self.user if self.guild is None else self.guild

    @property
    def in_flight(self) -> bool:
        """Tell whether the job takes part of its guild's share now."""
        at_service = self.state in (State.SUBMITTING, State.RUNNING)
        return at_service or (self.state is State.QUEUED and self.leased_until > NOW)

    def fits(self, lane: Lane) -> bool:
        """Tell whether the job may be claimed by a lane."""
        return (
            self.state in lane.states
            and not self.state.is_final
            and lane.service in ("", self.service)
            and lane.prepared in (None, self.ready)
            and self.due <= NOW
            and self.leased_until <= NOW
        )


@contextmanager
def session_with(jobs: Sequence[Waiting]) -> Iterator[SqliteSession]:
    """Give a database in memory that holds the jobs."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        migrate(connection)
        for number, job in enumerate(jobs):
            connection.execute(
                "INSERT INTO jobs (id, code, kind, state, user_id, guild_id, channel_id, interaction_id, locale,"
                " request, service, created_at_ms, due_at_ms, leased_until_ms, ready)"
                " VALUES (?, ?, 'modify', ?, ?, ?, 1, ?, 'en', ?, ?, ?, ?, ?, ?)",
                (
                    *(
                        job.id,
                        job.id,
                        job.state,
                        job.user,
                        job.guild,
                        number,
                        '{"kind":"modify","prompt":"","clip":null}',
                    ),
                    *(job.service, job.created, job.due, job.leased_until, job.ready),
                ),
            )
        yield SqliteSession(connection)


def claimed(jobs: Sequence[Waiting], lanes: Sequence[Lane]) -> list[str]:
    """Return the ids the store would claim."""
    with session_with(jobs) as session:
        return [job.id for job in claim(session, lanes, now_ms=NOW, lease_ms=500)]


def chosen_one_by_one(jobs: Sequence[Waiting], lanes: Sequence[Lane]) -> list[str]:
    """Return the ids a patient person would choose by the rule."""
    rows = {job.id: job for job in jobs}
    ids: list[str] = []
    for lane in lanes:
        places = Counter(job.place for job in rows.values() if job.in_flight)
        members = Counter((job.place, job.user) for job in rows.values() if job.in_flight)
        taken: list[Waiting] = []
        for _ in range(lane.free):
            waiting = [job for job in rows.values() if job.fits(lane)]
            if not waiting:
                break
            best = min(waiting, key=lambda j: (places[j.place], members[j.place, j.user], j.created, j.id))
            places[best.place] += 1
            members[best.place, best.user] += 1
            rows[best.id] = replace(best, leased_until=NOW + 500)
            taken.append(best)
        ids += [job.id for job in sorted(taken, key=lambda job: (job.created, job.id))]
    return ids


def queue(text: str, **changes: int) -> list[Waiting]:
    """Return queued jobs, oldest first, from words like `1a` (guild 1, member a)."""
    return [
        replace(Waiting(f"q{number:02}{word}", int(word[0]), ord(word[1]), created=number), **changes)  # type: ignore[arg-type]  # fields by name
        for number, word in enumerate(text.split())
    ]


def busy(text: str) -> list[Waiting]:
    """Return jobs in flight from words like `1a`."""
    return [
        Waiting(f"f{number:02}{word}", int(word[0]), ord(word[1]), State.RUNNING, due=NOW + 1)
        for number, word in enumerate(text.split())
    ]


def lane(free: int, *states: State, service: str = "", prepared: bool | None = None) -> Lane:
    """Return a lane, of queued jobs unless said otherwise."""
    return Lane(frozenset(states or {State.QUEUED}), free, service, prepared)


@pytest.mark.parametrize(
    ("waiting", "in_flight", "free", "expected"),
    [
        ("1a 1a 1a 2b", "", 2, "q001a q032b"),
        ("1a 1a 1a 1a 2b 2b", "", 4, "q001a q011a q042b q052b"),
        ("1a 1a 1a 2b", "2b", 1, "q001a"),
        ("1a 1a 1a 2b", "1a", 1, "q032b"),
        ("1a 1a 1b", "", 2, "q001a q021b"),
        ("1a 1b", "1a", 1, "q011b"),
        ("1a 2b", "", 1, "q001a"),
        ("1a 2a", "1b 1b", 1, "q012a"),
        ("1a 1a", "", 0, ""),
        ("", "1a", 5, ""),
        ("1a 1a 1a 2b 3c", "1a 2b", 3, "q001a q032b q043c"),
    ],
)
def test_free_slots_are_shared(waiting: str, in_flight: str, free: int, expected: str) -> None:
    jobs = [*queue(waiting), *busy(in_flight)]

    assert claimed(jobs, [lane(free)]) == expected.split()


def test_only_due_jobs_of_the_lane_are_claimed() -> None:
    jobs = [
        Waiting("later", 1, 1, due=NOW + 1),
        Waiting("leased", 1, 1, leased_until=NOW + 1),
        Waiting("other", 1, 1, service="acedata"),
        Waiting("raw", 1, 1, ready=False),
        Waiting("ended", 1, 1, state=State.FAILED),
        Waiting("delivering", 1, 1, state=State.DELIVERING),
        Waiting("now", 1, 1, due=NOW, leased_until=NOW),
    ]

    assert claimed(jobs, [lane(9, State.QUEUED, service="kie", prepared=True)]) == ["now"]
    assert claimed(jobs, [lane(9, State.QUEUED, service="kie", prepared=False)]) == ["raw"]
    assert claimed(jobs, [lane(9, State.FAILED)]) == []
    assert claimed(jobs, [lane(9, State.DELIVERING, State.FAILED)]) == ["delivering"]


def test_ten_guilds_with_a_flood_from_one_share_ten_slots() -> None:
    jobs = queue(" ".join(["1a"] * 100 + [f"{guild}z" for guild in range(2, 10)]))

    guilds = Counter(name[-2] for name in claimed(jobs, [lane(10)]))

    assert guilds == {"1": 2, **{str(guild): 1 for guild in range(2, 10)}}


def test_direct_messages_are_each_members_own_place() -> None:
    jobs = [Waiting("a", None, 1), Waiting("b", None, 1, created=1), Waiting("c", None, 2, created=2)]

    assert claimed(jobs, [lane(2)]) == ["a", "c"]


def test_a_claim_counts_up_the_lease() -> None:
    with session_with(queue("1a")) as session:
        [first] = claim(session, [lane(1)], now_ms=NOW, lease_ms=10)
        assert claim(session, [lane(1)], now_ms=NOW + 9, lease_ms=10) == []
        [second] = claim(session, [lane(1)], now_ms=NOW + 10, lease_ms=10)

    assert (first.lease, second.lease) == (1, 2)


jobs_at_random = st.lists(
    st.builds(
        Waiting,
        id=st.just(""),
        guild=st.sampled_from([None, 1, 2, 3]),
        user=st.integers(1, 3),
        state=st.sampled_from([State.QUEUED, State.QUEUED, State.QUEUED, *State]),
        created=st.integers(0, 5),
        due=st.integers(NOW - 2, NOW + 1),
        leased_until=st.sampled_from([0, 0, 0, NOW, NOW + 1]),
        ready=st.booleans(),
        service=st.sampled_from(["kie", "acedata"]),
    ),
    max_size=25,
).map(lambda jobs: [replace(job, id=f"j{number:02}") for number, job in enumerate(jobs)])

lanes_at_random = st.lists(
    st.builds(
        Lane,
        states=st.frozensets(st.sampled_from(list(State)), min_size=1),
        free=st.integers(0, 8),
        service=st.sampled_from(["", "kie", "acedata"]),
        prepared=st.sampled_from([None, True, False]),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=400)
@given(jobs_at_random, lanes_at_random)
def test_one_statement_chooses_like_one_after_another(jobs: list[Waiting], lanes: list[Lane]) -> None:
    assert claimed(jobs, lanes) == chosen_one_by_one(jobs, lanes)
