"""Whatever bytes come, the answer is one of the contract's."""

import asyncio
import json
from collections.abc import Iterator
from functools import cache

import pytest
from aiohttp import web
from aiohttp.streams import StreamReader
from aiohttp.test_utils import make_mocked_request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from bot.web.callbacks import CallbackLimits
from tests.bot.web.serving import BODY, TOKEN, Receiver, raw_status, serve, signed

STATUSES = {200, 400, 401, 404, 405, 408, 413, 415, 503}
PATH = f"/callbacks/kie/{TOKEN}"

OTHER_NAMES = (
    "Content-Encoding Content-Type Content-Length Transfer-Encoding Expect Connection Upgrade Host Cookie Range"
)
NAMES = st.sampled_from([*signed(), "x-webhook-signature", *OTHER_NAMES.split()])
VALUES = st.one_of(
    st.sampled_from([*signed().values(), "gzip", "100-continue", "chunked", "0", "-1", "99999999999", "close", "h2c"]),
    st.text(max_size=20),
)
KEYS = ("data", "taskId", "task_id", "code", "x")
SHAPES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=5,
)
BODIES = st.one_of(
    st.just(BODY),
    st.binary(max_size=200),
    st.tuples(st.integers(0, len(BODY)), st.binary(max_size=8)).map(lambda at: BODY[: at[0]] + at[1] + BODY[at[0] :]),
    SHAPES.map(lambda value: json.dumps(value).encode()),
)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.mark.timeout(240)
@settings(max_examples=5_000, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
@given(st.lists(st.tuples(NAMES, VALUES), max_size=4), BODIES, st.sampled_from([1, 7, 64]))
def test_any_headers_and_body_get_an_answer_of_the_contract(
    runner: asyncio.Runner, headers: list[tuple[str, str]], body: bytes, piece: int
) -> None:
    async def ask() -> int:
        receiver = Receiver()
        answer = await receiver.desk().answer(_request(headers, body, piece))
        assert len(receiver.taken) == (answer.status == 200)
        return answer.status

    assert runner.run(ask()) in STATUSES


@cache
def _model() -> web.Request:
    """Return a request whose parts are lent to the others: making it takes longer than answering one."""
    return make_mocked_request("POST", PATH, match_info={"service": "kie", "token": TOKEN})


def _request(headers: list[tuple[str, str]], body: bytes, piece: int) -> web.Request:
    given = CIMultiDict(headers)
    given.popall("Content-Length", None)  # the parser has checked it
    payload = StreamReader(_Protocol(), 2**16, loop=asyncio.get_running_loop())  # type: ignore[arg-type]  # what it uses
    for start in range(0, len(body), piece):
        payload.feed_data(body[start : start + piece])
    payload.feed_eof()
    request = _model().clone(headers=given)
    request._match_info = _model().match_info
    request._payload = payload
    return request


class _Protocol:
    _reading_paused = False

    def pause_reading(self) -> None:
        self._reading_paused = True

    def resume_reading(self, resume_parser: bool = True) -> None:
        self._reading_paused = False


LINES = st.lists(
    st.one_of(
        st.tuples(NAMES, VALUES).map(lambda line: f"{line[0]}: {line[1]}".encode("utf-8", "replace")),
        st.binary(max_size=40),
    ),
    max_size=6,
)
PATHS = st.one_of(
    st.just(PATH.encode()),
    st.binary(min_size=1, max_size=60).map(lambda tail: b"/callbacks/" + tail),
    st.binary(max_size=60),
)
METHODS = st.sampled_from([b"POST", b"POST", b"POST", b"GET", b"PUT", b"OPTIONS", b"\x00", b"PRI"])


@pytest.mark.timeout(240)
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
@given(METHODS, PATHS, LINES, BODIES)
def test_any_bytes_on_the_wire_get_an_answer_of_the_contract_or_none(
    runner: asyncio.Runner, method: bytes, path: bytes, lines: list[bytes], body: bytes
) -> None:
    async def ask() -> None:
        limits = CallbackLimits(read_seconds=0.05)
        async with serve(limits=limits, header_seconds=0.05) as site:
            size = f"Content-Length: {len(body)}".encode()
            start = (method + b" " + path + b" HTTP/1.1", b"Host: bot.example", size, b"Connection: close", *lines)
            answer = await site.raw(b"\r\n".join(start) + b"\r\n\r\n" + body)
            # no answer at all: the head never ended; 417 (RFC 9110 10.1.1): to paths and methods that are not served
            assert not answer or raw_status(answer) in STATUSES | {100, 417}, answer[:200]

    runner.run(ask())
