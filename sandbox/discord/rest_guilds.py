"""Answer requests about guilds, members, roles and bans."""

from datetime import datetime
from typing import Any

from sandbox.discord import permissions as can
from sandbox.discord.errors import DiscordError, invalid_form
from sandbox.discord.model import Guild, Json, Member
from sandbox.discord.permissions import guild_permissions, top_position
from sandbox.discord.routing import Answer, Call, RouteTable

routes = RouteTable()
_MAX_TIMEOUT_SECONDS = 28 * 24 * 3600


@routes.add("GET", "/guilds/{guild_id}")
async def get_guild(call: Call) -> Answer:
    """Return the guild."""
    guild = call.guild()
    payload = call.parts.payloads.guild(guild)
    if call.query.get("with_counts") in ("1", "true"):
        payload |= {"approximate_member_count": len(guild.members), "approximate_presence_count": len(guild.members)}
    return Answer(body=payload)


@routes.add("GET", "/guilds/{guild_id}/channels")
async def list_channels(call: Call) -> Answer:
    """Return the guild's channels, threads not among them."""
    guild = call.guild()
    found = [one for one in call.parts.world.channels.values() if one.guild_id == guild.id and not one.thread]
    return Answer(body=[call.parts.payloads.channel(one) for one in found])


@routes.add("GET", "/guilds/{guild_id}/roles")
async def list_roles(call: Call) -> Answer:
    """Return the guild's roles."""
    return Answer(body=[call.parts.payloads.role(role) for role in call.guild().roles.values()])


@routes.add("GET", "/guilds/{guild_id}/members")
async def list_members(call: Call) -> Answer:
    """Return members in order of their id, after an id."""
    guild = call.guild()
    after, limit = int(call.query.get("after", "0")), int(call.query.get("limit", "1"))
    ids = [user_id for user_id in sorted(guild.members) if user_id > after][:limit]
    return Answer(body=[call.parts.payloads.member(guild.members[user_id]) for user_id in ids])


@routes.add("GET", "/guilds/{guild_id}/members/search")
async def search_members(call: Call) -> Answer:
    """Return members whose name begins with the query."""
    guild, query = call.guild(), call.query.get("query", "").lower()
    found = [one for one in guild.members.values() if one.display_name.lower().startswith(query)]
    return Answer(body=[call.parts.payloads.member(one) for one in found[: int(call.query.get("limit", "1"))]])


@routes.add("GET", "/guilds/{guild_id}/members/{user_id}")
async def get_member(call: Call) -> Answer:
    """Return one member."""
    return Answer(body=call.parts.payloads.member(_member(call, call.guild())))


@routes.add("PATCH", "/guilds/{guild_id}/members/{user_id}")
async def edit_member(call: Call) -> Answer:
    """Give a timeout (Moderate Members), roles (Manage Roles) or a nickname (Manage Nicknames)."""
    guild = call.guild()
    member = _member(call, guild)
    data = call.json
    if "communication_disabled_until" in data:
        _demand_over(call, guild, member, can.MODERATE_MEMBERS)
        member.timeout_until = _timeout(call, data["communication_disabled_until"])
    if "roles" in data:
        _demand_over(call, guild, member, can.MANAGE_ROLES)
        wanted = {int(role_id) for role_id in data["roles"] or []}
        if not wanted <= set(guild.roles):
            raise DiscordError(10011)
        member.roles = wanted
    if "nick" in data:
        _demand_over(call, guild, member, 1 << 27)
        member.nick = data["nick"]
    call.parts.world.change_member(guild, member)
    return Answer(body=call.parts.payloads.member(member))


def _timeout(call: Call, text: Any) -> float | None:
    if text is None:
        return None
    until = datetime.fromisoformat(text).timestamp()
    if until - call.parts.world.clock.now() > _MAX_TIMEOUT_SECONDS:
        raise invalid_form("communication_disabled_until", "Value must be less than 28 days in the future.")
    return until


@routes.add("DELETE", "/guilds/{guild_id}/members/{user_id}")
async def kick_member(call: Call) -> Answer:
    """Remove a member (Kick Members)."""
    guild = call.guild()
    member = _member(call, guild)
    _demand_over(call, guild, member, can.KICK_MEMBERS)
    call.parts.world.remove_member(guild, member.user)
    return Answer(204)


@routes.add("PUT", "/guilds/{guild_id}/bans/{user_id}")
async def ban_user(call: Call) -> Answer:
    """Ban a user (Ban Members), member or not."""
    guild = call.guild()
    user_id = call.id_of("user_id", 10013)
    if user_id not in call.parts.world.users:
        raise DiscordError(10013)
    member = guild.members.get(user_id)
    if member:
        _demand_over(call, guild, member, can.BAN_MEMBERS)
        call.parts.world.remove_member(guild, member.user)
    else:
        _demand(call, guild, can.BAN_MEMBERS)
    guild.bans.add(user_id)
    return Answer(204)


@routes.add("DELETE", "/guilds/{guild_id}/bans/{user_id}")
async def unban_user(call: Call) -> Answer:
    """Lift a ban."""
    guild = call.guild()
    _demand(call, guild, can.BAN_MEMBERS)
    user_id = call.id_of("user_id", 10013)
    if user_id not in guild.bans:
        raise DiscordError(10026)
    guild.bans.discard(user_id)
    return Answer(204)


@routes.add("GET", "/guilds/{guild_id}/bans/{user_id}")
async def get_ban(call: Call) -> Answer:
    """Return a user's ban."""
    guild = call.guild()
    _demand(call, guild, can.BAN_MEMBERS)
    user_id = call.id_of("user_id", 10013)
    if user_id not in guild.bans:
        raise DiscordError(10026)
    return Answer(body={"user": call.parts.payloads.user(call.parts.world.users[user_id]), "reason": None})


@routes.add("GET", "/users/@me/guilds")
async def list_my_guilds(call: Call) -> Answer:
    """Return the guilds the bot is in."""
    guilds = [one for one in call.parts.world.guilds.values() if call.bot.id in one.members]
    return Answer(body=[_my_guild(call, guild) for guild in guilds])


def _my_guild(call: Call, guild: Guild) -> Json:
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": None,
        "banner": None,
        "owner": False,
        "permissions": str(guild_permissions(guild, guild.members[call.bot.id])),
        "features": [],
    }


@routes.add("DELETE", "/users/@me/guilds/{guild_id}")
async def leave_guild(call: Call) -> Answer:
    """Leave a guild as the bot."""
    call.parts.world.remove_member(call.guild(), call.bot)
    return Answer(204)


def _member(call: Call, guild: Guild) -> Member:
    member = guild.members.get(call.id_of("user_id", 10007))
    if member is None:
        raise DiscordError(10007)
    return member


def _demand(call: Call, guild: Guild, permission: int) -> None:
    if not guild_permissions(guild, guild.members[call.bot.id]) & permission:
        raise DiscordError(50013)


def _demand_over(call: Call, guild: Guild, member: Member, permission: int) -> None:
    _demand(call, guild, permission)
    if top_position(guild, member) >= top_position(guild, guild.members[call.bot.id]):
        raise DiscordError(50013)
