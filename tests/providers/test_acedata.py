"""Hold Ace Data Cloud's own wire format: bodies, batches, states, mangled answers."""

import json
from dataclasses import replace

import pytest

from jobs.errors import (
    OutcomeUnknownError,
    OutOfCreditError,
    ProviderAuthError,
    ProviderProtocolError,
    ProviderRefusedError,
    ProviderUnavailableError,
    RateLimitedError,
)
from jobs.job import Kind, Request
from jobs.services import Accepted, Order, Progress, Status
from providers import acedata
from providers.answers import Answer
from tests.fakes import START_MS
from tests.providers.cases import CALLBACK_URL, OTHER_TASK, PROMPT, TASK, VIDEO, open_service
from tests.providers.mangle import ROUNDS, outcomes
from tests.providers.wire import Act, Reply, Wire, load


def order(kind: Kind = Kind.GENERATE, **options: str) -> Order:
    """Return an order without a clip."""
    return Order(Request(kind, PROMPT, options=options), None, CALLBACK_URL)


def read(service_name: str) -> Status | Exception:
    """Return what a fixture says of the task."""
    reply = load("acedata", service_name)
    return acedata.read_statuses(Answer(reply.status, reply.body), [TASK], START_MS)[TASK]


def test_a_generation_is_asynchronous_and_says_its_switches() -> None:
    assert acedata.build_submit(order()) == {
        "action": "generate",
        "prompt": PROMPT,
        "enhancement": True,
        "loop": False,
        "timeout": 300,
        "async": True,
        "callback_url": CALLBACK_URL,
    }
    assert acedata.build_submit(replace(order(), callback_url=None))["async"] is True
    full = acedata.build_submit(
        order(
            aspect_ratio="9:16",
            start_image_url="https://bot.example/a.png",
            end_image_url="https://bot.example/b.png",
            enhancement="false",
            loop="True",
            video_id="v-1",
            strength="flex_1",
            timeout="7",
        ),
        timeout_seconds=120,
    )
    assert full == {
        "action": "generate",
        "prompt": PROMPT,
        "aspect_ratio": "9:16",
        "start_image_url": "https://bot.example/a.png",
        "end_image_url": "https://bot.example/b.png",
        "enhancement": False,
        "loop": True,
        "timeout": 120,
        "async": True,
        "callback_url": CALLBACK_URL,
    }


def test_one_that_waits_for_the_video_names_neither_switch_to_asynchronous() -> None:
    body = acedata.build_submit(order(), waits=True, timeout_seconds=90)
    assert (body["timeout"], body["prompt"]) == (90, PROMPT)
    assert not {"async", "callback_url"} & set(body)


async def test_the_mode_and_its_time_reach_the_wire_and_the_wait_for_the_answer() -> None:
    more = {"mode": "synchronous", "timeout_seconds": 120}
    async with Wire(load("acedata", "submit_finished"), load("acedata", "submit_accepted")) as wire:
        patient = open_service("acedata", wire, more=more)
        accepted = await patient.submit(order())
        usual = open_service("acedata", wire, more={"timeout_seconds": 120})
        await usual.submit(order())
    assert accepted.status == Status(Progress.DONE, (VIDEO,), video_id="v-1")
    waiting, asking = (received.json() for received in wire.received)
    assert (waiting["timeout"], waiting.get("async"), waiting.get("callback_url")) == (120, None, None)
    assert (asking["timeout"], asking["async"], asking["callback_url"]) == (120, True, CALLBACK_URL)
    assert (patient.abilities.calls_back, usual.abilities.calls_back) == (False, True)
    assert patient.abilities.submit_seconds > 120, "its own word that it took too long comes first"
    assert usual.abilities.submit_seconds == 60


async def test_a_synchronous_answer_that_is_late_or_lost_is_unknown_and_not_asked_for_again() -> None:
    one_second = {"mode": "synchronous", "timeout_seconds": 1 - int(acedata.ANSWER_MARGIN_SECONDS)}
    for act in (Act.HANG, Act.DROP, Act.CUT):
        async with Wire(Reply(act=act)) as wire:
            provider = open_service("acedata", wire, more=one_second)
            with pytest.raises(OutcomeUnknownError):
                await provider.submit(order())
        assert len(wire.received) == 1


@pytest.mark.parametrize("status", [500, 502, 504])
def test_an_open_outcome_that_names_its_task_is_read_instead_of_given_up(status: int) -> None:
    error = {"error": {"code": "timeout", "message": "timed out"}, "trace_id": "t-1"}
    named = Answer(status, json.dumps(error | {"task_id": TASK}).encode())
    assert acedata.read_submit(named, START_MS) == Accepted(TASK)
    with pytest.raises(OutcomeUnknownError):
        acedata.read_submit(Answer(status, json.dumps(error).encode()), START_MS)
    refused = {"error": {"code": "forbidden", "message": "moderated"}, "task_id": TASK}
    with pytest.raises(ProviderRefusedError, match="moderated"):
        acedata.read_submit(Answer(403, json.dumps(refused).encode()), START_MS)


