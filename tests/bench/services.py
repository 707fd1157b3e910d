"""Measure what a job costs in requests to its service, and how many reads a thousand running jobs cost a minute."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from sandbox.video.clip import draw_clip
from tests.bench.crowd import Crowd
from tests.bench.local import Local, open_local
from tests.bench.report import Figure

PART = "services"
JOBS, RUNNING, CROWD = 40, 1000, 100
COMMANDS = {"kie": "luma modify", "acedata": "luma generate", "lumalabs": "luma modify"}
# In a round every running job is due for a read once: POLL_SECONDS, put off to the next moment of the batches.
ROUND_SECONDS = 40.0


async def measure_services(folder: Path) -> list[Figure]:
    """Measure every service with callbacks, and batches with polling alone.

    Requests are counted, not timed: so the services are measured one after another while the thousand jobs run.
    """
    clip = folder / "clip.mp4"
    await asyncio.to_thread(draw_clip, clip, 1)
    figures = []
    async with _running_jobs(folder / "batches", clip) as local:
        began, before, shown = time.monotonic(), await _requests(local, "acedata", "read"), _shown(local)
        is_over = asyncio.create_task(asyncio.sleep(ROUND_SECONDS))
        for service in COMMANDS:
            figures += await _measure_requests(folder / service, service, clip)
        await is_over
        reads, seconds = await _requests(local, "acedata", "read") - before, time.monotonic() - began
        shown = _shown(local) - shown
    a_minute = reads * 60 / seconds
    return [
        *figures,
        Figure(
            PART, f"status reads a minute, {RUNNING} running jobs, batches", a_minute, "", "<= 120", a_minute <= 120
        ),
        Figure(PART, f"of {RUNNING} running jobs, read in a round", shown, "", f">= {RUNNING}", shown >= RUNNING),
    ]


async def _measure_requests(folder: Path, service: str, clip: Path) -> list[Figure]:
    folder.mkdir()
    async with open_local(folder, services=[service], instant=True, scene_seconds=1.0, scene_side=320) as local:
        await Crowd(local.discord, clip, COMMANDS[service]).at_once(JOBS)
        await local.until(lambda: local.delivered() >= JOBS, 180)
        submits = await _requests(local, service, "submit") / JOBS
        reads = _shown(local) / JOBS
    return [
        Figure(PART, f"submits to {service} per job", submits, "", "1", submits == 1),
        Figure(PART, f"status reads of {service} per job, callbacks", reads, "", "<= 2", reads <= 2),
    ]


@asynccontextmanager
async def _running_jobs(folder: Path, clip: Path) -> AsyncIterator[Local]:
    """Let a thousand jobs run that never end, without callbacks."""
    folder.mkdir()
    settings = {"ACEDATA_PARALLEL": str(RUNNING)}
    async with open_local(
        folder, services=["acedata"], settings=settings, callbacks=False, work_seconds=3600.0, instant=True
    ) as local:
        local.video.faults.add("fail")  # decided at once and told in an hour: nothing is drawn meanwhile
        for _ in range(RUNNING // CROWD):
            await Crowd(local.discord, clip, COMMANDS["acedata"]).at_once(CROWD)
        async with asyncio.timeout(240):
            await local.video.ledger.wait_for(lambda ledger: len(ledger.tasks) >= RUNNING)
        yield local


def _shown(local: Local) -> int:
    """Count how often the service has shown a task."""
    return sum(task.polls for task in local.video.ledger.tasks.values())


async def _requests(local: Local, service: str, purpose: str) -> float:
    return await _sample(local, "service_requests_total", service=service, purpose=purpose)


async def _sample(local: Local, name: str, **labels: str) -> float:
    """Return one figure of the bot's own metrics; 0 where there is none yet."""
    address = f"http://127.0.0.1:{local.port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(address) as response:
        families = list(text_string_to_metric_families(await response.text()))
    samples = [sample for family in families for sample in family.samples]
    return next((each.value for each in samples if each.name == name and each.labels == labels), 0.0)
