"""Measure 200 one-second jobs through ten places at the service, and the requests each one costs."""

import asyncio
import time
from pathlib import Path

from sandbox.video.clip import draw_clip
from tests.bench.local import Local, open_local
from tests.bench.report import Figure

PART = "throughput"
JOBS, PLACES, WORK_SECONDS = 200, 10, 1.0
IDEAL_SECONDS = JOBS / PLACES * WORK_SECONDS


async def measure_throughput(folder: Path) -> list[Figure]:
    """Measure with callbacks and with polling alone."""
    clip = folder / "clip.mp4"
    await asyncio.to_thread(draw_clip, clip, 1)
    figures = []
    for way, callbacks in (("callbacks", True), ("polling alone", False)):
        data = folder / way.replace(" ", "-")
        data.mkdir()
        settings = {"KIE_PARALLEL": str(PLACES), "POLL_SECONDS": "30" if callbacks else "0.25"}
        if not callbacks:
            settings["POLL_SECONDS_MAX"] = "0.25"
        async with open_local(
            data, settings=settings, callbacks=callbacks, work_seconds=WORK_SECONDS, instant=True
        ) as local:
            seconds, requests = await _run(local, clip)
        ratio = seconds / IDEAL_SECONDS
        figures.append(Figure(PART, f"200 jobs over the ideal 20 s, {way}", ratio, "times", "<= 1.05", ratio <= 1.05))
        if callbacks:
            figures.append(Figure(PART, "requests to Discord per job", requests, "", "4", requests <= 4))
            reads = sum(task.polls for task in local.video.ledger.tasks.values()) / JOBS
            figures.append(Figure(PART, "status reads per job", reads, "", "<= 2", reads <= 2))
    return figures


async def _run(local: Local, clip: Path) -> tuple[float, float]:
    """Return the seconds from the first task begun to the last video posted, and Discord's requests per job."""
    before = len(local.discord.exchanges)
    ledger, actor = local.video.ledger, local.discord.actor
    await asyncio.gather(
        *(
            actor.slash("Mia", "edits", "luma modify", {"prompt": f"make it warm {number}"}, {"clip": clip})
            for number in range(JOBS)
        )
    )
    await local.until(lambda: local.delivered() >= JOBS, 180)
    ended = time.time()
    begun = min(task.created_ms for task in ledger.tasks.values()) / 1000
    await asyncio.sleep(4)  # the cards' last edits, which nobody waits for, belong to the count
    return ended - begun, (len(local.discord.exchanges) - before) / JOBS
