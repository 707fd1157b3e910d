"""Look at the parts that /readyz shows."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

from discord.ext.commands import Bot

from bot.web.health import GREEN, Colour, Light


class GatewayWatch:
    """Know whether the connection to Discord's gateway stands: commands can arrive."""

    def __init__(self, bot: Bot) -> None:
        self.is_connected = False
        bot.add_listener(self._note_up, "on_connect")
        bot.add_listener(self._note_up, "on_resumed")
        bot.add_listener(self._note_down, "on_disconnect")

    async def _note_up(self) -> None:
        self.is_connected = True

    async def _note_down(self) -> None:
        self.is_connected = False


async def look_at_gateway(gateway: GatewayWatch) -> Light:
    """Show whether commands can arrive."""
    return GREEN if gateway.is_connected else Light(Colour.RED, "not connected to Discord")


async def look_at_database(check: Callable[[], Awaitable[None]]) -> Light:
    """Show whether a write gets through; `check` raises when it does not."""
    await check()
    return GREEN


async def look_at_disk(folder: Path, wanted_bytes: int) -> Light:
    """Show whether the disk has the free room that is asked for."""
    free = (await asyncio.to_thread(shutil.disk_usage, folder)).free
    return GREEN if free >= wanted_bytes else Light(Colour.RED, f"{free} bytes free, {wanted_bytes} wanted")
