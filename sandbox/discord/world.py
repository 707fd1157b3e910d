"""Keep the state of the local Discord and change it, telling the event hub of each change."""

import secrets
from collections.abc import Iterable

from sandbox.discord import permissions
from sandbox.discord.clock import Clock
from sandbox.discord.events import Event, EventHub
from sandbox.discord.model import (
    DM,
    FLAG_HAS_THREAD,
    PRIVATE_THREAD,
    THREAD_KINDS,
    Application,
    Channel,
    Guild,
    Member,
    Message,
    Overwrite,
    Role,
    ThreadState,
    User,
)
from sandbox.discord.snowflakes import SnowflakeSource


class World:
    """Everything that exists; knows no HTTP and checks no permission of its own accord."""

    def __init__(self, clock: Clock, app_name: str = "Luma", token: str | None = None) -> None:
        self.clock = clock
        self.ids = SnowflakeSource(clock)
        self.hub = EventHub()
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.messages: dict[int, dict[int, Message]] = {}
        app_id = self.ids.next()
        bot = User(app_id, app_name, None, bot=True)
        self.users[bot.id] = bot
        self.application = Application(app_id, app_name, bot, token or f"sandbox.{secrets.token_urlsafe(24)}")

    @property
    def bot_id(self) -> int:
        """Return the bot's user id."""
        return self.application.bot.id

    # People

    def add_user(self, name: str, *, locale: str = "en-US", accepts_dms: bool = True) -> User:
        """Create a person."""
        user = User(self.ids.next(), name.lower(), name, locale=locale, accepts_dms=accepts_dms)
        self.users[user.id] = user
        return user

    def find_user(self, who: int | str | User) -> User:
        """Return the user with that id, name or display name; raise LookupError without one."""
        if isinstance(who, User):
            return who
        for user in self.users.values():
            if who in (user.id, str(user.id), user.username, user.display_name):
                return user
        raise LookupError(f"no user {who!r}")

    def add_guild(self, name: str, owner: User, boost_tier: int = 0) -> Guild:
        """Create a guild with its @everyone role (no permissions) and its owner."""
        guild = Guild(self.ids.next(), name, owner.id, boost_tier)
        guild.roles[guild.id] = Role(guild.id, "@everyone", 0, 0)
        self.guilds[guild.id] = guild
        self.add_member(guild, owner)
        return guild

    def add_role(
        self, guild: Guild, name: str, bits: int = 0, *, color: int = 0, managed_by: int | None = None
    ) -> Role:
        """Create a role above all others."""
        role = Role(self.ids.next(), name, bits, len(guild.roles), color, managed_by)
        guild.roles[role.id] = role
        return role

    def add_member(self, guild: Guild, user: User, roles: Iterable[Role] = ()) -> Member:
        """Let a user (the bot too) join a guild."""
        member = Member(user, self.clock.now(), {role.id for role in roles})
        guild.members[user.id] = member
        name = "GUILD_CREATE" if user.id == self.bot_id else "GUILD_MEMBER_ADD"
        self.hub.publish(Event(name, guild, user.id))
        return member

    def remove_member(self, guild: Guild, user: User) -> None:
        """Take a user out of a guild; for the bot this is being kicked."""
        guild.members.pop(user.id)
        name = "GUILD_DELETE" if user.id == self.bot_id else "GUILD_MEMBER_REMOVE"
        self.hub.publish(Event(name, guild, user.id))

    def change_member(self, guild: Guild, member: Member) -> None:
        """Announce that a member's roles, name or timeout changed."""
        self.hub.publish(Event("GUILD_MEMBER_UPDATE", guild, member.user.id))

    def change_guild(self, guild: Guild) -> None:
        """Announce that the guild itself changed, for example its boost tier."""
        self.hub.publish(Event("GUILD_UPDATE", guild))

    def change_role(self, guild: Guild, role: Role) -> None:
        """Announce that a role changed, for example its permissions."""
        self.hub.publish(Event("GUILD_ROLE_UPDATE", guild, detail=str(role.id)))

    def permissions_in(self, user: User, channel: Channel) -> int:
        """Return what a user may do in a channel, thread or direct conversation."""
        if channel.guild_id is None:
            return permissions.DM_PERMS if user.id in channel.recipients else 0
        guild = self.guilds[channel.guild_id]
        member = guild.members.get(user.id)
        if member is None:
            return 0
        place = channel
        hidden = channel.kind == PRIVATE_THREAD and channel.thread and user.id not in channel.thread.members
        if hidden and not permissions.guild_permissions(guild, member) & permissions.MANAGE_THREADS:
            return 0
        if channel.kind in THREAD_KINDS and channel.parent_id in self.channels:
            place = self.channels[channel.parent_id]
        return permissions.channel_permissions(guild, member, place, self.clock.now())

    # Channels

    def add_channel(
        self,
        guild: Guild,
        name: str,
        kind: int = 0,
        *,
        topic: str | None = None,
        overwrites: Iterable[Overwrite] = (),
        tags: Iterable[str] = (),
    ) -> Channel:
        """Create a channel at the end of the list."""
        position = sum(channel.guild_id == guild.id for channel in self.channels.values())
        channel = Channel(self.ids.next(), kind, name, guild.id, position=position, topic=topic)
        channel.overwrites = list(overwrites)
        channel.tags = {self.ids.next(): tag for tag in tags}
        self._keep_channel(channel, "CHANNEL_CREATE")
        return channel

    def find_channel(self, where: int | str | Channel) -> Channel:
        """Return the channel or thread with that id or name (with or without #); raise LookupError without one."""
        if isinstance(where, Channel):
            return where
        for channel in self.channels.values():
            if where in (channel.id, str(channel.id), channel.name, f"#{channel.name}"):
                return channel
        raise LookupError(f"no channel {where!r}")

    def open_dm(self, user: User) -> Channel:
        """Return the conversation between the bot and a user, made when there was none."""
        for channel in self.channels.values():
            if channel.kind == DM and user.id in channel.recipients:
                return channel
        channel = Channel(self.ids.next(), DM, user.username, recipients=[self.bot_id, user.id])
        self._keep_channel(channel, "CHANNEL_CREATE")
        return channel

    def add_thread(
        self, parent: Channel, name: str, kind: int, owner: User, *, message: Message | None = None, minutes: int = 1440
    ) -> Channel:
        """Start a thread, on a message (whose id it takes) or on its own."""
        thread = Channel(message.id if message else self.ids.next(), kind, name, parent.guild_id, parent.id)
        thread.thread = ThreadState(owner.id, self.clock.now(), minutes, members={owner.id})
        self._keep_channel(thread, "THREAD_CREATE")
        if message:
            message.has_thread = True
            message.flags |= FLAG_HAS_THREAD
            self.hub.publish(Event("MESSAGE_UPDATE", message))
        return thread

    def change_channel(self, channel: Channel) -> None:
        """Announce that a channel or thread changed."""
        self.hub.publish(Event("THREAD_UPDATE" if channel.thread else "CHANNEL_UPDATE", channel))

    def delete_channel(self, channel: Channel) -> None:
        """Remove a channel or thread with its messages and the threads below it."""
        for thread in [found for found in self.channels.values() if found.parent_id == channel.id]:
            self.delete_channel(thread)
        del self.channels[channel.id]
        self.messages.pop(channel.id, None)
        starter = self.messages.get(channel.parent_id or 0, {}).get(channel.id)
        if starter:
            starter.has_thread = False
            starter.flags &= ~FLAG_HAS_THREAD
        self.hub.publish(Event("THREAD_DELETE" if channel.thread else "CHANNEL_DELETE", channel))

    def _keep_channel(self, channel: Channel, event: str) -> None:
        self.channels[channel.id] = channel
        self.messages[channel.id] = {}
        self.hub.publish(Event(event, channel))

    # Messages

    def add_message(self, message: Message) -> Message:
        """Put a message into its channel; an unlocked archived thread comes back to life."""
        channel = self.channels[message.channel_id]
        self.messages[channel.id][message.id] = message
        if message.ephemeral_to is None:
            channel.last_message_id = message.id
            channel.total_sent += 1
            if channel.thread:
                channel.thread.members.add(message.author_id)
                self._unarchive(channel, channel.thread)
        self.hub.publish(Event("MESSAGE_CREATE", message))
        return message

    def _unarchive(self, channel: Channel, thread: ThreadState) -> None:
        if thread.archived and not thread.locked:
            thread.archived = False
            thread.archived_at = self.clock.now()
            self.change_channel(channel)

    def find_message(self, message_id: int) -> Message:
        """Return the message with that id in any channel; raise LookupError without one."""
        for messages in self.messages.values():
            if message_id in messages:
                return messages[message_id]
        raise LookupError(f"no message {message_id}")

    def change_message(self, message: Message, *, edited: bool = True) -> None:
        """Announce that a message changed; `edited` marks it so."""
        if edited:
            message.edited_at = self.clock.now()
        self.hub.publish(Event("MESSAGE_UPDATE", message))

    def delete_message(self, message: Message) -> None:
        """Remove a message; a thread on it stays."""
        del self.messages[message.channel_id][message.id]
        self.hub.publish(Event("MESSAGE_DELETE", message))

    def react(self, message: Message, user: User, emoji: str) -> None:
        """Add a user's reaction, once."""
        users = message.reactions.setdefault(emoji, [])
        if user.id not in users:
            users.append(user.id)
            self.hub.publish(Event("MESSAGE_REACTION_ADD", message, user.id, emoji))

    def unreact(self, message: Message, user: User, emoji: str) -> None:
        """Take a user's reaction away."""
        users = message.reactions.get(emoji, [])
        if user.id in users:
            users.remove(user.id)
            if not users:
                del message.reactions[emoji]
            self.hub.publish(Event("MESSAGE_REACTION_REMOVE", message, user.id, emoji))
