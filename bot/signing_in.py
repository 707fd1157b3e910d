"""Log in to Discord and stay connected, however long it takes Discord to be there."""

import asyncio
import logging

import aiohttp
import discord

from bot.client import LumaBot
from bot.faults import DISCORD_FAULTS
from jobs.errors import ConfigError

FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
# https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
_AUTHENTICATION_FAILED = 4004
_REFUSED_TOKEN = "DISCORD_TOKEN: Discord does not take it; copy it again from the developer portal"  # noqa: S105 - words
_log = logging.getLogger(__name__)


async def log_in(
    bot: LumaBot, token: str, stop: asyncio.Event, *, first_wait_seconds: float = FIRST_WAIT_SECONDS
) -> bool:
    """Log in, trying again ever more rarely while Discord is away; False when `stop` was set first.

    Raises ConfigError for a token that Discord refuses.
    """
    stopped, wait_seconds = asyncio.ensure_future(stop.wait()), first_wait_seconds
    try:
        while not stop.is_set():
            trying = asyncio.ensure_future(_try(bot, token))
            try:
                await asyncio.wait([trying, stopped], return_when=asyncio.FIRST_COMPLETED)
                if trying.done() and trying.result():
                    return True
            finally:
                trying.cancel()
                await asyncio.gather(trying, return_exceptions=True)
            await asyncio.wait([stopped], timeout=wait_seconds)
            wait_seconds = min(wait_seconds * 2, LONGEST_WAIT_SECONDS)
        return False
    finally:
        stopped.cancel()


async def _try(bot: LumaBot, token: str) -> bool:
    try:
        await bot.login(token)
    except discord.LoginFailure:
        raise ConfigError([_REFUSED_TOKEN]) from None
    except DISCORD_FAULTS as error:
        _log.warning("cannot log in to Discord (%s): trying again", type(error).__name__)
        await _renew_connector(bot)
        return False
    return True


async def _renew_connector(bot: LumaBot) -> None:
    """Let the next login open a session of its own; the one that failed takes its connector along."""
    limit = bot.http.connector.limit
    await bot.http.close()
    bot.http.connector = aiohttp.TCPConnector(limit=limit)


async def stay_connected(bot: LumaBot) -> None:
    """Keep the connection to the gateway until the bot is closed; raises ConfigError when the token is taken back."""
    try:
        await bot.connect()
    except discord.ConnectionClosed as error:
        if error.code == _AUTHENTICATION_FAILED:
            raise ConfigError([_REFUSED_TOKEN]) from None
        raise
