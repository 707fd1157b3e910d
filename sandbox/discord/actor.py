"""Act as a member: everything a person does with mouse and keyboard, and what they see of it.

People are named by id, user name or display name, channels by id or name. What Discord's client would not let a
person do raises RefusedError with the words they would see.
"""

from collections.abc import Mapping

from sandbox.discord import interactions as ix
from sandbox.discord import permissions
from sandbox.discord.commands import CHAT_INPUT
from sandbox.discord.errors import DiscordError, RefusedError
from sandbox.discord.interactions import Interaction
from sandbox.discord.message_parts import BUTTON, find_component
from sandbox.discord.modal_data import FormValue, build_modal_data, resolve_choice
from sandbox.discord.model import FORUM, MEDIA, PUBLIC_THREAD, Channel, Json, Message, User
from sandbox.discord.onlooker import Onlooker, Where, Who
from sandbox.discord.option_data import (
    OptionValue,
    Resolver,
    Source,
    build_autocomplete_data,
    build_command_data,
    build_menu_data,
)
from sandbox.discord.posting import demand_open_thread, demand_posting, make_message, refuse_large, upload_limit_bytes
from sandbox.discord.uploads import Body, stage_file
from sandbox.discord.views import (
    ChannelView,
    ChoiceView,
    InteractionView,
    MessageView,
)

__all__ = ["Actor", "FormValue", "OptionValue", "RefusedError", "Source", "Where", "Who"]


