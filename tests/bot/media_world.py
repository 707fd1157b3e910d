"""Put the real bot, the real life of a job and the real work on videos on the local Discord; the service is a fake."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from aiohttp import ClientSession, web

from bot.clip_renewal import ClipRenewal
from bot.disk_room import DiskRoom
from bot.media_work import MediaWork
from bot.web.files import ROUTE, FileCounter
from jobs.job import ClipSource, Job, State
from jobs.lanes import Lanes, Widths
from jobs.lifecycle import Lifecycle
from jobs.outside import Outside
from jobs.retries import Timings
from jobs.services import Progress, Status
from jobs.worker import Worker
from media.opening import MediaRoom, MediaSettings, open_media
from sandbox.discord.views import InteractionView, MessageView
from tests.bot.world import BotWorld, open_bot_world

ENDLESS = 1 << 40


@dataclass
class MediaWorld:
    """Hold one bot with its whole life; `results` are the files the service has made, by name."""

    base: BotWorld
    media: MediaRoom
    work: MediaWork
    worker: Worker
    address: str
    results: dict[str, Path]

    async def modify(
        self, path: Path, *, user: str = "Mia", channel: int | str = "edits", **options: str | bool
    ) -> Job:
        """Run `/luma modify` with a file and return its job."""
        before = {job.id for job in await self.base.jobs()}
        await self.ask(path, user=user, channel=channel, **options)
        (job,) = [job for job in await self.base.jobs() if job.id not in before]
        return job

    async def ask(
        self, path: Path, *, user: str = "Mia", channel: int | str = "edits", **options: str | bool
    ) -> InteractionView:
        """Run `/luma modify` with a file."""
        wanted: dict[str, str | int | float | bool] = {"prompt": "make it warm", **options}
        return await self.base.actor.slash(user, channel, "luma modify", wanted, {"clip": path})

    def finish_with(self, path: Path) -> None:
        """Let the service be done with every task: this file is the result."""
        self.results[path.name] = path
        self.base.provider.status = Status(Progress.DONE, (f"{self.address}/results/{path.name}",))

    async def run(self, job: Job, *until: State) -> Job:
        """Work, and let time pass where nothing is due, until a job has ended or is in one of these states."""
        for _ in range(60):
            while await self.worker.start_due():
                await self.worker.settled()
            found = await self.read(job)
            if found.state.is_final or found.state in until:
                await self.base.delivery.settle()
                return found
            self.base.discord_clock.advance(max(await self.worker.seconds_to_next(), 0.001))
        raise AssertionError(f"the job stays {found.state.value}: {found.hold}")

    async def step(self) -> None:
        """Run what is due now, and no more."""
        while await self.worker.start_due():
            await self.worker.settled()
        await self.base.delivery.settle()

    async def read(self, job: Job) -> Job:
        """Read a job again."""
        found = await self.base.store.get(job.id)
        assert found is not None
        return found

    def card(self, job: Job) -> str:
        """Return all the words on a job's card, as they look."""
        message = self.base.actor.message("Mia", job.card_message_id or 0)
        (embed,) = message.embeds
        fields = [f"{each['name']}: {each['value']}" for each in embed.get("fields", ())]
        return "\n".join([embed.get("title", ""), embed.get("description", ""), *fields]).replace("\\", "")

    def ending(self, job: Job, user: str = "Mia") -> MessageView:
        """Return the message a job ended with."""
        return self.base.actor.message(user, job.result_message_id or 0)

    async def download(self, url: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
        """Fetch an address as a phone would: status, headers, body."""
        async with ClientSession() as session, session.get(url, headers=headers) as answer:
            return answer.status, dict(answer.headers), await answer.read()

    def limit_uploads(self, max_bytes: int) -> None:
        """Let Discord refuse the bot's files over a size, whatever the bot believes."""
        for guild in self.base.server.world.guilds.values():
            guild.max_upload_bytes = max_bytes


@contextlib.asynccontextmanager
async def open_media_world(
    folder: Path,
    *,
    public: bool = True,
    free: Callable[[Path], int] = lambda _: ENDLESS,
    disk_free_bytes: int = 0,
    shelf_bytes: int = 1 << 34,
    after_seconds: float = 5.0,
) -> AsyncIterator[MediaWorld]:
    """Open the local Discord with a bot that cuts, converts, shrinks and serves videos."""
    results: dict[str, Path] = {}
    async with open_bot_world(folder) as base:

        async def renew(source: ClipSource) -> str | None:
            return await ClipRenewal(base.bot).renew(source)

        async with _open_server(results) as (app_files, address):
            cdn = base.server.api_url.split("/")[2]
            settings = MediaSettings(
                folder=folder / "media",
                public_url=address if public else "",
                trusted_hosts=(cdn, address.split("/")[2]),
                workers=2,
                lay_sound=True,
                max_clip_bytes=50_000_000,
                max_clip_seconds=600.0,
                fetch_base_seconds=30.0,
                fetch_bytes_per_second=1_000_000,
                edit_seconds=120.0,
                quality_floor=0.02,
                shelf_bytes=shelf_bytes,
                disk_free_bytes=disk_free_bytes,
                result_seconds=14 * 86_400.0,
            )
            work = MediaWork(base.delivery.show, after_seconds=after_seconds, every_seconds=after_seconds)
            media = await open_media(settings, base.clock, renew, work.tell, free)
            app_files.append(FileCounter(media.shelf))
            world = MediaWorld(base, media, work, _build_worker(base, media), address, results)
            room = DiskRoom(media.shelf.has_room, base.alarms)
            base.bot.desk = replace(
                base.bot.desk,
                work=work,
                room=room,
                max_clip_bytes=50_000_000,
                results=replace(base.bot.desk.results, gallery=media.clips),
            )
            try:
                yield world
            finally:
                await world.worker.stop(0)
                await media.close()


def _build_worker(base: BotWorld, media: MediaRoom) -> Worker:
    provider = base.provider
    outside = Outside(
        store=base.store,
        providers={provider.abilities.name: provider},
        clips=media.clips,
        delivery=base.delivery,
        gates=base.gates,
        clock=base.clock,
        alarms=base.alarms,
    )
    lifecycle = Lifecycle(outside, Timings(), callback_url=lambda _service, _token: None)
    lanes = Lanes(base.gates, {provider.abilities.name: provider.abilities.poll_batch}, Widths())
    return Worker(lifecycle, outside, lanes, lease_ms=300_000)


@contextlib.asynccontextmanager
async def _open_server(results: dict[str, Path]) -> AsyncIterator[tuple[list[FileCounter], str]]:
    """Serve results as a service does, and the shelf as the bot does."""
    counters: list[FileCounter] = []

    async def hand_out(request: web.Request) -> web.StreamResponse:
        path = results.get(request.match_info["name"])
        if path is None or not await asyncio.to_thread(path.is_file):
            raise web.HTTPNotFound
        return web.FileResponse(path, headers={"Content-Type": "video/mp4"})

    async def serve(request: web.Request) -> web.StreamResponse:
        return await counters[0].answer(request)

    app = web.Application()
    app.router.add_get("/results/{name}", hand_out)
    app.router.add_get(ROUTE, serve)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        yield counters, f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()
