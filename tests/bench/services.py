"""Measure what a job costs in requests to its service, and how many reads a thousand running jobs cost a minute."""

import asyncio
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
MINUTE_SECONDS = 60.0


async def measure_services(folder: Path) -> list[Figure]:
    """Measure every service with callbacks, and batches with polling alone."""
    clip = folder / "clip.mp4"
    await asyncio.to_thread(draw_clip, clip, 1)
    figures = []
    for service in COMMANDS:
        figures += await _measure_requests(folder / service, service, clip)
    return [*figures, await _measure_batches(folder / "batches", clip)]


async def _measure_requests(folder: Path, service: str, clip: Path) -> list[Figure]:
    folder.mkdir()
    async with open_local(folder, services=[service], instant=True) as local:
        await Crowd(local.discord, clip, COMMANDS[service]).at_once(JOBS)
        await local.until(lambda: local.delivered() >= JOBS, 180)
        tasks = list(local.video.ledger.tasks.values())
    submits, reads = len(tasks) / JOBS, sum(task.polls for task in tasks) / JOBS
    return [
        Figure(PART, f"submits to {service} per job", submits, "", "1", submits == 1),
        Figure(PART, f"status reads of {service} per job, callbacks", reads, "", "<= 2", reads <= 2),
    ]


async def _measure_batches(folder: Path, clip: Path) -> Figure:
    """Let a thousand jobs run that never end, and count the reads of one minute."""
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
        before = await _reads(local)
        await asyncio.sleep(MINUTE_SECONDS)
        reads = await _reads(local) - before
    return Figure(PART, f"status reads a minute, {RUNNING} running jobs, batches", reads, "", "<= 120", reads <= 120)


async def _reads(local: Local) -> float:
    return await _sample(local, "service_requests_total", service="acedata", purpose="read")


async def _sample(local: Local, name: str, **labels: str) -> float:
    """Return one figure of the bot's own metrics; 0 where there is none yet."""
    address = f"http://127.0.0.1:{local.port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(address) as response:
        families = list(text_string_to_metric_families(await response.text()))
    samples = [sample for family in families for sample in family.samples]
    return next((each.value for each in samples if each.name == name and each.labels == labels), 0.0)
