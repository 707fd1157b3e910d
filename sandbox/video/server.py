"""Run the stand-in services on one loopback port."""

import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox.video.account import Account
from sandbox.video.acedata import AceData
from sandbox.video.callbacks import CallbackSender
from sandbox.video.control import Control
from sandbox.video.faults import Faults
from sandbox.video.kie import Kie
from sandbox.video.kie_upload import KieUpload
from sandbox.video.ledger import Ledger
from sandbox.video.lumalabs import LumaLabs
from sandbox.video.options import Options
from sandbox.video.shelf import Shelf
from sandbox.video.studio import Studio
from sandbox.video.workshop import Workshop

_LARGEST_BODY = 32_000_000


class VideoServer:
    """Serve the video services' APIs; `options` or single fields of Options as keywords.

    `clock` gives Unix seconds and rules time stamps, limits and expiry; waiting takes real time.
    """

    def __init__(
        self, options: Options | None = None, *, clock: Callable[[], float] = time.time, **fields: Any
    ) -> None:
        self.options = replace(options or Options(), **fields)
        self._own_directory = self.options.directory is None
        self._directory = self.options.directory or Path(tempfile.mkdtemp(prefix="sandbox-video-"))
        self._directory.mkdir(parents=True, exist_ok=True)
        self.ledger = Ledger(clock, self.options.ledger_path)
        self.faults = Faults()
        self.account = Account(self.options, self.ledger, clock)
        self.shelf = Shelf(clock, self.faults, self.ledger)
        self._studio = Studio(self._directory, instant=self.options.instant)
        self._callbacks = CallbackSender(
            self.ledger,
            self.faults,
            retry_seconds=self.options.callback_retry_seconds,
            timeout_seconds=self.options.callback_timeout_seconds,
        )
        parts = (self.options, self.ledger, self.faults, self.account, self.shelf, self._studio, self._callbacks)
        self.workshop = Workshop(*parts, running={})
        self._clock = clock
        self._runner: web.AppRunner | None = None
        self.url = ""

    @property
    def upload_url(self) -> str:
        """Return the base address of the file upload API."""
        return self.url

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=_LARGEST_BODY)
        shop = self.workshop
        services = (Kie(shop, self._clock), KieUpload(shop), AceData(shop), LumaLabs(shop), self.shelf, Control(shop))
        for service in services:
            app.add_routes(service.routes())
        return app

    async def start(self) -> None:
        """Listen; afterwards `url` holds the address."""
        await self._studio.start()
        await self._callbacks.start()
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.options.host, self.options.port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = self.options.public_url.rstrip("/") or f"http://{self.options.host}:{port}"
        self.shelf.base_url = self.url

    async def stop(self) -> None:
        """Stop listening, give up all work and remove the files."""
        if self._runner is not None:
            await self._runner.cleanup()
        await self.workshop.stop()
        await self._callbacks.stop()
        await self._studio.stop()
        self.ledger.close()
        if self._own_directory:
            shutil.rmtree(self._directory, ignore_errors=True)

    async def __aenter__(self) -> "VideoServer":
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()
