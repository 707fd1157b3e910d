"""Bundle what the buttons under results work with."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from jobs.job import Job
from jobs.result_ports import Gallery, ResultStore
from jobs.services import Provider


def _no_provider(_service: str) -> Provider | None:
    return None


@dataclass(frozen=True, slots=True)
class ResultDesk:
    """Hold the results' side of the database, their files and services, and two acts of the delivery.

    `upload_limit` says what a job's place takes, `show_card` brings its card up to date soon.
    """

    store: ResultStore
    gallery: Gallery
    upload_limit: Callable[[Job], Awaitable[int]]
    show_card: Callable[[Job], None]
    provider_of: Callable[[str], Provider | None] = _no_provider

    def title_of(self, service: str) -> str:
        """Return a service's name as people know it; of one that is switched off, ours."""
        provider = self.provider_of(service)
        return provider.abilities.title if provider else service
