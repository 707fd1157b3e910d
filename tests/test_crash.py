"""Kill the real bot before and after every request that has an effect: nothing is lost, paid or told twice."""

import asyncio
import random
from pathlib import Path

import pytest

from tests.crashing import CrashWorld

LONGEST_JOB = 40  # requests with an effect; a job that runs straight through has about ten
RANDOM_KILLS = 30


async def kill_at(world: CrashWorld, number: int, *, after: bool) -> bool:
    """Run one job with the bot dying at its n-th request; False when the job had fewer."""
    world.fuse.light(number, after=after)
    prompt = f"make it warm, number {number} {'after' if after else 'before'}"
    await world.command(prompt)
    died = False
    while True:
        rows = world.rows(f"SELECT state FROM jobs WHERE request LIKE '%{prompt}%'")
        if world.bot.state == "stopped":
            died = True
            await world.revive()
            await world.drain()
            break
        if not rows or rows[0][0] in ("delivered", "failed"):
            # the card's last edit comes after the end
            await asyncio.sleep(0.3) if not died and world.fuse.lit else None
            if world.bot.state != "stopped":
                break
        await world.until(lambda: True)
        await asyncio.sleep(0.05)
    world.fuse.lit = False
    return died


@pytest.mark.timeout(300)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_kill_at_every_effect_of_a_job_loses_and_doubles_nothing(tmp_path: Path, after: bool) -> None:
    async with CrashWorld(tmp_path, work_seconds=0.2) as world:
        deaths = 0
        for number in range(1, LONGEST_JOB):
            if not await kill_at(world, number, after=after):
                break
            deaths += 1
            assert world.check() == [], world.fuse.seen
        assert deaths >= 8, world.fuse.seen


@pytest.mark.timeout(400)
async def test_kills_at_random_moments_with_five_jobs_in_flight(tmp_path: Path) -> None:
    chance = random.Random(20)
    async with CrashWorld(tmp_path, work_seconds=0.3) as world:
        for kill in range(RANDOM_KILLS):
            world.fuse.light(chance.randint(1, 40), after=chance.random() < 0.5)
            open_jobs = len(world.rows("SELECT 1 FROM jobs WHERE state NOT IN ('delivered', 'failed', 'cancelled')"))
            await asyncio.gather(
                *(world.command(f"make it cool, kill {kill} job {each}") for each in range(max(0, 5 - open_jobs)))
            )
            if world.fuse.lit:
                try:
                    await world.until(lambda: not world.fuse.lit, 3)
                except TimeoutError:
                    world.fuse.lit = False
            await world.until(lambda: world.bot.state in ("running", "stopped"))
            await world.revive()
        await world.drain()
        assert world.check() == []
