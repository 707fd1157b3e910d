"""Mangle answers: types swapped, fields missing, nested, huge, cut, not UTF-8; the same for the same seed."""

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

from jobs.errors import CallbackError, ProviderError
from jobs.job import State
from jobs.retries import Timings, retry_at
from jobs.services import (
    Accepted,
    CallbackNote,
    Progress,
    Status,
    TemporaryLink,
)
from providers.answers import Answer
from tests.jobs.making import NOW_MS, make_job
from tests.providers.wire import load, names

ROUNDS = 5_000
STATUSES = (200, 200, 200, 201, 204, 301, 308, 400, 401, 402, 403, 404, 408, 422, 429, 455, 500, 501, 502, 503, 505)

_RUNNING, _TIMINGS = make_job(State.RUNNING), Timings()

Reader = Callable[[Answer], object]

_STRANGERS: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    4,
    200,
    404,
    422,
    501,
    2**70,
    10**400,
    1.5,
    float("nan"),
    float("inf"),
    "",
    " ",
    "0",
    "1",
    "success",
    "completed",
    "failed",
    "200",
    "\ud800",
    "\x00",
    "a" * 70_000,
    "https://",
    "https://[::1",
    "http://x/\n",
    "javascript:alert(1)",
    "https://tempfile.example/other.mp4",
    '{"a":1}',
    "[[[[",
    "[" * 20_000,
    [],
    {},
    [[]],
    [None],
    {"": {}},
    [{"id": 1}],
    {"code": {}, "message": []},
)


def mangle(rng: Random, body: bytes) -> bytes:
    """Return an answer that is wrong in one to three ways."""
    try:
        value = json.loads(body)
    except ValueError:
        return _spoil(rng, body)
    for _ in range(rng.randint(1, 3)):
        value = _change(rng, value)
    try:
        text = json.dumps(value).encode()
    except (ValueError, RecursionError):
        return body
    return _spoil(rng, text) if rng.random() < 0.15 else text


def _change(rng: Random, value: Any, depth: int = 0) -> Any:
    """Change one place of a value."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        key = rng.choice(list(value))
        fate = rng.random()
        if fate < 0.15:
            return {name: each for name, each in value.items() if name != key}
        if fate < 0.25:
            return {key.swapcase(): value[key]}
        return value | {key: _change(rng, value[key], depth + 1)}
    if isinstance(value, list) and value and rng.random() < 0.7:
        place = rng.randrange(len(value))
        return [*value[:place], _change(rng, value[place], depth + 1), *value[place:]]
    wraps: list[Callable[[], Any]] = [
        lambda: [value],
        lambda: {"data": value, "id": value},
        lambda: json.dumps(value),
        lambda: str(value),
    ]
    return rng.choice(wraps)() if rng.random() < 0.3 else rng.choice(_STRANGERS)


def _spoil(rng: Random, body: bytes) -> bytes:
    """Change the bytes themselves."""
    place = rng.randrange(len(body) + 1)
    match rng.randrange(6):
        case 0:
            return body[:place]
        case 1:
            return body[:place] + bytes([rng.randrange(256)]) + body[place + 1 :]
        case 2:
            return body[:place] + b"\xff\xfe" + body[place:]
        case 3:
            return body.decode(errors="replace").encode("utf-16")
        case 4:
            return b"[" * 50_000 + body
    return body + body


def outcomes(service: str, seed: int, readers: dict[str, Reader]) -> dict[str, int]:
    """Read 5,000 mangled fixtures, chosen by the beginning of their names; count what came of them.

    Anything raised but ProviderError and CallbackError passes through. What is returned must keep its promises, and no
    read may lose the job it is of, or make the next read come sooner than usual.
    """
    rng = Random(seed)
    stock = [
        (prefix, reader, load(service, name)) for prefix, reader in readers.items() for name in names(service, prefix)
    ]
    counts: dict[str, int] = {}
    for _ in range(ROUNDS):
        prefix, reader, reply = rng.choice(stock)
        status = reply.status if rng.random() < 0.7 else rng.choice(STATUSES)
        answer = Answer(status, mangle(rng, reply.body), rng.choice((None, 0.0, 3.0)))
        outcome = _read(reader, answer)
        check(outcome)
        if prefix.startswith("status"):
            check_pace(outcome)
        name = type(outcome).__name__
        counts[name] = counts.get(name, 0) + 1
    return counts


def check_pace(outcome: object) -> None:
    """Assert that a job that was sent a moment ago is read again after an error, no sooner than usual."""
    for error in outcome.values() if isinstance(outcome, dict) else [outcome]:
        if isinstance(error, Exception):
            due_ms = retry_at(error, _RUNNING, NOW_MS, _TIMINGS)
            assert due_ms is not None, error
            assert due_ms >= NOW_MS + _TIMINGS.poll_ms, error


def _read(reader: Reader, answer: Answer) -> object:
    try:
        return reader(answer)
    except (ProviderError, CallbackError) as error:
        return error


def check(outcome: object) -> None:
    """Assert what every outcome promises: ids that are ids, addresses that are addresses."""
    match outcome:
        case Accepted(provider_job_id=task_id, status=status):
            assert task_id.isascii()
            assert task_id.isprintable()
            assert 0 < len(task_id) <= 200
            check(status)
        case Status(progress=progress, urls=urls, reason=reason, code=code):
            assert bool(urls) == (progress is Progress.DONE)
            assert all(url.startswith(("http://", "https://")) for url in urls)
            assert len(reason) <= 300
            assert len(code) <= 64
            assert (reason + code).isprintable()
        case dict():
            for each in outcome.values():
                check(each)
        case ProviderError() | CallbackError():
            assert not re.search("https?:", str(outcome))
            assert len(str(outcome)) < 500
        case TemporaryLink(url=url):
            assert url.startswith(("http://", "https://"))
        case CallbackNote(provider_job_id=task_id):
            assert task_id is None or 8 <= len(task_id) <= 64
        case _:
            assert outcome is None or isinstance(outcome, float)
