"""Translate what happened into gateway payloads a session may receive, by intent and permission.

Source: https://discord.com/developers/docs/events/gateway-events and events/gateway#gateway-intents.
"""

from dataclasses import dataclass

from sandbox.discord import permissions
from sandbox.discord.events import Event
from sandbox.discord.interactions import COMMAND, Interaction
from sandbox.discord.model import Channel, Guild, Json, Message
from sandbox.discord.parts import Parts
from sandbox.discord.posting import upload_limit_bytes

GUILDS, GUILD_MEMBERS, GUILD_PRESENCES = 1 << 0, 1 << 1, 1 << 8
GUILD_MESSAGES, GUILD_REACTIONS, GUILD_TYPING = 1 << 9, 1 << 10, 1 << 11
DM_MESSAGES, DM_REACTIONS, DM_TYPING = 1 << 12, 1 << 13, 1 << 14
MESSAGE_CONTENT = 1 << 15
ALL_INTENTS = (1 << 17) - 1 | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A gateway event for the bot."""

    name: str
    data: Json
    guild_id: int | None


def translate(parts: Parts, event: Event, intents: int) -> Dispatch | None:
    """Return what a session with these intents hears of an event, or None."""
    subject = event.subject
    if isinstance(subject, Interaction):
        if event.name != "INTERACTION_CREATE":
            return None
        return Dispatch(event.name, interaction_payload(parts, subject), subject.guild_id)
    if isinstance(subject, Message):
        return _message_event(parts, event, subject, intents)
    if isinstance(subject, Channel):
        return _channel_event(parts, event, subject, intents)
    if isinstance(subject, Guild):
        return _guild_event(parts, event, subject, intents)
    return None


def _guild_event(parts: Parts, event: Event, guild: Guild, intents: int) -> Dispatch | None:
    member = guild.members.get(event.user_id or 0)
    if event.name == "GUILD_CREATE":
        return Dispatch(event.name, parts.payloads.guild_create(guild), guild.id)
    if event.name == "GUILD_DELETE":
        return Dispatch(event.name, {"id": str(guild.id)}, guild.id) if intents & GUILDS else None
    if parts.world.bot_id not in guild.members:
        return None
    if event.name == "GUILD_UPDATE":
        return Dispatch(event.name, parts.payloads.guild(guild), guild.id) if intents & GUILDS else None
    if event.name == "GUILD_ROLE_UPDATE":
        role = parts.payloads.role(guild.roles[int(event.detail or 0)])
        data: Json = {"guild_id": str(guild.id), "role": role}
        return Dispatch(event.name, data, guild.id) if intents & GUILDS else None
    user = parts.world.users[event.user_id or 0]
    is_me = user.id == parts.world.bot_id
    if not intents & GUILD_MEMBERS and not (is_me and event.name == "GUILD_MEMBER_UPDATE"):
        return None
    data = {"guild_id": str(guild.id), "user": parts.payloads.user(user)}
    if member is not None:
        data = parts.payloads.member(member) | data
    return Dispatch(event.name, data, guild.id)


def _channel_event(parts: Parts, event: Event, channel: Channel, intents: int) -> Dispatch | None:
    if not _is_member(parts, channel.guild_id):
        return None
    if event.name == "TYPING_START":
        wanted = GUILD_TYPING if channel.guild_id else DM_TYPING
        if not intents & wanted:
            return None
        data: Json = {"channel_id": str(channel.id), "user_id": str(event.user_id), "timestamp": int(_now(parts))}
        return Dispatch(event.name, data, channel.guild_id)
    if channel.guild_id is None or not intents & GUILDS:
        return None
    if channel.thread and not event.name.endswith("DELETE") and not _sees(parts, channel):
        return None
    if event.name == "THREAD_DELETE":
        data = {"id": str(channel.id), "guild_id": str(channel.guild_id), "type": channel.kind}
        return Dispatch(event.name, data | {"parent_id": str(channel.parent_id)}, channel.guild_id)
    data = parts.payloads.channel(channel)
    if event.name == "THREAD_CREATE":
        data["newly_created"] = True
    return Dispatch(event.name, data, channel.guild_id)


def _message_event(parts: Parts, event: Event, message: Message, intents: int) -> Dispatch | None:
    channel = parts.world.channels.get(message.channel_id)
    if channel is None or not _is_member(parts, channel.guild_id) or not _sees(parts, channel):
        return None
    if message.ephemeral_to is not None and message.author_id != parts.world.bot_id:
        return None
    in_guild = channel.guild_id is not None
    if event.name.startswith("MESSAGE_REACTION"):
        wanted = GUILD_REACTIONS if in_guild else DM_REACTIONS
        data: Json = {
            "message_id": str(message.id),
            "user_id": str(event.user_id),
            "emoji": {"id": None, "name": event.detail},
            "burst": False,
            "type": 0,
        }
    else:
        wanted = GUILD_MESSAGES if in_guild else DM_MESSAGES
        data = {"id": str(message.id)}
    if not intents & wanted:
        return None
    if event.name in ("MESSAGE_CREATE", "MESSAGE_UPDATE"):
        data = _message_payload(parts, event, message, channel, intents)
    data["channel_id"] = str(channel.id)
    if in_guild:
        data["guild_id"] = str(channel.guild_id)
    return Dispatch(event.name, data, channel.guild_id)


def _message_payload(parts: Parts, event: Event, message: Message, channel: Channel, intents: int) -> Json:
    data = parts.payloads.message(message, content_allowed=bool(intents & MESSAGE_CONTENT))
    if event.name == "MESSAGE_CREATE" and message.nonce is not None:
        data["nonce"] = message.nonce
    if channel.guild_id is not None:
        member = parts.world.guilds[channel.guild_id].members.get(message.author_id)
        if member:
            data["member"] = parts.payloads.member(member, with_user=False)
    return data


def interaction_payload(parts: Parts, interaction: Interaction) -> Json:
    """Return an interaction as the bot receives it; `attachment_size_limit` in bytes."""
    world = parts.world
    channel, user = world.channels[interaction.channel_id], world.users[interaction.user_id]
    place = parts.payloads.channel(channel)
    payload: Json = {
        "id": str(interaction.id),
        "application_id": str(world.application.id),
        "type": interaction.kind,
        "data": interaction.data,
        "channel_id": str(channel.id),
        "channel": place,
        "token": interaction.token,
        "version": 1,
        "locale": interaction.locale,
        "app_permissions": str(world.permissions_in(world.application.bot, channel)),
        "entitlements": [],
        "authorizing_integration_owners": {"0": str(channel.guild_id or 0)},
        "context": 0 if channel.guild_id else 1,
        "attachment_size_limit": upload_limit_bytes(parts, user, channel),
    }
    if interaction.source is not None and interaction.kind != COMMAND:
        payload["message"] = parts.payloads.message(interaction.source)
    if channel.guild_id is None:
        return payload | {"user": parts.payloads.user(user)}
    guild = world.guilds[channel.guild_id]
    bits = str(world.permissions_in(user, channel))
    place["permissions"] = bits
    payload["member"] = parts.payloads.member(guild.members[user.id]) | {"permissions": bits}
    payload["guild"] = {"id": str(guild.id), "locale": "en-US", "features": []}
    return payload | {"guild_id": str(guild.id), "guild_locale": "en-US"}


def resolved_message(parts: Parts, message: Message) -> Json:
    """Return a message as a context menu command gets it: in full, whatever the intents."""
    return parts.payloads.message(message)


def ready_payload(parts: Parts, session_id: str, url: str, shard: tuple[int, int]) -> Json:
    """Return the READY event's data; guilds follow as GUILD_CREATE."""
    world = parts.world
    application = world.application
    flags = 1 << 18 if application.message_content_granted else 0
    return {
        "v": 10,
        "user": parts.payloads.user(application.bot) | {"mfa_enabled": True, "verified": True, "email": None},
        "user_settings": {},
        "private_channels": [],
        "relationships": [],
        "presences": [],
        "guilds": [
            {"id": str(guild.id), "unavailable": True}
            for guild in world.guilds.values()
            if world.bot_id in guild.members and is_on_shard(guild.id, shard)
        ],
        "session_id": session_id,
        "resume_gateway_url": url,
        "shard": list(shard),
        "application": {"id": str(application.id), "flags": flags},
        "session_type": "normal",
    }


def is_on_shard(guild_id: int | None, shard: tuple[int, int]) -> bool:
    """Tell whether a guild's events go to a shard; direct messages go to shard 0."""
    return ((guild_id or 0) >> 22) % shard[1] == shard[0]


def _is_member(parts: Parts, guild_id: int | None) -> bool:
    return guild_id is None or parts.world.bot_id in parts.world.guilds[guild_id].members


def _sees(parts: Parts, channel: Channel) -> bool:
    bits = parts.world.permissions_in(parts.world.application.bot, channel)
    return bool(bits & permissions.VIEW_CHANNEL)


def _now(parts: Parts) -> float:
    return parts.world.clock.now()
