"""Put the real bot on the local Discord: a real store and intake behind it, fakes of clips and of the service."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.admin import Administration
from bot.bounds import build_bounds
from bot.charts import Charts
from bot.checkup import CheckLine
from bot.client import ClientOptions, LumaBot
from bot.delivery import DiscordDelivery
from bot.desk import Desk
from bot.result_desk import ResultDesk
from bot.share_files import ShareFiles
from bot.showcase import Showcase
from bot.styles import StyleShelf
from jobs.errors import UnusableClipError
from jobs.gates import Gates
from jobs.intake import Intake
from jobs.job import Charge, Job, Kind, State
from jobs.outside import Outside
from jobs.quota import Defaults
from jobs.redelivery import Redelivery
from jobs.retries import Timings
from sandbox.discord.actor import Actor
from sandbox.discord.clock import ManualClock
from sandbox.discord.default_world import build_world
from sandbox.discord.server import DiscordServer
from sandbox.discord.views import InteractionView, MessageView
from storage import open_store
from storage.admin import open_admin
from storage.database import Database
from storage.job_store import SqlJobStore
from storage.result_store import SqlResultStore
from storage.share_store import SqlShareStore
from storage.style_store import SqlStyleStore
from tests.fakes import NO_LIMITS, FakeAlarms, FakeClips, FakeProvider, abilities_of

THREE_OPEN = replace(NO_LIMITS, open_jobs=3)
CLIP = ("clip.mp4", b"a clip that nobody looks at here")


@dataclass
class WorldClock:
    """Follow the local Discord's time, so that both sides agree on snowflakes."""

    discord: ManualClock
    ahead_ms: int = 0

    def now_ms(self) -> int:
        """Return Unix time in milliseconds."""
        return int(self.discord.now() * 1000) + self.ahead_ms


