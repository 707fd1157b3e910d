"""Declare what an operator may set for a video service; the variable is the service's name, a line, the setting's."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class SettingKind(StrEnum):
    """Name how a setting is read and checked."""

    SECRET = "secret"  # noqa: S105 - a kind, not a secret
    ADDRESS = "address"
    COUNT = "count"
    AMOUNT = "amount"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class ServiceSetting:
    """Describe one setting of a service: `api_key` of `kie` is the variable `KIE_API_KEY`.

    A secret's default is None: not set. `choices` are what a CHOICE may be, `least` and `most` bound a COUNT or an
    AMOUNT; `needs` names another setting of the same service that must stand beside this one.
    """

    name: str
    kind: SettingKind
    default: str | int | float | None
    description: str
    choices: tuple[str, ...] = ()
    needs: str = ""
    least: int | float | None = None
    most: int | float | None = None


API_KEY = "api_key"  # the one every service has: where it is set, the service is switched on


def usual_settings(
    title: str, api_url: str, *, parallel: int, creates: int = 10, window_seconds: float = 10.0
) -> Sequence[ServiceSetting]:
    """Return the settings every service has, with its own defaults."""
    of_it = f"{title}'" if title.endswith("s") else f"{title}'s"
    return (
        ServiceSetting(API_KEY, SettingKind.SECRET, None, f"{of_it} API key; switches this service on"),
        ServiceSetting("api_url", SettingKind.ADDRESS, api_url, f"{of_it} API"),
        ServiceSetting("parallel", SettingKind.COUNT, parallel, f"Tasks at {title} at once"),
        ServiceSetting("creates", SettingKind.COUNT, creates, f"Tasks created at {title} in one window"),
        ServiceSetting("creates_window_seconds", SettingKind.AMOUNT, window_seconds, "Length of that window"),
    )


def secret_setting(name: str, description: str, needs: str = "") -> ServiceSetting:
    """Return a secret that need not be set; `needs` names the setting that must stand beside it."""
    return ServiceSetting(name, SettingKind.SECRET, None, description, needs=needs)
