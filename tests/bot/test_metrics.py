"""Figures are counted by few labels."""

from bot.metrics import Metrics
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