@dataclass
class BotWorld:
    """Hold one bot in one local Discord."""

    server: DiscordServer
    discord_clock: ManualClock
    database: Database
    provider: FakeProvider
    folder: Path
    defaults: Defaults = THREE_OPEN
    refused_tries: int = 1000
    clips: FakeClips = field(default_factory=FakeClips)
    alarms: FakeAlarms = field(default_factory=FakeAlarms)
    process_lines: list[CheckLine] = field(default_factory=list)
    _running: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        """Build the parts that live as long as one process."""
        self.store = SqlJobStore(self.database, defaults=self.defaults)
        self.clock = WorldClock(self.discord_clock)
        self._build()

    def _build(self) -> None:
        self.bot = LumaBot(
            ClientOptions(
                self.server.api_url,
                self.server.gateway_url,
                command_mark=self.folder / "commands.sha256",
                guild_ready_seconds=0.01,
                rest_per_second=10_000,
            )
        )
        self.delivery = DiscordDelivery(self.bot, card_seconds=0.02)
        gates = Gates([self.provider.abilities], self.clock)
        outside = Outside(
            store=self.store,
            providers={self.provider.abilities.name: self.provider},
            clips=self.clips,
            delivery=self.delivery,
            gates=gates,
            clock=self.clock,
            alarms=self.alarms,
            on_budget=lambda warning: self.bot.alerts.tell_budget(warning),  # noqa: PLW0108 - attached below
        )
        self.gates = gates
        self.intake = Intake(outside, Timings(), {kind: [self.provider.abilities.name] for kind in Kind})
        self.results = SqlResultStore(self.database)
        providers = {self.provider.abilities.name: self.provider}
        results = ResultDesk(self.results, self.clips, self.delivery.upload_limit, self.delivery.show, providers.get)
        stores = open_admin(self.database, self.defaults)
        self.admin = Administration(
            stores.quotas,
            stores.settings,
            stores.log,
            stores.privacy,
            self.clips,
            Redelivery(outside),
            defaults=self.defaults,
            charts=Charts(self.folder / "charts"),
            check_process=self.check_process,
        )
        self.styles = StyleShelf(SqlStyleStore(self.database))
        self.shares = SqlShareStore(self.database)
        self.showcase = Showcase(
            self.bot, self.shares, self.store.get, ShareFiles(results), self.clock, vote_seconds=0.02
        )
        self.bot.attach(
            Desk(
                self.intake,
                self.store,
                self.clock,
                check_link,
                self.admin,
                results,
                self.styles,
                self.showcase,
                build_bounds(self.clock, self.refused_tries),
            )
        )

    async def check_process(self) -> list[CheckLine]:
        """Return what the test says of the process."""
        return self.process_lines

    @property
    def actor(self) -> Actor:
        """Return the people's side."""
        return self.server.actor

    async def start(self) -> None:
        """Log in, connect and wait until the bot is ready."""
        await self.bot.login(self.server.token)
        self._running = asyncio.create_task(self.bot.connect())
        ready = asyncio.create_task(self.bot.wait_until_ready())
        await asyncio.wait([ready, self._running], timeout=10, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            await asyncio.wait_for(self._running, 1)

    async def stop(self) -> None:
        """Close the bot's connection."""
        await self.delivery.close()
        await self.showcase.close()
        await self.bot.close()
        if self._running is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._running
            self._running = None

    async def restart(self) -> None:
        """Begin again as a new process on the same database."""
        await self.stop()
        self._build()
        await self.start()

    async def modify(
        self, user: str = "Mia", *, channel: int | str = "edits", **options: str | bool
    ) -> InteractionView:
        """Run `/luma modify` with a clip."""
        wanted: dict[str, str | int | float | bool] = {"prompt": "make it warm", **options}
        return await self.actor.slash(user, channel, "luma modify", wanted, {"clip": CLIP})

    async def settled(self) -> None:
        """Wait until the bot has done all that commands, presses and forms made it begin."""
        names = ("CommandTree-invoker", "discord.py: on_interaction")
        while tasks := [task for task in asyncio.all_tasks() if task.get_name().startswith(names)]:
            await asyncio.wait(tasks)

    async def only_job(self) -> Job:
        """Return the one job there is."""
        (job,) = await self.jobs()
        return job

    async def jobs(self) -> list[Job]:
        """Return every job of everybody, oldest first."""
        await self.settled()
        ids = await self.database.read(lambda session: session.rows("SELECT id FROM jobs ORDER BY created_at_ms, id"))
        found = [await self.store.get(str(row["id"])) for row in ids]
        return [job for job in found if job is not None]

    async def put(self, job: Job, **changes: object) -> Job:
        """Write changes over a job's row."""
        after = replace(job, **changes)  # type: ignore[arg-type]  # the tests name the fields
        charge = Charge.RELEASE if after.state.is_final else None
        moved = await self.store.move(job, after, event="test", now_ms=self.clock.now_ms(), charge=charge, fenced=False)
        assert moved is not None
        return moved

    async def finish(self, job: Job, **changes: object) -> Job:
        """Put a job where its ending is to be told."""
        state = {"state": State.DELIVERING, "finished_at_ms": self.clock.now_ms()}
        return await self.put(job, **(state | changes))

    def messages(self, user: str, channel: int | str) -> list[MessageView]:
        """Return what somebody sees in a channel."""
        return self.actor.messages(user, channel)

    def sent(self, method: str, path: str) -> int:
        """Count the requests the bot sent."""
        return len(self.server.recorder.find(method, path))


def check_link(link: str) -> None:
    """Refuse links that lead nowhere public, as the guard does."""
    if not link.startswith(("https://", "http://127.0.0.1")):
        raise UnusableClipError("That link can't be used.", rule="link")


@contextlib.asynccontextmanager
async def open_bot_world(
    folder: Path,
    openapi: Path | None = None,
    *,
    defaults: Defaults = THREE_OPEN,
    refused_tries: int = 1000,
    **abilities: object,
) -> AsyncIterator[BotWorld]:
    """Open a local Discord with the bot in it."""
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    clock = ManualClock()
    provider = FakeProvider(abilities_of(**({"watermark": True} | abilities)))  # type: ignore[arg-type]  # named by the tests
    database = await open_store(f"sqlite:///{folder / 'luma.db'}")
    try:
        async with DiscordServer(build_world(clock), openapi=openapi) as server:
            world = BotWorld(server, clock, database, provider, folder, defaults, refused_tries)
            try:
                await world.start()
                yield world
            finally:
                await world.stop()
    finally:
        await database.close()
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway
