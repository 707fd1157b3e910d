"""Describe a job: a row that moves through a few named states."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from jobs.prompts import combine


class State(StrEnum):
    """Name where a job stands; a state exists only where recovery after a crash differs."""

    QUEUED = "queued"
    SUBMITTING = "submitting"
    RUNNING = "running"
    DELIVERING = "delivering"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Tell whether nobody moves the job any more."""
        return self in FINAL_STATES


FINAL_STATES = frozenset({State.DELIVERED, State.FAILED, State.CANCELLED})
OPEN_STATES = frozenset(State) - FINAL_STATES
AT_SERVICE_STATES = frozenset({State.SUBMITTING, State.RUNNING})

# The only moves there are. DELIVERING and FAILED to RUNNING are the late callback of an unknown outcome.
MOVES: frozenset[tuple[State, State]] = frozenset(
    {
        (State.QUEUED, State.SUBMITTING),
        (State.QUEUED, State.DELIVERING),
        (State.QUEUED, State.CANCELLED),
        (State.SUBMITTING, State.QUEUED),
        (State.SUBMITTING, State.RUNNING),
        (State.SUBMITTING, State.DELIVERING),
        (State.RUNNING, State.DELIVERING),
        (State.RUNNING, State.CANCELLED),
        (State.DELIVERING, State.DELIVERED),
        (State.DELIVERING, State.FAILED),
        (State.DELIVERING, State.RUNNING),
        (State.FAILED, State.RUNNING),
    }
)
CANCELLABLE_STATES = frozenset(before for before, after in MOVES if after is State.CANCELLED)


class Kind(StrEnum):
    """Name what is asked of a service."""

    MODIFY = "modify"
    GENERATE = "generate"
    EXTEND = "extend"


class Charge(StrEnum):
    """Say how a job's reservation ends; each is settled once.

    FORGIVE gives it back to the member but not to the server's budget: the service was paid for what another stopped.
    """

    SETTLE = "settled"
    RELEASE = "released"
    FORGIVE = "forgiven"


class FailureCode(StrEnum):
    """Name why a job failed; `bot/replies.py` has the words."""

    UNUSABLE_CLIP = "unusable_clip"
    CLIP_UNREACHABLE = "clip_unreachable"
    REFUSED = "refused"
    SERVICE_UNAVAILABLE = "service_unavailable"
    OUTCOME_UNKNOWN = "outcome_unknown"
    TIMED_OUT = "timed_out"
    RESULT_UNUSABLE = "result_unusable"
    UNDELIVERABLE = "undeliverable"
    SERVER_LEFT = "server_left"
    INTERNAL = "internal"
    STOPPED = "stopped"  # cancelled by another than its member


@dataclass(frozen=True, slots=True)
class Failure:
    """Keep why a job failed; `detail` is shown to people as inert text, `{name}` in it standing for one of `values`.

    `may_hear` tells of an unknown outcome whether a callback may still come.
    """

    code: FailureCode
    detail: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    may_hear: bool = True

    @property
    def text(self) -> str:
        """Return the detail in English."""
        return self.detail.format(**self.values) if self.values else self.detail


@dataclass(frozen=True, slots=True)
class ClipSource:
    """Say where a clip comes from.

    `url` is a signed or public address and never logged. When the clip hangs on a Discord message, the three ids
    allow the address to be asked for again after it has expired. `file` is its name on our shelf where it lay there
    already, cut and converted: the result of the job `job_id`, or (without one) the clip of the job made again.
    """

    url: str
    filename: str = ""
    size_bytes: int | None = None
    channel_id: int | None = None
    message_id: int | None = None
    attachment_id: int | None = None
    file: str = ""
    job_id: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """Hold a still picture that goes to the service: where it comes from and, once staged, our file on the shelf."""

    source: ClipSource
    file: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """Hold what a person asked for.

    `options` are the service-specific ones by their command names, `images` the pictures by theirs (`start_image`).
    `style_text` is the text of the style as it was when the job was asked for.
    """

    kind: Kind
    prompt: str
    style: str = ""
    clip: ClipSource | None = None
    start_seconds: float = 0.0
    spoiler: bool = False
    private: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, Picture] = field(default_factory=dict)
    style_text: str = ""

    @property
    def full_prompt(self) -> str:
        """Return what the service is told: the prompt with the style's text."""
        return combine(self.prompt, self.style_text)

    @property
    def wants(self) -> frozenset[str]:
        """Name the options that not every service has."""
        return frozenset(self.options) | frozenset(self.images)

    def is_staged(self, clip: "Prepared | None") -> bool:
        """Tell whether everything that goes to the service is on the shelf, given the clip as staged."""
        return (self.clip is None or clip is not None) and all(each.file for each in self.images.values())


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """State what a clip really is: pixels as displayed, `duration_ms` by walking the packets, `size_bytes`."""

    container: str
    video_codec: str
    audio_codec: str
    width: int
    height: int
    duration_ms: int
    size_bytes: int
    fps: float = 0.0


