"""Measure the time from the start of the process until it is ready."""

import time
from pathlib import Path
from statistics import median

from tests.bench.local import open_local
from tests.bench.report import Figure

PART = "start"
RUNS = 5


async def measure_start(folder: Path) -> list[Figure]:
    """Start five times on the same data, the world around it being up already."""
    times = []
    async with open_local(folder) as local:
        for _ in range(RUNS):
            await local.bot.stop()
            started = time.perf_counter()
            local.running.clear()
            await local.bot.start()
            await local.running.wait()
            times.append(time.perf_counter() - started)
    seconds = median(times)
    return [Figure(PART, "from start to ready, median of 5", seconds, "s", "< 2", seconds < 2)]
