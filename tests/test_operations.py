"""Operate the real bot as an operator would: lights, figures, backups, and no secret anywhere."""

import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.metrics import Metrics
from bot.watching import Watch
from jobs.job import Failure, FailureCode, State
from tests.crashing import CrashWorld
from tests.jobs.making import make_job

LIGHT_SECONDS = 15.0  # what the lights may take


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[CrashWorld]:
    async with CrashWorld(tmp_path, work_seconds=0.1, settings={"LOG_LEVEL": "DEBUG"}) as opened:
        yield opened


async def wait_for_light(world: CrashWorld, part: str, state: str) -> int:
    """Ask until a part of /readyz has a colour; return the status it came with."""
    async with asyncio.timeout(LIGHT_SECONDS):
        while True:
            status, text = await world.fetch("/readyz")
            shown = json.loads(text)
            light = shown["services"].get(part) or shown[part]
            if light["state"] == state:
                return status
            await asyncio.sleep(0.05)  # the lights are another process's


@pytest.mark.timeout(120)
async def test_every_light_shows_its_fault_and_its_end(world: CrashWorld) -> None:
    assert (await world.fetch("/readyz"))[0] == 200

    world.discord.gateway.pause()
    await world.discord.gateway.close()
    assert await wait_for_light(world, "gateway", "red") == 503
    assert (await world.fetch("/healthz"))[0] == 200, "that Discord is away is no reason to be started again"
    world.discord.gateway.unpause()
    assert await wait_for_light(world, "gateway", "green") == 200

    with closing(sqlite3.connect(world.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert await wait_for_light(world, "database", "red") == 503
        other.execute("ROLLBACK")
    assert await wait_for_light(world, "database", "green") == 200

    world.video.account.set_balance("kie", 0)
    await world.command("make it warm")
    assert await wait_for_light(world, "kie", "yellow") == 503, "no other service is left"


async def test_a_disk_without_room_is_red(tmp_path: Path) -> None:
    async with CrashWorld(tmp_path) as world:
        await world.bot.stop()
        world.bot._settings["DISK_FREE_BYTES"] = "4EiB"
        await world.bot.start()
        await world.until(lambda: '"disk": {"state": "red"' in world.bot.lights)


@pytest.mark.timeout(120)
async def test_no_secret_is_logged_stored_shown_or_told(world: CrashWorld) -> None:
    world.discord.faults.add("POST", r"/channels/\d+/messages$", status=502, html=True, times=1)
    await world.command("make it warm")
    await world.drain()
    world.video.faults.add("fail", contains="cold")
    await world.command("make it cold")
    await world.drain()
    task = next(iter(world.video.ledger.tasks.values()))
    token = str(task.request["callBackUrl"]).rpartition("/")[2]
    pages = [await world.fetch(path) for path in ("/metrics", "/readyz", "/healthz", f"/callbacks/kie/{token}", "/no")]
    assert world.bot.pid is not None
    arguments = Path(f"/proc/{world.bot.pid}/cmdline").read_bytes()
    told = [message for channel in world.discord.world.channels for message in world.seen(channel)]
    await world.bot.stop()

    secrets = [world.discord.token, "crash-key", "crash-webhook-key", token]
    signature = str(task.request["videoUrl"]).rpartition("=")[2]
    log = "\n".join(json.dumps(line, ensure_ascii=False) for line in world.lines)
    assert len(log) > 2_000
    stored = b"".join(path.read_bytes() for path in world.database.parent.glob("luma.db*"))
    for secret in secrets:
        assert secret not in log
        assert secret.encode() not in stored
        assert secret.encode() not in arguments
        assert not any(secret in text for _status, text in pages)
        assert not any(secret in text for text in told)
    assert signature not in log


def test_a_thousand_jobs_of_a_thousand_members_make_few_series() -> None:
    metrics = Metrics()
    watch = Watch(metrics)
    events = ["accepted", "not accepted", "outcome unknown", "callback", "told", "posting", "again later"]
    for number in range(1_000):
        for state in State:
            failure = Failure(list(FailureCode)[number % len(FailureCode)], f"detail {number}")
            job = make_job(state, id=f"job-{number}", code=f"C{number}", user_id=number, guild_id=number)
            watch.on_move(job, events[number % len(events)])
            if state is State.FAILED:
                watch.raise_alarm(f"alarm {number}: {failure.text}", job=job)
        metrics.note_discord_answer(400 + number % 100)
    samples = [each for family in text_string_to_metric_families(metrics.page()[0].decode()) for each in family.samples]
    assert len(samples) < 300


async def back_up(world: CrashWorld, target: Path) -> None:
    """Run the program's own backup beside the bot that is at work."""
    environment = {**os.environ, **world.bot._settings, "PYTHONPATH": str(Path(__file__).parent.parent)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "backup", str(target),
        cwd=world.folder, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, said.decode()


def put_back(world: CrashWorld, copy: Path) -> None:
    """Put a backup at the place of the database of a bot that is dead."""
    for path in world.database.parent.glob("luma.db*"):
        path.unlink()
    world.database.write_bytes(copy.read_bytes())


@pytest.mark.timeout(120)
async def test_an_old_backup_put_back_pays_and_posts_nothing_twice(tmp_path: Path) -> None:
    async with CrashWorld(tmp_path, work_seconds=0.1, settings={"KIE_PARALLEL": "2"}) as world:
        world.video.faults.add("hold")
        await asyncio.gather(*(world.command(f"make it warm {number}") for number in range(3)))
        await world.until(lambda: len(world.rows("SELECT 1 FROM jobs WHERE state = 'running'")) == 2)
        backup = tmp_path / "backup.db"
        for target in (backup, tmp_path / "newer.db"):
            await back_up(world, target)
            with closing(sqlite3.connect(target)) as copy:
                assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                assert copy.execute("SELECT COUNT(*) FROM jobs").fetchone() == (3,)

        await world.bot.kill()
        world.video.faults.clear("hold")
        await world.revive()
        await world.drain()
        assert world.check() == []
        assert len(world.video.ledger.tasks) == 3

        await world.bot.kill()
        put_back(world, backup)
        await world.revive()
        await world.drain()
        assert len(world.video.ledger.tasks) == 3, "nothing is paid again"
        ends = dict(world.rows("SELECT code, state FROM jobs"))
        assert sorted(ends.values()) == ["delivered", "delivered", "failed"]
        for code in ends:
            results = [each for each in world.endings(code) if each.attachments]
            assert len(results) == 1, "and nothing is posted again"
