"""Measure how long a member waits for the card, beside a bare bot that only defers."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from sandbox.child_process import command_of
from sandbox.discord.server import DiscordServer
from sandbox.video.clip import draw_clip
from tests.bench.crowd import Crowd
from tests.bench.local import open_local
from tests.bench.meter import Cpu, read_cpu
from tests.bench.report import Figure, percentile

PART = "acknowledgement"
WARM_UP, IN_SEQUENCE, PER_SECOND, SPREAD_SECONDS = 50, 500, 100, 5
# A clip of a few megabytes takes about this long to arrive; one from our own disk would make the bot look at fifty a
# second, beside the commands.
CLIP_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Measured:
    """Hold one bot's milliseconds to the answer, and its processor time for each command."""

    sequence: list[float]
    spread: list[float]
    cpu: Cpu


async def measure_acknowledgement(folder: Path) -> list[Figure]:
    """Measure `/luma modify` 500 times in sequence and 100 times a second for 5 s; clips take 2 s to arrive."""
    clip = folder / "clip.mp4"
    await asyncio.to_thread(draw_clip, clip, 1)
    async with _open_bare() as (discord, pid):
        bare = await _measure(discord, clip, pid)
    async with open_local(folder, work_seconds=600, instant=True) as local:
        local.discord.faults.add("GET", "attachments/", times=10**6, seconds=CLIP_SECONDS)
        ours = await _measure(local.discord, clip, local.pid)
    ratio, p99 = median(ours.sequence) / median(bare.sequence), percentile(ours.spread, 0.99)
    return [
        Figure(PART, "bare bot, median of 500 in sequence", median(bare.sequence), "ms"),
        Figure(PART, "/luma modify, median of 500 in sequence", median(ours.sequence), "ms"),
        Figure(PART, "/luma modify over the bare bot", ratio, "times", "<= 2.5", ratio <= 2.5),
        Figure(PART, "bare bot, p99 at 100/s", percentile(bare.spread, 0.99), "ms"),
        Figure(PART, "/luma modify, p99 at 100/s", p99, "ms", "< 50", p99 < 50),
        Figure(PART, "bare bot, processor time per command", bare.cpu.own_ms, "ms"),
        Figure(PART, "/luma modify, processor time per command", ours.cpu.own_ms, "ms"),
        Figure(PART, "/luma modify, its child processes' per command", ours.cpu.children_ms, "ms"),
    ]


@asynccontextmanager
async def _open_bare() -> AsyncIterator[tuple[DiscordServer, int]]:
    async with DiscordServer() as discord:
        discord.limits.enabled = False
        addresses = {
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
        }
        command = command_of("-m", "tests.bench.bare_bot")
        process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **addresses})
        try:
            await discord.world.hub.wait_for(
                lambda: (discord.gateway.connected and bool(discord.actor.commands("Mia", "edits"))) or None, 30
            )
            yield discord, process.pid
        finally:
            process.kill()
            await process.wait()


async def _measure(discord: DiscordServer, clip: Path, pid: int) -> Measured:
    crowd = Crowd(discord, clip)
    await crowd.in_sequence(WARM_UP)
    before = read_cpu(pid)
    sequence = await crowd.in_sequence(IN_SEQUENCE)
    spread = await crowd.at_rate(PER_SECOND, SPREAD_SECONDS)
    return Measured(sequence, spread, read_cpu(pid).per(len(sequence) + len(spread), before))
