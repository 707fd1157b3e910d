"""Let sixteen processes ask one bot process for edits at once, through the local Discord's gateway: none too many."""

import asyncio
import json
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from sandbox.demo import Demo, DemoOptions
from sandbox.discord.model import TEXT, Guild, Role
from sandbox.video.clip import draw_clip
from tests.environment import ROOT, need_openapi

pytestmark = pytest.mark.timeout(180)
PROCESSES, TRIES, ROUNDS = 16, 20, 2
QUOTA, BUDGET, OPEN_EVERYWHERE = 3, 5, 4


class TwoServers(Demo):
    """The whole local world with a second server; no try is looked at the less for those that were refused."""

    def __init__(self, options: DemoOptions) -> None:
        super().__init__(options)
        world = self.discord.world
        first = next(iter(world.guilds.values()))
        second = world.add_guild("Second home", world.find_user("Ada"))
        for name in ("Member", "Luma"):
            world.add_role(second, name, role_of(first, name).permissions)
        world.add_channel(second, "elsewhere", TEXT)
        world.add_member(second, world.application.bot, [role_of(second, "Luma")])
        self.guilds = (first, second)

    def _settings(self) -> dict[str, str]:
        limits = {"REFUSED_TRIES": "100000", "OPEN_JOBS_PER_MEMBER": str(OPEN_EVERYWHERE), "QUOTA_AT_ONCE": "100"}
        return super()._settings() | limits

    def newcomer(self, name: str) -> int:
        """Let somebody join both servers."""
        user = self.discord.world.add_user(name)
        for guild in self.guilds:
            self.discord.world.add_member(guild, user, [role_of(guild, "Member")])
        return user.id

    async def order(self, channel: str, command: str, **options: int | str) -> None:
        """Run a command as Ada, who owns both servers."""
        view = await self.discord.actor.slash("Ada", channel, command, options)
        assert view.message is not None
        assert "\N{WHITE HEAVY CHECK MARK}" in view.message.content


def role_of(guild: Guild, name: str) -> Role:
    return next(role for role in guild.roles.values() if role.name == name)


@asynccontextmanager
async def open_crowd(demo: Demo, clip: Path) -> AsyncIterator[list[Process]]:
    """Start the processes and wait until all are ready."""
    command = (sys.executable, "-m", "tests.race_client", demo.discord.base_url.removeprefix("http://"))
    crowd = [
        await asyncio.create_subprocess_exec(*command, clip, str(TRIES), cwd=ROOT, stdin=PIPE, stdout=PIPE)
        for _ in range(PROCESSES)
    ]
    try:
        for process in crowd:
            assert process.stdout is not None
            assert await process.stdout.readline() == b"ready\n"
        yield crowd
    finally:
        for process in crowd:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def race(demo: TwoServers, crowd: Sequence[Process], users: Sequence[int], channels: Sequence[str]) -> list[str]:
    """Let all processes ask at once, as these people in turn and in these channels in turn; return all refusals."""
    for number, process in enumerate(crowd):
        place = demo.discord.world.find_channel(channels[number % len(channels)])
        assert process.stdin is not None
        process.stdin.write(json.dumps({"user": users[number % len(users)], "channel": place.id}).encode() + b"\n")
    said: list[str] = []
    for process in crowd:
        assert process.stdout is not None
        said += json.loads(await process.stdout.readline())
    assert len(said) == PROCESSES * TRIES
    return [text for text in said if text]


async def test_sixteen_processes_pass_no_limit_and_meet_no_database_error(tmp_path: Path) -> None:
    clip = draw_clip(tmp_path / "clip.mp4", 1, 160, 90)
    async with (
        TwoServers(DemoOptions(openapi=need_openapi(), work_seconds=100)) as demo,
        open_crowd(demo, clip) as crowd,
    ):
        await demo.wait_until_ready()
        for channel in ("edits", "elsewhere"):
            await demo.order(channel, "luma-setup quota default", edits=QUOTA)
        asked = PROCESSES * TRIES
        members = [demo.newcomer(f"Member {number}") for number in range(ROUNDS)]
        for member in members:
            refused = await race(demo, crowd, [member], ["edits"])
            assert [text for text in refused if f"{QUOTA} a day by default; {QUOTA} used" not in text] == []
            assert len(refused) == asked - QUOTA

        await demo.order("elsewhere", "luma-setup budget", period="day", edits=BUDGET)
        people = [demo.newcomer(f"Small account {number}") for number in range(PROCESSES)]
        refused = await race(demo, crowd, people, ["elsewhere"])
        assert len(refused) == asked - BUDGET
        assert [text for text in refused if "used all of its" not in text and "no edits left" not in text] == []
        await demo.order("elsewhere", "luma-setup budget", period="day", edits=1000)

        traveller = demo.newcomer("Traveller")
        refused = await race(demo, crowd, [traveller], ["edits", "elsewhere"])
        assert len(refused) == asked - OPEN_EVERYWHERE
        assert [text for text in refused if "in all places together" not in text and "no edits left" not in text] == []

        assert list(demo.bot.errors) == []
        assert not demo.discord.violations
        await demo.bot.stop()
        with closing(sqlite3.connect(demo.folder / "data" / "luma.db")) as database:
            counts = dict(database.execute("SELECT user_id, COUNT(*) FROM reservations GROUP BY user_id"))
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert [counts[member] for member in members] == [QUOTA] * ROUNDS
        assert sum(counts.get(user, 0) for user in people) == BUDGET
        assert counts[traveller] == OPEN_EVERYWHERE
