"""Ask Discord again for the address of a clip that hangs on a message: signed links end after about a day."""

import asyncio

import discord

from bot.clip_claims import attachments_of
from bot.faults import DISCORD_FAULTS
from jobs.errors import SourceUnavailableError
from jobs.job import ClipSource
from jobs.phrases import Phrase

_FETCH_SECONDS = 30.0


class ClipRenewal:
    """Renew addresses through one bot's connection."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def renew(self, source: ClipSource) -> str | None:
        """Return a fresh address; None when message or file is gone, hidden, or never was Discord's."""
        if source.channel_id is None or source.message_id is None:
            return None
        channel = self._client.get_partial_messageable(source.channel_id)
        try:
            async with asyncio.timeout(_FETCH_SECONDS):
                message = await channel.fetch_message(source.message_id)
        except (discord.NotFound, discord.Forbidden):
            return None
        except DISCORD_FAULTS as error:
            raise SourceUnavailableError(
                Phrase("Discord did not show me the message with the clip."), log=type(error).__name__
            ) from error
        return next((each.url for each in attachments_of(message) if each.id == source.attachment_id), None)