class Actor(Onlooker):
    """The members' side of the local Discord; Onlooker says what they see."""

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
        person, place = self._world.find_user(user), self._world.find_channel(channel)
        top, leaf = self._find_command(person, place, command, CHAT_INPUT)
        resolver = Resolver(self._parts, person, place)
        data = build_command_data(top, command, leaf, options or {}, files or {}, resolver)
        return await self._send(ix.COMMAND, person, place, data, command=command)

    async def autocomplete(
        self, user: Who, channel: Where, command: str, options: Mapping[str, OptionValue], focused: str
    ) -> list[ChoiceView]:
        """Ask for suggestions while typing the option `focused`; no answer within 3 s gives none."""
        person, place = self._world.find_user(user), self._world.find_channel(channel)
        top, leaf = self._find_command(person, place, command, CHAT_INPUT)
        resolver = Resolver(self._parts, person, place)
        data = build_autocomplete_data(top, command, leaf, options, focused, resolver)
        view = await self._send(ix.AUTOCOMPLETE, person, place, data, command=command)
        choices = self._parts.interactions.get(view.id).choices
        return [ChoiceView(choice["name"], choice["value"]) for choice in choices]

    async def context_menu(self, user: Who, command: str, message_id: int) -> InteractionView:
        """Right-click a message and choose an app command."""
        person = self._world.find_user(user)
        message = self._find(person, message_id)
        place = self._world.channels[message.channel_id]
        top, _ = self._find_command(person, place, command, 3)
        resolver = Resolver(self._parts, person, place)
        data = build_menu_data(top, resolver.add_message(message), resolver)
        return await self._send(ix.COMMAND, person, place, data, command=command)

    async def user_menu(self, user: Who, channel: Where, command: str, target: Who) -> InteractionView:
        """Right-click a person and choose an app command."""
        person, place = self._world.find_user(user), self._world.find_channel(channel)
        top, _ = self._find_command(person, place, command, 2)
        resolver = Resolver(self._parts, person, place)
        data = build_menu_data(top, resolver.add_user(self._world.find_user(target).id), resolver)
        return await self._send(ix.COMMAND, person, place, data, command=command)

    async def press(self, user: Who, message_id: int, custom_id: str) -> InteractionView:
        """Press a button."""
        person = self._world.find_user(user)
        message, component = self._component(person, message_id, custom_id)
        if component["type"] != BUTTON:
            raise RefusedError("That is not a button")
        data = {"component_type": BUTTON, "custom_id": custom_id, "id": component["id"]}
        return await self._send_component(person, message, data)

    async def select(self, user: Who, message_id: int, custom_id: str, values: list[str]) -> InteractionView:
        """Choose in a select menu (ids as strings in a user, role or channel select)."""
        person = self._world.find_user(user)
        message, component = self._component(person, message_id, custom_id)
        kind = component["type"]
        if not component.get("min_values", 1) <= len(values) <= component.get("max_values", 1):
            raise RefusedError("Too few or too many choices")
        if kind == 3 and not set(values) <= {str(one["value"]) for one in component["options"]}:
            raise RefusedError("There is no such choice")
        resolver = Resolver(self._parts, person, self._world.channels[message.channel_id])
        chosen = [resolve_choice(kind, value, resolver) for value in values]
        data: Json = {"component_type": kind, "custom_id": custom_id, "id": component["id"], "values": chosen}
        if resolver.resolved:
            data["resolved"] = resolver.resolved
        return await self._send_component(person, message, data)

    async def submit_modal(
        self,
        interaction_id: int,
        values: Mapping[str, FormValue],
        files: Mapping[str, list[Source]] | None = None,
    ) -> InteractionView:
        """Fill the form an interaction opened and send it; untouched fields keep what the bot had put there."""
        opener = self._parts.interactions.get(interaction_id)
        if opener.modal is None:
            raise RefusedError("No form is open")
        person, place = self._world.users[opener.user_id], self._world.find_channel(opener.channel_id)
        data = build_modal_data(opener.modal, values, files or {}, Resolver(self._parts, person, place))
        source = opener.source if opener.kind == ix.COMPONENT else None
        return await self._send(ix.MODAL, person, place, data, source=source, opened_by=opener)

    async def post(
        self,
        user: Who,
        channel: Where,
        content: str = "",
        files: list[Source] | None = None,
        reply_to: int | None = None,
    ) -> MessageView:
        """Write a message."""
        person, place = self._world.find_user(user), self._world.find_channel(channel)
        with _RefusalWords():
            demand_posting(self._parts, person, place, files=bool(files), embeds=False)
            message = self._write(person, place, content, files or [], reply_to)
        self._world.add_message(message)
        return self._sight.message(person, message)

    def _write(
        self, person: User, place: Channel, content: str, files: list[Source], reply_to: int | None = None
    ) -> Message:
        message = make_message(self._parts, place, person, 19 if reply_to else 0)
        message.reply_to = (place.id, reply_to) if reply_to else None
        uploads = [stage_file(source, index, self._parts.cdn.folder) for index, source in enumerate(files)]
        limit, body = upload_limit_bytes(self._parts, person, place), Body({"content": content}, tuple(uploads))
        if any(upload.size > limit for upload in uploads):
            body.discard()
            raise refuse_large(limit)
        self._parts.composer.fill(message, body, limit)
        return message

    async def start_post(
        self, user: Who, forum: Where, title: str, content: str = "", files: list[Source] | None = None
    ) -> ChannelView:
        """Open a forum post with its first message."""
        person, place = self._world.find_user(user), self._world.find_channel(forum)
        allowed = self._world.permissions_in(person, place) & permissions.SEND_MESSAGES
        if place.kind not in (FORUM, MEDIA) or not allowed:
            raise RefusedError("You cannot post here")
        with _RefusalWords():
            message = self._write(person, place, content, files or [])
        thread = self._world.add_thread(place, title, PUBLIC_THREAD, person)
        message.id = message.channel_id = thread.id
        self._world.add_message(message)
        thread.total_sent = 0
        return self._sight.channel(person, thread)

    async def edit_message(self, user: Who, message_id: int, content: str) -> MessageView:
        """Change one's own message."""
        person = self._world.find_user(user)
        message = self._find(person, message_id)
        if message.author_id != person.id:
            raise RefusedError("You can only edit your own messages")
        place = self._world.channels[message.channel_id]
        with _RefusalWords():
            demand_open_thread(self._world.permissions_in(person, place), place)
            self._parts.composer.change(message, Body({"content": content}), 0)
        self._world.change_message(message)
        return self._sight.message(person, message)

    async def delete_message(self, user: Who, message_id: int) -> None:
        """Delete a message (one's own, or anybody's with Manage Messages), or dismiss an ephemeral one."""
        person = self._world.find_user(user)
        message = self._find(person, message_id)
        bits = self._world.permissions_in(person, self._world.channels[message.channel_id])
        own = person.id in (message.author_id, message.ephemeral_to)
        if not own and not bits & permissions.MANAGE_MESSAGES:
            raise RefusedError("You may not delete this message")
        self._world.delete_message(message)

    async def react(self, user: Who, message_id: int, emoji: str) -> None:
        """Add a reaction."""
        person = self._world.find_user(user)
        self._world.react(self._find(person, message_id), person, emoji)

    # Inside

    def _find_command(self, person: User, place: Channel, name: str, kind: int) -> tuple[Json, Json]:
        for command in self._parts.commands.usable(person, place):
            if command["type"] != kind:
                continue
            for path, leaf in self._parts.commands.leaves(command):
                if path == name:
                    return command, leaf
        raise RefusedError(f"There is no command {name} for you here")

    def _component(self, person: User, message_id: int, custom_id: str) -> tuple[Message, Json]:
        message = self._find(person, message_id)
        component = find_component(message.components, custom_id)
        if component is None:
            raise RefusedError(f"There is no {custom_id} on this message")
        if component.get("disabled"):
            raise RefusedError(f"{custom_id} is disabled")
        return message, component

    async def _send_component(self, person: User, message: Message, data: Json) -> InteractionView:
        place = self._world.channels[message.channel_id]
        return await self._send(ix.COMPONENT, person, place, data, source=message)

    async def _send(
        self,
        kind: int,
        person: User,
        place: Channel,
        data: Json,
        *,
        source: Message | None = None,
        command: str | None = None,
        opened_by: Interaction | None = None,
    ) -> InteractionView:
        started = self._parts.interactions.start(
            kind, person.id, place.id, data, source=source, command=command, opened_by=opened_by
        )
        try:
            await self._world.hub.wait_for(lambda: started.state != "pending", ix.ANSWER_SECONDS)
        except TimeoutError:
            self._parts.interactions.fail(started)
        return self._sight.interaction(started)


class _RefusalWords:
    """Turn Discord's codes into the refusal a person sees."""

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Raise RefusedError for a DiscordError."""
        if isinstance(error, DiscordError):
            raise RefusedError(error.message) from error
