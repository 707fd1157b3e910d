"""Health says what works, in colours; only red takes the process out of service."""

import asyncio
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.metrics import Metrics, watch_loop
from bot.web.health import GREEN, CheckPart, Colour, HealthBoard, Light
from jobs.errors import StorageError
from jobs.gates import ServiceState
from jobs.job import State
from tests.bot.web.serving import board, serve


def always(light: Light) -> CheckPart:
    async def check() -> Light:
        return light

    return check


async def ready(health: HealthBoard) -> tuple[int, dict[str, object]]:
    async with serve(health=health) as site, site.client.get(f"{site.url}/readyz") as response:
        return response.status, await response.json()


async def test_the_process_lives_whatever_else_is_down() -> None:
    async def broken() -> Light:
        raise StorageError("gone")

    health = replace(board({"database": broken}, {"kie": "out of credit"}), is_stopping=lambda: True)
    async with serve(health=health) as site, site.client.get(f"{site.url}/healthz") as response:
        assert (response.status, await response.json()) == (200, {"ok": True, "instance": health.instance})


async def test_all_green_is_ready() -> None:
    status, shown = await ready(board({"gateway": always(GREEN), "database": always(GREEN), "disk": always(GREEN)}))
    assert status == 200
    assert shown == {
        "state": "green",
        "stopping": False,
        "gateway": {"state": "green", "reason": ""},
        "database": {"state": "green", "reason": ""},
        "disk": {"state": "green", "reason": ""},
        "services": {"kie": {"state": "green", "reason": ""}},
    }


async def test_each_red_part_is_named_and_not_ready() -> None:
    for name in ("gateway", "database", "disk"):
        checks = {part: always(GREEN) for part in ("gateway", "database", "disk")}
        checks[name] = always(Light(Colour.RED, "a reason"))
        status, shown = await ready(board(checks))
        assert (status, shown["state"], shown[name]) == (503, "red", {"state": "red", "reason": "a reason"})


async def test_a_part_that_fails_or_hangs_is_red() -> None:
    async def broken() -> Light:
        raise StorageError("secret detail")

    async def hanging() -> Light:
        await asyncio.Event().wait()
        return GREEN

    health = replace(board({"database": broken, "gateway": hanging}), check_seconds=0.05)
    status, shown = await ready(health)
    assert status == 503
    assert shown["database"] == {"state": "red", "reason": "StorageError"}
    assert shown["gateway"] == {"state": "red", "reason": "no answer within 0.05 s"}


async def test_one_shut_service_of_two_is_yellow_and_all_shut_is_red() -> None:
    status, shown = await ready(board(services={"kie": "out of credit", "lumalabs": ""}))
    assert (status, shown["state"]) == (200, "yellow")
    assert shown["services"] == {
        "kie": {"state": "yellow", "reason": "out of credit"},
        "lumalabs": {"state": "green", "reason": ""},
    }
    status, shown = await ready(board(services={"kie": "its key was refused", "lumalabs": "switched off"}))
    assert (status, shown["state"]) == (503, "red")


async def test_a_services_credit_and_last_error_are_shown() -> None:
    states = {"kie": ServiceState("KIE", "out of credit", 0.0, "OutOfCredit [402]", 1_700_000_000_000)}
    status, shown = await ready(replace(board(services={"kie": "out of credit"}), states=lambda: states))
    assert status == 503
    assert shown["services"] == {
        "kie": {
            "state": "yellow",
            "reason": "out of credit",
            "balance": 0.0,
            "last_error": "OutOfCredit [402]",
            "last_error_ms": 1_700_000_000_000,
        }
    }


def test_the_metrics_hold_what_is_known_of_each_service() -> None:
    metrics = Metrics()
    metrics.note_services(
        {
            "kie": ServiceState("KIE", "", 12.5, "", None),
            "acedata": ServiceState("Ace Data Cloud", "in maintenance", None, "Unavailable [455]", 1_700_000_000_000),
        }
    )
    metrics.note_request("kie", "submit")
    page = metrics.page()[0].decode()
    for line in (
        'service_open{service="kie"} 1.0',
        'service_open{service="acedata"} 0.0',
        'credits{service="kie"} 12.5',
        'service_last_error_seconds{error="Unavailable",service="acedata"} 1.7e+09',
        'service_requests_total{purpose="submit",service="kie"} 1.0',
    ):
        assert line in page
    assert 'credits{service="acedata"}' not in page


async def test_a_yellow_part_stays_ready() -> None:
    status, shown = await ready(board({"disk": always(Light(Colour.YELLOW, "filling up"))}))
    assert (status, shown["state"]) == (200, "yellow")


async def test_a_stopping_process_is_not_ready() -> None:
    status, shown = await ready(replace(board(), is_stopping=lambda: True))
    assert (status, shown["state"], shown["stopping"]) == (503, "red", True)


async def test_metrics_are_readable_and_few_after_many_jobs() -> None:
    metrics = Metrics()
    for number in range(10_000):
        metrics.jobs.labels(list(State)[number % len(State)].value).inc()
        metrics.submits.labels("kie", ("ok", "refused", "ambiguous")[number % 3]).inc()
        metrics.callbacks.labels("ok").inc()
    metrics.note_open_jobs({State.QUEUED: 3})
    async with (
        serve(health=replace(board(), page=metrics.page)) as site,
        site.client.get(f"{site.url}/metrics") as response,
    ):
        text = await response.text()
        assert response.headers["Content-Type"].startswith("text/plain")
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    assert len(samples) < 300
    values = {(sample.name, *sample.labels.values()): sample.value for sample in samples}
    assert values["callbacks_total", "ok"] == 10_000
    assert (values["open_jobs", "queued"], values["open_jobs", "running"]) == (3, 0)


async def test_two_processes_in_one_interpreter_do_not_share_metrics() -> None:
    one, other = Metrics(), Metrics()
    one.orphans.inc()
    assert b"orphan_suspected_total 1.0" in one.page()[0]
    assert b"orphan_suspected_total 0.0" in other.page()[0]


async def test_the_loops_lateness_is_measured() -> None:
    metrics = Metrics()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await watch_loop(metrics, period_seconds=0.001)
    assert b"loop_lag_seconds_count 0.0" not in metrics.page()[0]
