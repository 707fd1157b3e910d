"""Ask what the bot may do where a command was given, before anything is spent."""

from collections.abc import Mapping
from typing import Any

import discord

from bot.language import tr, tr_known
from jobs.errors import InvalidRequestError
from jobs.phrases import Phrase

# Kinds of channel that a message can start a thread in.
THREADABLE = frozenset({discord.ChannelType.text, discord.ChannelType.news})
_THREADS = frozenset(
    {discord.ChannelType.public_thread, discord.ChannelType.private_thread, discord.ChannelType.news_thread}
)
_NEEDED = {
    "view_channel": Phrase("View Channel"),
    "attach_files": Phrase("Attach Files"),
    "embed_links": Phrase("Embed Links"),
    "read_message_history": Phrase("Read Message History"),
}
_NEEDED_IN_CHANNEL = _NEEDED | {"send_messages": Phrase("Send Messages")}
_NEEDED_FOR_THREADS = _NEEDED_IN_CHANNEL | {
    "create_public_threads": Phrase("Create Public Threads"),
    "send_messages_in_threads": Phrase("Send Messages in Threads"),
}
_NEEDED_IN_THREAD = _NEEDED | {"send_messages_in_threads": Phrase("Send Messages in Threads")}
# What the bot needs of a channel it posts to on its own: words alone, or words and files.
POSTING = {flag: _NEEDED_IN_CHANNEL[flag] for flag in ("view_channel", "send_messages", "embed_links")}
SHOWING = _NEEDED_IN_CHANNEL
SHOWING_IN_THREAD = _NEEDED_IN_THREAD


def is_thread(interaction: discord.Interaction[Any]) -> bool:
    """Tell whether a command was given in a thread or forum post."""
    return interaction.channel is not None and interaction.channel.type in _THREADS


def check_bot_permissions(interaction: discord.Interaction[Any]) -> None:
    """Raise InvalidRequestError unless the bot may do all it needs where a command was given."""
    if interaction.guild_id is None:
        return
    missing = missing_permissions(interaction)
    if missing:
        raise InvalidRequestError(
            "I can't work in this channel: I lack the permission {missing}. "
            "Ask a moderator to allow it, or use another channel. Nothing was counted.",
            rule="permissions",
            missing=_and(missing),
        )


def missing_permissions(interaction: discord.Interaction[Any]) -> list[str]:
    """Return the names of the permissions the bot lacks in the place of an interaction."""
    may = interaction.app_permissions
    return [tr_known(name) for flag, name in _needed(interaction).items() if not getattr(may, flag)]


def _needed(interaction: discord.Interaction[Any]) -> Mapping[str, str]:
    if is_thread(interaction):
        return _NEEDED_IN_THREAD
    if interaction.channel is None or interaction.channel.type in THREADABLE:
        return _NEEDED_FOR_THREADS
    return _NEEDED_IN_CHANNEL


def needed_in(kind: discord.ChannelType) -> Mapping[str, str]:
    """Return the permissions the bot needs in a channel of a kind for edits begun there, by Discord's flags."""
    if kind in THREADABLE:
        return _NEEDED_FOR_THREADS
    if kind is discord.ChannelType.forum:
        return _NEEDED_IN_THREAD
    return _NEEDED_IN_CHANNEL


def missing_in(channel: discord.abc.GuildChannel | discord.Thread, needed: Mapping[str, str]) -> list[str]:
    """Return the names of the permissions the bot lacks in a channel."""
    may = channel.permissions_for(channel.guild.me)
    return [tr_known(name) for flag, name in needed.items() if not getattr(may, flag)]


def is_moderator(interaction: discord.Interaction[Any]) -> bool:
    """Tell whether the person may remove other people's messages here."""
    return interaction.guild_id is not None and interaction.permissions.manage_messages


def _and(names: list[str]) -> str:
    bold = [f"**{name}**" for name in names]
    if len(bold) == 1:
        return bold[0]
    return tr("{names} and {last}", names=tr(", ").join(bold[:-1]), last=bold[-1])
