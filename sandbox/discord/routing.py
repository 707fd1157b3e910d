"""Match a request to the function that answers it."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sandbox.discord import permissions
from sandbox.discord.errors import DiscordError
from sandbox.discord.model import Channel, Guild, Json, Message, User
from sandbox.discord.parts import Parts
from sandbox.discord.uploads import Body


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and, unless None, a JSON body."""

    status: int = 200
    body: Any = None


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the bot, parsed."""

    parts: Parts
    params: dict[str, str]
    query: dict[str, str]
    body: Body

    @property
    def bot(self) -> User:
        """Return the bot's user."""
        return self.parts.world.application.bot

    @property
    def json(self) -> Json:
        """Return the body as an object, empty when there was none."""
        return self.body.json if isinstance(self.body.json, dict) else {}

    def id_of(self, name: str, code: int) -> int:
        """Return an id from the path; anything else is the 404 `code`."""
        text = self.params[name]
        if not text.isdigit():
            raise DiscordError(code)
        return int(text)

    def guild(self) -> Guild:
        """Return the path's guild; 10004 when there is none, 50001 when the bot is not in it."""
        guild = self.parts.world.guilds.get(self.id_of("guild_id", 10004))
        if guild is None:
            raise DiscordError(10004)
        if self.bot.id not in guild.members:
            raise DiscordError(50001)
        return guild

    def channel(self, *needed: int) -> Channel:
        """Return the path's channel; 10003 without one, 50001 when hidden, 50013 without a needed permission."""
        channel = self.parts.world.channels.get(self.id_of("channel_id", 10003))
        if channel is None:
            raise DiscordError(10003)
        self.demand(channel, *needed)
        return channel

    def demand(self, channel: Channel, *needed: int) -> None:
        """Raise 50001 when the bot cannot see a channel, 50013 when it lacks a permission there."""
        bits = self.parts.world.permissions_in(self.bot, channel)
        if not bits & permissions.VIEW_CHANNEL:
            raise DiscordError(50001)
        for permission in needed:
            if not bits & permission:
                raise DiscordError(50013)

    def message(self, channel: Channel) -> Message:
        """Return the path's message; 10008 without one, and for ephemeral ones, which only the token reaches."""
        message = self.parts.world.messages[channel.id].get(self.id_of("message_id", 10008))
        if message is None or message.ephemeral_to is not None:
            raise DiscordError(10008)
        return message

    def show(self, message: Message) -> Json:
        """Return a message as the bot may see it."""
        allowed = self.parts.world.application.message_content_granted
        return self.parts.payloads.message(message, content_allowed=allowed)


Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and template; `by_token` routes carry their secret in the path instead of a header."""

    method: str
    template: str
    handler: Handler
    by_token: bool
    pattern: re.Pattern[str]


class RouteTable:
    """The known routes."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def add(self, method: str, template: str, *, by_token: bool = False) -> Callable[[Handler], Handler]:
        """Register the decorated function for a method and template such as /channels/{channel_id}."""
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template) + "$")

        def register(handler: Handler) -> Handler:
            self.routes.append(Route(method, template, handler, by_token, pattern))
            return handler

        return register

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """Return the route of a path; raise a 404 or 405 of code 0 without one."""
        other_method = False
        for route in self.routes:
            if match := route.pattern.match(path):
                if route.method == method:
                    return route, match.groupdict()
                other_method = True
        if other_method:
            raise DiscordError(0, status=405, message="405: Method Not Allowed")
        raise DiscordError(0, status=404, message="404: Not Found")
