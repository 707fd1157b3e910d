"""Measure how the bot's memory grows while it passes on a large result."""

import asyncio
from pathlib import Path

from sandbox.video.clip import draw_clip
from tests.bench.crowd import Crowd
from tests.bench.local import Local, open_local
from tests.bench.meter import read_memory
from tests.bench.report import Figure

PART = "memory"
SMALL_JOBS = 20
RESULT_BYTES = 300 * 1000 * 1000
SAMPLE_SECONDS = 0.02
MIB = 1024 * 1024


class _Peak:
    """Watch the bot's memory until cancelled."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.bytes = 0

    async def watch(self) -> None:
        while True:
            self.bytes = max(self.bytes, read_memory(self._pid))
            await asyncio.sleep(SAMPLE_SECONDS)


async def measure_memory(folder: Path) -> list[Figure]:
    """Pass on small results, then one of 300 MB, and compare the peaks."""
    clip = folder / "clip.mp4"
    await asyncio.to_thread(draw_clip, clip, 1)
    async with open_local(folder, work_seconds=0.1, instant=True) as local:
        peak = _Peak(local.pid)
        watcher = asyncio.create_task(peak.watch())
        try:
            before, after = await _pass_on(local, Crowd(local.discord, clip), peak)
        finally:
            watcher.cancel()
    growth = (after - before) / MIB
    return [
        Figure(PART, f"the bot after {SMALL_JOBS} small jobs, peak", before / MIB, "MiB"),
        Figure(PART, "growth while it passes on a 300 MB result", growth, "MiB", "< 64", growth < 64),
    ]


async def _pass_on(local: Local, crowd: Crowd, peak: _Peak) -> tuple[int, int]:
    await crowd.at_once(SMALL_JOBS)
    await local.until(lambda: local.delivered() >= SMALL_JOBS, 60)
    before, peak.bytes = peak.bytes, 0
    local.video.faults.add("result-big", RESULT_BYTES, times=1)
    await crowd.modify()
    await local.until(lambda: local.ended() > SMALL_JOBS, 120)
    return before, peak.bytes
