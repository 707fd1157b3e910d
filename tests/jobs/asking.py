"""Stop before every call to the outside and ask what happens there: the ports as the model's explorer sees them."""

from collections.abc import Callable, Collection, Generator, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.job import Job, Picture, Prepared, Result
from jobs.ports import Fitted, Posted, VideoPost
from jobs.services import Abilities, Accepted, CallbackNote, Order, Status, TemporaryLink
from storage.database import Session
from tests.fakes import FACTS, abilities_of


@dataclass(frozen=True, slots=True, eq=False)
class Ask:
    """Stop a step before a call to the outside; what the explorer decides is the call's result."""

    port: str
    detail: Any = None

    def __await__(self) -> Generator["Ask", Any, Any]:
        """Hand this to the explorer and return what it sends back."""
        return (yield self)


class AskingDatabase:
    """Hand each transaction to the explorer."""

    async def read(self, work: Callable[[Session], Any]) -> Any:
        """Read when the explorer says so."""
        return await Ask("read", work)

    async def glance(self, work: Callable[[Session], Any]) -> Any:
        """Read when the explorer says so."""
        return await Ask("read", work)

    async def recall(self, key: Hashable, tables: Collection[str], work: Callable[[Session], Any]) -> Any:
        """Read when the explorer says so."""
        return await Ask("read", work)

    async def write(self, work: Callable[[Session], Any], *, durable: bool = True) -> Any:
        """Write when the explorer says so."""
        return await Ask("write", work)

    async def check(self, *, timeout_seconds: float = 1.0) -> None:
        """Have nothing to check."""

    async def backup(self, target: Path) -> None:
        """Have nothing to copy."""

    async def close(self) -> None:
        """Have nothing to close."""


class AskingProvider:
    """Be a service that answers as the explorer says."""

    abilities: Abilities = abilities_of()

    async def submit(self, order: Order) -> Accepted:
        """Take an order, or not."""
        accepted: Accepted = await Ask("submit")
        return accepted

    async def poll(self, provider_job_ids: Sequence[str]) -> Mapping[str, Status | Exception]:
        """Say how a task fares."""
        return {each: await Ask("poll", each) for each in provider_job_ids}

    async def upload(self, path: Path, filename: str) -> TemporaryLink:
        """Never be asked: the clips are hosted."""
        raise AssertionError

    async def link(self, url: str) -> TemporaryLink:
        """Return the address itself."""
        return TemporaryLink(url)

    async def balance(self) -> float | None:
        """Never be asked here."""
        raise AssertionError

    async def cancel(self, provider_job_id: str) -> bool:
        """Not know how to stop a task, as KIE."""
        return False

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> CallbackNote:
        """Never be asked: the explorer calls the intake."""
        raise AssertionError

    async def close(self) -> None:
        """Have nothing to close."""


class AskingClips:
    """Stage and fetch as the explorer says."""

    async def prepare(self, job: Job, abilities: Abilities) -> Prepared:
        """Stage a clip."""
        await Ask("prepare")
        return Prepared("clip.mp4", FACTS)

    async def prepare_picture(self, job: Job, name: str, abilities: Abilities) -> Picture:
        """Never be asked: the job has a clip."""
        raise AssertionError

    def public_link(self, file: str) -> TemporaryLink | None:
        """Return one address."""
        return TemporaryLink("https://bot.example/files/clip.mp4")

    def path(self, file: str) -> Path:
        """Return where it would lie."""
        return Path("/nowhere") / file

    async def fetch_result(self, job: Job, link: TemporaryLink) -> Result:
        """Fetch a result."""
        await Ask("fetch")
        return Result(link.url, "result.mp4", FACTS)

    async def fit(self, job: Job, result: Result, limit_bytes: int) -> Fitted | None:
        """Find that it fits."""
        return Fitted(self.path(result.file), 1000, shrunk=False)

    async def poster(self, job: Job, result: Result) -> str:
        """Never be asked: the file fits."""
        raise AssertionError

    async def discard(self, file: str) -> None:
        """Have nothing to delete."""


class AskingDelivery:
    """Be Discord as the explorer says."""

    def has_left(self, job: Job) -> bool:
        """Be in every server."""
        return False

    async def open_place(self, job: Job) -> Job:
        """Never be asked: the job has its place."""
        raise AssertionError

    async def upload_limit(self, job: Job) -> int:
        """Return one limit."""
        return 10_000_000

    async def find_posted(self, job: Job) -> Posted | None:
        """Look for the ending of a job."""
        posted: Posted | None = await Ask("find", ending_of(job))
        return posted

    async def post_result(self, job: Job, video: VideoPost) -> Posted:
        """Post a result."""
        posted: Posted = await Ask("post", ending_of(job))
        return posted

    async def post_failure(self, job: Job) -> Posted:
        """Post a failure."""
        posted: Posted = await Ask("post", ending_of(job))
        return posted

    def show(self, job: Job) -> None:
        """Have no card to edit."""


def ending_of(job: Job) -> str:
    """Name the ending message of a job."""
    return f"failure {job.failure.code.value}" if job.failure else "result"
