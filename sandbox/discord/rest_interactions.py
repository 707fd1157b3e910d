"""Answer interaction callbacks and the webhook requests that follow them."""

from sandbox.discord import interactions as ix
from sandbox.discord.errors import DiscordError, invalid_form
from sandbox.discord.interactions import Interaction
from sandbox.discord.message_parts import number_components
from sandbox.discord.model import FLAG_EPHEMERAL, FLAG_LOADING, Json, Message
from sandbox.discord.posting import demand_open_thread, make_message, upload_limit_bytes
from sandbox.discord.routing import Answer, Call, RouteTable
from sandbox.discord.uploads import Body

routes = RouteTable()
_COMMAND_KIND, _REPLY_KIND, _MENU_KIND = 20, 19, 23


@routes.add("POST", "/interactions/{interaction_id}/{interaction_token}/callback", by_token=True)
async def callback(call: Call) -> Answer:
    """Take the first answer to an interaction."""
    kind = int(call.json.get("type") or 0)
    interaction = call.parts.interactions.claim(
        call.id_of("interaction_id", 10062), call.params["interaction_token"], kind
    )
    data = call.json.get("data")
    data = data if isinstance(data, dict) else {}
    message = _apply(call, interaction, kind, data)
    if call.query.get("with_response") not in ("1", "true", "True"):
        return Answer(204)
    return Answer(body=_callback_answer(call, interaction, kind, message))


def _apply(call: Call, interaction: Interaction, kind: int, data: Json) -> Message | None:
    parts = call.parts
    body = Body(data, call.body.files)
    if kind == ix.CHOICES:
        parts.interactions.answer(interaction, kind, choices=_check_choices(data))
        return None
    if kind == ix.OPEN_MODAL:
        modal = data | {"components": number_components(data.get("components") or [])}
        parts.interactions.answer(interaction, kind, modal=modal)
        return None
    if kind == ix.DEFER_UPDATE:
        parts.interactions.answer(interaction, kind, response=interaction.source)
        return None
    if kind == ix.UPDATE:
        source = _source(call, interaction)
        parts.composer.change(source, body, _limit(call, interaction))
        parts.world.change_message(source)
        parts.interactions.answer(interaction, kind, response=source)
        return source
    message = _new_message(call, interaction, data)
    if kind == ix.DEFER:
        message.flags |= FLAG_LOADING
    else:
        parts.composer.fill(message, body, _limit(call, interaction))
    parts.world.add_message(message)
    parts.interactions.answer(interaction, kind, response=message)
    return message


