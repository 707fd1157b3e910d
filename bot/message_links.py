"""Resolve a link to a Discord message: only where both the bot and the asking member may read it."""

import asyncio
import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import discord

from bot.clip_claims import attachments_of, check_claim, clip_in, find_video, find_video_link
from bot.faults import DISCORD_FAULTS
from jobs.errors import UnusableClipError
from jobs.job import ClipSource

_LINK = re.compile(
    r"https://(?:www\.|ptb\.|canary\.)?discord(?:app)?\.com"
    r"/channels/(@me|\d{15,20})/(\d{15,20})/(\d{15,20})/?(?:[?#]\S*)?",
    re.ASCII | re.IGNORECASE,
)
_FILE = re.compile(r"/attachments/(\d{15,20})/(\d{15,20})/", re.ASCII)
_LOOKED_AT = 20
# The answer to the command must leave within 3 s of it.
_FETCH_SECONDS = 1.8
_SAME_TEXT = (
    "I can't use that message: it doesn't exist, or you or I may not read it. Attach the clip itself, or link a "
    "message in this server."
)


class MessageLink(NamedTuple):
    """Name a message by a link to it; `guild_id` is None for a direct message."""

    guild_id: int | None
    channel_id: int
    message_id: int


def read_message_link(text: str) -> MessageLink | None:
    """Read a link to a message; None for any other text."""
    match = _LINK.fullmatch(text.strip())
    if match is None:
        return None
    return MessageLink(int(match[1]) if match[1].isdigit() else None, int(match[2]), int(match[3]))


async def resolve_message_link(interaction: discord.Interaction[Any], link: MessageLink, max_bytes: int) -> ClipSource:
    """Return the video of a linked message; raises UnusableClipError, with one text for all that may not be told."""
    guild_id, channel_id, message_id = link
    if guild_id != interaction.guild_id:
        raise UnusableClipError(_SAME_TEXT, rule="link")
    try:
        async with asyncio.timeout(_FETCH_SECONDS):
            await _check_readable(interaction, channel_id)
            message = await _messages_of(interaction, channel_id).fetch_message(message_id)
    except (discord.Forbidden, discord.NotFound, discord.InvalidData):  # the last: a channel of another server
        raise UnusableClipError(_SAME_TEXT, rule="link") from None
    except DISCORD_FAULTS as error:
        raise UnusableClipError(
            "Discord did not show me that message in time. Please try again, or attach the clip.", rule="link"
        ) from error
    attachment = find_video(message)
    shown = find_video_link(message) if attachment is None else None
    if shown is not None:
        interaction.client.desk.check_link(shown)
        return ClipSource(shown)
    if attachment is None:
        raise UnusableClipError(
            "I see no video in that message; Discord hides other people's files from me. Right-click the message, "
            "choose **Apps**, then **Modify with Luma**, or attach the clip itself.",
            rule="link",
        )
    check_claim(attachment, max_bytes)
    return clip_in(message, attachment)


async def find_linked_file(interaction: discord.Interaction[Any], url: str) -> ClipSource | None:
    """Return the message of a Discord file whose link has ended, so that it can be renewed.

    None where it is not found, or where the bot or the asking member may not read its channel.
    """
    match = _FILE.match(urlsplit(url).path)
    if match is None:
        return None
    channel_id, attachment_id = int(match[1]), int(match[2])
    try:
        async with asyncio.timeout(_FETCH_SECONDS):
            await _check_readable(interaction, channel_id)
            # A file's id is made just before or after that of its message.
            near = _messages_of(interaction, channel_id).history(limit=_LOOKED_AT, around=discord.Object(attachment_id))
            async for message in near:
                for attachment in attachments_of(message):
                    if attachment.id == attachment_id:
                        return clip_in(message, attachment)
    except (UnusableClipError, *DISCORD_FAULTS):
        return None
    return None


def _messages_of(interaction: discord.Interaction[Any], channel_id: int) -> discord.PartialMessageable:
    client: discord.Client = interaction.client
    return client.get_partial_messageable(channel_id, guild_id=interaction.guild_id)


async def _check_readable(interaction: discord.Interaction[Any], channel_id: int) -> None:
    """Raise UnusableClipError unless the asking member may read the channel's messages."""
    if channel_id == interaction.channel_id:
        return  # they are reading it
    guild, member = interaction.guild, interaction.user
    if guild is None or not isinstance(member, discord.Member):
        raise UnusableClipError(_SAME_TEXT, rule="link")
    channel = guild.get_channel_or_thread(channel_id) or await guild.fetch_channel(channel_id)
    may = channel.permissions_for(member)
    hidden = isinstance(channel, discord.Thread) and channel.is_private() and not may.manage_threads
    if hidden or not (may.view_channel and may.read_message_history):
        raise UnusableClipError(_SAME_TEXT, rule="link")
