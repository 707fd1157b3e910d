"""Measure callbacks acknowledged durably, in a burst of 500, through the real web server and database."""

import asyncio
import hashlib
import json
import time
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bot.web.callbacks import CallbackDesk
from bot.web.files import FileCounter
from bot.web.health import HealthBoard
from bot.web.server import WebServer
from jobs.job import State
from jobs.ports import Attempt
from jobs.services import CallbackNote
from sandbox.child_process import command_of
from storage import open_store
from tests.bench.report import Figure, percentile
from tests.jobs.making import make_new
from tests.jobs.world import World

PART = "callbacks"
BURST = 500


class _NoFiles:
    def find_signed(self, name: str, expires: str, signature: str) -> Path | None:
        return None


async def measure_callbacks(folder: Path) -> list[Figure]:
    """Measure a burst against one bot's web server, every callback for a job of its own."""
    database = await open_store(f"sqlite:///{folder / 'luma.db'}")
    world = World(database)
    tokens = [await _running_job(world, number) for number in range(BURST)]
    desk = CallbackDesk(
        world.store.find_attempt,
        {"kie": lambda _headers, body: CallbackNote(body.decode())},
        world.intake.callback,
    )
    board = HealthBoard(checks={}, services=dict, page=lambda: (b"", "text/plain"))
    web = WebServer(desk, FileCounter(_NoFiles()), board, host="127.0.0.1", port=0)
    await web.start()
    try:
        before = time.process_time()
        seconds, times = await _burst(web.port, tokens)
        cpu_ms = (time.process_time() - before) * 1000 / BURST
    finally:
        await web.stop()
        await database.close()
    rate, p99 = BURST / seconds, percentile(times, 0.99)
    return [
        Figure(PART, "acknowledged durably in a burst of 500", rate, "per second", ">= 1000", rate >= 1000),
        Figure(PART, "p99 in that burst", p99, "ms", "< 250", p99 < 250),
        Figure(PART, "processor time per callback", cpu_ms, "ms"),
    ]


async def _running_job(world: World, number: int) -> str:
    store, token = world.store, f"{number:043d}"
    now_ms = world.clock.now_ms()
    job = (await store.insert(make_new(number + 1), now_ms=now_ms, due_at_ms=now_ms)).job
    attempt = Attempt(job.id, 1, "kie", hashlib.sha256(token.encode()).hexdigest(), now_ms)
    sent = await store.begin_attempt(job, replace(job, state=State.SUBMITTING, attempt=1), attempt, now_ms=now_ms)
    assert sent is not None
    running = replace(sent, state=State.RUNNING, provider_job_id=f"task-{number}", due_at_ms=now_ms + 10**9)
    await store.move(sent, running, event="accepted", now_ms=now_ms)
    return token


async def _burst(port: int, tokens: Sequence[str]) -> tuple[float, list[float]]:
    """Return the seconds of a burst by a process of its own, and each call's milliseconds."""
    lines = "".join(f"/callbacks/kie/{token} task-{number}\n" for number, token in enumerate(tokens))
    command = command_of("-m", "tests.bench.caller", str(port))
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    try:
        output, _ = await process.communicate(lines.encode())
        if process.returncode:
            raise RuntimeError("the caller failed")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    measured = json.loads(output)
    return measured["seconds"], measured["times"]
