"""Hold what exists in the local Discord: plain state, no rules."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]

MIB = 1024 * 1024

TEXT, DM, CATEGORY, ANNOUNCEMENT = 0, 1, 4, 5
ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD = 10, 11, 12
FORUM, MEDIA = 15, 16
THREAD_KINDS = frozenset({ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD})

FLAG_SUPPRESS_EMBEDS = 1 << 2
FLAG_HAS_THREAD = 1 << 5
FLAG_EPHEMERAL = 1 << 6
FLAG_LOADING = 1 << 7
FLAG_COMPONENTS_V2 = 1 << 15


@dataclass(slots=True)
class User:
    """A person or the bot; `upload_limit_bytes` is what their own Nitro allows."""

    id: int
    username: str
    global_name: str | None
    bot: bool = False
    accepts_dms: bool = True
    locale: str = "en-US"
    upload_limit_bytes: int = 10 * MIB

    @property
    def display_name(self) -> str:
        """Return the name others see."""
        return self.global_name or self.username


@dataclass(slots=True)
class Role:
    """A named set of permission bits; higher positions stand above lower ones."""

    id: int
    name: str
    permissions: int
    position: int
    color: int = 0
    managed_by: int | None = None


@dataclass(slots=True)
class Overwrite:
    """What a channel gives to or takes from one role (kind 0) or member (kind 1)."""

    id: int
    kind: int
    allow: int = 0
    deny: int = 0


@dataclass(slots=True)
class Member:
    """A user in a guild; `timeout_until` is in Unix seconds."""

    user: User
    joined_at: float
    roles: set[int] = field(default_factory=set)
    nick: str | None = None
    timeout_until: float | None = None

    @property
    def display_name(self) -> str:
        """Return the name others see here."""
        return self.nick or self.user.display_name


@dataclass(slots=True)
class Guild:
    """A server; the boost tier (0 to 3) decides how large an upload may be.

    `max_upload_bytes` refuses less than Discord would, so that a test can do with small files.
    """

    id: int
    name: str
    owner_id: int
    boost_tier: int = 0
    max_upload_bytes: int | None = None
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    bans: set[int] = field(default_factory=set)

    @property
    def upload_limit_bytes(self) -> int:
        """Return the largest file a member without Nitro may upload here."""
        return {2: 50 * MIB, 3: 100 * MIB}.get(self.boost_tier, 10 * MIB)


@dataclass(slots=True)
class ThreadState:
    """What a thread has beyond a channel; times in Unix seconds."""

    owner_id: int
    archived_at: float
    auto_archive_minutes: int = 1440
    archived: bool = False
    locked: bool = False
    members: set[int] = field(default_factory=set)
    tags: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Channel:
    """A channel, thread or direct conversation."""

    id: int
    kind: int
    name: str
    guild_id: int | None = None
    parent_id: int | None = None
    position: int = 0
    topic: str | None = None
    slowmode_seconds: int = 0
    nsfw: bool = False
    overwrites: list[Overwrite] = field(default_factory=list)
    thread: ThreadState | None = None
    recipients: list[int] = field(default_factory=list)
    tags: dict[int, str] = field(default_factory=dict)
    requires_tag: bool = False
    last_message_id: int | None = None
    total_sent: int = 0


@dataclass(slots=True)
class Attachment:
    """A stored file; name and content type are the uploader's claim."""

    id: int
    channel_id: int
    filename: str
    size: int
    content_type: str
    path: Path
    ephemeral: bool = False
    description: str | None = None
    title: str | None = None


@dataclass(slots=True)
class Message:
    """A message; `ephemeral_to` names the one person who sees it. Times in Unix seconds."""

    id: int
    channel_id: int
    author_id: int
    timestamp: float
    content: str = ""
    kind: int = 0
    flags: int = 0
    edited_at: float | None = None
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    mentions: list[int] = field(default_factory=list)
    mention_roles: list[int] = field(default_factory=list)
    mention_everyone: bool = False
    nonce: int | str | None = None
    reply_to: tuple[int, int] | None = None
    webhook_id: int | None = None
    interaction: Json | None = None
    ephemeral_to: int | None = None
    has_thread: bool = False
    pinned: bool = False
    tts: bool = False
    reactions: dict[str, list[int]] = field(default_factory=dict)
    token: str | None = field(default=None, repr=False)

    @property
    def loading(self) -> bool:
        """Tell whether this is still a deferred answer."""
        return bool(self.flags & FLAG_LOADING)


@dataclass(slots=True)
class Application:
    """The bot's application and the token it connects with."""

    id: int
    name: str
    bot: User
    token: str = field(repr=False)
    public_key: str = "0" * 64
    message_content_granted: bool = False
