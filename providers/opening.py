"""Open the video services whose key is set."""

from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp

from jobs.ports import Clock
from jobs.service_settings import API_KEY, ServiceSetting
from jobs.services import Provider
from providers import SERVICES
from providers.settings import Count, read_settings, uncounted


def declared_settings() -> Mapping[str, Sequence[ServiceSetting]]:
    """Return what every service in the registry lets an operator set."""
    return {name: service.SETTINGS for name, service in SERVICES.items()}


def open_services(
    values: Mapping[str, Mapping[str, Any]],
    session: aiohttp.ClientSession,
    clock: Clock,
    *,
    webhook_age_seconds: float,
    count: Count = uncounted,
) -> dict[str, Provider]:
    """Return the services whose key is among the `values` that were set for them, in the registry's order."""
    return {
        name: service(read_settings(values[name], webhook_age_seconds=webhook_age_seconds, count=count), session, clock)
        for name, service in SERVICES.items()
        if values.get(name, {}).get(API_KEY)
    }
