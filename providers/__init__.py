"""List the video services; adding one is one line here beside its own file."""

from collections.abc import Callable, Mapping

import aiohttp

from jobs.ports import Clock
from jobs.services import Provider
from providers.acedata import AceData
from providers.kie import Kie
from providers.lumalabs import LumaLabs
from providers.settings import ServiceSettings

__all__ = ["SERVICES", "ServiceSettings"]

SERVICES: Mapping[str, Callable[[ServiceSettings, aiohttp.ClientSession, Clock], Provider]] = {
    "kie": Kie,
    "acedata": AceData,
    "lumalabs": LumaLabs,
}
