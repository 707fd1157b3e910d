"""Hold every read to its port."""

from dataclasses import replace

from jobs.job import (
    Charge,
    ClipSource,
    Kind,
    Prepared,
    Result,
    State,
)
from jobs.ports import Durations, Lane, Outlook
from storage.job_store import SqlJobStore
from storage.sqlite import SqliteDatabase
from tests.storage.jobs_made import (
    FACTS,
    claim_one,
    ended,
    insert,
    new_job,
    running,
    submitting,
)


async def test_counts_tell_open_jobs_only(store: SqlJobStore) -> None:
    for state in (State.DELIVERED, State.FAILED, State.CANCELLED):
        await ended(store, state)
    assert await store.outlook(now_ms=0) == Outlook({}, frozenset(), None)
    assert await store.open_counts() == {}

    await running(store, service="kie")
    await submitting(store, service="acedata")
    await insert(store)

    assert (await store.outlook(now_ms=1000)).at_service == {"kie": 1, "acedata": 1}
    assert await store.open_counts() == {State.QUEUED: 1, State.SUBMITTING: 1, State.RUNNING: 1}


async def test_a_job_about_to_be_sent_counts_as_at_the_service(store: SqlJobStore) -> None:
    clip = replace(new_job().request, clip=ClipSource("https://cdn.example/a"))
    await insert(store)
    await insert(store, request=clip)
    assert (await store.outlook(now_ms=1000)).at_service == {"kie": 0}

    ready = await store.claim([Lane(frozenset({State.QUEUED}), 9, prepared=True)], now_ms=1000, lease_ms=10)
    raw = await store.claim([Lane(frozenset({State.QUEUED}), 9, prepared=False)], now_ms=1000, lease_ms=10)

    assert [job.request.clip for job in ready] == [None]
    assert [job.request.clip for job in raw] == [clip.clip]
    assert (await store.outlook(now_ms=1009)).at_service == {"kie": 1}
    assert (await store.outlook(now_ms=1010)).at_service == {"kie": 0}
    await store.move(raw[0], replace(raw[0], clip=Prepared("a.mp4", FACTS)), event="prepared", now_ms=1)
    assert len(await store.claim([Lane(frozenset({State.QUEUED}), 9, prepared=True)], now_ms=1005, lease_ms=1)) == 1


async def test_the_next_moment_is_after_the_given_one(store: SqlJobStore) -> None:
    await insert(store, now_ms=1000)
    await insert(store, now_ms=3000)

    moments = [(await store.outlook(now_ms=now)).next_due_ms for now in (0, 999, 1000, 2999, 3000)]

    assert moments == [1000, 1000, 3000, 3000, None]


async def test_next_due_waits_for_a_lease(store: SqlJobStore) -> None:
    await insert(store, now_ms=1000)
    assert (await store.outlook(now_ms=999)).next_due_ms == 1000
    await claim_one(store, now_ms=1000, lease_ms=500)
    assert (await store.outlook(now_ms=1000)).next_due_ms == 1500

    assert await store.end_leases() == 1

    assert (await store.outlook(now_ms=999)).next_due_ms == 1000


async def test_what_waits_is_told_by_state_service_and_readiness(store: SqlJobStore) -> None:
    clip = replace(new_job().request, clip=ClipSource("https://cdn.example/a"))
    await running(store)
    await insert(store, now_ms=1000)
    await insert(store, now_ms=1000, request=clip, service="acedata")
    queued = frozenset({State.QUEUED})
    lanes = {
        "ready": Lane(queued, 1, "kie", prepared=True),
        "raw": Lane(queued, 1, prepared=False),
        "raw of kie": Lane(queued, 1, "kie", prepared=False),
        "either": Lane(queued, 1, "acedata"),
        "running": Lane(frozenset({State.RUNNING}), 1),
    }

    async def found(now_ms: int) -> set[str]:
        outlook = await store.outlook(now_ms=now_ms)
        return {name for name, lane in lanes.items() if outlook.has_any(lane)}

    assert await found(999) == set()
    assert await found(1000) == {"ready", "raw", "either"}
    await store.claim([lanes["ready"]], now_ms=1000, lease_ms=50)
    assert await found(1049) == {"raw", "either"}
    assert await found(1050) == {"ready", "raw", "either"}
    assert await found(10**9) == set(lanes) - {"raw of kie"}


