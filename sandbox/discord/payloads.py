"""Write the world's objects as Discord's JSON, as the bot may see them."""

from sandbox.discord import permissions
from sandbox.discord.cdn import Cdn
from sandbox.discord.message_parts import resolve_components, resolve_embeds
from sandbox.discord.model import (
    DM,
    FORUM,
    MEDIA,
    Attachment,
    Channel,
    Guild,
    Json,
    Member,
    Message,
    Role,
    ThreadState,
    User,
)
from sandbox.discord.snowflakes import iso_time
from sandbox.discord.world import World


class Payloads:
    """Builders for one world; each returns fresh JSON."""

    def __init__(self, world: World, cdn: Cdn) -> None:
        self._world = world
        self._cdn = cdn

    def user(self, user: User) -> Json:
        """Return a user object."""
        payload: Json = {
            "id": str(user.id),
            "username": user.username,
            "global_name": user.global_name,
            "discriminator": "0000" if user.bot else "0",
            "avatar": None,
            "public_flags": 0,
            "flags": 0,
            "primary_guild": None,
        }
        return payload | {"bot": True} if user.bot else payload

    def member(self, member: Member, *, with_user: bool = True) -> Json:
        """Return a guild member object."""
        until = member.timeout_until
        payload: Json = {
            "roles": [str(role_id) for role_id in sorted(member.roles)],
            "nick": member.nick,
            "joined_at": iso_time(member.joined_at),
            "communication_disabled_until": iso_time(until) if until is not None else None,
            "avatar": None,
            "banner": None,
            "premium_since": None,
            "flags": 0,
            "pending": False,
            "mute": False,
            "deaf": False,
        }
        return payload | {"user": self.user(member.user)} if with_user else payload

    def role(self, role: Role) -> Json:
        """Return a role object."""
        payload: Json = {
            "id": str(role.id),
            "name": role.name,
            "permissions": str(role.permissions),
            "position": role.position,
            "color": role.color,
            "colors": {"primary_color": role.color, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": role.managed_by is not None,
            "mentionable": False,
            "icon": None,
            "unicode_emoji": None,
            "flags": 0,
        }
        return payload | {"tags": {"bot_id": str(role.managed_by)}} if role.managed_by else payload

    def channel(self, channel: Channel) -> Json:
        """Return a channel, thread or direct conversation."""
        if channel.kind == DM:
            people = [self._world.users[user_id] for user_id in channel.recipients if user_id != self._world.bot_id]
            return self._channel_head(channel) | {"recipients": [self.user(person) for person in people]}
        payload = self._channel_head(channel) | {
            "name": channel.name,
            "guild_id": str(channel.guild_id),
            "parent_id": str(channel.parent_id) if channel.parent_id else None,
            "rate_limit_per_user": channel.slowmode_seconds,
        }
        if channel.thread:
            return payload | self._thread_part(channel, channel.thread)
        payload |= {
            "position": channel.position,
            "topic": channel.topic,
            "nsfw": channel.nsfw,
            "permission_overwrites": [
                {"id": str(over.id), "type": over.kind, "allow": str(over.allow), "deny": str(over.deny)}
                for over in channel.overwrites
            ],
        }
        if channel.kind in (FORUM, MEDIA):
            payload |= self._forum_part(channel)
        return payload

    def _channel_head(self, channel: Channel) -> Json:
        last = channel.last_message_id
        flags = 1 << 4 if channel.requires_tag else 0
        return {
            "id": str(channel.id),
            "type": channel.kind,
            "flags": flags,
            "last_message_id": str(last) if last else None,
        }

    def _forum_part(self, channel: Channel) -> Json:
        tags = [
            {"id": str(tag_id), "name": name, "moderated": False, "emoji_id": None, "emoji_name": None}
            for tag_id, name in channel.tags.items()
        ]
        return {"available_tags": tags, "default_sort_order": None, "default_forum_layout": 0}

    def _thread_part(self, channel: Channel, thread: ThreadState) -> Json:
        payload: Json = {
            "owner_id": str(thread.owner_id),
            "message_count": channel.total_sent,
            "total_message_sent": channel.total_sent,
            "member_count": len(thread.members),
            "thread_metadata": {
                "archived": thread.archived,
                "archive_timestamp": iso_time(thread.archived_at),
                "auto_archive_duration": thread.auto_archive_minutes,
                "locked": thread.locked,
            },
        }
        if thread.tags:
            payload["applied_tags"] = [str(tag) for tag in thread.tags]
        if self._world.bot_id in thread.members:
            payload["member"] = self.thread_member(channel, thread, self._world.bot_id)
        return payload

    def thread_member(self, channel: Channel, thread: ThreadState, user_id: int) -> Json:
        """Return that a user has joined a thread."""
        return {
            "id": str(channel.id),
            "user_id": str(user_id),
            "join_timestamp": iso_time(thread.archived_at),
            "flags": 1,
        }

    def attachment(self, attachment: Attachment) -> Json:
        """Return an attachment with a fresh signed address; `size` in bytes."""
        link = self._cdn.link(attachment)
        payload: Json = {
            "id": str(attachment.id),
            "filename": attachment.filename,
            "size": attachment.size,
            "url": link,
            "proxy_url": link,
            "content_type": attachment.content_type,
        }
        if attachment.description:
            payload["description"] = attachment.description
        if attachment.title:
            payload["title"] = attachment.title
        return payload | {"ephemeral": True} if attachment.ephemeral else payload

    def message(self, message: Message, *, content_allowed: bool = True) -> Json:
        """Return a message; without `content_allowed` (the privileged intent) what a member wrote is blank."""
        shown = content_allowed or self._is_free(message)
        payload: Json = {
            "id": str(message.id),
            "channel_id": str(message.channel_id),
            "type": message.kind,
            "author": self.user(self._world.users[message.author_id]),
            "timestamp": iso_time(message.timestamp),
            "edited_timestamp": iso_time(message.edited_at) if message.edited_at is not None else None,
            "flags": message.flags,
            "pinned": message.pinned,
            "tts": message.tts,
            "mention_everyone": message.mention_everyone,
            "mentions": [self.user(self._world.users[user_id]) for user_id in message.mentions],
            "mention_roles": [str(role_id) for role_id in message.mention_roles],
            "content": message.content if shown else "",
            "embeds": resolve_embeds(message, self._cdn.link) if shown else [],
            "components": resolve_components(message, self._cdn.link) if shown else [],
            "attachments": [self.attachment(one) for one in message.attachments] if shown else [],
        }
        return payload | self._message_origin(message)

    def _is_free(self, message: Message) -> bool:
        bot_id = self._world.bot_id
        is_dm = self._world.channels[message.channel_id].kind == DM
        return message.author_id == bot_id or bot_id in message.mentions or is_dm

    def _message_origin(self, message: Message) -> Json:
        payload: Json = {}
        if message.webhook_id:
            payload |= {"webhook_id": str(message.webhook_id), "application_id": str(message.webhook_id)}
        if message.interaction:
            payload["interaction_metadata"] = message.interaction
        if message.reply_to:
            payload["message_reference"] = self._reference(*message.reply_to)
        if message.has_thread and message.id in self._world.channels:
            payload["thread"] = self.channel(self._world.channels[message.id])
        if message.reactions:
            payload["reactions"] = [self._reaction(emoji, users) for emoji, users in message.reactions.items()]
        return payload

    def _reference(self, channel_id: int, message_id: int) -> Json:
        reference: Json = {"type": 0, "channel_id": str(channel_id), "message_id": str(message_id)}
        guild_id = self._world.channels[channel_id].guild_id if channel_id in self._world.channels else None
        return reference | {"guild_id": str(guild_id)} if guild_id else reference

    def _reaction(self, emoji: str, users: list[int]) -> Json:
        return {
            "emoji": {"id": None, "name": emoji},
            "count": len(users),
            "count_details": {"burst": 0, "normal": len(users)},
            "burst_colors": [],
            "me_burst": False,
            "me": self._world.bot_id in users,
        }

    def guild(self, guild: Guild) -> Json:
        """Return a guild object as GET /guilds gives it."""
        nothing = ("icon", "description", "home_header", "splash", "discovery_splash", "banner", "application_id")
        channels = ("afk", "system", "widget", "rules", "safety_alerts", "public_updates")
        zeroes = ("system_channel_flags", "verification_level", "mfa_level", "explicit_content_filter", "nsfw_level")
        payload: Json = dict.fromkeys(nothing) | dict.fromkeys(f"{name}_channel_id" for name in channels)
        return (
            payload
            | dict.fromkeys(zeroes, 0)
            | {
                "id": str(guild.id),
                "name": guild.name,
                "owner_id": str(guild.owner_id),
                "features": [],
                "region": "deprecated",
                "afk_timeout": 300,
                "widget_enabled": False,
                "roles": [self.role(role) for role in guild.roles.values()],
                "default_message_notifications": 0,
                "max_presences": None,
                "max_members": 500_000,
                "max_stage_video_channel_users": 50,
                "max_video_channel_users": 25,
                "vanity_url_code": None,
                "premium_tier": guild.boost_tier,
                "premium_subscription_count": (0, 2, 7, 14)[guild.boost_tier],
                "preferred_locale": "en-US",
                "premium_progress_bar_enabled": False,
                "nsfw": False,
                "emojis": [],
                "stickers": [],
                "incidents_data": None,
            }
        )

    def guild_create(self, guild: Guild) -> Json:
        """Return what the gateway tells of a guild: channels and active threads the bot can see, and itself."""
        bot = self._world.application.bot
        seen = [
            channel
            for channel in self._world.channels.values()
            if channel.guild_id == guild.id
            and (channel.thread is None or self._world.permissions_in(bot, channel) & permissions.VIEW_CHANNEL)
        ]
        threads = [one for one in seen if one.thread and not one.thread.archived]
        return self.guild(guild) | {
            "joined_at": iso_time(guild.members[bot.id].joined_at),
            "large": False,
            "unavailable": False,
            "member_count": len(guild.members),
            "members": [self.member(guild.members[bot.id])],
            "channels": [self.channel(one) for one in seen if not one.thread],
            "threads": [self.channel(one) for one in threads],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }
