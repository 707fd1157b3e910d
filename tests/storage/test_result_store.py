"""Keep what people do with results: lines of versions, deletion, copies, thumbs, search."""

import asyncio
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any

import pytest

from jobs.job import ClipSource, Job, Kind, Request, State
from jobs.result_ports import Copy, CopyKind, Keepsake, Pair, Search, Tally
from storage.database import Session
from storage.job_store import SqlJobStore
from storage.result_store import SqlResultStore
from storage.sqlite import SqliteDatabase
from tests.storage.jobs_made import ended, insert

times = count(100)


@pytest.fixture
def results(database: SqliteDatabase) -> SqlResultStore:
    return SqlResultStore(database)


async def delivered(store: SqlJobStore, parent: Job | None = None, **changes: Any) -> Job:
    return await ended(store, State.DELIVERED, **({"now_ms": next(times)} | changes), **_of(parent))


def _execute(sql: str, job_id: str, state: str, session: Session) -> int:
    return session.execute(sql, job_id, state)


def _of(parent: Job | None) -> dict[str, Any]:
    return {"parent_job_id": parent.id} if parent else {}


class TestLines:
    async def test_versions_are_numbered_by_time_and_know_their_parents(
        self, store: SqlJobStore, results: SqlResultStore
    ) -> None:
        first = await delivered(store)
        second = await delivered(store, first)
        third = await delivered(store, first)
        fourth = await delivered(store, third)
        await delivered(store)
        for job in (first, second, third, fourth):
            line = await results.line(job.id, 25)
            assert [each.job.id for each in line.versions] == [first.id, second.id, third.id, fourth.id]
            assert [(each.number, each.parent) for each in line.versions] == [(1, 0), (2, 1), (3, 1), (4, 3)]
            assert line.total == 4

    async def test_what_failed_is_left_out_and_bridged(self, store: SqlJobStore, results: SqlResultStore) -> None:
        first = await delivered(store)
        failed = await ended(store, State.FAILED, now_ms=next(times), parent_job_id=first.id)
        second = await delivered(store, failed)
        line = await results.line(second.id, 25)
        assert [(each.job.id, each.number, each.parent) for each in line.versions] == [
            (first.id, 1, 0),
            (second.id, 3, 1),
        ]
        seen = await results.line(failed.id, 25)
        assert seen.find(failed.id) is not None
        assert {line.total, seen.total} == {3}
        assert [each.number for each in seen.versions] == [1, 2, 3]

    async def test_a_number_stays_whatever_becomes_of_others(
        self, store: SqlJobStore, results: SqlResultStore, database: SqliteDatabase
    ) -> None:
        first = await delivered(store)
        between = await delivered(store, first)
        last = await delivered(store, first)
        for state in ("running", "failed"):
            change = "UPDATE jobs SET state = $2 WHERE id = $1"
            await database.write(partial(_execute, change, between.id, state))
            numbers = {each.job.id: each.number for each in (await results.line(last.id, 25)).versions}
            assert numbers[last.id] == 3, state
        assert await results.numbers(last.id, [first.id, last.id, "gone"]) == {first.id: 1, last.id: 3}

    async def test_a_thousand_versions_show_a_window(
        self, store: SqlJobStore, results: SqlResultStore, database: SqliteDatabase
    ) -> None:
        first = await delivered(store)
        chain = [first.id]
        for number in range(1, 1000):
            job = await insert(store, now_ms=1000 + number, parent_job_id=chain[-1])
            chain.append(job.id)
        for index, first_shown in ((0, 1), (500, 489), (999, 976)):
            line = await results.line(chain[index], 25)
            assert (line.total, line.hidden) == (1000, 975)
            assert [each.number for each in line.versions] == list(range(first_shown, first_shown + 25))
            assert line.find(chain[index]) is not None
            assert all(each.parent == each.number - 1 for each in line.versions)

    async def test_a_job_that_is_gone_has_no_line(self, results: SqlResultStore) -> None:
        line = await results.line("gone", 25)
        assert (line.versions, line.total) == ((), 0)


class TestDeletion:
    async def test_it_happens_once_and_names_all_that_goes(
        self, store: SqlJobStore, results: SqlResultStore, database: SqliteDatabase
    ) -> None:
        first, second = await delivered(store), await delivered(store)
        await results.keep(Pair(first.id), Keepsake.POSTER, "poster-a")
        await results.keep(Pair(second.id, first.id), Keepsake.COMPARE, "compare-b")
        await results.keep(Pair(second.id), Keepsake.COMPARE, "compare-own")
        await results.note_copy(CopyKind.COMPARE, Pair(second.id, first.id), Copy(5, 50, 1))
        await results.note_copy(CopyKind.AGAIN, Pair(first.id), Copy(5, 51, 1))
        outcomes = await asyncio.gather(*(results.delete(first.id, 20, now_ms=9000) for _ in range(50)))
        (deleted,) = [each for each in outcomes if each is not None]
        assert deleted.pairs == (Pair(second.id, first.id),)
        assert {copy.message_id for copy in deleted.copies} == {50, 51}
        assert deleted.job.deleted_at_ms == 9000
        assert await results.comparison(Pair(second.id)) == "compare-own"
        assert [event.event for event in await store.events(first.id)].count("delete") == 1

    async def test_what_is_made_too_late_is_not_kept(self, store: SqlJobStore, results: SqlResultStore) -> None:
        first, second = await delivered(store), await delivered(store)
        await results.delete(first.id, 20, now_ms=1)
        assert not await results.keep(Pair(first.id), Keepsake.POSTER, "poster-a")
        assert not await results.keep(Pair(second.id, first.id), Keepsake.COMPARE, "compare-b")
        assert not await results.note_copy(CopyKind.AGAIN, Pair(first.id), Copy(5, 51, 1))
        assert await results.keepsakes([first.id, second.id], Keepsake.POSTER) == {}

    async def test_only_a_delivered_result_is_deleted(self, store: SqlJobStore, results: SqlResultStore) -> None:
        failed, open_job = await ended(store, State.FAILED), await insert(store)
        for job_id in (open_job.id, failed.id, "gone"):
            assert await results.delete(job_id, 20, now_ms=1) is None


