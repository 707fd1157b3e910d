"""Look at the parts that /readyz shows."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from bot.web.health import GREEN, Colour, Light


class Gateway(Protocol):
    """Know whether Discord is connected."""

    def is_ready(self) -> bool:
        """Tell whether commands can arrive."""


async def look_at_gateway(gateway: Gateway) -> Light:
    """Show whether commands can arrive."""
    return GREEN if gateway.is_ready() else Light(Colour.RED, "not connected to Discord")


async def look_at_database(check: Callable[[], Awaitable[None]]) -> Light:
    """Show whether a write gets through; `check` raises when it does not."""
    await check()
    return GREEN


async def look_at_disk(folder: Path, wanted_bytes: int) -> Light:
    """Show whether the disk has the free room that is asked for."""
    free = (await asyncio.to_thread(shutil.disk_usage, folder)).free
    return GREEN if free >= wanted_bytes else Light(Colour.RED, f"{free} bytes free, {wanted_bytes} wanted")
