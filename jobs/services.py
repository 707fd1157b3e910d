"""Name what a video service can do and says: one small protocol that every service's file implements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from jobs.job import Kind, Request


@dataclass(frozen=True, slots=True)
class Abilities:
    """State what a service can do and its limits; the lifecycle decides by these, never by name.

    `containers` and `codecs` are FFmpeg's short names as `ClipFacts` has them. `creates_per_window` submits may be
    sent in any `window_seconds`. `models` gives the longest clip of each model in seconds, `images` names the pictures
    that may go along (at most `image_bytes` each), `switches` the options that are on or off, by their defaults.
    `submit_seconds` is how long the answer to a submit may take; `calls_back` tells whether the service takes an
    address at which it calls back.
    """

    name: str
    title: str
    kinds: frozenset[Kind]
    max_seconds: float
    max_bytes: int
    containers: frozenset[str]
    codecs: frozenset[str]
    prompt_chars: int
    parallel: int
    creates_per_window: int
    window_seconds: float
    uploads: bool = False
    poll_batch: int = 1
    cancels: bool = False
    strengths: tuple[str, ...] = ()
    watermark: bool = False
    models: Mapping[str, float] = field(default_factory=dict)
    ratios: tuple[str, ...] = ()
    switches: Mapping[str, bool] = field(default_factory=dict)
    images: frozenset[str] = frozenset()
    image_bytes: int = 20_000_000
    submit_seconds: float = 60.0
    calls_back: bool = True

    @property
    def offers(self) -> frozenset[str]:
        """Name the options it has that not every service has."""
        single = {
            "strength": bool(self.strengths),
            "model": bool(self.models),
            "aspect_ratio": bool(self.ratios),
            "watermark": self.watermark,
            "video_id": Kind.EXTEND in self.kinds,
            "video_url": Kind.EXTEND in self.kinds,
        }
        return frozenset(name for name, has in single.items() if has) | frozenset(self.switches) | self.images

    def for_request(self, request: Request) -> "Abilities":
        """Return the abilities within which this request must stay: those of the model it asks for."""
        seconds = self.models.get(request.options.get("model", ""))
        return self if seconds is None else replace(self, max_seconds=seconds)


@dataclass(frozen=True, slots=True)
class Order:
    """Hold everything one submit needs; `clip_url` and `callback_url` are secrets.

    The request's options here also hold the address (a secret) of each picture as `<name>_url`.
    """

    request: Request
    clip_url: str | None
    callback_url: str | None


class Progress(StrEnum):
    """Name what a service says of a task."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Status:
    """Tell what a status read said; `urls` (secrets) when DONE, `reason` when FAILED.

    `video_id` is the service's own name of the finished video, where it has one.
    """

    progress: Progress
    urls: tuple[str, ...] = ()
    reason: str = ""
    code: str = ""
    video_id: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Tell that a service took a job; `status` when it is finished already."""

    provider_job_id: str
    status: Status | None = None


@dataclass(frozen=True, slots=True)
class CallbackNote:
    """Hold the one thing a callback is believed: which task it speaks of (None: it did not say)."""

    provider_job_id: str | None


@dataclass(frozen=True, slots=True)
class TemporaryLink:
    """Hold a link (a secret) and when it ends; None: not known."""

    url: str
    expires_at_ms: int | None = None


class Provider(Protocol):
    """Speak one video service's wire format; raises ProviderError only."""

    @property
    def abilities(self) -> Abilities:
        """State what the service can do."""

    async def submit(self, order: Order) -> Accepted:
        """Send a paid request, once."""

    async def poll(self, provider_job_ids: Sequence[str]) -> Mapping[str, Status | Exception]:
        """Read the status of tasks; an id's error stands in its place."""

    async def upload(self, path: Path, filename: str) -> TemporaryLink:
        """Hand a file to the service's own upload API."""

    async def link(self, url: str) -> TemporaryLink:
        """Return an address from which a result can be fetched now."""

    async def balance(self) -> float | None:
        """Return the account's credit in the service's unit; None when it cannot be known."""

    async def cancel(self, provider_job_id: str) -> bool:
        """Ask the service to stop a task; False where it cannot."""

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> CallbackNote:
        """Check and read a callback; raises CallbackError."""

    async def close(self) -> None:
        """Close connections."""
