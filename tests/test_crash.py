"""Kill the real bot, and stop it, before and after every request: nothing is lost, paid twice or told twice."""

import asyncio
import os
import random
import signal
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.crashing import CrashWorld

LONGEST_JOB = 40  # requests; a job that runs straight through has about fifteen
RANDOM_KILLS = int(os.environ.get("LUMA_CRASH_KILLS", "30"))
STOPS = 10
STOP_SECONDS = 10.0  # what Docker allows
OPEN = "SELECT 1 FROM jobs WHERE state NOT IN ('delivered', 'failed', 'cancelled')"


async def kill_at(world: CrashWorld, number: int, *, after: bool) -> bool:
    """Run one job with the bot dying at its n-th request; False when the job had fewer."""
    prompt = f"make it warm, number {number} {'after' if after else 'before'}"
    world.fuse.light(number, after=after)
    await world.command(prompt)
    await world.until(lambda: not world.fuse.lit or world.is_shown(prompt))
    if world.fuse.lit:
        world.fuse.lit = False
        return False
    await world.until(lambda: world.bot.state == "stopped")
    await world.revive()
    await world.drain()
    return True


async def keep_busy(world: CrashWorld, prompts: Sequence[str]) -> None:
    """Ask for as many edits as are missing to have one for each prompt in flight."""
    missing = len(prompts) - len(world.rows(OPEN))
    await asyncio.gather(*(world.command(prompt) for prompt in prompts[: max(0, missing)]))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_kill_at_every_request_of_a_job_loses_and_doubles_nothing(tmp_path: Path, after: bool) -> None:
    async with CrashWorld(tmp_path, work_seconds=0.1) as world:
        deaths = 0
        for number in range(1, LONGEST_JOB):
            if not await kill_at(world, number, after=after):
                break
            deaths += 1
            assert world.check() == [], world.fuse.seen
        assert deaths >= 8, world.fuse.seen


@pytest.mark.timeout(60)
async def test_a_kill_before_a_member_hears_of_a_moderators_cancel_only_delays_it(tmp_path: Path) -> None:
    async with CrashWorld(tmp_path) as world:
        world.video.faults.add("hold")
        await world.command("make it warm")
        await world.until(lambda: world.rows("SELECT 1 FROM jobs WHERE state = 'running'"))
        shut = world.discord.faults.add("POST", r"/channels/\d+/messages$", times=10**6, status=503)
        [(code, thread_id)] = world.rows("SELECT code, thread_id FROM jobs")
        asked = {"job": code, "reason": "off topic"}
        await world.discord.actor.slash("Robin", "edits", "luma-mod job cancel", asked)
        await world.until(lambda: shut.struck)
        await world.bot.kill()
        world.discord.faults.clear()
        await world.revive()
        await world.until(lambda: [each for each in world.discord.actor.messages("Mia", thread_id) if each.pings_me])
        [told] = [each for each in world.discord.actor.messages("Mia", thread_id) if each.pings_me]
        assert "A moderator stopped this edit." in told.content


@pytest.mark.timeout(60 + 6 * RANDOM_KILLS)
async def test_kills_at_random_moments_with_five_jobs_in_flight(tmp_path: Path) -> None:
    chance = random.Random(20)
    async with CrashWorld(tmp_path, work_seconds=0.1) as world:
        for kill in range(RANDOM_KILLS):
            world.fuse.light(chance.randint(1, 40), after=chance.random() < 0.5)
            while world.fuse.lit:
                await keep_busy(
                    world, [f"make it cool, kill {kill} job {each} of {len(world.fuse.seen)}" for each in range(5)]
                )
                await world.until(lambda: not world.fuse.lit or not world.rows(OPEN))
            await world.until(lambda: world.bot.state == "stopped")
            await world.revive()
        await world.drain()
        assert world.bot.starts == RANDOM_KILLS + 1
        assert world.check() == []


@pytest.mark.timeout(60 + 6 * STOPS)
async def test_a_stop_at_a_random_moment_is_in_good_order_and_loses_nothing(tmp_path: Path) -> None:
    chance = random.Random(4)
    async with CrashWorld(tmp_path, work_seconds=0.1) as world:
        for stop in range(STOPS):
            number = chance.choice([signal.SIGTERM, signal.SIGINT])
            world.fuse.light(chance.randint(1, 30), after=chance.random() < 0.5, number=number)
            while world.fuse.lit:
                await keep_busy(
                    world, [f"make it dark, stop {stop} job {each} of {len(world.fuse.seen)}" for each in range(3)]
                )
                await world.until(lambda: not world.fuse.lit or not world.rows(OPEN))
            await world.until(lambda: world.bot.state == "stopped")
            assert world.bot.exit_code == 0, world.bot.text
            assert asyncio.get_running_loop().time() - world.stopping[-1] <= STOP_SECONDS
            await world.revive()
        await world.drain()
        assert world.check() == []


@pytest.mark.timeout(120)
async def test_a_stop_while_it_starts_is_in_good_order(tmp_path: Path) -> None:
    async with CrashWorld(tmp_path, work_seconds=0.1) as world:
        for request in (1, 2):
            await world.bot.stop()
            world.fuse.light(request, after=True, number=signal.SIGTERM)
            await world.bot.start()
            await world.until(lambda: world.bot.state == "stopped")
            assert world.bot.exit_code == 0, world.bot.text
        await world.revive()
        await world.command("make it bright")
        await world.drain()
        assert world.check() == []


@pytest.mark.timeout(120)
async def test_a_stop_ends_in_time_though_all_around_it_hangs(tmp_path: Path) -> None:
    async with CrashWorld(tmp_path, work_seconds=0.1, settings={"SHUTDOWN_SECONDS": "4"}) as world:
        for method, path in (("PATCH", "messages"), ("POST", "messages$")):  # a card, then the result of another job
            held = world.discord.faults.add(method, path, times=10**6, hold=True)
            await world.command(f"make it warm, {method}")
            await asyncio.wait_for(held.reached.wait(), 20)
        _, writer = await asyncio.open_connection("127.0.0.1", world.bot_port)
        writer.write(f"POST /callbacks/kie/{'a' * 43} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n".encode())
        for child in children_of(world.bot.pid):  # whatever is told to end does not hear it
            os.kill(child, signal.SIGSTOP)
        with closing(sqlite3.connect(world.database, isolation_level=None)) as other:
            other.execute("BEGIN")
            other.execute("SELECT 1 FROM jobs").fetchall()
            world.signal(signal.SIGTERM)
            await world.until(lambda: world.bot.state == "stopped")
        took = asyncio.get_running_loop().time() - world.stopping[-1]
        assert (world.bot.exit_code, took < 8) == (0, True), (world.bot.text, took, world.lines[-6:])
        writer.close()
        world.discord.faults.clear()
        await world.revive()
        await world.drain()
        assert world.check() == []


def children_of(pid: int | None) -> list[int]:
    """Return the processes a process has started."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
