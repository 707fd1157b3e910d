"""Put the program together: open everything in order, close it in reverse. The only file that knows every class."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp

from bot.admin import Administration
from bot.admin_opening import build_admin
from bot.bounds import build_bounds
from bot.building import build_board, build_worker
from bot.checking import check_running, check_start
from bot.checkup import CheckLine
from bot.client import LumaBot
from bot.client_options import client_options_of, preferences_of
from bot.clip_renewal import ClipRenewal
from bot.clock import SystemClock
from bot.closing import PART_SECONDS, Closing
from bot.deleting import clear_the_rest
from bot.delivery import DiscordDelivery
from bot.desk import Desk
from bot.disk_room import DiskRoom
from bot.left_behind import tell_left_behind
from bot.media_work import MediaWork
from bot.metrics import Metrics, watch_loop
from bot.quota_defaults import defaults_of
from bot.result_desk import ResultDesk
from bot.settings import Settings, load_settings, settings_for
from bot.share_files import ShareFiles
from bot.showcase import Showcase
from bot.signing_in import log_in, stay_connected
from bot.styles import StyleShelf
from bot.timings import timings_of
from bot.watching import Watch, repeat, tell_end
from bot.web.callbacks import CallbackDesk, CallbackLimits
from bot.web.files import FileCounter
from bot.web.server import WebServer
from jobs.balances import BalanceReader
from jobs.gates import Gates
from jobs.intake import Intake
from jobs.outside import Outside
from jobs.redelivery import Redelivery
from jobs.services import Provider
from jobs.worker import Worker
from media.counts import MediaCounts
from media.links import explain_link
from media.opening import MediaRoom, MediaSettings, open_media
from providers.opening import declared_settings, open_services
from providers.settings import Count, uncounted
from storage import back_up_store, open_store
from storage.admin import open_admin
from storage.database import Database
from storage.job_store import SqlJobStore
from storage.result_store import SqlResultStore
from storage.share_store import SqlShareStore
from storage.style_store import SqlStyleStore
from storage.upkeep_store import SqlUpkeepStore

log = logging.getLogger(__name__)

SWEEP_SECONDS = 3600.0
BALANCE_SECONDS = 300.0
MEASURE_SECONDS = 15.0
TEND_SECONDS = 15.0
STUCK_SECONDS = 60.0
DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Parts:
    """Hold what was opened for one process."""

    settings: Settings
    clock: SystemClock
    metrics: Metrics
    watch: Watch
    database: Database
    media: MediaRoom
    bot: LumaBot
    outside: Outside
    intake: Intake
    worker: Worker
    closing: Closing
    instance: str


def load() -> Settings:
    """Read the settings, those that the video services declare among them; raises ConfigError."""
    return load_settings(settings_for(declared_settings()))


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Run until `stop` is set: serve, log in, work; then take no more, let steps end, close."""
    async with open_parts(settings) as parts:
        web = _build_web(parts, stop)
        await parts.database.check()
        await SqlJobStore(parts.database).end_leases()
        await web.start()
        try:
            if await log_in(parts.bot, settings.discord_token.get_secret_value(), stop):
                await _work(parts, stop)
        finally:
            await parts.closing.close("the web server", web.stop)


