"""Hand a member what is stored of them, and erase it."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

from jobs.admin import Erased, Facts, MemberRecords
from jobs.job import Job, Request
from jobs.quota import Period
from storage import job_reads
from storage.database import Database, Row, Session
from storage.job_rows import build_request, read_job
from storage.member_tables import AGED_RESERVATIONS, AGED_REST, MEMBER_TABLES

_JSON_COLUMNS = frozenset({"request", "clip", "result", "failure", "before", "after"})


class SqlPrivacyStore:
    """Collect and erase in a database; implements `jobs.admin_ports.PrivacyStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def collect(self, user_id: int) -> MemberRecords:
        """Return every row about a member."""
        return await self._database.read(lambda session: _collect(session, user_id))

    async def erase(self, user_id: int, *, now_ms: int) -> Erased:
        """Make a member's ended jobs nobody's, in one transaction; does nothing while a job is open."""
        if user_id == 0:
            raise ValueError("nobody cannot be erased")
        return await self._database.write(lambda session: _erase(session, user_id, now_ms))

    async def forget_aged(self, *, now_ms: int) -> int:
        """Make reservations of erased jobs nobody's once no period counts them; returns how many."""
        return await self._database.write(lambda session: _forget_aged(session, now_ms))


def _collect(session: Session, user_id: int) -> MemberRecords:
    tables: dict[str, list[Facts]] = {}
    for table in MEMBER_TABLES:
        rows = session.rows(
            f"SELECT {table.columns} FROM {table.table} WHERE {table.where}",  # noqa: S608 - a fixed list
            user_id,
        )
        tables[table.name or table.table] = [_facts(row) for row in rows]
    return MemberRecords(user_id, tables, tuple(sorted(_files(session, user_id))))


def _facts(row: Row) -> Facts:
    facts: dict[str, Any] = {name: row[name] for name in row.keys()}  # noqa: SIM118 - a row is no mapping
    for name in _JSON_COLUMNS & facts.keys():
        facts[name] = None if facts[name] is None else json.loads(facts[name])
    # The service's signed address is a secret of ours, and who moderated is another person's matter.
    for name, hidden in (("result", "url"), ("before", "blocked_by"), ("after", "blocked_by")):
        if isinstance(facts.get(name), dict):
            facts[name].pop(hidden, None)
    return facts


def _files(session: Session, user_id: int) -> set[str]:
    rows = session.rows("SELECT * FROM jobs WHERE user_id = $1", user_id)
    kept = session.rows("SELECT file FROM keepsakes WHERE job_id IN (SELECT id FROM jobs WHERE user_id = $1)", user_id)
    named = {file for row in rows for file in _files_of(read_job(row))}
    return (named | {row["file"] for row in kept}) - {""}


def _files_of(job: Job) -> Iterator[str]:
    if job.clip is not None:
        yield job.clip.file
    if job.result is not None:
        yield job.result.file
    yield from (picture.file for picture in job.request.images.values())


def _erase(session: Session, user_id: int, now_ms: int) -> Erased:
    still_open = job_reads.open_jobs(session, user_id)
    if still_open:
        return Erased(open_codes=tuple(job.code for job in still_open))
    files = _files(session, user_id) - job_reads.files_in_use(session)
    newest = session.row("SELECT MAX(reserved_at_ms) AS at_ms FROM reservations WHERE user_id = $1", user_id)
    rows = session.rows("SELECT * FROM jobs WHERE user_id = $1", user_id)
    for table in MEMBER_TABLES:
        for statement in table.erasures:
            session.execute(statement, *((user_id, now_ms) if "$2" in statement else (user_id,)))
    for row in rows:
        _make_nobodys(session, read_job(row))
    session.execute(
        """
        INSERT INTO erasures (user_id, erased_at_ms) VALUES ($1, $2)
        ON CONFLICT (user_id) DO UPDATE SET erased_at_ms = excluded.erased_at_ms
        """,
        user_id,
        now_ms,
    )
    counts = newest is not None and (newest["at_ms"] or 0) > now_ms - Period.MONTH.span_ms
    return Erased(
        jobs=len(rows),
        files=tuple(sorted(files)),
        counts_until_ms=now_ms + Period.MONTH.span_ms if counts else None,
    )


def _make_nobodys(session: Session, job: Job) -> None:
    """Keep of a job what statistics count: server, kind, style, service, times and how it ended."""
    failure = None if job.failure is None else json.dumps({"code": job.failure.code, "detail": "", "values": {}})
    session.execute(
        """
        UPDATE jobs SET
            user_id = 0, channel_id = 0, interaction_id = $2, locale = '', request = $3, card_channel_id = NULL,
            card_message_id = NULL, thread_id = NULL, posting_at_ms = NULL, result_channel_id = NULL,
            result_message_id = NULL, parent_job_id = NULL, clip = NULL, ready = 1, provider_job_id = NULL, hold = '',
            result = NULL, failure = $4
        WHERE id = $1
        """,
        job.id,
        -1 - secrets.randbits(62),
        build_request(Request(job.kind, "", style=job.request.style)),
        failure,
    )


def _forget_aged(session: Session, now_ms: int) -> int:
    rows = session.rows(
        "SELECT user_id, erased_at_ms FROM erasures WHERE erased_at_ms <= $1", now_ms - Period.MONTH.span_ms
    )
    forgotten = 0
    for row in rows:
        key = (row["user_id"], row["erased_at_ms"])
        forgotten += session.execute(AGED_RESERVATIONS, *key)
        for statement in AGED_REST:
            session.execute(statement, *key)
    return forgotten
