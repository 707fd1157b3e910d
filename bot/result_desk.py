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
    """Hold the results' side of the database, their files, the services, and the upload limit of a job's place."""

    store: ResultStore
    gallery: Gallery
    upload_limit: Callable[[Job], Awaitable[int]]
    provider_of: Callable[[str], Provider | None] = _no_provider
