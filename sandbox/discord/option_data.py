"""Build the `data` of command interactions from what a member typed.

Wire format: https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.discord.commands import SUBCOMMAND, SUBCOMMAND_GROUP
from sandbox.discord.errors import RefusedError
from sandbox.discord.model import Channel, Json, Message, User
from sandbox.discord.parts import Parts
from sandbox.discord.posting import refuse_large, upload_limit_bytes
from sandbox.discord.uploads import stage_file

STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = 3, 4, 5, 6, 7, 8, 9, 10, 11

OptionValue = str | int | float | bool
Source = Path | tuple[str, bytes]


class Resolver:
    """Collect the objects that options name, as `data.resolved` wants them."""

    def __init__(self, parts: Parts, user: User, channel: Channel) -> None:
        self.resolved: Json = {}
        self._parts = parts
        self._user = user
        self._channel = channel

    def add_user(self, user_id: int) -> str:
        """Resolve a user, and their membership here."""
        user = self._parts.world.users.get(user_id)
        if user is None:
            raise RefusedError("No such user")
        self._put("users", user_id, self._parts.payloads.user(user))
        guild = self._parts.world.guilds.get(self._channel.guild_id or 0)
        if guild and user_id in guild.members:
            member = guild.members[user_id]
            bits = self._parts.world.permissions_in(user, self._channel)
            payload = self._parts.payloads.member(member, with_user=False) | {"permissions": str(bits)}
            del payload["mute"], payload["deaf"]
            self._put("members", user_id, payload)
        return str(user_id)

    def add_channel(self, channel_id: int) -> str:
        """Resolve a channel."""
        channel = self._parts.world.channels.get(channel_id)
        if channel is None:
            raise RefusedError("No such channel")
        bits = self._parts.world.permissions_in(self._user, channel)
        self._put("channels", channel_id, self._parts.payloads.channel(channel) | {"permissions": str(bits)})
        return str(channel_id)

    def add_role(self, role_id: int) -> str:
        """Resolve a role."""
        guild = self._parts.world.guilds.get(self._channel.guild_id or 0)
        if guild is None or role_id not in guild.roles:
            raise RefusedError("No such role")
        self._put("roles", role_id, self._parts.payloads.role(guild.roles[role_id]))
        return str(role_id)

    def add_file(self, source: Source) -> str:
        """Upload a file as an ephemeral attachment."""
        parts = self._parts
        upload = stage_file(source, 0, parts.cdn.folder)
        limit_bytes = upload_limit_bytes(parts, self._user, self._channel)
        if upload.size > limit_bytes:
            upload.path.unlink()
            raise refuse_large(limit_bytes)
        app_id = parts.world.application.id
        attachment = parts.cdn.keep(parts.world.ids.next(), app_id, upload, ephemeral=True)
        self._put("attachments", attachment.id, parts.payloads.attachment(attachment))
        return str(attachment.id)

    def add_message(self, message: Message) -> str:
        """Resolve a message in full, as context menus get it."""
        self._put("messages", message.id, self._parts.payloads.message(message))
        return str(message.id)

    def _put(self, room: str, object_id: int, payload: Json) -> None:
        self.resolved.setdefault(room, {})[str(object_id)] = payload


def build_command_data(
    command: Json,
    path: str,
    leaf: Json,
    options: Mapping[str, OptionValue],
    files: Mapping[str, Source],
    resolver: Resolver,
) -> Json:
    """Return the data of a slash command; raise RefusedError for what the client would not send."""
    known = {option["name"]: option for option in leaf.get("options", [])}
    for name in [*options, *files]:
        if name not in known:
            raise RefusedError(f"{path} has no option {name}")
    given: list[Json] = []
    for name, option in known.items():
        if name in files:
            given.append({"name": name, "type": ATTACHMENT, "value": resolver.add_file(files[name])})
        elif name in options:
            value = _convert(option, options[name], resolver)
            given.append({"name": name, "type": option["type"], "value": value})
        elif option.get("required"):
            raise RefusedError(f"{name} is required")
    return _envelope(command, path, given, resolver)


def build_autocomplete_data(
    command: Json, path: str, leaf: Json, options: Mapping[str, OptionValue], focused: str, resolver: Resolver
) -> Json:
    """Return the data of an autocomplete: what stands there so far, one option focused."""
    known = {option["name"]: option for option in leaf.get("options", [])}
    if not known.get(focused, {}).get("autocomplete"):
        raise RefusedError(f"{focused} has no autocomplete")
    given: list[Json] = []
    for name, option in known.items():
        if name == focused:
            text = options.get(name, "")
            given.append({"name": name, "type": option["type"], "value": str(text), "focused": True})
        elif name in options:
            given.append({"name": name, "type": option["type"], "value": _convert(option, options[name], resolver)})
    return _envelope(command, path, given, resolver)


def build_menu_data(command: Json, target: str, resolver: Resolver) -> Json:
    """Return the data of a context menu command on a resolved message or user."""
    data = _envelope(command, command["name"], [], resolver)
    del data["options"]
    return data | {"target_id": target}


def _envelope(command: Json, path: str, given: list[Json], resolver: Resolver) -> Json:
    steps = path.split(" ")[1:] if command["type"] == 1 else []
    kinds = [SUBCOMMAND] if len(steps) == 1 else [SUBCOMMAND_GROUP, SUBCOMMAND]
    for name, kind in reversed(list(zip(steps, kinds, strict=False))):
        given = [{"name": name, "type": kind, "options": given}]
    data: Json = {"id": command["id"], "name": command["name"], "type": command["type"], "options": given}
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    if resolver.resolved:
        data["resolved"] = resolver.resolved
    return data


def _convert(option: Json, value: OptionValue, resolver: Resolver) -> Any:
    kind, name = option["type"], option["name"]
    if kind == ATTACHMENT:
        raise RefusedError(f"{name} needs a file")
    if kind == BOOLEAN:
        return value if isinstance(value, bool) else str(value).lower() in ("true", "1", "yes")
    if kind in (USER, CHANNEL, ROLE, MENTIONABLE):
        return _resolve(kind, int(value), resolver)
    converted: Any = _to_number(kind, name, value) if kind in (INTEGER, NUMBER) else str(value)
    choices = option.get("choices")
    if choices and converted not in [choice["value"] for choice in choices]:
        raise RefusedError(f"{name} is not one of the choices")
    _check_range(option, converted)
    return converted


def _resolve(kind: int, object_id: int, resolver: Resolver) -> str:
    if kind == USER:
        return resolver.add_user(object_id)
    if kind == CHANNEL:
        return resolver.add_channel(object_id)
    if kind == ROLE:
        return resolver.add_role(object_id)
    try:
        return resolver.add_role(object_id)
    except RefusedError:
        return resolver.add_user(object_id)


def _to_number(kind: int, name: str, value: OptionValue) -> int | float:
    try:
        return int(value) if kind == INTEGER else float(value)
    except ValueError:
        raise RefusedError(f"{name} must be a number") from None


def _check_range(option: Json, value: Any) -> None:
    name = option["name"]
    if isinstance(value, str):
        if not option.get("min_length", 0) <= len(value) <= option.get("max_length", 6000):
            raise RefusedError(f"{name} has the wrong length")
        return
    if value < option.get("min_value", value) or value > option.get("max_value", value):
        raise RefusedError(f"{name} is out of range")
