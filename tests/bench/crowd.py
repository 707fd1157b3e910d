"""Give commands by many members, as on a busy server: the limits of one member are not what is measured."""

import asyncio
from itertools import cycle
from pathlib import Path

from sandbox.discord.actor import RefusedError
from sandbox.discord.server import DiscordServer
from storage import open_store
from storage.result_store import SqlResultStore

MEMBERS = 200
TOO_LATE_MS = 3000.0
CHANNEL = "edits"


class Crowd:
    """Act as many members in turn; `clip` is what they attach, where the command takes one."""

    def __init__(self, discord: DiscordServer, clip: Path, command: str = "luma modify") -> None:
        self._discord = discord
        self._actor = discord.actor
        self._command = command
        self._files = {"clip": clip} if command == "luma modify" else {}
        world = discord.world
        guild = next(iter(world.guilds.values()))
        member = next(role for role in guild.roles.values() if role.name == "Member")
        users = [world.add_user(f"Member {number}") for number in range(MEMBERS)]
        for user in users:
            world.add_member(guild, user, [member])
        self._user_ids = [user.id for user in users]
        self._turns = cycle(users)

    async def know_the_buttons(self, data: Path) -> None:
        """Let all of them have been told what the buttons do, as everybody is once; `data` is a bot's that stands."""
        data.mkdir(exist_ok=True)
        database = await open_store(f"sqlite:///{data / 'luma.db'}")
        try:
            for user_id in self._user_ids:
                await SqlResultStore(database).note_told(user_id, now_ms=1)
        finally:
            await database.close()

    async def modify(self) -> float:
        """Return the milliseconds from the interaction to its first answer; one that never came took the 3 s it may.

        Raises RuntimeError for any answer but a card: to refuse is quick.
        """
        options = {"prompt": "make it warm"}
        try:
            view = await self._actor.slash(next(self._turns), CHANNEL, self._command, options, self._files)
        except RefusedError:
            return TOO_LATE_MS
        if view.message is not None and view.message.content:
            raise RuntimeError(f"refused: {view.message.content}")
        # not from the call above: the clip is uploaded before the interaction begins
        return (self._discord.world.clock.now() - self._discord.parts.interactions.get(view.id).created_at) * 1000

    async def in_sequence(self, count: int) -> list[float]:
        """Give one command after another; return each one's milliseconds."""
        return [await self.modify() for _ in range(count)]

    async def at_rate(self, per_second: int, seconds: int) -> list[float]:
        """Give commands at a steady rate, whether answered or not; return each one's milliseconds."""

        async def at(moment: float) -> float:
            await asyncio.sleep(moment)
            return await self.modify()

        return list(await asyncio.gather(*(at(number / per_second) for number in range(per_second * seconds))))

    async def at_once(self, count: int) -> list[float]:
        """Give all commands at one moment; return each one's milliseconds."""
        return list(await asyncio.gather(*(self.modify() for _ in range(count))))
