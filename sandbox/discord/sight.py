"""Show the world through one person's eyes, as views."""

from sandbox.discord import permissions
from sandbox.discord.commands import CHAT_INPUT, CommandBook, spoken
from sandbox.discord.errors import DiscordError
from sandbox.discord.interactions import Interaction
from sandbox.discord.message_parts import resolve_components, resolve_embeds
from sandbox.discord.model import DM, Attachment, Channel, Guild, Json, Message, User
from sandbox.discord.parts import Parts
from sandbox.discord.posting import POSTABLE, demand_posting
from sandbox.discord.views import (
    AttachmentView,
    ChannelView,
    CommandView,
    InteractionView,
    MessageView,
    ModalView,
    OptionView,
    PersonView,
)


class Sight:
    """Build views for people."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._world = parts.world

    def guild(self) -> Guild:
        """Return the first guild, the one a page shows."""
        return next(iter(self._world.guilds.values()))

    def person(self, user: User) -> PersonView:
        """Return how a user is shown."""
        member = self.guild().members.get(user.id)
        if member is None:
            return PersonView(user.id, user.display_name, user.bot)
        roles = sorted((self.guild().roles[one] for one in member.roles), key=lambda role: -role.position)
        color = next((role.color for role in roles if role.color), 0)
        return PersonView(user.id, member.display_name, user.bot, color, tuple(role.name for role in roles))

    def channel(self, user: User, channel: Channel) -> ChannelView:
        """Return how a channel is shown to a user."""
        bits = self._world.permissions_in(user, channel)
        name = channel.name
        if channel.kind == DM:
            name = next(self._world.users[one].display_name for one in channel.recipients if one != user.id)
        return ChannelView(
            channel.id,
            channel.kind,
            name,
            channel.topic,
            channel.parent_id,
            bool(channel.thread and channel.thread.archived),
            bool(channel.thread and channel.thread.locked),
            self._can_post(user, channel),
            bool(bits & permissions.ATTACH_FILES),
            tuple(channel.tags.items()),
            channel.total_sent,
        )

    def _can_post(self, user: User, channel: Channel) -> bool:
        if channel.thread is None and channel.kind not in POSTABLE:
            return bool(self._world.permissions_in(user, channel) & permissions.SEND_MESSAGES)
        try:
            demand_posting(self._parts, user, channel, files=False, embeds=False)
        except DiscordError:
            return False
        return True

    def sees_channel(self, user: User, channel: Channel) -> bool:
        """Tell whether a channel is visible to a user."""
        return bool(self._world.permissions_in(user, channel) & permissions.VIEW_CHANNEL)

    def sees_message(self, user: User, message: Message) -> bool:
        """Tell whether a message is visible to a user."""
        channel = self._world.channels.get(message.channel_id)
        if channel is None or message.id not in self._world.messages[channel.id]:
            return False
        return self.sees_channel(user, channel) and message.ephemeral_to in (None, user.id)

    def message(self, user: User, message: Message) -> MessageView:
        """Return how a message is shown to a user."""
        link = self._parts.cdn.link
        mentions = tuple(self.person(self._world.users[one]) for one in message.mentions)
        command, command_by = self._origin(message)
        thread = self._world.channels.get(message.id) if message.has_thread else None
        return MessageView(
            id=message.id,
            channel_id=message.channel_id,
            kind=message.kind,
            author=self.person(self._world.users[message.author_id]),
            content=message.content,
            timestamp=message.timestamp,
            edited=message.edited_at is not None,
            loading=message.loading,
            ephemeral=message.ephemeral_to is not None,
            flags=message.flags,
            embeds=tuple(resolve_embeds(message, link)),
            components=tuple(resolve_components(message, link)),
            attachments=tuple(self._attachment(one) for one in message.attachments),
            mentions=mentions,
            reactions=tuple((emoji, len(users)) for emoji, users in message.reactions.items()),
            reply_to=message.reply_to[1] if message.reply_to else None,
            command=command,
            command_by=command_by,
            thread=self.channel(user, thread) if thread else None,
            pings_me=user.id in message.mentions or message.mention_everyone,
        )

    def _attachment(self, one: Attachment) -> AttachmentView:
        spoiler = one.filename.startswith("SPOILER_")
        url = self._parts.cdn.link(one)
        return AttachmentView(one.id, one.filename, one.content_type, one.size, url, spoiler, one.description)

    def _origin(self, message: Message) -> tuple[str | None, PersonView | None]:
        if message.interaction is None:
            return None, None
        interaction = self._parts.interactions.get(int(message.interaction["id"]))
        return interaction.command, self.person(self._world.users[interaction.user_id])

    def interaction(self, interaction: Interaction) -> InteractionView:
        """Return how an interaction stands, as its user sees it."""
        user = self._world.users[interaction.user_id]
        response = interaction.response
        shown = response is not None and self.sees_message(user, response)
        followups = [one for one in interaction.followups if self.sees_message(user, one)]
        modal = interaction.modal
        return InteractionView(
            id=interaction.id,
            kind=interaction.kind,
            user_id=user.id,
            channel_id=interaction.channel_id,
            state=interaction.state,
            message=self.message(user, response) if shown and response else None,
            followups=tuple(self.message(user, one) for one in followups),
            modal=ModalView(modal["custom_id"], modal["title"], tuple(modal["components"])) if modal else None,
            command=interaction.command,
        )


def command_views(book: CommandBook, commands: list[Json], locale: str) -> list[CommandView]:
    """Return the leaves of commands as a member picks them, in their language."""
    found = []
    for command in commands:
        for path, leaf in book.leaves(command):
            options = tuple(_option_view(option, locale) for option in leaf.get("options", []))
            text, label = spoken(leaf, "description", locale), _label(command, path, locale)
            found.append(CommandView(int(command["id"]), command["type"], path, text, options, label))
    return found


def _label(command: Json, path: str, locale: str) -> str:
    node, names = command, [spoken(command, "name", locale)]
    below = path.split(" ")[1:] if command["type"] == CHAT_INPUT else []
    for name in below:
        node = next(option for option in node["options"] if option["name"] == name)
        names.append(spoken(node, "name", locale))
    return " ".join(names)


def _option_view(option: Json, locale: str) -> OptionView:
    choices = tuple((spoken(one, "name", locale), one["value"]) for one in option.get("choices", []))
    return OptionView(
        name=option["name"],
        label=spoken(option, "name", locale),
        description=spoken(option, "description", locale),
        kind=option["type"],
        required=bool(option.get("required")),
        autocomplete=bool(option.get("autocomplete")),
        choices=choices,
        min_value=option.get("min_value"),
        max_value=option.get("max_value"),
        min_length=option.get("min_length"),
        max_length=option.get("max_length"),
    )
