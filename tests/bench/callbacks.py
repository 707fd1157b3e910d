"""Measure callbacks acknowledged durably, in a burst of 500, through the real web server and database."""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import aiohttp

from bot.web.callbacks import CallbackDesk
from bot.web.files import FileCounter
from bot.web.health import HealthBoard
from bot.web.server import WebServer
from jobs.job import State
from jobs.ports import Attempt
from jobs.services import CallbackNote
from storage import open_store
from storage.job_store import SqlJobStore
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
    tokens = [await _running_job(SqlJobStore(database), world, number) for number in range(BURST)]
    desk = CallbackDesk(
        world.store.find_attempt,
        {"kie": lambda _headers, body: CallbackNote(body.decode())},
        world.intake.callback,
    )
    board = HealthBoard(checks={}, services=dict, page=lambda: (b"", "text/plain"))
    web = WebServer(desk, FileCounter(_NoFiles()), board, host="127.0.0.1", port=0)
    await web.start()
    try:
        seconds, times = await _burst(web.port, tokens)
    finally:
        await web.stop()
        await database.close()
    rate, p99 = BURST / seconds, percentile(times, 0.99)
    return [
        Figure(PART, "acknowledged durably in a burst of 500", rate, "per second", ">= 1000", rate >= 1000),
        Figure(PART, "p99 in that burst", p99, "ms", "< 250", p99 < 250),
    ]


async def _running_job(store: SqlJobStore, world: World, number: int) -> str:
    token = f"{number:043d}"
    now_ms = world.clock.now_ms()
    job = (await store.insert(make_new(number + 1), now_ms=now_ms, due_at_ms=now_ms)).job
    attempt = Attempt(job.id, 1, "kie", hashlib.sha256(token.encode()).hexdigest(), now_ms)
    sent = await store.begin_attempt(job, replace(job, state=State.SUBMITTING, attempt=1), attempt, now_ms=now_ms)
    assert sent is not None
    running = replace(sent, state=State.RUNNING, provider_job_id=f"task-{number}", due_at_ms=now_ms + 10**9)
    await store.move(sent, running, event="accepted", now_ms=now_ms)
    return token


async def _burst(port: int, tokens: Sequence[str]) -> tuple[float, list[float]]:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def call(number: int, token: str) -> float:
            started = time.perf_counter()
            url = f"http://127.0.0.1:{port}/callbacks/kie/{token}"
            async with session.post(url, data=f"task-{number}") as answer:
                assert answer.status == 200
                await answer.read()
            return (time.perf_counter() - started) * 1000

        started = time.perf_counter()
        times = await asyncio.gather(*(call(number, token) for number, token in enumerate(tokens)))
        return time.perf_counter() - started, list(times)
