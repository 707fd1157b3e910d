"""Answer requests about channels and threads."""

from typing import Any

from sandbox.discord import permissions as can
from sandbox.discord.composing import Composer
from sandbox.discord.errors import DiscordError, invalid_form
from sandbox.discord.model import (
    ANNOUNCEMENT,
    ANNOUNCEMENT_THREAD,
    DM,
    FORUM,
    MEDIA,
    PRIVATE_THREAD,
    PUBLIC_THREAD,
    TEXT,
    Channel,
    ThreadState,
)
from sandbox.discord.posting import demand_posting, make_message, upload_limit_bytes
from sandbox.discord.routing import Answer, Call, RouteTable
from sandbox.discord.uploads import Body

routes = RouteTable()
_ARCHIVE_MINUTES = (60, 1440, 4320, 10080)
_STARTER_KIND, _CREATED_KIND = 21, 18


@routes.add("GET", "/channels/{channel_id}")
async def get_channel(call: Call) -> Answer:
    """Return a channel, thread or direct conversation."""
    return Answer(body=call.parts.payloads.channel(call.channel()))


@routes.add("PATCH", "/channels/{channel_id}")
async def edit_channel(call: Call) -> Answer:
    """Change a channel (Manage Channels) or thread (its owner, or Manage Threads)."""
    channel = call.channel()
    data = call.json
    if channel.kind == DM:
        raise DiscordError(50024)
    if "name" in data:
        _check_name(data["name"])
    if channel.thread:
        _edit_thread(call, channel, channel.thread)
    else:
        call.demand(channel, can.MANAGE_CHANNELS)
        channel.topic = data.get("topic", channel.topic)
    channel.name = data.get("name", channel.name)
    channel.slowmode_seconds = data.get("rate_limit_per_user") or (
        0 if "rate_limit_per_user" in data else channel.slowmode_seconds
    )
    call.parts.world.change_channel(channel)
    return Answer(body=call.parts.payloads.channel(channel))


def _edit_thread(call: Call, channel: Channel, thread: ThreadState) -> None:
    data = call.json
    bits = call.parts.world.permissions_in(call.bot, channel)
    manages = bool(bits & can.MANAGE_THREADS)
    reopens = thread.archived and data.get("archived") is False
    if thread.archived and not reopens:
        raise DiscordError(50083)
    is_owner = thread.owner_id == call.bot.id
    if reopens and set(data) == {"archived"} and not thread.locked:
        call.demand(channel, can.SEND_MESSAGES_IN_THREADS)
    elif not manages and (not is_owner or "locked" in data or "rate_limit_per_user" in data or thread.locked):
        raise DiscordError(50013)
    if data.get("archived") is not None and data["archived"] != thread.archived:
        thread.archived = data["archived"]
        thread.archived_at = call.parts.world.clock.now()
    thread.locked = data.get("locked", thread.locked)
    thread.auto_archive_minutes = _archive_minutes(data.get("auto_archive_duration"), thread.auto_archive_minutes)
    if "applied_tags" in data:
        thread.tags = [int(tag) for tag in data["applied_tags"] or []]


@routes.add("DELETE", "/channels/{channel_id}")
async def delete_channel(call: Call) -> Answer:
    """Delete a channel (Manage Channels) or thread (Manage Threads)."""
    channel = call.channel()
    if channel.kind == DM:
        return Answer(body=call.parts.payloads.channel(channel))
    call.demand(channel, can.MANAGE_THREADS if channel.thread else can.MANAGE_CHANNELS)
    payload = call.parts.payloads.channel(channel)
    call.parts.world.delete_channel(channel)
    return Answer(body=payload)


@routes.add("POST", "/channels/{channel_id}/messages/{message_id}/threads")
async def start_thread_on_message(call: Call) -> Answer:
    """Start a public thread on a message; once per message (160004), not in threads, forums or DMs (50024)."""
    world = call.parts.world
    channel = call.channel()
    if channel.kind not in (TEXT, ANNOUNCEMENT):
        raise DiscordError(50024)
    call.demand(channel, can.CREATE_PUBLIC_THREADS)
    message = call.message(channel)
    if message.has_thread:
        raise DiscordError(160004)
    name = _check_name(call.json.get("name"))
    minutes = _archive_minutes(call.json.get("auto_archive_duration"), 1440)
    kind = PUBLIC_THREAD if channel.kind == TEXT else ANNOUNCEMENT_THREAD
    thread = world.add_thread(channel, name, kind, call.bot, message=message, minutes=minutes)
    starter = make_message(call.parts, thread, world.users[message.author_id], _STARTER_KIND)
    starter.reply_to = (channel.id, message.id)
    world.add_message(starter)
    thread.total_sent = 0
    return Answer(201, call.parts.payloads.channel(thread))


