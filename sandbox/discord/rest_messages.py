"""Answer requests about messages and reactions."""

from sandbox.discord import permissions as can
from sandbox.discord.errors import DiscordError, invalid_form
from sandbox.discord.events import Event
from sandbox.discord.model import FLAG_SUPPRESS_EMBEDS, Channel, Json, Message
from sandbox.discord.posting import (
    demand_open_thread,
    demand_posting,
    find_duplicate,
    find_reference,
    make_message,
    upload_limit_bytes,
)
from sandbox.discord.routing import Answer, Call, RouteTable

routes = RouteTable()
_REPLY_KIND = 19


@routes.add("GET", "/channels/{channel_id}/messages")
async def list_messages(call: Call) -> Answer:
    """Return up to `limit` messages, newest first; none without Read Message History."""
    channel = call.channel()
    bits = call.parts.world.permissions_in(call.bot, channel)
    if not bits & can.READ_MESSAGE_HISTORY:
        return Answer(body=[])
    found = [one for one in call.parts.world.messages[channel.id].values() if one.ephemeral_to is None]
    return Answer(body=[show_with_reference(call, one) for one in _page(call, found)])


def _page(call: Call, found: list[Message]) -> list[Message]:
    limit = _limit_of(call, 50)
    found.sort(key=lambda message: message.id)
    if around := call.query.get("around"):
        before = [one for one in found if one.id < int(around)]
        rest = [one for one in found if one.id >= int(around)]
        found = before[len(before) - min(len(before), limit // 2) :] + rest[: limit - limit // 2]
    elif after := call.query.get("after"):
        found = [one for one in found if one.id > int(after)][:limit]
    elif before_id := call.query.get("before"):
        found = [one for one in found if one.id < int(before_id)]
    return found[::-1][:limit]


def _limit_of(call: Call, default: int) -> int:
    text = call.query.get("limit", str(default))
    if not text.isdigit() or not 1 <= int(text) <= 100:
        raise invalid_form("limit", "int value should be between 1 and 100.", "NUMBER_TYPE_MAX")
    return int(text)


def show_with_reference(call: Call, message: Message) -> Json:
    """Return a message with the one it replies to, as REST gives it."""
    payload = call.show(message)
    if message.reply_to and message.kind == _REPLY_KIND:
        channel_id, message_id = message.reply_to
        target = call.parts.world.messages.get(channel_id, {}).get(message_id)
        shown = call.show(target) if target and target.ephemeral_to is None else None
        # what is replied to comes as a basic message, without its reactions
        payload["referenced_message"] = {k: v for k, v in shown.items() if k != "reactions"} if shown else None
    return payload


@routes.add("POST", "/channels/{channel_id}/messages")
async def create_message(call: Call) -> Answer:
    """Post a message; with `enforce_nonce` a repeated one is answered with the first."""
    parts, data = call.parts, call.json
    channel = call.channel()
    demand_posting(parts, call.bot, channel, files=bool(call.body.files), embeds=bool(data.get("embeds")))
    nonce = data.get("nonce")
    if nonce is not None and data.get("enforce_nonce"):
        duplicate = find_duplicate(parts, channel, call.bot, nonce)
        if duplicate:
            call.body.discard()
            return Answer(body=_with_nonce(call, duplicate))
    message = write_message(call, channel)
    message.nonce = nonce
    parts.world.add_message(message)
    return Answer(body=_with_nonce(call, message))


def write_message(call: Call, channel: Channel) -> Message:
    """Return the bot's message from a request body, not yet in its channel."""
    parts = call.parts
    reference = find_reference(parts, channel, call.json.get("message_reference"))
    message = make_message(parts, channel, call.bot, _REPLY_KIND if reference else 0)
    message.reply_to = reference
    parts.composer.fill(message, call.body, upload_limit_bytes(parts, call.bot, channel))
    return message


def _with_nonce(call: Call, message: Message) -> Json:
    payload = show_with_reference(call, message)
    return payload if message.nonce is None else payload | {"nonce": message.nonce}


@routes.add("GET", "/channels/{channel_id}/messages/{message_id}")
async def get_message(call: Call) -> Answer:
    """Return one message, its attachments freshly signed."""
    channel = call.channel(can.READ_MESSAGE_HISTORY)
    return Answer(body=show_with_reference(call, call.message(channel)))


@routes.add("PATCH", "/channels/{channel_id}/messages/{message_id}")
async def edit_message(call: Call) -> Answer:
    """Change the bot's own message, or suppress the embeds of another's."""
    channel = call.channel()
    message = call.message(channel)
    bits = call.parts.world.permissions_in(call.bot, channel)
    demand_open_thread(bits, channel)
    if message.author_id != call.bot.id:
        if set(call.json) - {"flags"} or not bits & can.MANAGE_MESSAGES:
            raise DiscordError(50005)
        wanted = int(call.json.get("flags") or 0) & FLAG_SUPPRESS_EMBEDS
        message.flags = message.flags & ~FLAG_SUPPRESS_EMBEDS | wanted
        call.parts.world.change_message(message, edited=False)
        return Answer(body=show_with_reference(call, message))
    if call.body.files and not bits & can.ATTACH_FILES:
        raise DiscordError(50013)
    call.parts.composer.change(message, call.body, upload_limit_bytes(call.parts, call.bot, channel))
    call.parts.world.change_message(message)
    return Answer(body=show_with_reference(call, message))


@routes.add("DELETE", "/channels/{channel_id}/messages/{message_id}")
async def delete_message(call: Call) -> Answer:
    """Delete the bot's own message, or another's with Manage Messages."""
    channel = call.channel()
    message = call.message(channel)
    bits = call.parts.world.permissions_in(call.bot, channel)
    demand_open_thread(bits, channel)
    if message.author_id != call.bot.id and not bits & can.MANAGE_MESSAGES:
        raise DiscordError(50013)
    call.parts.world.delete_message(message)
    return Answer(204)


@routes.add("POST", "/channels/{channel_id}/messages/bulk-delete")
async def bulk_delete(call: Call) -> Answer:
    """Delete 2 to 100 messages at once."""
    channel = call.channel(can.MANAGE_MESSAGES)
    messages = call.parts.world.messages[channel.id]
    ids = [int(one) for one in call.json.get("messages", [])]
    if not 2 <= len(ids) <= 100:
        raise DiscordError(50016, message="Provided too few or too many messages to delete.")
    for message_id in ids:
        if message_id in messages:
            call.parts.world.delete_message(messages[message_id])
    return Answer(204)


@routes.add("POST", "/channels/{channel_id}/typing")
async def type_in_channel(call: Call) -> Answer:
    """Show that the bot is typing."""
    channel = call.channel(can.SEND_MESSAGES)
    call.parts.world.hub.publish(Event("TYPING_START", channel, call.bot.id))
    return Answer(204)


@routes.add("PUT", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me")
async def add_reaction(call: Call) -> Answer:
    """React as the bot; the first of an emoji needs Add Reactions."""
    channel = call.channel(can.READ_MESSAGE_HISTORY)
    message, emoji = call.message(channel), call.params["emoji"]
    bits = call.parts.world.permissions_in(call.bot, channel)
    demand_open_thread(bits, channel)
    if emoji not in message.reactions and not bits & can.ADD_REACTIONS:
        raise DiscordError(50013)
    call.parts.world.react(message, call.bot, emoji)
    return Answer(204)


@routes.add("DELETE", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/{who}")
async def remove_reaction(call: Call) -> Answer:
    """Take the bot's reaction away, or a member's with Manage Messages."""
    channel = call.channel()
    message, who = call.message(channel), call.params["who"]
    user = call.bot
    if who != "@me":
        call.demand(channel, can.MANAGE_MESSAGES)
        user = call.parts.world.users.get(call.id_of("who", 10013)) or call.bot
    call.parts.world.unreact(message, user, call.params["emoji"])
    return Answer(204)


@routes.add("GET", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}")
async def list_reactions(call: Call) -> Answer:
    """Return who reacted with an emoji."""
    message = call.message(call.channel())
    users = message.reactions.get(call.params["emoji"], [])[: _limit_of(call, 25)]
    return Answer(body=[call.parts.payloads.user(call.parts.world.users[user_id]) for user_id in users])


@routes.add("DELETE", "/channels/{channel_id}/messages/{message_id}/reactions")
async def clear_reactions(call: Call) -> Answer:
    """Remove all reactions."""
    message = call.message(call.channel(can.MANAGE_MESSAGES))
    message.reactions.clear()
    call.parts.world.change_message(message, edited=False)
    return Answer(204)
