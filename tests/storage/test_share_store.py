"""Keep shares and votes in a real database, once per result whatever happens at once."""

import asyncio

import pytest

from jobs.job import Job, State
from jobs.ports import Posted
from jobs.shares import Choices, Share, ShareState, Votes
from storage.job_store import SqlJobStore
from storage.result_store import SqlResultStore
from storage.share_store import SqlShareStore
from storage.sqlite import SqliteDatabase
from tests.storage.jobs_made import ended, insert

CHOICES = Choices(prompt=True, spoiler=True, tags=(5, 6))
POST = Posted(30, 31)


@pytest.fixture
def shares(database: SqliteDatabase) -> SqlShareStore:
    return SqlShareStore(database)


async def begin(shares: SqlShareStore, job: Job) -> Share | None:
    return await shares.begin(job, 30, CHOICES, now_ms=1000, due_at_ms=61_000)


async def posted(shares: SqlShareStore, job: Job, at_ms: int = 2000) -> Share:
    begun = await begin(shares, job)
    assert begun is not None
    share = await shares.posted(begun.id, POST, now_ms=at_ms)
    assert share is not None
    return share


async def test_a_result_is_shared_once_of_fifty_at_once(shares: SqlShareStore, store: SqlJobStore) -> None:
    job = await ended(store, State.DELIVERED)
    begun = await asyncio.gather(*(begin(shares, job) for _ in range(50)))
    (share,) = [each for each in begun if each is not None]
    assert (share.job_id, share.user_id, share.choices, share.state) == (job.id, 20, CHOICES, ShareState.POSTING)
    assert await shares.of_job(job.id) == share == await shares.get(share.id)


async def test_only_a_standing_result_of_a_server_is_shared(shares: SqlShareStore, store: SqlJobStore) -> None:
    results = SqlResultStore(shares._database)
    deleted = await ended(store, State.DELIVERED)
    await results.delete(deleted.id, 1, now_ms=1)
    elsewhere = await ended(store, State.DELIVERED, guild_id=None)
    for job in (deleted, elsewhere, await insert(store)):
        assert await begin(shares, job) is None


async def test_a_dropped_share_may_begin_again(shares: SqlShareStore, store: SqlJobStore) -> None:
    job = await ended(store, State.DELIVERED)
    share = await begin(shares, job)
    assert share is not None
    await shares.drop(share.id)
    assert await begin(shares, job) is not None
    await shares.drop((await posted(shares, await ended(store, State.DELIVERED))).id)
    assert len(await shares.best(10, since_ms=0, limit=5)) == 1


@pytest.mark.parametrize(("by", "again"), [(20, True), (99, False)])
async def test_who_withdrew_decides_whether_it_may_be_shared_again(
    shares: SqlShareStore, store: SqlJobStore, by: int, again: bool
) -> None:
    job = await ended(store, State.DELIVERED)
    share = await posted(shares, job)
    await shares.toggle_vote(share.id, 7, now_ms=1)
    taken = await asyncio.gather(*(shares.withdraw(share.id, by, now_ms=3000) for _ in range(20)))
    assert sum(each is not None for each in taken) == 1
    assert await begin(shares, job) is None  # its message still stands
    await shares.withdrawn(share.id)
    assert await shares.votes(share.id) == 0
    assert (await begin(shares, job) is not None) is again


async def test_a_share_withdrawn_while_it_is_posted_is_not_kept(shares: SqlShareStore, store: SqlJobStore) -> None:
    share = await begin(shares, await ended(store, State.DELIVERED))
    assert share is not None
    await shares.withdraw(share.id, 20, now_ms=1500)
    assert await shares.posted(share.id, POST, now_ms=2000) is None
    now = await shares.get(share.id)
    assert now is not None
    assert (now.state, now.post) == (ShareState.WITHDRAWING, POST)


async def test_what_is_due_is_taken_up_later_and_later(shares: SqlShareStore, store: SqlJobStore) -> None:
    share = await begin(shares, await ended(store, State.DELIVERED))
    assert share is not None
    moments = (60_999, 61_000, 61_001, 121_000, 240_999, 241_000)
    taken = [len(await shares.claim_due(now_ms=now_ms, wait_ms=60_000, limit=5)) for now_ms in moments]
    assert taken == [0, 1, 0, 1, 0, 1]


async def test_votes_are_one_per_member(shares: SqlShareStore, store: SqlJobStore) -> None:
    share = await posted(shares, await ended(store, State.DELIVERED))
    assert await shares.toggle_vote(share.id, 1, now_ms=1) == Votes(1, mine=True)
    assert await shares.toggle_vote(share.id, 2, now_ms=1) == Votes(2, mine=True)
    assert await shares.toggle_vote(share.id, 1, now_ms=1) == Votes(1, mine=False)
    await asyncio.gather(*(shares.toggle_vote(share.id, 3, now_ms=1) for _ in range(51)))
    assert await shares.votes(share.id) == 2
    assert await shares.toggle_vote("gone", 1, now_ms=1) is None


async def test_the_best_have_most_votes_and_stand_in_the_week(shares: SqlShareStore, store: SqlJobStore) -> None:
    made = [await posted(shares, await ended(store, State.DELIVERED), at_ms) for at_ms in (1000, 2000, 3000, 4000)]
    for share, votes in zip(made, (9, 1, 3, 1), strict=True):
        for user_id in range(votes):
            await shares.toggle_vote(share.id, user_id, now_ms=1)
    best = await shares.best(10, since_ms=2000, limit=2)
    assert [(ranked.share.id, ranked.votes) for ranked in best] == [(made[2].id, 3), (made[1].id, 1)]
    assert await shares.best(11, since_ms=0, limit=5) == []


async def test_a_deleted_results_share_is_withdrawn_with_it(
    shares: SqlShareStore, store: SqlJobStore, database: SqliteDatabase
) -> None:
    job = await ended(store, State.DELIVERED)
    share = await posted(shares, job)
    await SqlResultStore(database).delete(job.id, 99, now_ms=5000)
    (due,) = await shares.claim_due(now_ms=5000, wait_ms=60_000, limit=5)
    assert (due.id, due.state, due.post) == (share.id, ShareState.WITHDRAWING, POST)
