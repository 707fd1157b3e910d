"""Hold Luma Labs' own wire format: bodies, models, strengths, states, credits, cancelling, mangled answers."""

from dataclasses import replace

import pytest

from jobs.errors import ProviderAuthError, ProviderRefusedError, ProviderUnavailableError
from jobs.services import Abilities, Order, Progress, Status
from providers import lumalabs
from providers.answers import Answer
from providers.settings import ServiceSettings
from tests.fakes import START_MS
from tests.providers.cases import CALLBACK_URL, CLIP_URL, PROMPT, TASK, open_service, order_for
from tests.providers.mangle import ROUNDS, outcomes
from tests.providers.wire import Reply, Wire, load


def abilities(model: str = "") -> Abilities:
    """Return what Luma Labs states with a model as default."""
    return lumalabs._abilities(ServiceSettings("key", model=model))


def order(**options: str) -> Order:
    """Return an order with a clip."""
    return order_for(abilities(), **options)


def test_a_submit_holds_the_documented_fields() -> None:
    plain = lumalabs.build_submit(order(), "ray-2")
    assert plain == {
        "generation_type": "modify_video",
        "media": {"url": CLIP_URL},
        "model": "ray-2",
        "mode": "flex_2",
        "prompt": PROMPT,
        "callback_url": CALLBACK_URL,
    }
    full = lumalabs.build_submit(
        order(model="ray-flash-2", strength="Adhere 3", first_frame_url="https://bot.example/f.png"), "ray-2"
    )
    assert full == plain | {
        "model": "ray-flash-2",
        "mode": "adhere_3",
        "first_frame": {"url": "https://bot.example/f.png"},
    }
    assert "callback_url" not in lumalabs.build_submit(replace(order(), callback_url=None), "ray-2")


def test_the_models_have_limits_of_their_own() -> None:
    assert abilities().max_seconds == abilities("ray-2").max_seconds == abilities("ray-9").max_seconds == 10
    assert abilities("ray-flash-2").max_seconds == 15
    assert abilities().max_bytes == 100_000_000
    assert len(abilities().strengths) == 9
    assert {"adhere_1", "flex_2", "reimagine_3"} <= set(abilities().strengths)


async def test_the_model_of_the_settings_is_sent() -> None:
    async with Wire(load("lumalabs", "submit_accepted")) as wire:
        provider = open_service("lumalabs", wire, model="ray-flash-2")
        await provider.submit(order_for(provider.abilities))
    assert wire.received[0].path == "/generations/video/modify"
    assert wire.received[0].json()["model"] == "ray-flash-2"


def test_a_failure_says_its_reason() -> None:
    reply = load("lumalabs", "status_failed")
    status = lumalabs.read_status(Answer(200, reply.body), TASK, START_MS)
    assert status == Status(Progress.FAILED, reason="failed to moderate image", code="failed")
    reply = load("lumalabs", "submit_refused_list")
    with pytest.raises(ProviderRefusedError, match="unexpected value"):
        lumalabs.read_submit(Answer(reply.status, reply.body), START_MS)


async def test_a_generation_is_read_and_deleted_by_its_own_path() -> None:
    async with Wire(load("lumalabs", "status_running"), Reply(204), Reply(204)) as wire:
        provider = open_service("lumalabs", wire)
        await provider.poll([TASK])
        assert await provider.cancel(TASK) is True
        assert await provider.cancel("../credits") is True
    asked = [(received.method, received.path) for received in wire.received]
    assert asked[:2] == [("GET", f"/generations/{TASK}"), ("DELETE", f"/generations/{TASK}")]
    assert asked[2] == ("DELETE", "/generations/..%2Fcredits")


async def test_a_cancel_that_does_not_work_says_so() -> None:
    async with Wire(load("lumalabs", "status_unknown_task")) as wire:
        assert await open_service("lumalabs", wire).cancel(TASK) is False
    for name, kind in (("status_bad_key", ProviderAuthError), ("status_away", ProviderUnavailableError)):
        async with Wire(load("lumalabs", name)) as wire:
            with pytest.raises(kind):
                await open_service("lumalabs", wire).cancel(TASK)


async def test_credits_are_read_and_never_guessed() -> None:
    for name, credit in (("balance", 1234.5), ("balance_unknown", None)):
        async with Wire(load("lumalabs", name)) as wire:
            assert await open_service("lumalabs", wire).balance() == credit
        assert wire.received[0].path == "/credits"


def test_mangled_answers_come_to_errors_of_the_tree_alone() -> None:
    counts = outcomes(
        "lumalabs",
        3,
        {
            "submit_": lambda answer: lumalabs.read_submit(answer, START_MS),
            "status_": lambda answer: lumalabs.read_status(answer, TASK, START_MS),
            "callback_": lambda answer: lumalabs.read_callback({}, answer.body),
            "balance": lumalabs.read_balance,
        },
    )
    assert sum(counts.values()) == ROUNDS
    assert {"Accepted", "Status", "OutcomeUnknownError", "ProviderProtocolError", "CallbackError"} <= set(counts)
