"""Hold every service to one list of cases, over real HTTP and from its fixtures."""

import asyncio
import json
import logging
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jobs.errors import (
    CallbackError,
    LumaBotError,
    OutcomeUnknownError,
    ProviderError,
    ProviderProtocolError,
    ProviderRefusedError,
    ProviderUnavailableError,
    RateLimitedError,
)
from jobs.job import Kind
from jobs.services import Provider, Status
from providers import SERVICES
from tests.fakes import FakeClock
from tests.providers.cases import (
    API_KEY,
    CALLBACK_URL,
    CLIP_URL,
    NEEDED,
    TASK,
    every,
    expected,
    open_service,
    order_for,
)
from tests.providers.wire import Act, Reply, Wire, load, names

every_service = pytest.mark.parametrize("service", list(SERVICES))


async def submitted(provider: Provider) -> Any:
    """Return what a submit gives or raises."""
    try:
        return await provider.submit(order_for(provider.abilities))
    except ProviderError as error:
        return error


async def polled(provider: Provider, task_id: str = TASK) -> Status | Exception:
    """Return what a status read gives for one task."""
    return (await provider.poll([task_id]))[task_id]


@every_service
def test_it_has_the_fixtures_every_service_needs(service: str) -> None:
    assert set(names(service, "")) >= NEEDED


@pytest.mark.parametrize(("service", "name"), every("submit_"))
async def test_a_submit_comes_to_what_its_answer_means(service: str, name: str) -> None:
    async with Wire(load(service, name)) as wire:
        outcome = await submitted(open_service(service, wire))
    assert expected(name)(outcome), outcome
    assert len(wire.received) == 1


@pytest.mark.parametrize(("service", "name"), every("status_"))
async def test_a_status_comes_to_what_its_answer_means(service: str, name: str) -> None:
    async with Wire(load(service, name)) as wire:
        outcome = await polled(open_service(service, wire))
    assert expected(name)(outcome), outcome
    assert len(wire.received) == 1


@pytest.mark.parametrize(("service", "name"), every("callback_"))
async def test_a_callback_is_believed_for_its_task_alone(service: str, name: str) -> None:
    async with Wire(Reply()) as wire:
        provider = open_service(service, wire)
        try:
            outcome: object = provider.read_callback({}, load(service, name).body)
        except CallbackError as error:
            outcome = error
    assert expected(name)(outcome), outcome
    assert wire.received == []


@every_service
async def test_a_callback_may_come_again_and_late(service: str) -> None:
    clock = FakeClock()
    body = load(service, "callback_done").body
    async with Wire(Reply()) as wire:
        provider = open_service(service, wire, clock=clock)
        notes = set()
        for _ in range(3):
            notes.add(provider.read_callback({}, body))
            clock.advance(30 * 24 * 3_600_000)
    assert len(notes) == 1


@every_service
async def test_a_callback_that_is_not_strict_json_is_refused(service: str) -> None:
    good = load(service, "callback_done").body
    bodies = [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xef\xbb\xbf" + good,
        good.decode().encode("utf-16"),
        good[:-1] + b"\xff}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        good[:-1] + b',"x":NaN}',
        good[:-1] + b',"x":1e999}',
        good[:-1] + b',"x":-Infinity}',
        good[:-1] + b',"x":1,"x":2}',
        b"task_id=" + TASK.encode(),
    ]
    async with Wire(Reply()) as wire:
        provider = open_service(service, wire)
        for body in bodies:
            with pytest.raises(CallbackError) as caught:
                provider.read_callback({}, body)
            assert caught.value.status == 400


@every_service
async def test_a_request_names_the_program_and_carries_the_key(service: str) -> None:
    async with Wire(load(service, "submit_accepted"), load(service, "status_done")) as wire:
        provider = open_service(service, wire)
        await submitted(provider)
        await polled(provider)
    for received in wire.received:
        assert received.headers["Authorization"] == f"Bearer {API_KEY}"
        assert "luma-bot" in received.headers["User-Agent"]
        assert API_KEY not in received.path
    assert wire.received[0].headers["Content-Type"] == "application/json"
    assert CALLBACK_URL in json.dumps(wire.received[0].json())


@every_service
async def test_a_submit_without_a_public_address_names_no_callback(service: str) -> None:
    async with Wire(load(service, "submit_accepted")) as wire:
        provider = open_service(service, wire)
        await provider.submit(replace(order_for(provider.abilities), callback_url=None))
    assert "callback" not in json.dumps(wire.received[0].json()).lower()


@every_service
async def test_two_submits_are_two_requests_and_two_answers(service: str) -> None:
    async with Wire(load(service, "submit_accepted"), load(service, "submit_rate_limited")) as wire:
        provider = open_service(service, wire)
        first, second = await submitted(provider), await submitted(provider)
    assert expected("submit_accepted")(first)
    assert expected("submit_rate_limited")(second)
    assert len(wire.received) == 2


@every_service
async def test_a_rate_limit_says_how_long_to_wait(service: str) -> None:
    reply = load(service, "submit_rate_limited")
    dated = {"Date": "Wed, 21 Oct 2026 07:28:00 GMT", "Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT"}
    cases = [({"Retry-After": "7"}, 7.0), ({"Retry-After": "1.5"}, 1.5), (dated, 30.0), ({}, None)]
    cases += [({"Retry-After": "soon"}, None), ({"Retry-After": "-5"}, 0.0), ({"Retry-After": "9" * 400}, None)]
    for headers, seconds in cases:
        async with Wire(Reply(429, reply.body, headers)) as wire:
            outcome = await submitted(open_service(service, wire))
        assert isinstance(outcome, RateLimitedError)
        assert outcome.retry_after_seconds == seconds


