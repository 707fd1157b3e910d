"""Look at a server's showcase channel before anything is posted: is it there, what kind, what may the bot do in it."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import discord

from bot import refusals
from bot.bot_permissions import SHOWING, SHOWING_IN_THREAD, missing_in
from bot.faults import DISCORD_FAULTS
from bot.language import tr_known
from jobs.errors import DeliveryError, UserError

LOOK_SECONDS = 2.0
_TAG_NEEDED = 40067
Channel = discord.abc.GuildChannel | discord.Thread


@dataclass(frozen=True, slots=True)
class Stage:
    """Hold what is known of a showcase: `tags` are a forum's own, by id; `media` where only files are shown."""

    channel_id: int
    limit_bytes: int
    is_forum: bool = False
    is_media: bool = False
    requires_tag: bool = False
    tags: Sequence[discord.ForumTag] = ()

    @property
    def stamp(self) -> str:
        """Return what changes when the channel or its tags do: a preview of before is then shown anew."""
        parts = [str(self.channel_id), *(str(tag.id) for tag in self.tags)]
        return hashlib.sha256(":".join(parts).encode()).hexdigest()[:8]


async def open_stage(client: discord.Client, guild_id: int, channel_id: int | None) -> Stage:
    """Return a server's showcase as it is now; raises UserError with what is in the way and who can mend it."""
    if channel_id is None:
        raise UserError(
            "This server has no showcase yet. Someone with **Manage Server** can choose one with "
            "`/luma-setup showcase`. Nothing was shared.",
            rule="showcase",
        )
    guild = client.get_guild(guild_id)
    channel = await _find(client, guild, channel_id)
    _check_permissions(guild, channel)
    limit = guild.filesize_limit if guild else discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
    if isinstance(channel, discord.ForumChannel):
        return Stage(
            channel_id,
            limit,
            is_forum=True,
            is_media=channel.is_media(),
            requires_tag=channel.flags.require_tag,
            tags=tuple(channel.available_tags),
        )
    if isinstance(channel, discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread):
        return Stage(channel_id, limit)
    raise UserError(
        "The showcase {channel} can't hold messages. Ask someone with **Manage Server** to choose another one. "
        "Nothing was shared.",
        rule="showcase",
        channel=f"<#{channel_id}>",
    )


async def _find(client: discord.Client, guild: discord.Guild | None, channel_id: int) -> Channel:
    found = guild.get_channel_or_thread(channel_id) if guild else None
    if found is not None:
        return found
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            fetched = await client.fetch_channel(channel_id)
    except discord.NotFound as error:
        raise UserError(
            "The server's showcase is gone: its channel was deleted. Ask someone with **Manage Server** to choose "
            "another one. Nothing was shared.",
            rule="showcase",
        ) from error
    except discord.Forbidden as error:
        raise _lacking(channel_id, [tr_known(SHOWING["view_channel"])]) from error
    except DISCORD_FAULTS as error:
        raise refusals.too_slow() from error
    assert isinstance(fetched, discord.abc.GuildChannel | discord.Thread)
    return fetched


def _check_permissions(guild: discord.Guild | None, channel: Channel) -> None:
    if guild is None or guild.me is None:
        return
    missing = missing_in(channel, SHOWING_IN_THREAD if isinstance(channel, discord.Thread) else SHOWING)
    if missing:
        raise _lacking(channel.id, missing)


def _lacking(channel_id: int, missing: Sequence[str]) -> UserError:
    return UserError(
        "I can't post in the showcase {channel}: I lack the permission {missing} there. Ask a moderator to allow it. "
        "Nothing was shared.",
        rule="showcase",
        channel=f"<#{channel_id}>",
        missing=", ".join(f"**{name}**" for name in missing),
    )


def refuse_post(stage: Stage, error: DeliveryError) -> UserError:
    """Return what to tell where Discord would not take a post though all seemed well."""
    cause = error.__cause__
    if isinstance(cause, discord.HTTPException) and cause.code == _TAG_NEEDED:
        return UserError(
            "The showcase {channel} wants a tag on every post. Please press **Share** again and choose one. "
            "Nothing was shared.",
            rule="showcase",
            channel=f"<#{stage.channel_id}>",
        )
    return UserError(
        "Discord would not let me post in the showcase {channel}. Ask a moderator to look at its settings. "
        "Nothing was shared.",
        rule="showcase",
        channel=f"<#{stage.channel_id}>",
    )
