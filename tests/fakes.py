"""Stand in for the outside worlds at the ports: one typed fake per port."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from jobs.errors import CallbackError
from jobs.job import ClipFacts, Job, Kind, Picture, Prepared, Remark, Result
from jobs.ports import Fitted, Posted, VideoPost
from jobs.quota import Allowance, Defaults
from jobs.result_ports import BEFORE_AFTER
from jobs.services import (
    Abilities,
    Accepted,
    CallbackNote,
    Order,
    Progress,
    Status,
    TemporaryLink,
)

START_MS = 1_700_000_000_000
NO_LIMITS = Defaults(Allowance(None), budget_day=None, open_jobs=None)
# The smallest JPEG: one grey pixel.
POSTER = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300"
    + "01" * 64
    + "ffc0000b080001000101011100ffc4001400010000000000000000000000000000000009ffc4001410010000000000000000000000"
    "0000000000ffda0008010100003f0054ffd9"
)
FACTS = ClipFacts("mp4", "h264", "aac", 640, 360, 3_000, 100_000, 24.0)


class FakeClock:
    """Tell a time that only a test moves."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        """Return the time set."""
        return self._now_ms

    def advance(self, ms: int) -> None:
        """Let time pass."""
        self._now_ms += ms


def abilities_of(name: str = "kie", **changes: object) -> Abilities:
    """Return what a small service that modifies clips can do."""
    abilities = Abilities(
        name=name,
        title=name.upper(),
        kinds=frozenset({Kind.MODIFY}),
        max_seconds=10,
        max_bytes=500_000_000,
        containers=frozenset({"mp4", "mov", "avi"}),
        codecs=frozenset({"h264"}),
        prompt_chars=800,
        parallel=10,
        creates_per_window=20,
        window_seconds=10,
        uploads=True,
    )
    return replace(abilities, **changes)  # type: ignore[arg-type]  # the tests name the fields


@dataclass
class FakeProvider:
    """Be a video service that does what the test says.

    `on_submit` and `on_poll` hold what the next calls raise or return; when they run out, a submit is accepted and a
    read says `status`. `billed` lists every order that was taken.
    """

    abilities: Abilities = field(default_factory=abilities_of)
    status: Status = field(default_factory=lambda: Status(Progress.RUNNING))
    on_submit: list[Exception | Accepted] = field(default_factory=list)
    on_poll: list[Exception | Status] = field(default_factory=list)
    on_link: list[Exception] = field(default_factory=list)
    link_ends_ms: int | None = None
    on_balance: list[Exception | float | None] = field(default_factory=list)
    billed: list[Order] = field(default_factory=list)
    polled: list[tuple[str, ...]] = field(default_factory=list)
    uploaded: list[Path] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    during_submit: Callable[[], object] | None = None
    hang_submit: asyncio.Event | None = None
    hang_cancel: asyncio.Event | None = None
    taken: asyncio.Event = field(default_factory=asyncio.Event)

    async def submit(self, order: Order) -> Accepted:
        """Take an order, or do what the test put first."""
        outcome = self.on_submit.pop(0) if self.on_submit else None
        if isinstance(outcome, Exception):
            raise outcome
        self.billed.append(order)
        self.taken.set()
        if self.during_submit is not None:
            result = self.during_submit()
            if asyncio.iscoroutine(result):
                await result
        if self.hang_submit is not None:
            await self.hang_submit.wait()
        return outcome or Accepted(f"task-{len(self.billed)}")

    async def poll(self, provider_job_ids: Sequence[str]) -> Mapping[str, Status | Exception]:
        """Say the same of every task asked for."""
        self.polled.append(tuple(provider_job_ids))
        answer = self.on_poll.pop(0) if self.on_poll else self.status
        return dict.fromkeys(provider_job_ids, answer)

    async def upload(self, path: Path, filename: str) -> TemporaryLink:
        """Keep which file was handed over."""
        self.uploaded.append(path)
        return TemporaryLink(f"https://upload.example/{filename}?sig=secret")

    async def link(self, url: str) -> TemporaryLink:
        """Return the address itself."""
        if self.on_link:
            raise self.on_link.pop(0)
        return TemporaryLink(url, self.link_ends_ms)

    async def balance(self) -> float | None:
        """Return the account's credit."""
        outcome = self.on_balance.pop(0) if self.on_balance else 100.0
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def cancel(self, provider_job_id: str) -> bool:
        """Stop a task where the abilities say so."""
        self.cancelled.append(provider_job_id)
        if self.hang_cancel is not None:
            await self.hang_cancel.wait()
        return self.abilities.cancels

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> CallbackNote:
        """Believe a body that is the task's id."""
        if headers.get("X-Signature") == "wrong":
            raise CallbackError(401, "the signature does not fit")
        return CallbackNote(body.decode() or None)

    async def close(self) -> None:
        """Have nothing to close."""


@dataclass
class FakeClips:
    """Be the clips' room without files, or with those in `folder`; `on_*` hold what the next calls raise."""

    hosted: bool = True
    on_prepare: list[Exception] = field(default_factory=list)
    on_fetch: list[Exception] = field(default_factory=list)
    fetched_from: str = ""
    notes: tuple[Remark, ...] = ()
    on_fit: list[Exception | Fitted | None] = field(default_factory=list)
    on_compare: list[Exception] = field(default_factory=list)
    prepared: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    discarded: list[str] = field(default_factory=list)
    folder: Path | None = None
    made: list[tuple[str, str]] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    hang_compare: asyncio.Event | None = None
    hang_prepare: asyncio.Event | None = None

    async def prepare(self, job: Job, abilities: Abilities) -> Prepared:
        """Stage a clip by name alone."""
        if self.on_prepare:
            raise self.on_prepare.pop(0)
        if self.hang_prepare is not None:
            await self.hang_prepare.wait()
        self.prepared.append(job.id)
        return Prepared(f"clip-{job.id}.mp4", FACTS, self.notes)

    async def prepare_picture(self, job: Job, name: str, abilities: Abilities) -> Picture:
        """Stage a picture by name alone."""
        if self.on_prepare:
            raise self.on_prepare.pop(0)
        self.prepared.append(f"{job.id} {name}")
        return Picture(job.request.images[name].source, f"image-{job.id}-{name}.png")

    def public_link(self, file: str) -> TemporaryLink | None:
        """Return an address while the clips are hosted."""
        return TemporaryLink(f"https://bot.example/files/{file}?sig=secret") if self.hosted else None

    def path(self, file: str) -> Path:
        """Return where the file would lie."""
        return (self.folder or Path("/nowhere")) / file

    async def fetch_result(self, job: Job, link: TemporaryLink) -> Result:
        """Keep a result by name alone."""
        if self.on_fetch:
            raise self.on_fetch.pop(0)
        self.fetched.append(job.id)
        return Result(self.fetched_from or link.url, f"result-{job.id}.mp4", FACTS)

    async def fit(self, job: Job, result: Result, limit_bytes: int) -> Fitted | None:
        """Return the result as it is, or what the test put first."""
        if self.on_fit:
            outcome = self.on_fit.pop(0)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome
        return Fitted(self.path(result.file), 100_000, shrunk=False)

    async def keeps(self, file: str) -> bool:
        """Tell whether a file was put into the folder."""
        return bool(file) and self.path(file).is_file()

    async def poster(self, job: Job, result: Result) -> str:
        """Make a picture of one colour."""
        self.made.append(("poster", job.id))
        return self._put(f"poster-{job.id}.jpg", POSTER)

    async def compare(self, job: Job, before: str, after: str, names: tuple[str, str] = BEFORE_AFTER) -> str:
        """Make a file that names both."""
        self.made.append(("compare", job.id))
        self.begun.set()
        if self.on_compare:
            raise self.on_compare.pop(0)
        if self.hang_compare is not None:
            await self.hang_compare.wait()
        return self._put(f"compare-{job.id}.mp4", f"{names[0]}={before}|{names[1]}={after}".encode())

    async def discard_all(self, job_id: str) -> None:
        """Delete the files named after a job."""
        if self.folder is not None:
            for path in self.folder.glob(f"*-{job_id}*"):
                path.unlink()

    def _put(self, name: str, content: bytes) -> str:
        self.path(name).write_bytes(content)
        return name

    async def discard(self, file: str) -> None:
        """Keep which file was thrown away."""
        if self.folder is not None:
            self.path(file).unlink(missing_ok=True)
        self.discarded.append(file)


@dataclass
class FakeDelivery:
    """Be Discord at the port; `messages` holds every ending message ever posted, as a channel would."""

    limit_bytes: int = 10 * 1024 * 1024
    on_post: list[Exception] = field(default_factory=list)
    on_open: list[Exception] = field(default_factory=list)
    messages: list[tuple[str, str, VideoPost | None]] = field(default_factory=list)
    shown: list[Job] = field(default_factory=list)
    searched: list[str] = field(default_factory=list)
    after_post: list[BaseException] = field(default_factory=list)
    left: set[int | None] = field(default_factory=set)

    def has_left(self, job: Job) -> bool:
        """Tell whether the test has the bot removed from a server."""
        return job.guild_id in self.left

    async def open_place(self, job: Job) -> Job:
        """Give the job a card and a thread."""
        if self.on_open:
            raise self.on_open.pop(0)
        return replace(
            job,
            card_channel_id=job.card_channel_id or job.channel_id,
            card_message_id=job.card_message_id or 700,
            thread_id=job.thread_id or 700,
        )

    async def upload_limit(self, job: Job) -> int:
        """Return the place's limit."""
        return self.limit_bytes

    async def find_posted(self, job: Job) -> Posted | None:
        """Look through the messages for the ending of this job."""
        self.searched.append(job.id)
        kind = "failure" if job.failure else "result"
        for index, (found_kind, job_id, _parcel) in enumerate(self.messages):
            if (found_kind, job_id) == (kind, job.id):
                return Posted(job.thread_id or 1, 800 + index)
        return None

    async def post_result(self, job: Job, video: VideoPost) -> Posted:
        """Post a result."""
        return self._post("result", job, video)

    async def post_failure(self, job: Job) -> Posted:
        """Post a failure."""
        return self._post("failure", job, None)

    def show(self, job: Job) -> None:
        """Keep what the card would show."""
        self.shown.append(job)

    def _post(self, kind: str, job: Job, video: VideoPost | None) -> Posted:
        if self.on_post:
            raise self.on_post.pop(0)
        self.messages.append((kind, job.id, video))
        if self.after_post:
            raise self.after_post.pop(0)
        return Posted(job.thread_id or 1, 800 + len(self.messages) - 1)


@dataclass
class FakeAlarms:
    """Hear what the operator is told."""

    heard: list[str] = field(default_factory=list)

    def raise_alarm(self, what: str, *, job: Job | None = None) -> None:
        """Keep an alarm."""
        self.heard.append(what)
