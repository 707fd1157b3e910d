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

from bot.checking import check_running, check_start
from bot.checkup import CheckLine
from bot.client import LumaBot
from bot.client_options import client_options_of, preferences_of
from bot.clip_renewal import ClipRenewal
from bot.clock import SystemClock
from bot.delivery import DiscordDelivery
from bot.desk import Desk
from bot.lights import look_at_database, look_at_disk, look_at_gateway
from bot.metrics import Metrics, watch_loop
from bot.office import Office
from bot.office_opening import build_office
from bot.quota_defaults import defaults_of
from bot.result_desk import ResultDesk
from bot.settings import Settings
from bot.timings import timings_of
from bot.watching import Watch, repeat
from bot.web.callbacks import CallbackDesk, CallbackLimits
from bot.web.files import FileCounter
from bot.web.health import HealthBoard
from bot.web.server import WebServer
from jobs.gates import Gates
from jobs.intake import Intake
from jobs.lanes import Lanes, Widths
from jobs.lifecycle import Lifecycle
from jobs.outside import Outside
from jobs.probing import Prober as ServiceProber
from jobs.services import Provider
from jobs.steering import Steering
from jobs.worker import Worker
from media.clips import ClipLimits, RenewSource, ShelfClips
from media.fetch import Fetcher
from media.images import ShelfPictures
from media.limited import Workshop
from media.links import explain_link
from media.pace import PaceLimits
from media.probe import Prober
from media.shelf import Shelf, ShelfLimits
from providers import SERVICES, ServiceSettings
from storage import back_up_store, open_store
from storage.database import Database
from storage.job_store import SqlJobStore
from storage.office import open_office
from storage.result_store import SqlResultStore

log = logging.getLogger(__name__)

