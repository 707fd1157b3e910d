"""Measure how the bot's memory grows while it passes on a large result."""

import asyncio
from pathlib import Path

from sandbox.video.clip import draw_clip
from tests.bench.local import open_local
from tests.bench.report import Figure

PART = "memory"
RESULT_BYTES = 300 * 1000 * 1000
SAMPLE_SECONDS = 0.02
MIB = 1024 * 1024


async def measure_memory(folder: Path) -> list[Figure]:
    """Pass on one small result, then one of 300 MB, and compare the peaks."""
    clip = folder / "clip.mp4"
    await asyncio.to_thread(draw_clip, clip, 1)
    async with open_local(folder, work_seconds=0.1, instant=True) as local:
        actor, peak = local.discord.actor, 0

        async def watch() -> None:
            nonlocal peak
            while True:
                peak = max(peak, local.bot_memory_bytes())
                await asyncio.sleep(SAMPLE_SECONDS)

        watcher = asyncio.create_task(watch())
        for number in range(5):
            await actor.slash("Mia", "edits", "luma modify", {"prompt": f"warm {number}"}, {"clip": clip})
        await local.until(lambda: local.delivered() >= 5, 60)
        before, peak = peak, 0
        local.video.faults.add("result-big", RESULT_BYTES, times=1)
        view = await actor.slash("Mia", "edits", "luma modify", {"prompt": "a large one"}, {"clip": clip})
        assert view.message is not None
        thread = view.message.id
        await local.until(lambda: any(one.pings_me for one in actor.messages("Mia", thread)), 120)
        watcher.cancel()
    growth = (peak - before) / MIB
    return [
        Figure(PART, "the bot after five small jobs, peak", before / MIB, "MiB"),
        Figure(PART, "growth while it passes on a 300 MB result", growth, "MiB", "< 64", growth < 64),
    ]
