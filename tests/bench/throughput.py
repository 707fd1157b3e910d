"""Measure 200 one-second jobs through ten places at the service, and the requests each one costs."""

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sandbox.discord.server import DiscordServer
from sandbox.video.clip import draw_clip
from tests.bench.crowd import Crowd
from tests.bench.local import Local, open_local
from tests.bench.meter import Cpu, read_cpu
from tests.bench.report import Figure

PART = "throughput"
JOBS, PLACES, WORK_SECONDS = 200, 10, 1.0
IDEAL_SECONDS = JOBS / PLACES * WORK_SECONDS
LAST_EDITS_SECONDS = 4  # the cards' last edits, which nobody waits for, belong to the count


@dataclass(frozen=True, slots=True)
class Measured:
    """Hold the seconds from the first task begun to the last video posted; the rest is per job."""

    seconds: float
    requests: float
    reads: float
    cpu: Cpu


async def measure_throughput(folder: Path) -> list[Figure]:
    """Measure with callbacks and with polling alone."""
    clip = folder / "clip.mp4"
    await asyncio.to_thread(draw_clip, clip, 1)
    figures = []
    for way, poll_seconds in (("callbacks", "30"), ("polling alone", "0.25")):
        data = folder / way.replace(" ", "-")
        data.mkdir()
        settings = {"KIE_PARALLEL": str(PLACES), "POLL_SECONDS": poll_seconds, "POLL_SECONDS_MAX": poll_seconds}
        crowds: list[Crowd] = []
        async with open_local(
            data,
            settings=settings,
            callbacks=way == "callbacks",
            prepare=partial(_gather, crowds, clip),
            work_seconds=WORK_SECONDS,
            instant=True,
        ) as local:
            figures += _figures(way, await _run(local, crowds[0]))
    return figures


async def _gather(crowds: list[Crowd], clip: Path, discord: DiscordServer, data: Path) -> None:
    # Members who have had a result before: a newcomer's first costs one request more.
    crowds.append(Crowd(discord, clip))
    await crowds[0].know_the_buttons(data)


def _figures(way: str, measured: Measured) -> list[Figure]:
    ratio = measured.seconds / IDEAL_SECONDS
    figures = [
        Figure(PART, f"200 jobs over the ideal 20 s, {way}", ratio, "times", "<= 1.05", ratio <= 1.05),
        Figure(PART, f"processor time per job, {way}", measured.cpu.own_ms, "ms"),
        Figure(PART, f"its child processes' per job, {way}", measured.cpu.children_ms, "ms"),
    ]
    if way == "callbacks":
        figures.append(
            Figure(PART, "requests to Discord per job", measured.requests, "", "4", round(measured.requests) <= 4)
        )
        figures.append(Figure(PART, "status reads per job", measured.reads, "", "<= 2", measured.reads <= 2))
    return figures


async def _run(local: Local, crowd: Crowd) -> Measured:
    requests, cpu, tasks = len(local.discord.exchanges), read_cpu(local.pid), local.video.ledger.tasks
    await crowd.at_once(JOBS)
    await local.until(lambda: local.delivered() >= JOBS, 180)
    ended = time.time()
    begun = min(task.created_ms for task in tasks.values()) / 1000
    await asyncio.sleep(LAST_EDITS_SECONDS)
    return Measured(
        ended - begun,
        (len(local.discord.exchanges) - requests) / JOBS,
        sum(task.polls for task in tasks.values()) / JOBS,
        read_cpu(local.pid).per(JOBS, cpu),
    )
