"""Measure whether results with buttons pile up in the bot's memory: nothing of a button is to be kept."""

import asyncio
import os
from pathlib import Path

from sandbox.child_process import command_of
from sandbox.discord.server import DiscordServer
from tests.bench.meter import read_memory
from tests.bench.report import Figure

PART = "buttons"
RESULTS, WARM = 10_000, 2_000
MIB = 1024 * 1024
_AIM_MIB = 8.0


async def measure_buttons(folder: Path) -> list[Figure]:
    """Let a bot post results with all their buttons, and compare its memory early and late."""
    del folder
    async with DiscordServer() as discord:
        discord.limits.enabled = False
        environment = os.environ | {
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "CHANNEL_ID": str(discord.world.find_channel("edits").id),
            "RESULTS": str(RESULTS),
        }
        child = await asyncio.create_subprocess_exec(*command_of("-m", "tests.bench.button_bot"), env=environment)
        try:
            early = await _memory_after(discord, child, WARM)
            late = await _memory_after(discord, child, RESULTS)
        finally:
            if child.returncode is None:
                child.kill()
            await child.wait()
    growth = (late - early) / MIB
    return [
        Figure(PART, f"the bot after {WARM} results with buttons", early / MIB, "MiB"),
        Figure(PART, f"growth up to {RESULTS} results", growth, "MiB", f"< {_AIM_MIB:g}", growth < _AIM_MIB),
    ]


async def _memory_after(discord: DiscordServer, child: asyncio.subprocess.Process, count: int) -> int:
    world = discord.world
    channel = world.find_channel("edits").id
    there = asyncio.create_task(world.hub.wait_for(lambda: len(world.messages[channel]) >= count or None, 300))
    ended = asyncio.create_task(child.wait())
    try:
        await asyncio.wait([there, ended], return_when=asyncio.FIRST_COMPLETED)
        if not there.done():
            raise RuntimeError(f"the bot ended with {child.returncode}")
    finally:
        for task in (there, ended):
            task.cancel()
        await asyncio.gather(there, ended, return_exceptions=True)
    return read_memory(child.pid)