def test_an_extension_names_one_video_the_id_before_the_address() -> None:
    both = acedata.build_submit(
        order(Kind.EXTEND, video_id="v-1", video_url=VIDEO, end_image_url="https://x.example/b")
    )
    assert both["action"] == "extend"
    assert both["video_id"] == "v-1"
    assert both["end_image_url"] == "https://x.example/b"
    assert "video_url" not in both
    one = acedata.build_submit(order(Kind.EXTEND, video_url=VIDEO, start_image_url="https://x.example/a"))
    assert one["video_url"] == VIDEO
    assert "start_image_url" not in one


@pytest.mark.parametrize("name", ["submit_finished", "submit_finished_failed"])
def test_an_answer_that_is_the_end_already_is_taken_as_such(name: str) -> None:
    reply = load("acedata", name)
    accepted = acedata.read_submit(Answer(reply.status, reply.body), START_MS)
    if name == "submit_finished":
        assert accepted.status == Status(Progress.DONE, (VIDEO,), video_id="v-1")
    else:
        assert accepted.status == Status(Progress.FAILED, reason="generation failed", code="api_error")


def test_a_refusal_keeps_the_trace_for_support() -> None:
    reply = load("acedata", "submit_server_error")
    with pytest.raises(OutcomeUnknownError, match=r"internal error .*11111111-2222-3333-4444-555555555555") as caught:
        acedata.read_submit(Answer(reply.status, reply.body), START_MS)
    assert caught.value.code == "api_error"


def test_a_failure_says_the_services_code_and_words() -> None:
    assert read("status_failed") == Status(Progress.FAILED, reason="generation failed", code="api_error")
    assert read("status_failed_bare") == Status(Progress.FAILED, reason="moderated", code="")
    assert read("status_failed_word") == Status(Progress.FAILED, reason="", code="failed")


async def test_many_tasks_are_read_with_one_request() -> None:
    done, running = (json.loads(load("acedata", name).body) for name in ("status_done", "status_running"))
    items = [running | {"id": OTHER_TASK}, done, None, {"odd": 1}, done | {"id": "not-asked-for"}]
    reply = Reply(200, json.dumps({"items": items, "count": 5}).encode())
    async with Wire(reply) as wire:
        statuses = await open_service("acedata", wire).poll([TASK, OTHER_TASK, "unknown-task"])
    assert wire.received[0].json() == {"action": "retrieve_batch", "ids": [TASK, OTHER_TASK, "unknown-task"]}
    assert len(wire.received) == 1
    assert statuses[TASK] == Status(Progress.DONE, (VIDEO,), video_id="v-1")
    assert statuses[OTHER_TASK] == Status(Progress.RUNNING)
    unknown = statuses["unknown-task"]
    assert isinstance(unknown, ProviderUnavailableError)
    assert unknown.code == "unknown_task"
    assert len(statuses) == 3


async def test_one_task_is_read_by_its_id_and_a_hundred_in_two_batches() -> None:
    async with Wire(load("acedata", "status_running")) as wire:
        provider = open_service("acedata", wire)
        await provider.poll([TASK])
        await provider.poll([f"task-{number:04}" for number in range(100)])
        assert await provider.poll([]) == {}
    one, first, second = (received.json() for received in wire.received)
    assert one == {"action": "retrieve", "id": TASK}
    assert len(first["ids"]) == len(second["ids"]) == provider.abilities.poll_batch == 50


async def test_a_batch_that_fails_fails_for_each_of_its_tasks_alone() -> None:
    good = json.dumps({"items": [], "count": 0}).encode()
    async with Wire(load("acedata", "status_away"), Reply(200, good)) as wire:
        statuses = await open_service("acedata", wire).poll([f"task-{number:04}" for number in range(60)])
    codes = [getattr(status, "code", "") for status in statuses.values()]
    assert codes == ["api_error"] * 50 + ["unknown_task"] * 10


@pytest.mark.parametrize(
    "name", ["status_unknown_task", "status_unknown_task_404", "status_unknown_task_empty", "status_unknown_task_items"]
)
async def test_its_key_is_proven_by_a_free_read_and_its_credit_is_not_known(name: str) -> None:
    async with Wire(load("acedata", name)) as wire:
        assert await open_service("acedata", wire).balance() is None
    (asked,) = wire.received
    assert (asked.path, asked.json()["action"]) == ("/luma/tasks", "retrieve")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("status_bad_key", ProviderAuthError),
        ("submit_no_credit", OutOfCreditError),
        ("status_away", ProviderUnavailableError),
        ("status_rate_limited", RateLimitedError),
        ("status_html", ProviderProtocolError),
    ],
)
async def test_a_key_that_is_not_proven_is_not_called_accepted(name: str, kind: type[Exception]) -> None:
    async with Wire(load("acedata", name)) as wire:
        with pytest.raises(kind):
            await open_service("acedata", wire).balance()


def test_mangled_answers_come_to_errors_of_the_tree_alone() -> None:
    counts = outcomes(
        "acedata",
        2,
        {
            "submit_": lambda answer: acedata.read_submit(answer, START_MS),
            "status_": lambda answer: acedata.read_statuses(answer, [TASK], START_MS),
            "status_d": lambda answer: acedata.read_statuses(answer, [TASK, OTHER_TASK], START_MS),
            "callback_": lambda answer: acedata.read_callback({}, answer.body),
        },
    )
    assert sum(counts.values()) == ROUNDS
    assert {"Accepted", "dict", "OutcomeUnknownError", "ProviderProtocolError", "CallbackError"} <= set(counts)
