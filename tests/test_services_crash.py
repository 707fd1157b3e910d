"""Kill the real bot at every request that concerns a service, for each further service: nothing is lost or doubled."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.discord.views import InteractionView
from tests.crashing import CrashWorld

# Of a job that runs straight through: the submit, the callback, the status read, the result's download.
WORDS = ("/luma/videos", "/luma/tasks", "/generations", "/callbacks/")


async def ask(world: CrashWorld, prompt: str) -> InteractionView | None:
    """Run the command that the world's service does."""
    if "acedata" in world.services:
        return await world.run("luma generate", {}, prompt=prompt)
    return await world.command(prompt)


async def run_through(world: CrashWorld, prompt: str) -> None:
    """Run one job to its end, however often the bot dies."""
    await ask(world, prompt)
    while not has_ended(world, prompt):
        await world.until(lambda: world.bot.state == "stopped" or has_ended(world, prompt))
        await world.revive()


def has_ended(world: CrashWorld, prompt: str) -> bool:
    """Tell whether the job of a prompt has come to its end."""
    rows = world.rows(f"SELECT state FROM jobs WHERE request LIKE '%{prompt}%'")
    return bool(rows) and rows[0][0] in ("delivered", "failed")


@pytest.mark.timeout(240)
@pytest.mark.parametrize("service", ["acedata", "lumalabs"])
async def test_a_kill_at_every_request_of_a_service_loses_and_doubles_nothing(tmp_path: Path, service: str) -> None:
    options: dict[str, Any] = {"scene_seconds": 0.5, "scene_side": 160}
    async with CrashWorld(tmp_path, services=[service], work_seconds=0.2, **options) as world:
        world.fuse.light(0, after=False)
        await run_through(world, "a warm evening")
        points = [number for number, what in enumerate(world.fuse.seen, 1) if any(word in what for word in WORDS)]
        assert len(points) >= 3, world.fuse.seen
        for after in (False, True):
            for number in points:
                prompt = f"a cool morning, {number} {'after' if after else 'before'}"
                world.fuse.light(number, after=after)
                await run_through(world, prompt)
                assert not world.fuse.lit, world.fuse.seen
                assert world.check() == [], world.fuse.seen
        assert all(row[0] == service for row in world.rows("SELECT service FROM jobs"))
