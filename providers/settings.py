"""Hold what an operator sets for one video service."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jobs.service_settings import API_KEY

# Cloudflare in front of some services refuses the default names of HTTP libraries (HTTP 403, "error code: 1010").
USER_AGENT = "Mozilla/5.0 (compatible; luma-bot/0.1)"


# Hears of every request to a service, by the service's name and the request's purpose.
Count = Callable[[str, str], None]

# Our own names of settings that are called otherwise in the environment.
_RENAMED = {"creates": "creates_per_window", "creates_window_seconds": "window_seconds"}
_KEYS = ("webhook_key", "webhook_key_previous")


def uncounted(_service: str, _purpose: str) -> None:
    """Count nothing."""


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """Hold one account and its limits; empty and None mean the service's own default.

    `webhook_keys` are all accepted, so that a key can be rotated: the current one first, then the one before.
    Timeouts are seconds for a whole request. `more` holds what only one service declares.
    """

    api_key: str = field(repr=False)
    api_url: str = ""
    upload_url: str = ""
    webhook_keys: tuple[str, ...] = field(default=(), repr=False)
    webhook_age_seconds: float = 300.0
    model: str = ""
    parallel: int | None = None
    creates_per_window: int | None = None
    window_seconds: float | None = None
    prompt_chars: int | None = None
    submit_seconds: float = 60.0
    read_seconds: float = 30.0
    upload_seconds: float = 180.0
    user_agent: str = USER_AGENT
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)
    count: Count = field(default=uncounted, repr=False)


def read_settings(values: Mapping[str, Any], *, webhook_age_seconds: float, count: Count) -> ServiceSettings:
    """Return a service's settings from what is set, by the names under which it declares them."""
    renamed = {_RENAMED.get(name, name): value for name, value in values.items() if name not in _KEYS}
    known = {name: value for name, value in renamed.items() if name in ServiceSettings.__dataclass_fields__}
    return ServiceSettings(
        **{"api_key": values[API_KEY], **known},
        webhook_keys=tuple(values[name] for name in _KEYS if values.get(name)),
        webhook_age_seconds=webhook_age_seconds,
        more={name: value for name, value in renamed.items() if name not in known},
        count=count,
    )
