"""Keep the application's commands and tell who can use which where.

Source: https://discord.com/developers/docs/interactions/application-commands.
"""

import re
from collections.abc import Iterator
from copy import deepcopy

from sandbox.discord import permissions
from sandbox.discord.errors import DiscordError, invalid_form
from sandbox.discord.model import Channel, Json, User
from sandbox.discord.world import World

CHAT_INPUT, USER_MENU, MESSAGE_MENU = 1, 2, 3
SUBCOMMAND, SUBCOMMAND_GROUP = 1, 2
_NAME = re.compile(r"^[-_'\w]{1,32}$", re.UNICODE)
_MAX_OF_KIND = {CHAT_INPUT: 100, USER_MENU: 15, MESSAGE_MENU: 15}
_MAX_CHARACTERS = 8000
_NOT_GIVEN_BACK = ("name_localizations", "description_localizations")


class CommandBook:
    """The commands of the bot, global (guild None) and per guild."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._books: dict[int | None, dict[tuple[int, str], Json]] = {None: {}}

    def list_of(self, guild_id: int | None) -> list[Json]:
        """Return the commands of a guild, or the global ones."""
        return [_given_back(command) for command in self._books.get(guild_id, {}).values()]

    def overwrite(self, guild_id: int | None, bodies: list[Json]) -> list[Json]:
        """Replace all commands; those that keep their name keep their id."""
        for index, body in enumerate(bodies):
            _check(body, str(index))
        keys = [(int(body.get("type") or CHAT_INPUT), str(body["name"])) for body in bodies]
        if len(set(keys)) != len(keys):
            raise invalid_form("", "Application command names must be unique", "APPLICATION_COMMANDS_DUPLICATE_NAME")
        for kind, most in _MAX_OF_KIND.items():
            if sum(key[0] == kind for key in keys) > most:
                raise DiscordError(30032, message=f"Maximum number of application commands reached ({most}).")
        old = self._books.get(guild_id, {})
        self._books[guild_id] = {
            key: self._complete(body, guild_id, old.get(key)) for key, body in zip(keys, bodies, strict=True)
        }
        return self.list_of(guild_id)

    def put(self, guild_id: int | None, body: Json) -> Json:
        """Create a command, or replace the one of that name."""
        _check(body, "")
        key = (int(body.get("type") or CHAT_INPUT), str(body["name"]))
        book = self._books.setdefault(guild_id, {})
        book[key] = self._complete(body, guild_id, book.get(key))
        return _given_back(book[key])

    def show_to_everybody(self) -> None:
        """Lift every command's default permissions, as a server's admins may in their settings."""
        for book in self._books.values():
            for command in book.values():
                command["default_member_permissions"] = None

    def find(self, guild_id: int | None, command_id: int) -> Json:
        """Return a command by id; raise 10063 without one."""
        for command in self.list_of(guild_id):
            if command["id"] == str(command_id):
                return command
        raise DiscordError(10063)

    def remove(self, guild_id: int | None, command_id: int) -> None:
        """Delete a command by id; raise 10063 without one."""
        command = self.find(guild_id, command_id)
        del self._books[guild_id][command["type"], command["name"]]

    def _complete(self, body: Json, guild_id: int | None, old: Json | None) -> Json:
        command = {key: value for key, value in deepcopy(body).items() if value is not None}
        bits = command.get("default_member_permissions")
        command |= {
            "id": old["id"] if old else str(self._world.ids.next()),
            "application_id": str(self._world.application.id),
            "version": str(self._world.ids.next()),
            "type": int(command.get("type") or CHAT_INPUT),
            "description": command.get("description") or "",
            "default_member_permissions": None if bits is None else str(bits),
            "nsfw": bool(command.get("nsfw")),
        }
        if guild_id is not None:
            command["guild_id"] = str(guild_id)
        _drop_empty(command)
        return command

    # The members' side

    def usable(self, user: User, channel: Channel) -> Iterator[Json]:
        """Yield the commands a member can see in a channel; guild commands hide global ones of the same name."""
        bits = self._world.permissions_in(user, channel)
        if not bits & permissions.USE_APPLICATION_COMMANDS:
            return
        book = dict(self._books[None])
        if channel.guild_id is not None:
            if self._world.bot_id not in self._world.guilds[channel.guild_id].members:
                return
            book |= self._books.get(channel.guild_id, {})
        for command in book.values():
            if _fits_context(command, channel) and _is_permitted(command, bits, channel):
                yield command

    def leaves(self, command: Json) -> Iterator[tuple[str, Json]]:
        """Yield each whole name of a slash command with the (sub)command that carries its options."""
        yield from _leaves(command, command["name"])


def _leaves(node: Json, path: str) -> Iterator[tuple[str, Json]]:
    below = [option for option in node.get("options", []) if option["type"] in (SUBCOMMAND, SUBCOMMAND_GROUP)]
    if not below:
        yield path, node
    for option in below:
        yield from _leaves(option, f"{path} {option['name']}")


def _fits_context(command: Json, channel: Channel) -> bool:
    contexts = command.get("contexts")
    here = 0 if channel.guild_id is not None else 1
    if contexts is not None:
        return here in contexts
    return here == 0 or ("guild_id" not in command and command.get("dm_permission") is not False)


def _is_permitted(command: Json, bits: int, channel: Channel) -> bool:
    wanted = command["default_member_permissions"]
    if wanted is None or channel.guild_id is None or bits & permissions.ADMINISTRATOR:
        return True
    return int(wanted) != 0 and bits & int(wanted) == int(wanted)


def _check(body: Json, path: str) -> None:
    kind = int(body.get("type") or CHAT_INPUT)
    if kind != CHAT_INPUT:
        if body.get("description") or body.get("options"):
            raise invalid_form(path, "Context menu commands have no description or options", "APPLICATION_COMMAND")
        return
    _check_node(body, path)
    if _characters(body) > _MAX_CHARACTERS:
        raise invalid_form(path, "Command exceeds maximum size (8000)", "APPLICATION_COMMAND_TOO_LARGE")


def _check_node(node: Json, path: str) -> None:
    name = str(node.get("name", ""))
    if not _NAME.match(name) or name != name.lower():
        raise invalid_form(f"{path}.name", "Command name is invalid", "APPLICATION_COMMAND_INVALID_NAME")
    for locale, text in (node.get("name_localizations") or {}).items():
        if not _NAME.match(str(text)) or text != str(text).lower():
            where = f"{path}.name_localizations.{locale}"
            raise invalid_form(where, "Command name is invalid", "APPLICATION_COMMAND_INVALID_NAME")
    if not node.get("description"):
        raise invalid_form(f"{path}.description", "This field is required", "BASE_TYPE_REQUIRED")
    options = node.get("options") or []
    names = [option.get("name") for option in options]
    if len(set(names)) != len(names):
        raise invalid_form(
            f"{path}.options", "Option names must be unique", "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATE"
        )
    flags = [bool(option.get("required")) for option in options]
    if flags != sorted(flags, reverse=True):
        message = "Required options must be placed before non-required options"
        raise invalid_form(f"{path}.options", message, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID")
    for index, option in enumerate(options):
        _check_node(option, f"{path}.options.{index}")


def _characters(node: Json) -> int:
    own = _longest(node, "name") + _longest(node, "description")
    choices = sum(_longest(one, "name") + len(str(one["value"])) for one in node.get("choices") or [])
    return own + choices + sum(_characters(option) for option in node.get("options") or [])


def _longest(node: Json, key: str) -> int:
    """Return the length of a text in the language that needs the most room: that one counts."""
    others = (node.get(f"{key}_localizations") or {}).values()
    return max(len(str(text)) for text in (node.get(key) or "", *others))


def _drop_empty(node: Json) -> None:
    for option in node.get("options") or []:
        for key in [key for key, value in option.items() if value is None]:
            del option[key]
        _drop_empty(option)


def _given_back(node: Json) -> Json:
    """Return what the API answers with: everything but the names in other languages, which members see."""
    kept = {key: deepcopy(value) for key, value in node.items() if key not in _NOT_GIVEN_BACK}
    for below in ("options", "choices"):
        if below in kept:
            kept[below] = [_given_back(each) for each in node[below]]
    return kept


def spoken(node: Json, key: str, locale: str) -> str:
    """Return the name or description of a command, option or choice as a member with this language sees it."""
    return str((node.get(f"{key}_localizations") or {}).get(locale) or node[key])
