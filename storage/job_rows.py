"""Turn rows into jobs and jobs into columns."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from jobs.job import (
    ClipFacts,
    ClipSource,
    Failure,
    FailureCode,
    Job,
    Kind,
    Picture,
    Prepared,
    Remark,
    Request,
    Result,
    State,
)
from jobs.ports import Attempt, JobEvent
from storage.database import Row, Value


def read_job(row: Row) -> Job:
    """Return the job of a row of `jobs`."""
    return Job(
        id=row["id"],
        code=row["code"],
        kind=Kind(row["kind"]),
        state=State(row["state"]),
        user_id=row["user_id"],
        guild_id=row["guild_id"],
        channel_id=row["channel_id"],
        interaction_id=row["interaction_id"],
        locale=row["locale"],
        request=_read_request(json.loads(row["request"])),
        service=row["service"],
        created_at_ms=row["created_at_ms"],
        due_at_ms=row["due_at_ms"],
        card_channel_id=row["card_channel_id"],
        card_message_id=row["card_message_id"],
        thread_id=row["thread_id"],
        posting_at_ms=row["posting_at_ms"],
        result_channel_id=row["result_channel_id"],
        result_message_id=row["result_message_id"],
        parent_job_id=row["parent_job_id"],
        clip=_read_prepared(row["clip"]),
        attempt=row["attempt"],
        provider_job_id=row["provider_job_id"],
        submitted_at_ms=row["submitted_at_ms"],
        finished_at_ms=row["finished_at_ms"],
        attempts=row["attempts"],
        hold=row["hold"],
        result=_read_result(row["result"]),
        failure=_read_failure(row["failure"]),
        lease=row["lease"],
        nudges=row["nudges"],
        deleted_at_ms=row["deleted_at_ms"],
    )


def read_attempt(row: Row) -> Attempt:
    """Return the attempt of a row of `attempts`."""
    return Attempt(
        job_id=row["job_id"],
        number=row["number"],
        service=row["service"],
        token_sha256=row["token_sha256"],
        started_at_ms=row["started_at_ms"],
        provider_job_id=row["provider_job_id"],
    )


def read_event(row: Row) -> JobEvent:
    """Return the move of a row of `job_events`."""
    return JobEvent(at_ms=row["at_ms"], event=row["event"], state=State(row["state"]), detail=row["detail"])


def build_request(request: Request) -> str:
    """Return the JSON of what a person asked for."""
    clip = None if request.clip is None else asdict(request.clip)
    return _dump(
        {
            "kind": request.kind,
            "prompt": request.prompt,
            "style": request.style,
            "style_text": request.style_text,
            "clip": clip,
            "start_seconds": request.start_seconds,
            "spoiler": request.spoiler,
            "private": request.private,
            "options": dict(request.options),
            "images": {name: asdict(picture) for name, picture in request.images.items()},
        }
    )


def build_columns(job: Job) -> dict[str, Value]:
    """Return the columns a move may write."""
    return {
        "state": job.state,
        "request": build_request(job.request),
        "service": job.service,
        "due_at_ms": job.due_at_ms,
        "card_channel_id": job.card_channel_id,
        "card_message_id": job.card_message_id,
        "thread_id": job.thread_id,
        "posting_at_ms": job.posting_at_ms,
        "result_channel_id": job.result_channel_id,
        "result_message_id": job.result_message_id,
        "clip": None if job.clip is None else _dump(asdict(job.clip)),
        "ready": int(job.is_staged),
        "attempt": job.attempt,
        "provider_job_id": job.provider_job_id,
        "submitted_at_ms": job.submitted_at_ms,
        "finished_at_ms": job.finished_at_ms,
        "attempts": job.attempts,
        "hold": job.hold,
        "result": None if job.result is None else _dump(asdict(job.result)),
        "failure": None if job.failure is None else _dump(asdict(job.failure)),
    }


def _dump(value: Mapping[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _read_request(data: dict[str, Any]) -> Request:
    clip = data.pop("clip")
    kind = Kind(data.pop("kind"))
    images = {name: _read_picture(picture) for name, picture in data.pop("images", {}).items()}
    return Request(kind=kind, clip=None if clip is None else ClipSource(**clip), images=images, **data)


def _read_picture(data: dict[str, Any]) -> Picture:
    return Picture(ClipSource(**data["source"]), data["file"])


def _read_prepared(text: str | None) -> Prepared | None:
    if text is None:
        return None
    data = json.loads(text)
    return Prepared(file=data["file"], facts=ClipFacts(**data["facts"]), notes=_read_remarks(data["notes"]))


def _read_result(text: str | None) -> Result | None:
    if text is None:
        return None
    data = json.loads(text)
    facts, notes = data.pop("facts"), data.pop("notes")
    data.pop("url_expires_at_ms", None)  # in rows of an earlier version
    return Result(facts=None if facts is None else ClipFacts(**facts), notes=_read_remarks(notes), **data)


def _read_remarks(data: list[dict[str, Any]]) -> tuple[Remark, ...]:
    return tuple(Remark(each["code"], each["values"]) for each in data)


def _read_failure(text: str | None) -> Failure | None:
    if text is None:
        return None
    data = json.loads(text)
    return Failure(FailureCode(data["code"]), data["detail"], data.get("values", {}), data.get("may_hear", True))