async def _work(parts: Parts, stop: asyncio.Event) -> None:
    store, balances = SqlJobStore(parts.database), BalanceReader(parts.outside.providers, parts.outside.gates)

    async def measure() -> None:
        await parts.watch.measure(store, parts.clock, parts.outside.gates.states())

    vital = [asyncio.create_task(stay_connected(parts.bot)), asyncio.create_task(parts.worker.run())]
    upkeep = [
        asyncio.create_task(watch_loop(parts.metrics)),
        asyncio.create_task(repeat("showcase", TEND_SECONDS, parts.bot.desk.showcase.tend)),
        asyncio.create_task(repeat("deletions", TEND_SECONDS, lambda: clear_the_rest(parts.bot))),
        asyncio.create_task(repeat("sweep", SWEEP_SECONDS, lambda: _sweep(parts))),
        asyncio.create_task(repeat("balances", BALANCE_SECONDS, balances.read)),
        asyncio.create_task(repeat("measure", MEASURE_SECONDS, measure)),
        asyncio.create_task(repeat("stuck", STUCK_SECONDS, parts.bot.alerts.look_for_stuck)),
    ]
    for each in upkeep:
        each.add_done_callback(tell_end)
    stopped = asyncio.create_task(stop.wait())
    try:
        log.info("working")
        await tell_left_behind(SqlUpkeepStore(parts.database), parts.clock, parts.outside.delivery, parts.intake)
        done, _ = await asyncio.wait([stopped, *vital], return_when=asyncio.FIRST_COMPLETED)
        await parts.worker.stop(parts.closing.begin())
        for task in done - {stopped}:
            task.result()  # a part that ended by itself is a failure to be told
    finally:
        tasks = (stopped, *vital, *upkeep)
        for task in tasks:
            task.cancel()
        await parts.closing.close("upkeep", lambda: asyncio.gather(*tasks, return_exceptions=True))


async def check(settings: Settings) -> list[CheckLine]:
    """Prove the configuration, a line for each part."""
    async with aiohttp.ClientSession() as session:
        providers = _build_providers(settings, session, SystemClock())
        return await check_start(settings, session, providers, partial(_prove_database, settings))


async def _prove_database(settings: Settings) -> str:
    database = await open_store(settings.database_url.get_secret_value())
    try:
        await database.check()
    finally:
        await database.close()
    return "opens and takes writes"


async def backup(settings: Settings, path: Path) -> None:
    """Copy the database to a file, also while another process runs on it."""
    await asyncio.to_thread(back_up_store, settings.database_url.get_secret_value(), path)


@asynccontextmanager
async def open_parts(settings: Settings) -> AsyncIterator[Parts]:
    """Open every part of one process, and close them in reverse."""
    clock, metrics = SystemClock(), Metrics()
    watch, closing = Watch(metrics), Closing(settings.shutdown_seconds)
    async with AsyncExitStack() as stack:
        database = await open_store(settings.database_url.get_secret_value(), on_commit=metrics.db_commit.observe)
        stack.push_async_callback(closing.close_last, "the database", database.close)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        providers = _build_providers(settings, session, clock, metrics.note_request)
        bot = LumaBot(client_options_of(settings, metrics.note_discord_answer))
        stack.push_async_callback(closing.close, "Discord", bot.close)
        delivery = DiscordDelivery(bot, note_shown=SqlUpkeepStore(database).note_shown)
        stack.push_async_callback(closing.close, "cards", delivery.close)
        work = MediaWork(delivery.show)
        media = await open_media(_media_settings(settings, metrics), clock, ClipRenewal(bot).renew, work.tell)
        stack.push_async_callback(closing.close, "media", media.close)
        outside = Outside(
            store=SqlJobStore(database, defaults=defaults_of(settings)),
            providers=providers,
            clips=media.clips,
            delivery=delivery,
            gates=Gates(
                [each.abilities for each in providers.values()], clock, watch.on_outage, preferences_of(settings)
            ),
            clock=clock,
            alarms=watch,
            wake=lambda at_ms: worker.wake(at_ms),  # noqa: PLW0108 - the worker is built from what is built here
            on_move=watch.on_move,
            on_budget=watch.on_budget,
        )
        worker = build_worker(settings, outside)
        intake = Intake(outside, timings_of(settings), preferences_of(settings))
        stores, instance = open_admin(database, defaults_of(settings)), secrets.token_hex(8)
        look = partial(check_running, settings, session, outside, database.check, instance)
        admin = build_admin(stores, Redelivery(outside), media.shelf, settings, look)
        desk = _build_desk(settings, database, bot, intake, outside, media, work, admin)
        stack.push_async_callback(closing.close, "the showcase", desk.showcase.close)
        bot.attach(desk)
        watch.listen(bot.alerts)
        yield Parts(settings, clock, metrics, watch, database, media, bot, outside, intake, worker, closing, instance)


