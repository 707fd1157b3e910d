"""Figures are counted by few labels."""

from bot.metrics import Metrics
from jobs.gates import ServiceState
from jobs.job import State


def lines_of(metrics: Metrics, name: str) -> list[str]:
    return [line for line in metrics.page()[0].decode().splitlines() if line.startswith(f"{name}{{")]


def test_refusals_by_discord_are_counted_by_status() -> None:
    metrics = Metrics()
    for status in (200, 204, 403, 403, 404, 429, 500):
        metrics.note_discord_answer(status)
    assert lines_of(metrics, "discord_4xx_total") == [
        'discord_4xx_total{code="403"} 2.0',
        'discord_4xx_total{code="404"} 1.0',
        'discord_4xx_total{code="429"} 1.0',
    ]


def test_a_state_without_jobs_goes_back_to_zero() -> None:
    metrics = Metrics()
    metrics.note_open_jobs({State.RUNNING: 2})
    metrics.note_open_jobs({})
    assert lines_of(metrics, "open_jobs") == [
        f'open_jobs{{state="{state}"}} 0.0' for state in ("delivering", "queued", "running", "submitting")
    ]


def test_a_service_shows_its_state_its_credit_and_when_it_erred_last() -> None:
    metrics = Metrics()
    metrics.note_services({"kie": ServiceState("KIE", "", 9.5, "", None)})
    assert lines_of(metrics, "service_open") == ['service_open{service="kie"} 1.0']
    assert lines_of(metrics, "credits") == ['credits{service="kie"} 9.5']
    assert lines_of(metrics, "service_last_error_seconds") == []
    for _ in range(2):
        metrics.note_services({"kie": ServiceState("KIE", "out of credit", None, "OutOfCredit [402]", 1_500)})
    assert lines_of(metrics, "service_open") == ['service_open{service="kie"} 0.0']
    assert lines_of(metrics, "credits") == [], "what is not known any more is not shown as it was"
    metrics.note_services({"kie": ServiceState("KIE", "", None, "Unavailable [502]", 2_500)})
    assert lines_of(metrics, "service_last_error_seconds") == [
        'service_last_error_seconds{error="OutOfCredit",service="kie"} 1.5',
        'service_last_error_seconds{error="Unavailable",service="kie"} 2.5',
    ]
