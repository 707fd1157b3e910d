"""Hold insertions to one job for an interaction and one code for a job."""

import pytest

from jobs.errors import StorageError
from jobs.job import (
    ClipSource,
    Kind,
    Request,
    Result,
    State,
)
from jobs.ports import JobStore
from storage.job_store import CODE_LETTERS, SqlJobStore
from storage.sqlite import SqliteDatabase
from tests.storage.jobs_made import (
    insert,
    new_job,
)


def test_the_store_is_a_job_store(store: SqlJobStore) -> None:
    port: JobStore = store

    assert port is store


async def test_an_inserted_job_comes_back_whole(store: SqlJobStore) -> None:
    request = Request(
        kind=Kind.MODIFY,
        prompt='say "hi" ¶ 🎬',
        style="noir",
        clip=ClipSource("https://cdn.example/a.mp4?sig=1", "a.mp4", 123, 1, 2, 3),
        start_seconds=1.25,
        spoiler=True,
        private=True,
        options={"strength": "2"},
    )
    parent = await insert(store)
    new = new_job(request=request, guild_id=None, thread_id=77, parent_job_id=parent.id, locale="zh-CN")

    admitted = await store.insert(new, now_ms=1000, due_at_ms=1500)

    job = admitted.job
    assert admitted.is_new
    assert job == await store.get(job.id)
    assert (job.request, job.guild_id, job.thread_id, job.parent_job_id) == (request, None, 77, parent.id)
    assert (job.state, job.created_at_ms, job.due_at_ms, job.locale) == (State.QUEUED, 1000, 1500, "zh-CN")
    assert [event.event for event in await store.events(job.id)] == ["queue"]


async def test_the_same_interaction_gives_the_same_job(store: SqlJobStore, database: SqliteDatabase) -> None:
    new = new_job()
    first = await store.insert(new, now_ms=1000, due_at_ms=1000)

    again = await store.insert(new, now_ms=2000, due_at_ms=2000)

    assert (again.job, again.is_new) == (first.job, False)
    assert len(await database.read(lambda session: session.rows("SELECT * FROM reservations"))) == 1


async def test_codes_are_short_and_none_look_alike(store: SqlJobStore) -> None:
    job = await insert(store)

    assert len(job.code) == 5
    assert set(job.code) <= set(CODE_LETTERS)
    assert not set("01ILOBSZU") & set(CODE_LETTERS)
    assert await store.find(f" {job.code.lower()} ") == job
    assert await store.find("?????") is None


async def test_a_taken_code_is_drawn_again(database: SqliteDatabase) -> None:
    codes = iter(["AAAAA", "AAAAA", "AAAAA", "CCCCC"])
    store = SqlJobStore(database, new_code=lambda: next(codes))

    assert [(await insert(store)).code for _ in range(2)] == ["AAAAA", "CCCCC"]


async def test_a_store_without_free_codes_says_so(database: SqliteDatabase) -> None:
    store = SqlJobStore(database, new_code=lambda: "AAAAA")
    await insert(store)

    with pytest.raises(StorageError, match="short code"):
        await insert(store)
    assert len(await store.history(20, 10, states=None, offset=0, limit=10)) == 1


async def test_a_result_of_an_earlier_version_is_read(store: SqlJobStore, database: SqliteDatabase) -> None:
    job = await insert(store)
    kept = '{"url":"https://r.example/v.mp4","file":"","facts":null,"url_expires_at_ms":5,"notes":[],"video_id":"v"}'
    await database.write(lambda session: session.execute("UPDATE jobs SET result = $2 WHERE id = $1", job.id, kept))
    found = await store.get(job.id)
    assert found is not None
    assert found.result == Result("https://r.example/v.mp4", video_id="v")
