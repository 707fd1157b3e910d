"""Serve the local Discord on one port: REST under /api/v10, the gateway, and the CDN."""

import tempfile
from pathlib import Path

from aiohttp import web

from sandbox.discord.actor import Actor
from sandbox.discord.cdn import Cdn
from sandbox.discord.clock import SystemClock
from sandbox.discord.default_world import build_world
from sandbox.discord.faults import Faults
from sandbox.discord.gateway import Gateway
from sandbox.discord.limits import Limits
from sandbox.discord.parts import build_parts
from sandbox.discord.recording import Exchange, Recorder
from sandbox.discord.rest import Rest
from sandbox.discord.validation import Validator, Violation
from sandbox.discord.world import World

_MAX_BODY_BYTES = 1 << 30


class DiscordServer:
    """A whole local Discord; `async with` starts and stops it.

    `port` 0 takes a free one. `openapi` is the path of Discord's OpenAPI document: with it every request and answer
    is checked. `record` is a file that gets one JSON line per REST exchange. More routes may be added to `app`
    before it starts.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        openapi: Path | None = None,
        record: Path | None = None,
        heartbeat_ms: int = 41_250,
    ) -> None:
        self.world = world or build_world(SystemClock())
        self._folder = tempfile.TemporaryDirectory(prefix="local-discord-")
        self.cdn = Cdn(Path(self._folder.name), self.world.clock)
        self.parts = build_parts(self.world, self.cdn)
        self.limits = Limits(wall=self.world.clock.now)
        self.faults = Faults()
        self.recorder = Recorder(self.world.hub, record)
        self.gateway = Gateway(self.parts, heartbeat_ms=heartbeat_ms)
        self.actor = Actor(self.parts)
        self._validator = Validator(openapi) if openapi else None
        self._rest = Rest(self.parts, self.limits, self.faults, self.recorder, self._validator)
        self._host, self._port = host, port
        self.app = web.Application(client_max_size=_MAX_BODY_BYTES)
        self.app.router.add_route("*", "/api/v{version:10}/{tail:.*}", self._rest.serve)
        self.app.router.add_get("/gateway", self.gateway.serve)
        self.app.router.add_get("/gateway/", self.gateway.serve)
        cdn_path = "/{room:attachments|ephemeral-attachments}/{channel:[0-9]+}/{attachment:[0-9]+}/{name}"
        self.app.router.add_get(cdn_path, self._serve_file)
        self._runner: web.AppRunner | None = None

    @property
    def token(self) -> str:
        """Return the bot's token."""
        return self.world.application.token

    @property
    def base_url(self) -> str:
        """Return the server's address without a path."""
        return self.cdn.base_url

    @property
    def api_url(self) -> str:
        """Return what DISCORD_API_URL is to be."""
        return f"{self.base_url}/api/v10"

    @property
    def gateway_url(self) -> str:
        """Return what DISCORD_GATEWAY_URL is to be."""
        return self.gateway.url

    @property
    def exchanges(self) -> list[Exchange]:
        """Return every REST exchange so far."""
        return self.recorder.exchanges

    @property
    def violations(self) -> list[Violation]:
        """Return how requests broke Discord's OpenAPI document; always empty without one."""
        return self._validator.violations if self._validator else []

    @property
    def answer_violations(self) -> list[Violation]:
        """Return how our own answers broke it."""
        return self._validator.answer_violations if self._validator else []

    async def start(self) -> None:
        """Listen; afterwards the addresses are known."""
        self.recorder.open()
        # a stop waits for open requests only this long: gateways and players hold theirs for ever
        self._runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.cdn.base_url = f"http://{self._host}:{port}"
        self.gateway.url = f"ws://{self._host}:{port}/gateway"

    async def stop(self) -> None:
        """Stop listening, close every connection and delete the files."""
        self.faults.clear()
        self.gateway.unpause()
        await self.gateway.close(1001)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self.recorder.close()
        self._folder.cleanup()

    async def __aenter__(self) -> "DiscordServer":
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    async def _serve_file(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.take(request.method, request.path, "before")
        if fault is not None:
            await fault.wait()
            if fault.drop and request.transport:
                request.transport.abort()
            if fault.status is not None:
                return web.Response(status=fault.status, text="injected fault")
        return await self.cdn.serve(request)
