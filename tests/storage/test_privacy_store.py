"""Hold an export to all that is stored of a member, and an erasure to leaving nothing but what counts."""

import json
import sqlite3
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from jobs.admin import SERVER, Act, Deed, user
from jobs.job import ClipSource, Failure, FailureCode, Job, Kind, Prepared, Request, Result, State
from jobs.quota import DAY_MS, Allowance, Defaults, Period
from storage.admin_store import SqlAdminStore
from storage.database import Session
from storage.job_store import SqlJobStore
from storage.log_store import SqlLogStore
from storage.member_tables import MEMBER_TABLES
from storage.privacy_store import SqlPrivacyStore
from storage.quota_store import SqlQuotaStore
from storage.sqlite import SqliteDatabase
from tests.storage.jobs_made import FACTS, ask, count_rows, ended, insert

MEMBER, OTHER, MODERATOR = 20_000_000_000_000_001, 20_000_000_000_000_002, 20_000_000_000_000_003
NOW = 1_700_000_000_000
SECRET = "a prompt that nobody else may read"
# Columns that hold a person's id without telling what the person did or wanted.
NOT_ABOUT_MEMBERS = {"blocks.blocked_by", "bonuses.granted_by", "shares.withdrawn_by"}


@pytest.fixture
def privacy(database: SqliteDatabase) -> SqlPrivacyStore:
    """Return the privacy side of the fresh database."""
    return SqlPrivacyStore(database)


async def live(store: SqlJobStore, database: SqliteDatabase) -> list[Job]:
    """Let a member and another one leave a trace in every table."""
    admin = SqlAdminStore(database)
    jobs = []
    for member in (MEMBER, OTHER):
        request = Request(Kind.MODIFY, SECRET, clip=ClipSource(f"https://cdn.example/{member}.mp4?hm=secret"))
        failure = Failure(FailureCode.REFUSED, SECRET)
        await ended(store, State.FAILED, failure, user_id=member, request=request)
        jobs.append(await ended(store, State.DELIVERED, user_id=member, request=request))
        act = Act(10, MODERATOR, NOW, SECRET)
        await admin.set_allowance(act, user(member), Allowance(3))
        await admin.set_allowance(act, user(member), None)
        await admin.block(act, member, NOW + DAY_MS)
        await admin.unblock(act, member)
        await admin.grant_bonus(act, member, 2, None)
        await admin.reset_use(act, member)
        await SqlLogStore(database).note(Act(10, member, NOW, "as a moderator"), Deed.EXPORT_LOG, SERVER)
    await database.write(lambda session: _put_files(session, jobs))
    return jobs


def _put_files(session: Session, jobs: list[Job]) -> None:
    for job in jobs:
        clip = json.dumps(asdict(Prepared(f"clip-{job.id}.mp4", FACTS)))
        result = json.dumps(asdict(Result("https://result.example/?sig=canary", f"result-{job.id}.mp4")))
        session.execute("UPDATE jobs SET clip = $2, result = $3 WHERE id = $1", job.id, clip, result)
        session.execute("UPDATE jobs SET card_channel_id = 1, card_message_id = 2, thread_id = 3 WHERE id = $1", job.id)
        session.execute(
            "INSERT INTO keepsakes (job_id, what, file) VALUES ($1, 'poster', $2)", job.id, f"poster-{job.id}.jpg"
        )
        session.execute(
            "INSERT INTO copies (message_id, channel_id, job_id, what, posted_at_ms) VALUES ($1, 1, $2, 'again', 1)",
            job.interaction_id,
            job.id,
        )
        for rater in (MEMBER, OTHER):
            session.execute("INSERT INTO ratings VALUES ($1, $2, 10, 'kie', '', 1, 1)", job.id, rater)


async def test_an_export_holds_every_row_and_no_secret_of_ours(
    store: SqlJobStore, database: SqliteDatabase, privacy: SqlPrivacyStore
) -> None:
    jobs = await live(store, database)
    records = await privacy.collect(MEMBER)
    counts = {name: len(rows) for name, rows in records.tables.items() if rows}
    assert counts.pop("job_events") == 2 * len(await store.events(jobs[0].id))
    assert counts == {
        "jobs": 2, "attempts": 2, "keepsakes": 1, "copies": 1, "ratings": 2, "reservations": 2, "bonuses": 1,
        "resets": 1, "moderation_log": 6, "moderation_log_own_acts": 1,
    }  # fmt: skip
    assert records.tables["jobs"][0]["request"]["prompt"] == SECRET  # type: ignore[index]  # JSON
    assert records.files == tuple(sorted(f"{what}-{jobs[0].id}.{end}" for what, end in FILES))
    told = repr(records.tables)
    assert "result.example" not in told
    assert str(MODERATOR) not in told
    assert str(OTHER) not in told


FILES = (("clip", "mp4"), ("result", "mp4"), ("poster", "jpg"))


async def test_an_erasure_waits_for_open_jobs(store: SqlJobStore, privacy: SqlPrivacyStore) -> None:
    job = await insert(store, user_id=MEMBER)
    erased = await privacy.erase(MEMBER, now_ms=NOW)
    assert (erased.open_codes, erased.jobs) == ((job.code,), 0)
    assert await store.get(job.id) == job


