"""Act as a member: everything a person does with mouse and keyboard, and what they see of it.

People are named by id, user name or display name, channels by id or name. What Discord's client would not let a
person do raises RefusedError with the words they would see.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeVar

from sandbox.discord.events import Event
from sandbox.discord.model import Channel, User
from sandbox.discord.views import (
    ChannelView,
    ChoiceView,
    CommandView,
    InteractionView,
    MessageView,
    PersonView,
)

T = TypeVar("T")
Who = int | str | User
Where = int | str | Channel
OptionValue = str | int | float | bool
FormValue = str | bool | list[str] | None
Source = Path | tuple[str, bytes]


class Actor:
    """The members' side of the local Discord."""

    # Looking

    def people(self) -> list[PersonView]:
        """Return everyone in the guild, the bot included."""
        raise NotImplementedError

    def channels(self, user: Who) -> list[ChannelView]:
        """Return the guild's channels this person can see, and their conversation with the bot if there is one."""
        raise NotImplementedError

    def threads(self, user: Who, channel: Where) -> list[ChannelView]:
        """Return the threads (or forum posts) of a channel, oldest first."""
        raise NotImplementedError

    def messages(self, user: Who, channel: Where) -> list[MessageView]:
        """Return what this person sees in a channel, oldest first, their own ephemeral answers included."""
        raise NotImplementedError

    def message(self, user: Who, message_id: int) -> MessageView:
        """Return one message as this person sees it; raise LookupError when it is gone or hidden."""
        raise NotImplementedError

    def interaction(self, interaction_id: int) -> InteractionView:
        """Return how a command, press or form stands now, as its user sees it."""
        raise NotImplementedError

    def commands(self, user: Who, channel: Where) -> list[CommandView]:
        """Return the slash commands and context menus this person can use here."""
        raise NotImplementedError

    # Doing; each returns once the bot gave its first answer, or failed to within 3 s

    async def slash(
        self,
        user: Who,
        channel: Where,
        command: str,
        options: Mapping[str, OptionValue] | None = None,
        files: Mapping[str, Source] | None = None,
    ) -> InteractionView:
        """Run a slash command by its whole name ("luma modify"); `files` fill attachment options by name."""
        raise NotImplementedError

    async def autocomplete(
        self, user: Who, channel: Where, command: str, options: Mapping[str, OptionValue], focused: str
    ) -> list[ChoiceView]:
        """Ask for suggestions while typing the option `focused`; no answer within 3 s gives none."""
        raise NotImplementedError

    async def context_menu(self, user: Who, command: str, message_id: int) -> InteractionView:
        """Right-click a message and choose an app command."""
        raise NotImplementedError

    async def press(self, user: Who, message_id: int, custom_id: str) -> InteractionView:
        """Press a button."""
        raise NotImplementedError

    async def select(self, user: Who, message_id: int, custom_id: str, values: list[str]) -> InteractionView:
        """Choose in a select menu (ids as strings in a user, role or channel select)."""
        raise NotImplementedError

    async def submit_modal(
        self,
        interaction_id: int,
        values: Mapping[str, FormValue],
        files: Mapping[str, list[Source]] | None = None,
    ) -> InteractionView:
        """Fill the form an interaction opened and send it; untouched fields keep what the bot had put there."""
        raise NotImplementedError

    async def post(
        self,
        user: Who,
        channel: Where,
        content: str = "",
        files: list[Source] | None = None,
        reply_to: int | None = None,
    ) -> MessageView:
        """Write a message."""
        raise NotImplementedError

    async def start_post(
        self, user: Who, forum: Where, title: str, content: str = "", files: list[Source] | None = None
    ) -> ChannelView:
        """Open a forum post with its first message."""
        raise NotImplementedError

    async def edit_message(self, user: Who, message_id: int, content: str) -> MessageView:
        """Change one's own message."""
        raise NotImplementedError

    async def delete_message(self, user: Who, message_id: int) -> None:
        """Delete a message (one's own, or anybody's with Manage Messages), or dismiss an ephemeral one."""
        raise NotImplementedError

    async def react(self, user: Who, message_id: int, emoji: str) -> None:
        """Add a reaction."""
        raise NotImplementedError

    # Waiting

    async def wait_for(self, condition: Callable[[], T | None], timeout: float = 10.0) -> T:
        """Return the condition's first true value, asked now and after every change in the world."""
        raise NotImplementedError

    def subscribe(self) -> AbstractAsyncContextManager[asyncio.Queue[Event]]:
        """Open a stream of everything that happens (see events.Event)."""
        raise NotImplementedError
