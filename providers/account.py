"""Stand for one account at a video service: what every service's class does alike."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import aiohttp

from jobs.errors import ProviderRefusedError
from jobs.ports import Clock
from jobs.service_settings import ServiceSetting
from jobs.services import Abilities, Status, TemporaryLink
from providers.answers import Answer
from providers.faults import UNKNOWN_STATE, Purpose
from providers.http import Call, request
from providers.settings import ServiceSettings

log = logging.getLogger(__name__)

MAX_SEEN = 50


class Account:
    """Send requests with one account's key; holds what a service that cannot upload, re-link or cancel answers."""

    SETTINGS: ClassVar[Sequence[ServiceSetting]] = ()

    def __init__(
        self,
        abilities: Abilities,
        api_url: str,
        settings: ServiceSettings,
        session: aiohttp.ClientSession,
        clock: Clock,
    ) -> None:
        self._abilities = abilities
        self._api_url = (settings.api_url or api_url).rstrip("/")
        self._settings = settings
        self._session = session
        self._clock = clock
        self._seen: set[str] = set()

    @property
    def abilities(self) -> Abilities:
        """State what the service can do."""
        return self._abilities

    async def _ask(
        self,
        purpose: Purpose,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content: Mapping[str, object] | None = None,
        form: aiohttp.FormData | None = None,
        base_url: str = "",
    ) -> Answer:
        seconds = {
            Purpose.SUBMIT: self._abilities.submit_seconds,
            Purpose.READ: self._settings.read_seconds,
            Purpose.UPLOAD: self._settings.upload_seconds,
        }[purpose]
        call = Call(
            provider=self._abilities.name,
            purpose=purpose,
            method=method,
            url=(base_url or self._api_url) + path,
            bearer=self._settings.api_key,
            user_agent=self._settings.user_agent,
            seconds=seconds,
            params=params,
            content=content,
            form=form,
        )
        self._settings.count(self._abilities.name, purpose.name.lower())
        return await request(self._session, call)

    def _noted(self, status: Status) -> Status:
        """Log a state that is not known to us, once."""
        if status.code == UNKNOWN_STATE and status.reason not in self._seen and len(self._seen) < MAX_SEEN:
            self._seen.add(status.reason)
            log.warning("%s speaks of an unknown state: %s", self._abilities.name, status.reason)
        return status

    async def upload(self, path: Path, filename: str) -> TemporaryLink:  # noqa: ARG002 - the port's parameters
        """Refuse: this service has no upload API."""
        raise ProviderRefusedError(self._abilities.name, "takes no uploads")

    async def link(self, url: str) -> TemporaryLink:
        """Return the address itself: results are public until the service deletes them."""
        return TemporaryLink(url)

    async def cancel(self, provider_job_id: str) -> bool:  # noqa: ARG002 - the port's parameter
        """Say no: this service cannot stop a task."""
        return False

    async def close(self) -> None:
        """Leave the session open; it belongs to the one who made it."""
