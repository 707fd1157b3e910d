"""Answer requests about the bot itself, users, direct conversations and its commands."""

from typing import Any

from sandbox.discord.errors import DiscordError, invalid_form
from sandbox.discord.model import Json
from sandbox.discord.routing import Answer, Call, RouteTable

routes = RouteTable()


@routes.add("GET", "/users/@me")
async def get_me(call: Call) -> Answer:
    """Return the bot's user."""
    payload = call.parts.payloads.user(call.bot)
    return Answer(body=payload | {"mfa_enabled": True, "locale": "en-US", "verified": True, "email": None})


@routes.add("GET", "/users/{user_id}")
async def get_user(call: Call) -> Answer:
    """Return any user."""
    user = call.parts.world.users.get(call.id_of("user_id", 10013))
    if user is None:
        raise DiscordError(10013)
    return Answer(body=call.parts.payloads.user(user))


@routes.add("POST", "/users/@me/channels")
async def open_dm(call: Call) -> Answer:
    """Open the conversation with a user; a user who refuses is only noticed when writing (50007)."""
    user = call.parts.world.users.get(int(call.json.get("recipient_id") or 0))
    if user is None or user.bot:
        raise DiscordError(50007 if user else 10013)
    return Answer(body=call.parts.payloads.channel(call.parts.world.open_dm(user)))


@routes.add("GET", "/applications/@me")
@routes.add("GET", "/oauth2/applications/@me")
async def get_application(call: Call) -> Answer:
    """Return the bot's application."""
    return Answer(body=application_payload(call))


def application_payload(call: Call) -> Json:
    """Return the application object; flag 1<<18 tells that message content is granted."""
    world = call.parts.world
    application = world.application
    owner = next(user for user in world.users.values() if not user.bot)
    flags = 1 << 18 if application.message_content_granted else 0
    return {
        "id": str(application.id),
        "name": application.name,
        "icon": None,
        "description": "",
        "type": None,
        "bot": call.parts.payloads.user(application.bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": application.public_key,
        "flags": flags,
        "flags_new": str(flags),
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": call.parts.payloads.user(owner),
        "approximate_guild_count": len(world.guilds),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": [],
    }


def _gateway_url(call: Call) -> str:
    return call.parts.cdn.base_url.replace("http", "ws", 1) + "/gateway"


@routes.add("GET", "/gateway")
async def get_gateway(call: Call) -> Answer:
    """Return the gateway's address."""
    return Answer(body={"url": _gateway_url(call)})


@routes.add("GET", "/gateway/bot")
async def get_gateway_bot(call: Call) -> Answer:
    """Return the gateway's address, one shard and the limit on session starts."""
    limit = {"total": 1000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1}
    return Answer(body={"url": _gateway_url(call), "shards": 1, "session_start_limit": limit})


# Commands


def _scope(call: Call) -> int | None:
    if call.id_of("application_id", 10002) != call.parts.world.application.id:
        raise DiscordError(20012, status=403, message="You are not authorized to perform this action")
    return call.guild().id if "guild_id" in call.params else None


@routes.add("GET", "/applications/{application_id}/commands")
@routes.add("GET", "/applications/{application_id}/guilds/{guild_id}/commands")
async def list_commands(call: Call) -> Answer:
    """Return the global or a guild's commands."""
    return Answer(body=call.parts.commands.list_of(_scope(call)))


@routes.add("PUT", "/applications/{application_id}/commands")
@routes.add("PUT", "/applications/{application_id}/guilds/{guild_id}/commands")
async def overwrite_commands(call: Call) -> Answer:
    """Replace all commands."""
    bodies: Any = call.body.json or []
    if not isinstance(bodies, list):
        raise invalid_form("", "Only iterables may be used in a ListType", "LIST_TYPE_CONVERT")
    return Answer(body=call.parts.commands.overwrite(_scope(call), bodies))


@routes.add("POST", "/applications/{application_id}/commands")
@routes.add("POST", "/applications/{application_id}/guilds/{guild_id}/commands")
async def create_command(call: Call) -> Answer:
    """Create a command; 200 instead of 201 when one of that name was replaced."""
    scope = _scope(call)
    before = len(call.parts.commands.list_of(scope))
    command = call.parts.commands.put(scope, call.json)
    return Answer(201 if len(call.parts.commands.list_of(scope)) > before else 200, command)


@routes.add("GET", "/applications/{application_id}/commands/{command_id}")
@routes.add("GET", "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}")
async def get_command(call: Call) -> Answer:
    """Return one command."""
    return Answer(body=call.parts.commands.find(_scope(call), call.id_of("command_id", 10063)))


@routes.add("PATCH", "/applications/{application_id}/commands/{command_id}")
@routes.add("PATCH", "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}")
async def edit_command(call: Call) -> Answer:
    """Change a command."""
    scope = _scope(call)
    command = call.parts.commands.find(scope, call.id_of("command_id", 10063))
    given = ("id", "application_id", "version", "guild_id")
    return Answer(body=call.parts.commands.put(scope, {k: v for k, v in command.items() if k not in given} | call.json))


@routes.add("DELETE", "/applications/{application_id}/commands/{command_id}")
@routes.add("DELETE", "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}")
async def delete_command(call: Call) -> Answer:
    """Delete a command."""
    call.parts.commands.remove(_scope(call), call.id_of("command_id", 10063))
    return Answer(204)