@routes.add("POST", "/channels/{channel_id}/threads")
async def start_thread(call: Call) -> Answer:
    """Start a thread without a message, or a forum post with its first message."""
    channel = call.channel()
    name = _check_name(call.json.get("name"))
    minutes = _archive_minutes(call.json.get("auto_archive_duration"), 1440)
    if channel.kind in (FORUM, MEDIA):
        return _start_post(call, channel, name, minutes)
    if channel.kind not in (TEXT, ANNOUNCEMENT):
        raise DiscordError(50024)
    kind = int(call.json.get("type") or PRIVATE_THREAD)
    call.demand(channel, can.CREATE_PRIVATE_THREADS if kind == PRIVATE_THREAD else can.CREATE_PUBLIC_THREADS)
    thread = call.parts.world.add_thread(channel, name, kind, call.bot, minutes=minutes)
    if kind != PRIVATE_THREAD:
        notice = make_message(call.parts, channel, call.bot, _CREATED_KIND)
        notice.content, notice.reply_to = name, (thread.id, thread.id)
        call.parts.world.add_message(notice)
    return Answer(201, call.parts.payloads.channel(thread))


def _start_post(call: Call, forum: Channel, name: str, minutes: int) -> Answer:
    first = call.json.get("message")
    if not isinstance(first, dict):
        raise invalid_form("message", "This field is required", "BASE_TYPE_REQUIRED")
    call.demand(forum, can.SEND_MESSAGES)
    tags = [int(tag) for tag in call.json.get("applied_tags") or []]
    if forum.requires_tag and not tags:
        raise DiscordError(40067)
    body = Body(first, call.body.files)
    return _post_first(call, forum, name, minutes, tags, body)


def _post_first(call: Call, forum: Channel, name: str, minutes: int, tags: list[int], body: Body) -> Answer:
    world = call.parts.world
    draft = make_message(call.parts, forum, call.bot)
    composer: Composer = call.parts.composer
    composer.fill(draft, body, upload_limit_bytes(call.parts, call.bot, forum))
    thread = world.add_thread(forum, name, PUBLIC_THREAD, call.bot, minutes=minutes)
    assert thread.thread
    thread.thread.tags = tags
    draft.id = draft.channel_id = thread.id
    world.add_message(draft)
    thread.total_sent = 0
    return Answer(201, call.parts.payloads.channel(thread) | {"message": call.show(draft)})


@routes.add("PUT", "/channels/{channel_id}/thread-members/@me")
async def join_thread(call: Call) -> Answer:
    """Join a thread as the bot."""
    channel, thread = _thread_of(call)
    thread.members.add(call.bot.id)
    call.parts.world.change_channel(channel)
    return Answer(204)


@routes.add("DELETE", "/channels/{channel_id}/thread-members/@me")
async def leave_thread(call: Call) -> Answer:
    """Leave a thread as the bot."""
    channel, thread = _thread_of(call)
    thread.members.discard(call.bot.id)
    call.parts.world.change_channel(channel)
    return Answer(204)


@routes.add("PUT", "/channels/{channel_id}/thread-members/{user_id}")
async def add_thread_member(call: Call) -> Answer:
    """Add a member to a thread."""
    channel, thread = _thread_of(call)
    demand_posting(call.parts, call.bot, channel, files=False, embeds=False)
    user_id = call.id_of("user_id", 10013)
    if user_id not in call.parts.world.users:
        raise DiscordError(10013)
    thread.members.add(user_id)
    call.parts.world.change_channel(channel)
    return Answer(204)


@routes.add("GET", "/channels/{channel_id}/thread-members")
async def list_thread_members(call: Call) -> Answer:
    """Return who joined a thread."""
    channel, thread = _thread_of(call)
    members = [call.parts.payloads.thread_member(channel, thread, user_id) for user_id in sorted(thread.members)]
    return Answer(body=members)


@routes.add("GET", "/channels/{channel_id}/threads/archived/public")
async def list_archived_threads(call: Call) -> Answer:
    """Return a channel's archived public threads, newest first."""
    channel = call.channel(can.READ_MESSAGE_HISTORY)
    found = [one for one in call.parts.world.channels.values() if one.parent_id == channel.id and one.thread]
    archived = [call.parts.payloads.channel(one) for one in found if one.thread and one.thread.archived]
    return Answer(body={"threads": archived[::-1], "members": [], "has_more": False})


@routes.add("GET", "/guilds/{guild_id}/threads/active")
async def list_active_threads(call: Call) -> Answer:
    """Return a guild's active threads that the bot can see."""
    guild = call.guild()
    world = call.parts.world
    found = [one for one in world.channels.values() if one.guild_id == guild.id and one.thread]
    seen = [one for one in found if world.permissions_in(call.bot, one) & can.VIEW_CHANNEL]
    active = [call.parts.payloads.channel(one) for one in seen if one.thread and not one.thread.archived]
    return Answer(body={"threads": active, "members": [], "has_more": False})


def _thread_of(call: Call) -> tuple[Channel, ThreadState]:
    channel = call.channel()
    if channel.thread is None:
        raise DiscordError(50024)
    if channel.thread.archived:
        raise DiscordError(50083)
    return channel, channel.thread


def _check_name(name: Any) -> str:
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= 100:
        raise invalid_form("name", "Must be between 1 and 100 in length.", "BASE_TYPE_BAD_LENGTH")
    return name.strip()


def _archive_minutes(given: Any, default: int) -> int:
    if given is None:
        return default
    if int(given) not in _ARCHIVE_MINUTES:
        raise invalid_form(
            "auto_archive_duration", "Value must be one of (60, 1440, 4320, 10080).", "BASE_TYPE_CHOICES"
        )
    return int(given)