def _check_choices(data: Json) -> list[Json]:
    choices: list[Json] = data.get("choices") or []
    if len(choices) > 25:
        raise invalid_form("data.choices", "Must be 25 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    return choices


def _source(call: Call, interaction: Interaction) -> Message:
    source = interaction.source
    if source is None or source.id not in call.parts.world.messages.get(source.channel_id, {}):
        raise DiscordError(10008)
    return source


def _limit(call: Call, interaction: Interaction) -> int:
    channel = call.parts.world.channels[interaction.channel_id]
    return upload_limit_bytes(call.parts, call.parts.world.users[interaction.user_id], channel)


def _new_message(call: Call, interaction: Interaction, data: Json) -> Message:
    parts = call.parts
    channel = parts.world.channels.get(interaction.channel_id)
    if channel is None:
        raise DiscordError(10003)
    demand_open_thread(parts.world.permissions_in(call.bot, channel), channel, answering=True)
    kind = _COMMAND_KIND if interaction.kind == ix.COMMAND else _REPLY_KIND
    if interaction.kind == ix.COMMAND and interaction.data.get("type", 1) != 1:
        kind = _MENU_KIND
    message = make_message(parts, channel, call.bot, kind)
    message.webhook_id = parts.world.application.id
    message.interaction = _metadata(call, interaction)
    if interaction.source and kind == _REPLY_KIND:
        message.reply_to = (interaction.source.channel_id, interaction.source.id)
    if int(data.get("flags") or 0) & FLAG_EPHEMERAL:
        message.flags |= FLAG_EPHEMERAL
        message.ephemeral_to = interaction.user_id
    return message


def _metadata(call: Call, interaction: Interaction) -> Json:
    guild_id = interaction.guild_id or 0
    metadata: Json = {
        "id": str(interaction.id),
        "type": interaction.kind,
        "user": call.parts.payloads.user(call.parts.world.users[interaction.user_id]),
        "authorizing_integration_owners": {"0": str(guild_id)},
    }
    if interaction.kind == ix.COMPONENT and interaction.source:
        metadata["interacted_message_id"] = str(interaction.source.id)
    if interaction.kind == ix.COMMAND and interaction.data.get("type") == 3:
        metadata["target_message_id"] = interaction.data["target_id"]
    if interaction.opened_by:
        metadata["triggering_interaction_metadata"] = _metadata(call, interaction.opened_by)
    return metadata


def _callback_answer(call: Call, interaction: Interaction, kind: int, message: Message | None) -> Json:
    about: Json = {"id": str(interaction.id), "type": interaction.kind}
    if interaction.response:
        about |= {
            "response_message_id": str(interaction.response.id),
            "response_message_loading": interaction.response.loading,
            "response_message_ephemeral": interaction.response.ephemeral_to is not None,
        }
    answer: Json = {"interaction": about}
    if message is not None and kind in (ix.REPLY, ix.UPDATE):
        answer["resource"] = {"type": kind, "message": call.show(message)}
    return answer


# Webhooks


def _interaction(call: Call) -> Interaction:
    return call.parts.interactions.by_webhook(call.id_of("webhook_id", 10015), call.params["webhook_token"])


def _target(call: Call, interaction: Interaction) -> Message:
    name = call.params.get("message_id", "@original")
    if name == "@original":
        found = interaction.response
    else:
        mine = [interaction.response, *interaction.followups]
        found = next((one for one in mine if one and str(one.id) == name), None)
    if found is None or found.id not in call.parts.world.messages.get(found.channel_id, {}):
        raise DiscordError(10008)
    return found


@routes.add("POST", "/webhooks/{webhook_id}/{webhook_token}", by_token=True)
async def follow_up(call: Call) -> Answer:
    """Post a followup; the first after a deferral fills the waiting answer instead."""
    interaction = _interaction(call)
    parts = call.parts
    waiting = interaction.response
    if waiting and waiting.loading:
        message = waiting
        _finish(call, interaction, message)
    else:
        message = _new_message(call, interaction, call.json)
        message.kind = _REPLY_KIND
        if waiting:
            message.reply_to = (waiting.channel_id, waiting.id)
        parts.composer.fill(message, call.body, _limit(call, interaction))
        interaction.followups.append(message)
        parts.world.add_message(message)
        parts.interactions.announce(interaction)
    return Answer(body=call.show(message)) if call.query.get("wait") in ("1", "true", "True") else Answer(204)


def _finish(call: Call, interaction: Interaction, message: Message) -> None:
    channel = call.parts.world.channels[message.channel_id]
    demand_open_thread(call.parts.world.permissions_in(call.bot, channel), channel)
    call.parts.composer.change(message, call.body, _limit(call, interaction))
    was_loading = message.loading
    message.flags &= ~FLAG_LOADING
    interaction.state = "answered"
    call.parts.world.change_message(message, edited=not was_loading)
    call.parts.interactions.announce(interaction)


@routes.add("GET", "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}", by_token=True)
async def get_answer(call: Call) -> Answer:
    """Return the first answer (@original) or a followup."""
    return Answer(body=call.show(_target(call, _interaction(call))))


@routes.add("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}", by_token=True)
async def edit_answer(call: Call) -> Answer:
    """Change the first answer or a followup; a waiting one becomes an answer."""
    interaction = _interaction(call)
    message = _target(call, interaction)
    _finish(call, interaction, message)
    return Answer(body=call.show(message))


@routes.add("DELETE", "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}", by_token=True)
async def delete_answer(call: Call) -> Answer:
    """Delete the first answer or a followup."""
    interaction = _interaction(call)
    call.parts.world.delete_message(_target(call, interaction))
    call.parts.interactions.announce(interaction)
    return Answer(204)


@routes.add("GET", "/webhooks/{webhook_id}/{webhook_token}", by_token=True)
async def get_webhook(call: Call) -> Answer:
    """Return the webhook of an interaction."""
    interaction = _interaction(call)
    application = call.parts.world.application
    return Answer(
        body={
            "id": str(application.id),
            "application_id": str(application.id),
            "type": 3,
            "name": application.name,
            "avatar": None,
            "channel_id": str(interaction.channel_id),
            "guild_id": str(interaction.guild_id) if interaction.guild_id else None,
        }
    )
