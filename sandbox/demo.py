"""Start a local Discord, the stand-in video service and the real bot between them, and tell the panel what happens."""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sandbox.demo_bot import BotChild
from sandbox.demo_watch import describe_exchange, follow_ledger, is_worth_telling, read_move
from sandbox.discord.events import Event
from sandbox.discord.page import Page
from sandbox.discord.page_panel import Panel
from sandbox.discord.recording import Exchange
from sandbox.discord.server import DiscordServer
from sandbox.ports import free_port
from sandbox.video.clip import draw_clip
from sandbox.video.server import VideoServer

_VIDEO_KEY = "sandbox-video-key"
_WEBHOOK_KEY = "sandbox-webhook-key"
_SAMPLE_SECONDS = 4
OFFERED_FAULTS = (
    ("delay=5*1", "takes 5 s longer"),
    ("delay=30*1", "takes 30 s longer"),
    ("fail*1", "fails"),
    ("moderate*1", "is refused by moderation after it was accepted"),
    ("submit=429*1", "is refused at first: too many requests"),
    ("submit=455*1", "is refused at first: maintenance"),
    ("submit=402*1", "is refused: no credit left"),
    ("kie:submit=402", "is refused by KIE, now and later: no credit left; the next service steps in"),
    ("kie:submit=401", "is refused by KIE, now and later: its key is not taken; the next service steps in"),
    ("kie:submit=404", "is refused by KIE, now and later: its API is gone; the next service steps in"),
    ("kie:submit=455", "is refused by KIE, now and later: maintenance; the next service steps in"),
    ("drop-after*1", "is created, but the answer is lost"),
    ("lose-callback*1", "ends without a callback"),
    ("repeat-callback*1", "ends with the callback sent three times"),
    ("odd-callback=nested*1", "ends with a callback of another shape"),
    ("result*1", "has a result that is gone at first"),
    ("result-big=20000000*1", "comes back with 20 MB: more than Discord takes here"),
    ("result-big=600000000*1", "comes back with 600 MB: more than the bot fetches"),
    ("discord:files=20000", "goes well, but Discord takes no file over 20 kB, now and later"),
)
_LIMIT_FAULT = "discord:files="


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """How the demo is set up; `port` 0 takes a free one, `work_seconds` is what a video task takes at least.

    `scene_side` is the long side in pixels of a drawn 16:9 video.
    """

    host: str = "127.0.0.1"
    port: int = 0
    record: Path | None = None
    openapi: Path | None = None
    work_seconds: float = 1.0
    scene_side: int = 1360