def _build_desk(
    settings: Settings,
    database: Database,
    bot: LumaBot,
    intake: Intake,
    outside: Outside,
    media: MediaRoom,
    work: MediaWork,
    admin: Administration,
) -> Desk:
    results = ResultDesk(
        SqlResultStore(database),
        media.clips,
        outside.delivery.upload_limit,
        outside.delivery.show,
        outside.providers.get,
    )
    return Desk(
        lifecycle=intake,
        store=outside.store,
        clock=outside.clock,
        check_link=lambda url: explain_link(url, media.fetcher.trusted),
        results=results,
        admin=admin,
        styles=StyleShelf(SqlStyleStore(database)),
        showcase=Showcase(bot, SqlShareStore(database), outside.store.get, ShareFiles(results), outside.clock),
        bounds=build_bounds(outside.clock, settings.refused_tries, settings.refused_try_seconds),
        max_clip_bytes=int(settings.clip_max_bytes),
        work=work,
        room=DiskRoom(media.shelf.has_room, outside.alarms),
    )


def _build_providers(
    settings: Settings, session: aiohttp.ClientSession, clock: SystemClock, count: Count = uncounted
) -> dict[str, Provider]:
    values = {name: settings.service_values(name) for name in settings.services}
    return open_services(values, session, clock, webhook_age_seconds=settings.callback_age_seconds, count=count)


def _media_settings(settings: Settings, metrics: Metrics) -> MediaSettings:
    return MediaSettings(
        folder=settings.data_dir,
        public_url=settings.public_url,
        trusted_hosts=settings.trusted_media_hosts,
        workers=settings.media_workers,
        lay_sound=settings.lay_sound,
        max_clip_bytes=int(settings.clip_max_bytes),
        max_clip_seconds=settings.clip_max_seconds,
        fetch_base_seconds=settings.fetch_base_seconds,
        fetch_bytes_per_second=int(settings.fetch_bytes_per_second),
        edit_seconds=settings.edit_seconds,
        quality_floor=settings.quality_floor,
        shelf_bytes=int(settings.shelf_bytes),
        disk_free_bytes=int(settings.disk_free_bytes),
        result_seconds=settings.result_days * DAY_SECONDS,
        counts=MediaCounts(metrics.probe_seconds.observe, metrics.probe_kills.inc, metrics.note_refused_link),
    )


def _build_web(parts: Parts, stop: asyncio.Event) -> WebServer:
    settings = parts.settings
    desk = CallbackDesk(
        parts.outside.store.find_attempt,
        {name: provider.read_callback for name, provider in parts.outside.providers.items()},
        parts.intake.callback,
        limits=CallbackLimits(
            int(settings.callback_body_bytes), settings.callback_read_seconds, settings.callback_commit_seconds
        ),
        count=lambda result: parts.metrics.callbacks.labels(result).inc(),
    )
    return WebServer(
        desk,
        FileCounter(parts.media.shelf),
        build_board(
            settings, parts.bot, parts.database.check, parts.outside.gates, parts.metrics, stop, instance=parts.instance
        ),
        host=settings.web_host,
        port=settings.web_port,
        connections=settings.web_connections,
        stop_seconds=PART_SECONDS,
    )


async def _sweep(parts: Parts) -> None:
    swept = await parts.media.shelf.sweep(await parts.outside.store.files_in_use())
    if swept.removed:
        log.info("removed %d files from the shelf, %d bytes are left", swept.removed, swept.left_bytes)
    await parts.bot.desk.admin.privacy.forget_aged(now_ms=parts.clock.now_ms())
    await SqlUpkeepStore(parts.database).forget_moves(
        before_ms=parts.clock.now_ms() - int(parts.settings.event_days * DAY_SECONDS * 1000)
    )
