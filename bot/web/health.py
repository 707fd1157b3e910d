"""Tell whether the process lives (/healthz), whether it can work (/readyz), and how it fares (/metrics)."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aiohttp import web

from jobs.errors import LumaBotError
from jobs.gates import ServiceState

CHECK_SECONDS = 1.0


class Colour(StrEnum):
    """Say how a part fares: red takes the process out of service, yellow does not."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Light:
    """Show how one part fares, and why."""

    state: Colour
    reason: str = ""


GREEN = Light(Colour.GREEN)
CheckPart = Callable[[], Awaitable[Light]]


@dataclass(frozen=True, slots=True)
class HealthBoard:
    """Ask every part how it fares.

    `checks` are asked side by side, each within `check_seconds`; `services` returns why each video service takes no
    jobs, empty when it does, `states` what else is known of them; `page` returns the metrics and their content type.
    """

    checks: Mapping[str, CheckPart]
    services: Callable[[], Mapping[str, str]]
    page: Callable[[], tuple[bytes, str]]
    is_stopping: Callable[[], bool] = lambda: False
    states: Callable[[], Mapping[str, ServiceState]] = dict
    check_seconds: float = CHECK_SECONDS
    instance: str = field(default_factory=lambda: secrets.token_hex(8))

    async def answer_alive(self, _request: web.Request) -> web.Response:
        """Answer that the loop turns; who asks from outside learns by `instance` that it reached this process."""
        return web.json_response({"ok": True, "instance": self.instance})

    async def answer_ready(self, _request: web.Request) -> web.Response:
        """Answer with every part's light: 503 when one is red or the process stops."""
        lights = await self.look()
        services = service_lights(self.services())
        worst = _worst([*lights.values(), service_summary(services)])
        if self.is_stopping():
            worst = Colour.RED
        shown = {
            "state": worst.value,
            "stopping": self.is_stopping(),
            **{name: _shown(light) for name, light in lights.items()},
            "services": self._shown_services(services),
        }
        return web.json_response(shown, status=503 if worst is Colour.RED else 200)

    def _shown_services(self, lights: Mapping[str, Light]) -> dict[str, dict[str, object]]:
        states = self.states()
        return {name: {**_shown(light), **_shown_state(states.get(name))} for name, light in lights.items()}

    async def answer_metrics(self, _request: web.Request) -> web.Response:
        """Answer with the page Prometheus reads."""
        text, content_type = self.page()
        return web.Response(body=text, headers={"Content-Type": content_type})

    async def look(self) -> dict[str, Light]:
        """Return every part's light."""
        lights = await asyncio.gather(*(self._ask(check) for check in self.checks.values()))
        return dict(zip(self.checks, lights, strict=True))

    async def _ask(self, check: CheckPart) -> Light:
        try:
            async with asyncio.timeout(self.check_seconds):
                return await check()
        except TimeoutError:
            return Light(Colour.RED, f"no answer within {self.check_seconds:g} s")
        except (LumaBotError, OSError) as error:
            return Light(Colour.RED, type(error).__name__)


def service_lights(reasons: Mapping[str, str]) -> dict[str, Light]:
    """Return each service's light: yellow with the reason it takes no jobs."""
    return {name: Light(Colour.YELLOW, reason) if reason else GREEN for name, reason in reasons.items()}


def service_summary(lights: Mapping[str, Light]) -> Light:
    """Return red when no service takes jobs, yellow when one does not."""
    shut = [name for name, light in lights.items() if light.state is not Colour.GREEN]
    if not shut:
        return GREEN
    return Light(Colour.RED if len(shut) == len(lights) else Colour.YELLOW, ", ".join(shut))


def _worst(lights: list[Light]) -> Colour:
    return max((light.state for light in lights), key=list(Colour).index)


def _shown(light: Light) -> dict[str, str]:
    return {"state": light.state.value, "reason": light.reason}


def _shown_state(state: ServiceState | None) -> dict[str, object]:
    if state is None:
        return {}
    return {"balance": state.balance, "last_error": state.last_error, "last_error_ms": state.last_error_ms}