@every_service
@pytest.mark.parametrize("act", [Act.DROP, Act.CUT, Act.HANG])
async def test_a_connection_that_breaks_after_sending_leaves_a_submit_open_and_a_read_to_repeat(
    service: str, act: Act
) -> None:
    async with Wire(Reply(act=act)) as wire:
        provider = open_service(service, wire, submit_seconds=0.2, read_seconds=0.2)
        paid, read = await submitted(provider), await polled(provider)
        asked = [(received.method, received.path) for received in wire.received]
    assert type(paid) is OutcomeUnknownError
    assert type(read) is ProviderUnavailableError
    assert asked.count(asked[0]) == 1


@every_service
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_what_was_surely_not_sent_may_be_sent_again(service: str, scheme: str) -> None:
    async with Wire(Reply()) as wire:
        address = wire.url.replace("http", scheme)
        if scheme == "http":  # nobody listens; with https somebody does, who speaks no TLS
            listener = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
            address = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
            listener.close()
            await listener.wait_closed()
        provider = open_service(service, wire, api_url=address)
        for outcome in (await submitted(provider), await polled(provider)):
            assert type(outcome) is ProviderUnavailableError
            assert outcome.code == "not_sent"
    assert wire.received == []


@every_service
async def test_an_answer_that_is_no_http_leaves_a_submit_open(service: str) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"SSH-2.0-" + API_KEY.encode() + b"\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    try:
        async with Wire(Reply()) as wire:
            address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            provider = open_service(service, wire, api_url=address)
            paid, read = await submitted(provider), await polled(provider)
    finally:
        server.close()
        await server.wait_closed()
    assert type(paid) is OutcomeUnknownError
    assert type(read) is ProviderUnavailableError
    for error in (paid, read):
        assert API_KEY not in "".join(traceback.format_exception(error))


@every_service
async def test_an_endless_answer_is_cut_off(service: str) -> None:
    async with Wire(Reply(act=Act.FLOOD)) as wire:
        provider = open_service(service, wire)
        assert type(await submitted(provider)) is OutcomeUnknownError
    async with Wire(Reply(act=Act.FLOOD)) as wire:
        assert type(await polled(open_service(service, wire))) is ProviderProtocolError
        async with asyncio.timeout(10):
            await wire.let_go.wait()
    assert wire.flooded < 32 * 1024 * 1024


@every_service
async def test_no_error_repeats_a_secret_that_the_service_echoes(
    service: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = f"Bearer {API_KEY} {CLIP_URL} {CALLBACK_URL}"
    secrets = (API_KEY, "clip-secret", "callback-secret")
    outcomes: list[object] = []
    for name in [*names(service, "submit_"), *names(service, "status_")]:
        reply = load(service, name)
        for body in (_with_words(reply.body, echo), echo.encode(), reply.body.replace(b"/", rb"\/")):
            async with Wire(Reply(reply.status, body, reply.headers)) as wire:
                provider = open_service(service, wire)
                outcomes.append(await (submitted(provider) if name.startswith("submit_") else polled(provider)))
    errors = [each for each in outcomes if isinstance(each, LumaBotError)]
    shown = caplog.text + "".join(map(repr, outcomes))
    for error in errors:
        shown += f"{error!s}{vars(error)!r}{''.join(traceback.format_exception(error))}"
    assert len(errors) > 20
    assert [secret for secret in secrets if secret in shown] == []


def _with_words(body: bytes, words: str) -> bytes:
    """Return an answer whose every text says other words, its ids and states aside."""
    kept = {"state", "status", "taskId", "task_id", "id", "code", "successFlag"}

    def changed(value: object, name: str = "") -> object:
        if isinstance(value, dict):
            return {key: changed(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [changed(each, name) for each in value]
        links = isinstance(value, str) and value.startswith("http")
        return words if isinstance(value, str) and name not in kept and not links else value

    try:
        return json.dumps(changed(json.loads(body))).encode()
    except ValueError:
        return words.encode()


@every_service
async def test_an_unknown_state_is_logged_once(service: str, caplog: pytest.LogCaptureFixture) -> None:
    async with Wire(load(service, "status_unknown_state")) as wire:
        provider = open_service(service, wire)
        for _ in range(3):
            await polled(provider)
    assert len([record for record in caplog.records if "unknown state" in record.getMessage()]) == 1


@every_service
async def test_several_tasks_have_an_outcome_each(service: str) -> None:
    async with Wire(load(service, "status_away")) as wire:
        outcomes = await open_service(service, wire).poll([TASK, "another-task-1", "another-task-2"])
    assert list(outcomes) == [TASK, "another-task-1", "another-task-2"]
    assert all(type(outcome) is ProviderUnavailableError for outcome in outcomes.values())


@every_service
async def test_it_states_what_it_can_do_and_keeps_to_it(service: str) -> None:
    async with Wire(load(service, "status_away")) as wire:
        provider = open_service(service, wire, parallel=3, creates_per_window=4, window_seconds=5.0, prompt_chars=99)
        abilities = provider.abilities
        assert (abilities.name, abilities.parallel, abilities.creates_per_window) == (service, 3, 4)
        assert (abilities.window_seconds, abilities.prompt_chars) == (5.0, 99)
        assert abilities.kinds
        if not abilities.cancels:
            assert await provider.cancel(TASK) is False
        if not abilities.uploads:
            with pytest.raises(ProviderRefusedError):
                await provider.upload(Path("clip.mp4"), "clip.mp4")
            assert (await provider.link(CLIP_URL)).url == CLIP_URL
        assert Kind.MODIFY in abilities.kinds or not abilities.uploads
        await provider.close()
        assert not wire.session.closed
