"""Measure how long a member waits for the card, beside a bare bot that only defers."""

import asyncio
import os
import sys
import time
from pathlib import Path
from statistics import median

from sandbox.discord.actor import RefusedError
from sandbox.discord.server import DiscordServer
from sandbox.video.clip import draw_clip
from tests.bench.local import open_local
from tests.bench.report import Figure, percentile

PART = "acknowledgement"
IN_SEQUENCE, PER_SECOND, SPREAD_SECONDS = 500, 100, 5


async def measure_acknowledgement(folder: Path) -> list[Figure]:
    """Measure `/luma modify` 500 times in sequence and 100 times a second for 5 s."""
    clip = folder / "clip.mp4"
    await asyncio.to_thread(draw_clip, clip, 1)
    bare, bare_spread = await _measure_bare(folder, clip)
    async with open_local(folder, work_seconds=600, instant=True) as local:
        ours = await _in_sequence(local.discord, clip)
        spread = await _spread(local.discord, clip)
    ratio, p99 = median(ours) / median(bare), percentile(spread, 0.99)
    return [
        Figure(PART, "bare bot, median of 500 in sequence", median(bare), "ms"),
        Figure(PART, "/luma modify, median of 500 in sequence", median(ours), "ms"),
        Figure(PART, "/luma modify over the bare bot", ratio, "times", "<= 2.5", ratio <= 2.5),
        Figure(PART, "bare bot, p99 at 100/s", percentile(bare_spread, 0.99), "ms"),
        Figure(PART, "/luma modify, p99 at 100/s", p99, "ms", "< 50", p99 < 50),
    ]


async def _measure_bare(folder: Path, clip: Path) -> tuple[list[float], list[float]]:
    async with DiscordServer() as discord:
        discord.limits.enabled = False
        addresses = {
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
        }
        command = [sys.executable, "-m", "tests.bench.bare_bot"]
        process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **addresses})
        try:
            await discord.world.hub.wait_for(
                lambda: (discord.gateway.connected and bool(discord.actor.commands("Mia", "edits"))) or None, 30
            )
            return await _in_sequence(discord, clip), await _spread(discord, clip)
        finally:
            process.kill()
            await process.wait()


async def _in_sequence(discord: DiscordServer, clip: Path) -> list[float]:
    for _ in range(20):
        await _command(discord, clip)
    return [await _command(discord, clip) for _ in range(IN_SEQUENCE)]


async def _spread(discord: DiscordServer, clip: Path) -> list[float]:
    async def at(moment: float) -> float:
        await asyncio.sleep(moment)
        return await _command(discord, clip)

    return list(await asyncio.gather(*(at(number / PER_SECOND) for number in range(PER_SECOND * SPREAD_SECONDS))))


async def _command(discord: DiscordServer, clip: Path) -> float:
    """Return how many milliseconds the first answer took; one that never came took the 3 s it may."""
    started = time.perf_counter()
    try:
        await discord.actor.slash("Mia", "edits", "luma modify", {"prompt": "make it warm"}, {"clip": clip})
    except RefusedError:
        return 3000.0
    return (time.perf_counter() - started) * 1000
