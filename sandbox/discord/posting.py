"""Say where a message may be posted and post it, for the bot and for members alike."""

from sandbox.discord import permissions
from sandbox.discord.errors import DiscordError, RefusedError, invalid_form
from sandbox.discord.model import (
    ANNOUNCEMENT,
    DM,
    MIB,
    TEXT,
    Channel,
    Message,
    User,
)
from sandbox.discord.parts import Parts

_NONCE_SECONDS = 300.0
POSTABLE = frozenset({TEXT, ANNOUNCEMENT, DM})


def demand_posting(parts: Parts, author: User, channel: Channel, *, files: bool, embeds: bool) -> None:
    """Raise what Discord answers when somebody may not post here: 50001, 50007, 50008, 50013, 50083 or 160005."""
    world = parts.world
    bits = world.permissions_in(author, channel)
    if channel.kind == DM:
        others = [world.users[user_id] for user_id in channel.recipients if user_id != author.id]
        if not all(other.accepts_dms for other in others):
            raise DiscordError(50007)
    if not bits & permissions.VIEW_CHANNEL:
        raise DiscordError(50001)
    if channel.thread is None and channel.kind not in POSTABLE:
        raise DiscordError(50008)
    needed = permissions.SEND_MESSAGES_IN_THREADS if channel.thread else permissions.SEND_MESSAGES
    needed |= permissions.ATTACH_FILES if files else 0
    needed |= permissions.EMBED_LINKS if embeds else 0
    if bits & needed != needed:
        raise DiscordError(50013)
    demand_open_thread(bits, channel, posting=True)


def demand_open_thread(bits: int, channel: Channel, *, posting: bool = False, answering: bool = False) -> None:
    """Raise 50083 or 160005 when a thread is closed to somebody with these permission bits.

    Posting wakes an archived thread up unless it is locked; other changes need it awake. An interaction's answer
    finds a locked thread "archived" (discord-api-docs issue 6884).
    """
    thread = channel.thread
    if thread is None:
        return
    keeps = bool(bits & permissions.MANAGE_THREADS)
    if not posting and not answering:
        if thread.archived:
            raise DiscordError(50083)
        return
    if thread.locked and not keeps:
        raise DiscordError(50083 if thread.archived or answering else 160005)


def upload_limit_bytes(parts: Parts, author: User, channel: Channel) -> int:
    """Return the largest file somebody may upload in a channel: their own or the guild's limit."""
    own = 10 * MIB if author.bot else author.upload_limit_bytes
    if channel.guild_id is None:
        return own
    guild = parts.world.guilds[channel.guild_id]
    if guild.max_upload_bytes is not None and author.bot:
        return guild.max_upload_bytes
    return max(own, guild.upload_limit_bytes)


def refuse_large(limit_bytes: int) -> RefusedError:
    """Return what Discord's client says of a file over the limit of a person and place."""
    return RefusedError(f"Your files are too powerful. Max file size: {limit_bytes // MIB} MB")


def find_duplicate(parts: Parts, channel: Channel, author: User, nonce: int | str) -> Message | None:
    """Return the message somebody posted here with this nonce in the past few minutes."""
    now = parts.world.clock.now()
    for message in reversed(parts.world.messages[channel.id].values()):
        if now - message.timestamp > _NONCE_SECONDS:
            return None
        if message.author_id == author.id and message.nonce is not None and str(message.nonce) == str(nonce):
            return message
    return None


def find_reference(parts: Parts, channel: Channel, reference: object) -> tuple[int, int] | None:
    """Return channel and message id of a `message_reference`; raise 50035 when it must exist and does not."""
    if not isinstance(reference, dict):
        return None
    if int(reference.get("type") or 0) != 0:
        raise invalid_form("message_reference.type", "The local Discord does not know forwards")
    message_id = int(reference["message_id"])
    if message_id in parts.world.messages[channel.id]:
        return channel.id, message_id
    if reference.get("fail_if_not_exists") is False:
        return None
    raise invalid_form("message_reference", "Unknown message", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE")


def make_message(parts: Parts, channel: Channel, author: User, kind: int = 0) -> Message:
    """Return a fresh message that is in no channel yet."""
    return Message(parts.world.ids.next(), channel.id, author.id, parts.world.clock.now(), kind=kind)
