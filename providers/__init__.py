"""List the video services; adding one is one line here beside its own file."""

from collections.abc import MutableMapping, Sequence
from typing import Protocol

import aiohttp

from jobs.ports import Clock
from jobs.service_settings import ServiceSetting
from jobs.services import Provider
from providers.acedata import AceData
from providers.kie import Kie
from providers.lumalabs import LumaLabs
from providers.settings import ServiceSettings

__all__ = ["SERVICES", "ServiceSettings"]


class Service(Protocol):
    """Open one account at a service; every service's class is such a thing."""

    @property
    def SETTINGS(self) -> Sequence[ServiceSetting]:  # noqa: N802 - a constant of the class
        """Declare what an operator may set for it."""

    def __call__(self, settings: ServiceSettings, session: aiohttp.ClientSession, clock: Clock) -> Provider:
        """Return the service, ready to be asked."""


SERVICES: MutableMapping[str, Service] = {
    "kie": Kie,
    "acedata": AceData,
    "lumalabs": LumaLabs,
}
