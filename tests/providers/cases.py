"""Say for every service what its fixtures must come to: the beginning of a fixture's name is its meaning."""

from collections.abc import Callable, Mapping
from typing import Any

from jobs.errors import (
    CallbackError,
    OutcomeUnknownError,
    OutOfCreditError,
    ProviderAuthError,
    ProviderGoneError,
    ProviderProtocolError,
    ProviderRefusedError,
    ProviderUnavailableError,
    RateLimitedError,
)
from jobs.job import ClipSource, Kind, Request
from jobs.services import (
    Abilities,
    Accepted,
    CallbackNote,
    Order,
    Progress,
    Provider,
    Status,
)
from providers import SERVICES, ServiceSettings
from tests.fakes import FakeClock
from tests.providers.wire import Wire, names

TASK = "774d9a7dd608a0e49293903095e45a4c"
OTHER_TASK = "0123456789abcdef0123456789abcdef"
VIDEO = "https://tempfile.example/v/finished.mp4"
CLIP_URL = "https://bot.example/files/clip.mp4?sig=clip-secret"
CALLBACK_URL = "https://bot.example/callback/callback-secret"
API_KEY = "sk-test-0123456789abcdef"
PROMPT = "make it night"

Check = Callable[[Any], bool]


def settings_for(**changes: Any) -> ServiceSettings:
    """Return an account's settings."""
    fields: dict[str, Any] = {"api_key": API_KEY} | changes
    return ServiceSettings(**fields)


def open_service(name: str, wire: Wire, *, clock: FakeClock | None = None, **changes: Any) -> Provider:
    """Return a service that speaks to a wire."""
    settings = settings_for(**{"api_url": wire.url, "upload_url": wire.url} | changes)
    return SERVICES[name](settings, wire.session, clock or FakeClock())


def order_for(abilities: Abilities, **options: str) -> Order:
    """Return an order of the first kind a service does."""
    kind = next(kind for kind in Kind if kind in abilities.kinds)
    modifies = kind is Kind.MODIFY
    request = Request(kind, PROMPT, clip=ClipSource(CLIP_URL) if modifies else None, options=options)
    return Order(request, CLIP_URL if modifies else None, CALLBACK_URL)


def _raises(kind: type[Exception], **fields: object) -> Check:
    def check(outcome: Any) -> bool:
        return type(outcome) is kind and all(getattr(outcome, name) == value for name, value in fields.items())

    return check


def _says(progress: Progress, **fields: object) -> Check:
    def check(outcome: Any) -> bool:
        said = isinstance(outcome, Status) and outcome.progress is progress
        return said and all(getattr(outcome, name) == value for name, value in fields.items())

    return check


def _is_away(outcome: Any) -> bool:
    return type(outcome) is ProviderUnavailableError and outcome.code != "unknown_task" and not outcome.maintenance


def _is_finished(outcome: Any) -> bool:
    known = isinstance(outcome, Accepted) and outcome.provider_job_id == TASK
    return known and outcome.status is not None and outcome.status.progress is not Progress.RUNNING


# The longest beginning that fits a fixture's name decides.
OUTCOMES: Mapping[str, Check] = {
    "submit_accepted": lambda outcome: outcome == Accepted(TASK),
    "submit_finished": _is_finished,
    "submit_refused": _raises(ProviderRefusedError),
    "submit_rate_limited": _raises(RateLimitedError),
    "submit_bad_key": _raises(ProviderAuthError),
    "submit_firewall": _raises(ProviderAuthError, code="1010"),
    "submit_no_credit": _raises(OutOfCreditError),
    "submit_gone": _raises(ProviderGoneError),
    "submit_maintenance": _raises(ProviderUnavailableError, maintenance=True),
    "submit_server_error": _raises(OutcomeUnknownError),
    "submit_no_id": _raises(OutcomeUnknownError),
    "submit_html": _raises(OutcomeUnknownError),
    "status_running": _says(Progress.RUNNING, code=""),
    "status_done": _says(Progress.DONE, urls=(VIDEO,)),
    "status_failed": _says(Progress.FAILED, urls=()),
    "status_no_url": _raises(ProviderProtocolError, code="no_result"),
    "status_no_url_late": _says(Progress.FAILED, code="no_result"),
    "status_unknown_state": _says(Progress.RUNNING, code="unknown_state"),
    "status_unknown_task": _raises(ProviderUnavailableError, code="unknown_task"),
    "status_other_task": lambda outcome: type(outcome) in (ProviderProtocolError, ProviderUnavailableError),
    "status_rate_limited": _raises(RateLimitedError),
    "status_bad_key": _raises(ProviderAuthError),
    "status_away": _is_away,
    "status_maintenance": _raises(ProviderUnavailableError, maintenance=True),
    "status_html": _raises(ProviderProtocolError),
    "callback_nameless": lambda outcome: outcome == CallbackNote(None),
    "callback_two_ids": _raises(CallbackError, status=400),
    "callback_foreign": lambda outcome: outcome == CallbackNote(OTHER_TASK),
    "callback": lambda outcome: outcome == CallbackNote(TASK),
}

# What every service must have an answer for.
NEEDED = frozenset(
    {
        "submit_accepted",
        "submit_refused",
        "submit_rate_limited",
        "submit_bad_key",
        "submit_no_credit",
        "submit_gone",
        "submit_server_error",
        "submit_no_id",
        "submit_html",
        "status_running",
        "status_done",
        "status_failed",
        "status_no_url",
        "status_unknown_state",
        "status_unknown_task",
        "status_other_task",
        "status_rate_limited",
        "status_bad_key",
        "status_away",
        "status_html",
        "callback_done",
        "callback_failed",
        "callback_nameless",
        "callback_foreign",
    }
)


def expected(name: str) -> Check:
    """Return the check of a fixture by its name."""
    return OUTCOMES[max((start for start in OUTCOMES if name.startswith(start)), key=len)]


def every(prefix: str) -> list[tuple[str, str]]:
    """Return (service, fixture) for all services."""
    return [(service, name) for service in SERVICES for name in names(service, prefix)]
