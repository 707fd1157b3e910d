"""Look at the local Discord as a member, and wait for what happens there."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

from sandbox.discord.events import Event
from sandbox.discord.model import Channel, Message, User
from sandbox.discord.parts import Parts
from sandbox.discord.sight import Sight, command_views
from sandbox.discord.views import ChannelView, CommandView, InteractionView, MessageView, PersonView

T = TypeVar("T")
Who = int | str | User
Where = int | str | Channel


class Onlooker:
    """What a member sees of one world."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._world = parts.world
        self._sight = Sight(parts)

    def people(self) -> list[PersonView]:
        """Return everyone in the guild, the bot included."""
        return [self._sight.person(member.user) for member in self._sight.guild().members.values()]

    def channels(self, user: Who) -> list[ChannelView]:
        """Return the guild's channels this person can see, and their conversation with the bot if there is one."""
        person = self._world.find_user(user)
        found = [one for one in self._world.channels.values() if one.thread is None]
        return [self._sight.channel(person, one) for one in found if self._sight.sees_channel(person, one)]

    def threads(self, user: Who, channel: Where) -> list[ChannelView]:
        """Return the threads (or forum posts) of a channel, oldest first."""
        person, parent = self._world.find_user(user), self._world.find_channel(channel)
        found = [one for one in self._world.channels.values() if one.thread and one.parent_id == parent.id]
        return [self._sight.channel(person, one) for one in found if self._sight.sees_channel(person, one)]

    def messages(self, user: Who, channel: Where) -> list[MessageView]:
        """Return what this person sees in a channel, oldest first, their own ephemeral answers included."""
        person, place = self._world.find_user(user), self._world.find_channel(channel)
        found = sorted(self._world.messages[place.id].values(), key=lambda message: message.id)
        return [self._sight.message(person, one) for one in found if self._sight.sees_message(person, one)]

    def message(self, user: Who, message_id: int) -> MessageView:
        """Return one message as this person sees it; raise LookupError when it is gone or hidden."""
        person = self._world.find_user(user)
        return self._sight.message(person, self._find(person, message_id))

    def interaction(self, interaction_id: int) -> InteractionView:
        """Return how a command, press or form stands now, as its user sees it."""
        return self._sight.interaction(self._parts.interactions.get(interaction_id))

    def commands(self, user: Who, channel: Where) -> list[CommandView]:
        """Return the slash commands and context menus this person can use here."""
        person, place = self._world.find_user(user), self._world.find_channel(channel)
        book = self._parts.commands
        return command_views(book, list(book.usable(person, place)), person.locale)

    async def wait_for(self, condition: Callable[[], T | None], timeout: float = 10.0) -> T:
        """Return the condition's first true value, asked now and after every change in the world."""
        return await self._world.hub.wait_for(condition, timeout)

    def subscribe(self) -> AbstractAsyncContextManager[asyncio.Queue[Event]]:
        """Open a stream of everything that happens (see events.Event)."""
        return self._world.hub.subscribe()

    def _find(self, person: User, message_id: int) -> Message:
        message = self._world.find_message(message_id)
        if not self._sight.sees_message(person, message):
            raise LookupError(f"no message {message_id}")
        return message