SWEEP_SECONDS = 3600.0
PROBE_SECONDS = 300.0
MEASURE_SECONDS = 15.0
STUCK_SECONDS = 60.0
WEB_STOP_SECONDS = 2.0
STOP_RESERVE_SECONDS = 3.0  # of SHUTDOWN_SECONDS, for closing connections once the steps have ended
DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Parts:
    """Hold what was opened for one process."""

    settings: Settings
    clock: SystemClock
    metrics: Metrics
    watch: Watch
    database: Database
    fetcher: Fetcher
    shelf: Shelf
    bot: LumaBot
    outside: Outside
    intake: Intake
    worker: Worker
    instance: str


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Run until `stop` is set: serve, log in, work; then take no more, let steps end, close."""
    async with open_parts(settings) as parts:
        web = _build_web(parts, stop)
        await parts.database.check()
        await SqlJobStore(parts.database).end_leases()
        await web.start()
        try:
            await parts.bot.login(settings.discord_token.get_secret_value())
            await _work(parts, stop)
        finally:
            await web.stop()


async def _work(parts: Parts, stop: asyncio.Event) -> None:
    store, prober = SqlJobStore(parts.database), ServiceProber(parts.outside.providers, parts.outside.gates)

    async def measure() -> None:
        await parts.watch.measure(store, parts.clock, prober.balances)

    vital = [asyncio.create_task(parts.bot.connect()), asyncio.create_task(parts.worker.run())]
    upkeep = [
        asyncio.create_task(watch_loop(parts.metrics)),
        asyncio.create_task(repeat("sweep", SWEEP_SECONDS, lambda: _sweep(parts))),
        asyncio.create_task(repeat("probe", PROBE_SECONDS, prober.probe)),
        asyncio.create_task(repeat("measure", MEASURE_SECONDS, measure)),
        asyncio.create_task(repeat("stuck", STUCK_SECONDS, parts.bot.alerts.look_for_stuck)),
    ]
    stopped = asyncio.create_task(stop.wait())
    try:
        log.info("working")
        done, _ = await asyncio.wait([stopped, *vital], return_when=asyncio.FIRST_COMPLETED)
        await parts.worker.stop(max(0.0, parts.settings.shutdown_seconds - STOP_RESERVE_SECONDS))
        for task in done - {stopped}:
            task.result()  # a part that ended by itself is a failure to be told
    finally:
        for task in (stopped, *vital, *upkeep):
            task.cancel()
        await asyncio.gather(stopped, *vital, *upkeep, return_exceptions=True)


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
    watch = Watch(metrics)
    async with AsyncExitStack() as stack:
        database = await open_store(settings.database_url.get_secret_value())
        stack.push_async_callback(database.close)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        providers = _build_providers(settings, session, clock)
        bot = LumaBot(client_options_of(settings))
        stack.push_async_callback(bot.close)
        delivery = DiscordDelivery(bot)
        stack.push_async_callback(delivery.close)
        fetcher, shelf, clips = await _open_media(settings, clock, ClipRenewal(bot).renew)
        stack.push_async_callback(fetcher.close)
        stack.push_async_callback(clips.close)
        outside = Outside(
            store=SqlJobStore(database, defaults=defaults_of(settings)),
            providers=providers,
            clips=clips,
            delivery=delivery,
            gates=Gates(
                [each.abilities for each in providers.values()], clock, watch.on_outage, preferences_of(settings)
            ),
            clock=clock,
            alarms=watch,
            wake=lambda: worker.wake(),  # noqa: PLW0108 - the worker is built from what is built here
            on_move=watch.on_move,
            on_budget=watch.on_budget,
        )
        worker = _build_worker(settings, outside)
        intake = Intake(outside, timings_of(settings), preferences_of(settings))
        stores, instance = open_office(database, defaults_of(settings)), secrets.token_hex(8)
        look = partial(check_running, settings, session, providers, database.check, instance)
        office = build_office(stores, Steering(outside), shelf, settings, look)
        results = ResultDesk(SqlResultStore(database), clips, delivery.upload_limit, providers.get)
        bot.attach(_build_desk(intake, outside, fetcher, results, office))
        watch.listen(bot.alerts)
        yield Parts(settings, clock, metrics, watch, database, fetcher, shelf, bot, outside, intake, worker, instance)


def _build_worker(settings: Settings, outside: Outside) -> Worker:
    def callback_url(service: str, token: str) -> str | None:
        return f"{settings.public_url}/callbacks/{service}/{token}" if settings.public_url else None

    batches = {name: provider.abilities.poll_batch for name, provider in outside.providers.items()}
    widths = Widths(prepare=settings.prepare_parallel, deliver=settings.deliver_parallel)
    return Worker(
        Lifecycle(outside, timings_of(settings), callback_url=callback_url),
        outside,
        Lanes(outside.gates, batches, widths),
        lease_ms=int(settings.lease_seconds * 1000),
    )


def _build_desk(intake: Intake, outside: Outside, fetcher: Fetcher, results: ResultDesk, office: Office) -> Desk:
    return Desk(
        lifecycle=intake,
        store=outside.store,
        clock=outside.clock,
        check_link=lambda url: explain_link(url, fetcher.trusted),
        results=results,
        office=office,
    )


def _build_providers(settings: Settings, session: aiohttp.ClientSession, clock: SystemClock) -> dict[str, Provider]:
    """Build every service whose key is set, from the settings that carry its name."""
    providers = {}
    for name, build in SERVICES.items():
        key = getattr(settings, f"{name}_api_key")
        if key is not None:
            providers[name] = build(_service_settings(settings, name, key.get_secret_value()), session, clock)
    return providers


def _service_settings(settings: Settings, name: str, api_key: str) -> ServiceSettings:
    keys = [getattr(settings, f"{name}_webhook_key{which}", None) for which in ("", "_previous")]
    return ServiceSettings(
        api_key=api_key,
        api_url=getattr(settings, f"{name}_api_url"),
        upload_url=getattr(settings, f"{name}_upload_url", ""),
        webhook_keys=tuple(key.get_secret_value() for key in keys if key is not None),
        webhook_age_seconds=settings.callback_age_seconds,
        parallel=getattr(settings, f"{name}_parallel"),
        creates_per_window=getattr(settings, f"{name}_creates", None),
        window_seconds=getattr(settings, f"{name}_creates_window_seconds", None),
    )


async def _open_media(settings: Settings, clock: SystemClock, renew: RenewSource) -> tuple[Fetcher, Shelf, ShelfClips]:
    fetcher = Fetcher(
        trusted_hosts=settings.trusted_media_hosts,
        pace=PaceLimits(settings.fetch_base_seconds, int(settings.fetch_bytes_per_second)),
        reserve_bytes=int(settings.disk_free_bytes),
    )
    shelf = Shelf(
        settings.data_dir / "files",
        clock,
        limits=ShelfLimits(
            max_bytes=int(settings.shelf_bytes),
            free_bytes=int(settings.disk_free_bytes),
            result_seconds=settings.result_days * DAY_SECONDS,
        ),
        public_url=settings.public_url,
    )
    await shelf.open()
    workshop = Workshop(settings.data_dir / "work", lookers=settings.media_workers, workers=settings.media_workers)
    limits = ClipLimits(int(settings.clip_max_bytes), settings.clip_max_seconds)
    pictures = ShelfPictures(fetcher, workshop, shelf, renew)
    clips = ShelfClips(fetcher, Prober(workshop), shelf, limits=limits, renew=renew, pictures=pictures)
    return fetcher, shelf, clips


def _build_board(parts: Parts, stop: asyncio.Event) -> HealthBoard:
    return HealthBoard(
        checks={
            "gateway": partial(look_at_gateway, parts.bot),
            "database": partial(look_at_database, parts.database.check),
            "disk": partial(look_at_disk, parts.settings.data_dir, int(parts.settings.disk_free_bytes)),
        },
        services=parts.outside.gates.reasons,
        page=parts.metrics.page,
        is_stopping=stop.is_set,
        instance=parts.instance,
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
        FileCounter(parts.shelf),
        _build_board(parts, stop),
        host=settings.web_host,
        port=settings.web_port,
        stop_seconds=WEB_STOP_SECONDS,
    )


async def _sweep(parts: Parts) -> None:
    swept = await parts.shelf.sweep(await parts.outside.store.files_in_use())
    if swept.removed:
        log.info("removed %d files from the shelf, %d bytes are left", swept.removed, swept.left_bytes)
    await parts.bot.desk.office.privacy.forget_aged(now_ms=parts.clock.now_ms())
