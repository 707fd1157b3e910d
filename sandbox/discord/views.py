"""Describe what one person sees, as frozen values for tests, the transcript and the page.

`as_json` turns any view into JSON; ids become strings there, because they do not fit a JavaScript number.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sandbox.discord.model import Json

State = Literal["pending", "deferred", "answered", "failed"]
_LARGEST_JS_INTEGER = (1 << 53) - 1


@dataclass(frozen=True, slots=True)
class PersonView:
    """A user as shown beside a message or in the member list; `color` is 0xRRGGBB of their highest coloured role."""

    id: int
    name: str
    is_bot: bool
    color: int = 0
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChannelView:
    """A channel, thread, forum post or direct conversation; `kind` is Discord's number, `parent_id` a thread's home."""

    id: int
    kind: int
    name: str
    topic: str | None
    parent_id: int | None
    archived: bool
    locked: bool
    can_post: bool
    can_attach: bool
    tags: tuple[tuple[int, str], ...] = ()
    message_count: int = 0


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """A file on a message; `url` is signed and expires, `size` in bytes."""

    id: int
    filename: str
    content_type: str
    size: int
    url: str
    spoiler: bool
    description: str | None


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message; embeds and components are Discord's JSON with `attachment://` addresses resolved.

    `command` and `command_by` tell which command, used by whom, this answers; `reply_to` the message id it replies to;
    `thread` the thread that hangs on it; `timestamp` in Unix seconds; `flags` Discord's bit set.
    """

    id: int
    channel_id: int
    kind: int
    author: PersonView
    content: str
    timestamp: float
    edited: bool
    loading: bool
    ephemeral: bool
    flags: int
    embeds: tuple[Json, ...]
    components: tuple[Json, ...]
    attachments: tuple[AttachmentView, ...]
    mentions: tuple[PersonView, ...]
    reactions: tuple[tuple[str, int], ...]
    reply_to: int | None
    command: str | None
    command_by: PersonView | None
    thread: ChannelView | None
    pings_me: bool = False


@dataclass(frozen=True, slots=True)
class ModalView:
    """A form the bot opened: Discord's component JSON (labels with inputs, or action rows)."""

    custom_id: str
    title: str
    components: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class InteractionView:
    """What became of a command, press or form.

    `kind`: 2 command, 3 component, 4 autocomplete, 5 modal. `state`: pending, deferred (the bot thinks), answered
    (message, update or modal came) or failed ("The application did not respond"). `message` is the first answer as
    it stands now, `followups` what came after it.
    """

    id: int
    kind: int
    user_id: int
    channel_id: int
    state: State
    message: MessageView | None
    followups: tuple[MessageView, ...]
    modal: ModalView | None
    command: str | None = None


@dataclass(frozen=True, slots=True)
class OptionView:
    """A command's option; `kind` is Discord's number (3 string, 4 integer, 5 boolean, 6 user, 10 number, 11 file)."""

    name: str
    description: str
    kind: int
    required: bool
    autocomplete: bool
    choices: tuple[tuple[str, Any], ...] = ()
    min_value: float | None = None
    max_value: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class CommandView:
    """A command a member can use here; `name` is the whole path ("luma modify"), `kind` 1 slash, 2 user, 3 message.

    `label` is the name in the member's language, as are all descriptions and the names of choices.
    """

    id: int
    kind: int
    name: str
    description: str
    options: tuple[OptionView, ...] = field(default=())
    label: str = ""


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """One suggestion of an autocomplete."""

    name: str
    value: str | int | float


def as_json(view: Any) -> Any:
    """Return a view (or list of views) as JSON values, large integers as strings."""
    if hasattr(view, "__dataclass_fields__"):
        return as_json(asdict(view))
    if isinstance(view, dict):
        return {key: as_json(value) for key, value in view.items()}
    if isinstance(view, list | tuple):
        return [as_json(value) for value in view]
    if isinstance(view, int) and abs(view) > _LARGEST_JS_INTEGER:
        return str(view)
    return view