class Demo:
    """The whole local world; `async with` starts and stops it. `say` gets one line for each thing worth telling."""

    def __init__(self, options: DemoOptions, say: Callable[[str], None] = lambda _line: None) -> None:
        self.panel = Panel()
        self.discord = DiscordServer(
            host=options.host, port=options.port, record=options.record, openapi=options.openapi
        )
        self.video = VideoServer(
            host=options.host,
            key=_VIDEO_KEY,
            webhook_key=_WEBHOOK_KEY,
            work_seconds=options.work_seconds,
            scene_side=options.scene_side,
        )
        self._options = options
        self._say = say
        self._stack = AsyncExitStack()
        self.folder = Path()
        self.sample = Path()

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="luma-demo-")))
        self.sample = self.folder / "sample.mp4"
        await asyncio.to_thread(draw_clip, self.sample, _SAMPLE_SECONDS, scenes=2)
        Page(self.discord.world, self.discord.actor, self.panel, self.sample).add_to(self.discord.app)
        await self._stack.enter_async_context(self.discord)
        await self._stack.enter_async_context(self.video)
        self.discord.world.hub.listen(self._on_world)
        ledger = asyncio.create_task(follow_ledger(self.video.ledger, self.panel, self._say))
        self._stack.push_async_callback(_end, ledger)
        self.bot = BotChild(self._settings(), self.folder, on_line=self._on_line, on_change=self._on_bot)
        self.panel.faults = list(OFFERED_FAULTS)
        self.panel.deeds |= {
            "kill": lambda _value: self.bot.kill(),
            "stop": lambda _value: self.bot.stop(),
            "restart": lambda _value: self.bot.restart(),
            "fault": self._set_fault,
        }
        self._stack.push_async_callback(self.bot.stop)
        await self.bot.start()

    def _settings(self) -> dict[str, str]:
        host, port = self._options.host, free_port(self._options.host)
        media = [self.discord.base_url, self.video.url, f"http://{host}:{port}"]
        return {
            "DISCORD_TOKEN": self.discord.token,
            "DISCORD_API_URL": self.discord.api_url,
            "DISCORD_GATEWAY_URL": self.discord.gateway_url,
            "KIE_API_KEY": _VIDEO_KEY,
            "KIE_API_URL": self.video.url,
            "KIE_UPLOAD_URL": self.video.upload_url,
            "KIE_WEBHOOK_KEY": _WEBHOOK_KEY,
            "ACEDATA_API_KEY": _VIDEO_KEY,
            "ACEDATA_API_URL": self.video.url,
            "LUMALABS_API_KEY": _VIDEO_KEY,
            "LUMALABS_API_URL": f"{self.video.url}/dream-machine/v1",
            "PUBLIC_URL": f"http://{host}:{port}",
            "WEB_HOST": host,
            "WEB_PORT": str(port),
            "TRUSTED_MEDIA_HOSTS": ",".join(address.removeprefix("http://") for address in media),
            "DATA_DIR": str(self.folder / "data"),
            "DATABASE_URL": f"sqlite:///{self.folder / 'data' / 'luma.db'}",
            "DISK_FREE_BYTES": "50MB",
            "POLL_SECONDS": "5",
            "POLL_SECONDS_MAX": "20",
            "UNKNOWN_OUTCOME_MINUTES": "2",
            "LOG_FORMAT": "json",
        }

    async def wait_until_ready(self, seconds: float = 60.0) -> None:
        """Wait until the bot serves; raise RuntimeError with its complaints when it ends instead, or takes too long."""
        hub = self.discord.world.hub
        try:
            await hub.wait_for(lambda: self.bot.state == "stopped" or self._serves(), seconds)
        except TimeoutError:
            raise RuntimeError(f"the bot is not ready after {seconds:.0f} s: {self.bot.lights}") from None
        if self.bot.state == "stopped":
            raise RuntimeError(f"the bot {self.bot.text}\n" + "\n".join(self.bot.errors))

    def _serves(self) -> bool:
        actor = self.discord.actor
        return self.bot.state == "running" and bool(actor.commands("Mia", "edits"))

    async def _set_fault(self, value: str) -> None:
        if value and value not in dict(OFFERED_FAULTS):
            raise LookupError("no such fault")
        self.video.faults.clear()
        limit = int(value.removeprefix(_LIMIT_FAULT)) if value.startswith(_LIMIT_FAULT) else None
        for guild in self.discord.world.guilds.values():
            guild.max_upload_bytes = limit
        if value and limit is None:
            self.video.faults.parse(value)

    def _on_world(self, event: Event) -> None:
        if event.name == "EXCHANGE" and isinstance(event.subject, Exchange):
            self.panel.add_flow("bot", "Discord", *describe_exchange(event.subject))

    def _on_bot(self) -> None:
        self.panel.set_bot(self.bot.state, self.bot.text, list(self.bot.errors))
        self.discord.world.hub.publish(Event("BOT_PROCESS", self.bot))

    def _on_line(self, fields: dict[str, Any]) -> None:
        move = read_move(fields)
        if move:
            self.panel.add_job_state(*move)
            self._say(f"job {move[0]}: {move[1]}" + (f" ({move[2]})" if move[2] else ""))
        elif is_worth_telling(fields):
            self._say(f"bot: {fields.get('message', '')}")
            if fields.get("traceback"):
                self._say(str(fields["traceback"]))


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