async def test_the_last_thumb_of_each_member_counts(store: SqlJobStore, results: SqlResultStore) -> None:
    job = await delivered(store)
    styled = await delivered(store, request=Request(Kind.MODIFY, "rain", style="Noir"))
    assert await results.rate(job, 1, liked=True, now_ms=5) == Tally(1, 0)
    assert await results.rate(job, 2, liked=True, now_ms=6) == Tally(2, 0)
    assert await results.rate(job, 1, liked=False, now_ms=7) == Tally(1, 1)
    assert await results.rate(styled, 1, liked=True, now_ms=8) == Tally(1, 0)
    counted = await results.acceptance(10, since_ms=0)
    assert [(each.service, each.style, each.tally) for each in counted] == [
        ("kie", "", Tally(1, 1)),
        ("kie", "Noir", Tally(1, 0)),
    ]
    assert [each.style for each in await results.acceptance(10, since_ms=8)] == ["Noir"]
    assert await results.acceptance(11, since_ms=0) == []


async def test_a_search_finds_prompt_style_and_code_as_typed(store: SqlJobStore, results: SqlResultStore) -> None:
    odd = await insert(store, now_ms=1, request=Request(Kind.MODIFY, "100% Rain_y \\ night", style="Noir"))
    plain = await insert(store, now_ms=2, request=Request(Kind.MODIFY, "a modify prompt"))
    found = Search(20, 10)
    for text, expected in (
        ("", [plain, odd]),
        ("rain_Y", [odd]),
        ("100%", [odd]),
        ("%", [odd]),
        ("\\", [odd]),
        ("noir", [odd]),
        (plain.code.lower(), [plain]),
        ("modify", [plain]),
        ("' OR 1=1 --", []),
    ):
        got = await results.search(replace(found, text=text), offset=0, limit=10)
        assert [job.id for job in got] == [job.id for job in expected], text
    assert await results.search(replace(found, states=frozenset({State.FAILED})), offset=0, limit=10) == []


async def test_who_was_told_is_known(results: SqlResultStore) -> None:
    assert not await results.was_told(20)
    await asyncio.gather(*(results.note_told(20, now_ms=1) for _ in range(50)))
    assert await results.was_told(20)
    assert not await results.was_told(21)


async def test_a_copy_is_found_by_channel(store: SqlJobStore, results: SqlResultStore) -> None:
    job = await delivered(store)
    for number, channel in ((1, 5), (2, 6)):
        await results.note_copy(CopyKind.AGAIN, Pair(job.id), Copy(channel, number, number))
    last = await results.last_copy(CopyKind.AGAIN, Pair(job.id))
    there = await results.last_copy(CopyKind.AGAIN, Pair(job.id), 5)
    assert (last and last.message_id, there and there.message_id) == (2, 1)
    assert await results.last_copy(CopyKind.COMPARE, Pair(job.id)) is None


async def test_a_comparison_under_other_names_is_another(store: SqlJobStore, results: SqlResultStore) -> None:
    first, second = await delivered(store), await delivered(store)
    old, new = Pair(second.id, first.id), Pair(second.id, first.id, "V1", "V2")
    await results.keep(old, Keepsake.COMPARE, "compare-old")
    await results.note_copy(CopyKind.COMPARE, old, Copy(5, 50, 1))
    assert await results.comparison(new) is None
    assert await results.last_copy(CopyKind.COMPARE, new) is None
    await results.keep(new, Keepsake.COMPARE, "compare-new")
    await results.note_copy(CopyKind.COMPARE, new, Copy(5, 51, 2))
    assert await results.comparison(new) == "compare-new"
    assert await results.last_copy(CopyKind.COMPARE, new) == Copy(5, 51, 2)
    deleted = await results.delete(first.id, 20, now_ms=9000)
    assert deleted is not None
    assert {copy.message_id for copy in deleted.copies} == {50, 51}
    assert [pair.file_id for pair in deleted.pairs] == [old.file_id] == [new.file_id]


async def test_a_file_a_new_job_begins_with_is_in_use(store: SqlJobStore) -> None:
    clip = ClipSource("", "luma.mp4", file="result-before", job_id="x")
    await insert(store, request=Request(Kind.MODIFY, "rain", clip=clip))
    assert "result-before" in await store.files_in_use()
