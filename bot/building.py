"""Build from the settings what needs no concrete class of another room."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from bot.client import LumaBot
from bot.metrics import Metrics
from bot.readiness import GatewayWatch, look_at_database, look_at_disk, look_at_gateway
from bot.settings import Settings
from bot.timings import timings_of
from bot.web.health import HealthBoard
from jobs.gates import Gates
from jobs.lanes import Lanes, Widths
from jobs.lifecycle import Lifecycle
from jobs.outside import Outside
from jobs.worker import Worker


def build_worker(settings: Settings, outside: Outside) -> Worker:
    """Return the worker over a lifecycle whose callbacks lead to the public address, where there is one."""

    def callback_url(service: str, token: str) -> str | None:
        return f"{settings.public_url}/callbacks/{service}/{token}" if settings.public_url else None

    batches = {name: provider.abilities.poll_batch for name, provider in outside.providers.items()}
    widths = Widths(prepare=settings.prepare_parallel, deliver=settings.deliver_parallel)
    return Worker(
        Lifecycle(outside, timings_of(settings), callback_url=callback_url),
        outside,
        Lanes(outside.gates, batches, widths),
        lease_ms=int(settings.lease_seconds * 1000),
    )


def build_board(
    settings: Settings,
    bot: LumaBot,
    check_database: Callable[[], Awaitable[None]],
    gates: Gates,
    metrics: Metrics,
    stop: asyncio.Event,
    *,
    instance: str,
) -> HealthBoard:
    """Return what /healthz, /readyz and /metrics show."""
    return HealthBoard(
        checks={
            "gateway": partial(look_at_gateway, GatewayWatch(bot)),
            "database": partial(look_at_database, check_database),
            "disk": partial(look_at_disk, settings.data_dir, int(settings.disk_free_bytes)),
        },
        services=gates.reasons,
        states=gates.states,
        page=metrics.page,
        is_stopping=stop.is_set,
        instance=instance,
    )