@dataclass(frozen=True, slots=True)
class Remark:
    """Tell what was done to a video: `bot/remarks.py` has the words for `code`, into which the values go."""

    code: str
    values: Mapping[str, str | int | float] = field(default_factory=dict)


# Why a finished video stays at the service.
TOO_LARGE, UNREAD, OUR_FAULT = "too_large", "unread", "our_fault"
BEYOND_US = frozenset({TOO_LARGE, UNREAD, OUR_FAULT})


@dataclass(frozen=True, slots=True)
class Prepared:
    """Describe the clip as the service gets it: `file` is its name on the shelf; `notes` say what was done to it."""

    file: str
    facts: ClipFacts
    notes: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """Describe a finished edit: the service's address (a secret) and, once fetched, our file on the shelf.

    `video_id` is the service's own name of the video, by which it can be extended.
    """

    url: str
    file: str = ""
    facts: ClipFacts | None = None
    notes: tuple[Remark, ...] = ()
    video_id: str = ""

    @property
    def is_beyond_us(self) -> bool:
        """Tell whether it is known that we cannot have the file, so that the service's link alone must do."""
        return any(note.code in BEYOND_US for note in self.notes)


@dataclass(frozen=True, slots=True)
class Job:
    """Show one job as its row was read; times are Unix milliseconds, ids of Discord are snowflakes."""

    id: str
    code: str
    kind: Kind
    state: State
    user_id: int
    guild_id: int | None
    channel_id: int
    interaction_id: int
    locale: str
    request: Request
    service: str
    created_at_ms: int
    due_at_ms: int
    # Discord: where the card stands, the thread under it, and the message with the result.
    card_channel_id: int | None = None
    card_message_id: int | None = None
    thread_id: int | None = None
    # `posting_at_ms` is set before an ending message leaves: after it, look before posting again.
    posting_at_ms: int | None = None
    result_channel_id: int | None = None
    result_message_id: int | None = None
    parent_job_id: str | None = None
    # The clip as staged, the address the service reads it from, and that address's end.
    clip: Prepared | None = None
    # What the service knows of it.
    attempt: int = 0
    provider_job_id: str | None = None
    submitted_at_ms: int | None = None
    finished_at_ms: int | None = None
    # The retry decision: failures of this step in a row, and what the job waits for.
    attempts: int = 0
    hold: str = ""
    # How it ended.
    result: Result | None = None
    failure: Failure | None = None
    # The worker's claim: `lease` counts claims and fences off a worker that lost its own; `nudges` counts callbacks.
    lease: int = 0
    nudges: int = 0
    # When the member or a moderator took the result back: nothing can be made from it any more.
    deleted_at_ms: int | None = None

    @property
    def is_staged(self) -> bool:
        """Tell whether everything that goes to the service is on the shelf."""
        return self.request.is_staged(self.clip)


@dataclass(frozen=True, slots=True)
class NewJob:
    """Hold what is known of a job when it is accepted.

    `role_ids` and `parent_channel_id` (a thread's channel) are not kept: admission is decided by them.
    """

    kind: Kind
    user_id: int
    guild_id: int | None
    channel_id: int
    interaction_id: int
    locale: str
    request: Request
    service: str
    thread_id: int | None = None
    parent_job_id: str | None = None
    role_ids: frozenset[int] = frozenset()
    parent_channel_id: int | None = None