async def test_queue_place_counts_older_jobs_of_the_service(store: SqlJobStore) -> None:
    jobs = [await insert(store, now_ms=1000 + at) for at in range(3)]
    other = await insert(store, now_ms=900, service="acedata")

    assert [await store.queue_place(job) for job in jobs] == [1, 2, 3]
    assert await store.queue_place(other) == 1


async def test_durations_are_of_the_last_200_delivered_of_a_kind(store: SqlJobStore, database: SqliteDatabase) -> None:
    assert await store.durations(Kind.MODIFY) == Durations(0, 0, 0)
    delivered = await ended(store, State.DELIVERED)
    await ended(store, State.FAILED)
    assert await store.durations(Kind.MODIFY) == Durations(1, 2000, 2000)

    copies = [await insert(store) for _ in range(210)]
    await database.write(
        lambda session: [
            session.execute(
                "UPDATE jobs SET state = 'delivered', submitted_at_ms = $2, finished_at_ms = $3 WHERE id = $1",
                job.id,
                10_000,
                10_000 + at,
            )
            for at, job in enumerate(copies)
        ]
    )

    assert await store.durations(Kind.MODIFY) == Durations(200, round((109 + 110) / 2), 189)
    assert await store.durations(Kind.EXTEND) == Durations(0, 0, 0)
    assert delivered.finished_at_ms == 5000


async def test_history_is_of_one_member_in_one_guild_newest_first(store: SqlJobStore) -> None:
    jobs = [await insert(store, now_ms=1000 + at) for at in range(5)]
    await insert(store, user_id=21)
    await insert(store, guild_id=11)
    direct = await insert(store, guild_id=None)
    newest = list(reversed(jobs))

    assert await store.history(20, 10, states=None, offset=0, limit=10) == newest
    assert await store.history(20, 10, states=None, offset=1, limit=2) == newest[1:3]
    assert await store.history(20, None, states=None, offset=0, limit=10) == [direct]
    assert await store.history(20, 10, states=frozenset(), offset=0, limit=10) == []
    cancelled = replace(jobs[2], state=State.CANCELLED)
    await store.move(jobs[2], cancelled, event="cancel", now_ms=1, charge=Charge.RELEASE)
    only = await store.history(20, 10, states=frozenset({State.CANCELLED}), offset=0, limit=10)
    assert [job.id for job in only] == [jobs[2].id]


async def test_open_jobs_are_a_members_in_all_guilds(store: SqlJobStore) -> None:
    await ended(store, State.DELIVERED)
    first = await insert(store, now_ms=1000, guild_id=11)
    second = await insert(store, now_ms=1001)
    await insert(store, user_id=21)

    assert await store.open_jobs(20) == [first, second]


async def test_files_of_open_jobs_are_in_use(store: SqlJobStore) -> None:
    await insert(store)
    job = await claim_one(store)
    staged = await store.move(job, replace(job, clip=Prepared("in.mp4", FACTS)), event="x", now_ms=1)
    assert staged is not None
    assert await store.files_in_use() == {"in.mp4"}

    leaving = replace(staged, state=State.DELIVERING, result=Result("https://x", ""))
    moved = await store.move(staged, leaving, event="x", now_ms=1)
    assert moved is not None
    fetched = await store.move(moved, replace(moved, result=Result("https://x", "out.mp4")), event="x", now_ms=1)
    assert fetched is not None
    assert await store.files_in_use() == {"in.mp4", "out.mp4"}

    await store.move(fetched, replace(fetched, state=State.DELIVERED), event="x", now_ms=1, charge=Charge.SETTLE)
    assert await store.files_in_use() == frozenset()