async def test_after_an_erasure_nothing_tells_of_the_member_but_what_counts(
    store: SqlJobStore, database: SqliteDatabase, privacy: SqlPrivacyStore, path: Path
) -> None:
    jobs = await live(store, database)
    others = await privacy.collect(OTHER)
    erased = await privacy.erase(MEMBER, now_ms=5_000)
    assert erased.files == tuple(sorted(f"{what}-{jobs[0].id}.{end}" for what, end in FILES))
    assert (erased.jobs, erased.counts_until_ms) == (2, 5_000 + 30 * DAY_MS)
    assert await privacy.collect(OTHER) == others

    left = {name: rows for name, rows in (await privacy.collect(MEMBER)).tables.items() if rows}
    assert set(left) == {"reservations", "bonuses", "resets", "moderation_log_own_acts", "erasures"}
    assert SECRET not in repr(left)
    job = await store.get(jobs[0].id)
    assert job is not None
    assert (job.user_id, job.channel_id, job.locale, job.clip, job.result) == (0, 0, "", None, None)
    assert (job.state, job.kind, job.service, job.guild_id) == (State.DELIVERED, Kind.MODIFY, "kie", 10)
    assert (job.created_at_ms, job.finished_at_ms) == (jobs[0].created_at_ms, jobs[0].finished_at_ms)
    assert job.request == Request(Kind.MODIFY, "")
    await database.close()
    with closing(sqlite3.connect(path)) as connection:
        dump = "\n".join(connection.iterdump())
    assert dump.count(SECRET) == sum(repr(row).count(SECRET) for rows in others.tables.values() for row in rows)
    assert "clip-" + jobs[0].id not in dump


async def test_forgetting_oneself_begins_no_quota_anew(
    store: SqlJobStore, database: SqliteDatabase, privacy: SqlPrivacyStore
) -> None:
    admin, quota = SqlAdminStore(database), SqlQuotaStore(database, Defaults(Allowance(2, Period.MONTH)))
    await admin.grant_bonus(Act(10, MODERATOR, 900), MEMBER, 1, None)
    for _ in range(2):
        await ended(store, State.DELIVERED, user_id=MEMBER)
    await admin.block(Act(10, MODERATOR, 900, "spam"), MEMBER, None)
    await privacy.erase(MEMBER, now_ms=10_000)
    decision = await quota.decision(ask(MEMBER), now_ms=11_000)
    assert (decision.used, decision.left, decision.bonuses) == (2, 0, ())
    access = await quota.access(ask(MEMBER), now_ms=11_000)
    assert access.block is not None
    assert access.block.reason == "spam"

    assert await privacy.forget_aged(now_ms=10_000 + 30 * DAY_MS - 1) == 0
    assert await privacy.forget_aged(now_ms=10_000 + 30 * DAY_MS) == 2
    left = {name for name, rows in (await privacy.collect(MEMBER)).tables.items() if rows}
    assert left == {"blocks", "moderation_log"}
    assert await count_rows(database, "reservations") == 2


async def test_what_is_made_after_an_erasure_stays_the_members(
    store: SqlJobStore, database: SqliteDatabase, privacy: SqlPrivacyStore
) -> None:
    await ended(store, State.DELIVERED, user_id=MEMBER)
    await privacy.erase(MEMBER, now_ms=10_000)
    job = await insert(store, 20_000, user_id=MEMBER)
    assert await privacy.forget_aged(now_ms=10_000 + 30 * DAY_MS) == 1
    assert await store.open_jobs(MEMBER) == [job]
    assert len((await privacy.collect(MEMBER)).tables["reservations"]) == 1


async def test_erasing_again_does_no_harm(store: SqlJobStore, privacy: SqlPrivacyStore) -> None:
    await ended(store, State.DELIVERED, user_id=MEMBER)
    first = await privacy.erase(MEMBER, now_ms=10_000)
    second = await privacy.erase(MEMBER, now_ms=11_000)
    assert (first.jobs, second.jobs, second.counts_until_ms) == (1, 0, 11_000 + 30 * DAY_MS)
    with pytest.raises(ValueError, match="nobody"):
        await privacy.erase(0, now_ms=12_000)


async def test_a_file_that_an_open_job_uses_is_not_to_be_deleted(
    store: SqlJobStore, database: SqliteDatabase, privacy: SqlPrivacyStore
) -> None:
    job = await ended(store, State.DELIVERED, user_id=MEMBER)
    shared = Prepared("shared.mp4", FACTS)
    result = json.dumps(asdict(Result("", "shared.mp4")))
    await database.write(lambda session: session.execute("UPDATE jobs SET result = $2 WHERE id = $1", job.id, result))
    other = await insert(store, user_id=OTHER)
    await store.move(other, replace(other, clip=shared), event="prepared", now_ms=2, fenced=False)
    assert (await privacy.erase(MEMBER, now_ms=NOW)).files == ()


async def test_a_late_callback_finds_nothing_of_an_erased_job(store: SqlJobStore, privacy: SqlPrivacyStore) -> None:
    unknown = Failure(FailureCode.OUTCOME_UNKNOWN)
    job = await ended(store, State.FAILED, unknown, user_id=MEMBER)
    attempt = await store.attempt(job.id, 1)
    assert attempt is not None
    await privacy.erase(MEMBER, now_ms=NOW)
    assert await store.find_attempt(attempt.token_sha256) is None


async def test_no_table_that_tells_of_members_is_left_out(database: SqliteDatabase) -> None:
    known = {
        (table.table, column) for table in MEMBER_TABLES for column in ("user_id", "job_id", "actor_id", "target_id")
    }
    names = await database.read(
        lambda session: [row["name"] for row in session.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    )
    missing = []
    for name in names:
        for column in await columns_of(database, name):
            is_a_persons = column in ("user_id", "job_id", "actor_id") or column.endswith("_by")
            if is_a_persons and (name, column) not in known and f"{name}.{column}" not in NOT_ABOUT_MEMBERS:
                missing.append(f"{name}.{column}")
    assert missing == []


async def columns_of(database: SqliteDatabase, table: str) -> list[str]:
    """Return the names of a table's columns."""
    rows = await database.read(lambda session: session.rows(f"PRAGMA table_info({table})"))
    return [row["name"] for row in rows]
