"""Run the real bot between proxies that kill it, or ask it to stop, before or after any of its requests."""

import asyncio
import contextlib
import os
import signal
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

from sandbox.discord.actor import RefusedError
from sandbox.discord.server import DiscordServer
from sandbox.discord.views import InteractionView, MessageView
from sandbox.ports import free_port
from sandbox.video.clip import draw_clip
from sandbox.video.server import VideoServer
from tests.bot_fork_server import BotForkServer, ForkedBot
from tests.service_environment import environment_for

HOP_HEADERS = {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "content-encoding"}
WAIT_SECONDS = 40.0
JOBS = """
    SELECT
        code, state, (SELECT state FROM reservations WHERE job_id = jobs.id),
        EXISTS (SELECT 1 FROM job_events WHERE job_id = jobs.id AND event = 'outcome_unknown')
    FROM jobs
"""


@dataclass
class Fuse:
    """Count requests while lit, and burn down at one of them: before it is passed on, or after.

    At anything but SIGKILL the request goes on as if nothing had happened.
    """

    at: int = 0
    after: bool = False
    lit: bool = False
    number: signal.Signals = signal.SIGKILL
    seen: list[str] = field(default_factory=list)

    def light(self, at: int, *, after: bool, number: signal.Signals = signal.SIGKILL) -> None:
        """Begin to count anew."""
        self.at, self.after, self.number, self.lit = at, after, number, True
        self.seen.clear()

    def count(self, what: str) -> bool:
        """Count a request and tell whether it is the one."""
        if not self.lit:
            return False
        self.seen.append(what)
        if len(self.seen) == self.at:
            self.lit = False
            return True
        return False


class KillingProxy:
    """Pass requests on to `target`; at the one the fuse names `strike` is called, and its answer lost with the bot."""

    def __init__(
        self, target: Callable[[], str], fuse: Fuse, strike: Callable[[], Awaitable[bool]], tell: Callable[[], None]
    ) -> None:
        self._target = target
        self._fuse = fuse
        self._strike = strike
        self._tell = tell
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{tail:.*}", self._pass_on)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        self._session: aiohttp.ClientSession | None = None
        self.url = ""

    async def start(self) -> None:
        """Listen; afterwards `url` holds the address."""
        self._session = aiohttp.ClientSession(auto_decompress=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Listen no more."""
        await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        burnt = self._fuse.count(f"{request.method} {request.path}")
        if burnt and not self._fuse.after and await self._strike():
            return self._drop(request)
        try:
            answer = await self._ask(request, body)
        except aiohttp.ClientError:
            return self._drop(request)
        if burnt and self._fuse.after and await self._strike():
            return self._drop(request)
        asyncio.get_running_loop().call_soon(self._tell)
        return answer

    async def _ask(self, request: web.Request, body: bytes) -> web.Response:
        assert self._session is not None
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_HEADERS}
        async with self._session.request(
            request.method, self._target() + request.path_qs, headers=headers, data=body or None, allow_redirects=False
        ) as answer:
            content = await answer.read()
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_HEADERS}
        return web.Response(status=answer.status, headers=kept, body=content)

    def _drop(self, request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=502)


class CrashWorld:
    """Hold a local Discord, a video service and the bot, every request between them going through a proxy.

    `services` are the ones that are switched on, `settings` what is set otherwise than here.
    """

    def __init__(
        self,
        folder: Path,
        *,
        services: Sequence[str] = ("kie",),
        settings: Mapping[str, str] = MappingProxyType({}),
        **video: Any,
    ) -> None:
        self.folder = folder
        self.changes = dict(settings)
        self.services = services
        self.fuse = Fuse()
        self.discord = DiscordServer()
        self.video = VideoServer(key="crash-key", webhook_key="crash-webhook-key", credits=1e6, **video)
        self._stack = AsyncExitStack()
        self.bot_port = free_port()
        self.clip = folder / "clip.mp4"
        self.lines: list[dict[str, Any]] = []
        self.stopping: list[float] = []

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
        await asyncio.to_thread(draw_clip, self.clip, 1)
        await self._stack.enter_async_context(self.discord)
        await self._stack.enter_async_context(self.video)
        targets = (lambda: self.discord.base_url, lambda: self.video.url, lambda: f"http://127.0.0.1:{self.bot_port}")
        proxies = [KillingProxy(target, self.fuse, self._strike, self.wake) for target in targets]
        for proxy in proxies:
            await proxy.start()
            self._stack.push_async_callback(proxy.stop)
        fork_server = BotForkServer(self.folder)
        self._stack.push_async_callback(fork_server.close)
        await fork_server.open()
        self.bot = ForkedBot(
            fork_server,
            self._settings(*(proxy.url for proxy in proxies)),
            self.folder,
            on_line=self.lines.append,
            on_change=self.wake,
        )
        self._stack.push_async_callback(self.bot.kill)
        await self.revive()

    def _settings(self, discord: str, video: str, public: str) -> dict[str, str]:
        media = [self.discord.base_url, self.video.url, video, public]
        return {
            "DISCORD_TOKEN": self.discord.token,
            "DISCORD_API_URL": f"{discord}/api/v10",
            "DISCORD_GATEWAY_URL": self.discord.gateway_url,
            **environment_for(self.services, video, "crash-key", "crash-webhook-key"),
            "PUBLIC_URL": public,
            "WEB_HOST": "127.0.0.1",
            "WEB_PORT": str(self.bot_port),
            "TRUSTED_MEDIA_HOSTS": ",".join(url.removeprefix("http://") for url in media),
            "DATA_DIR": str(self.folder / "data"),
            "DISK_FREE_BYTES": "50MB",
            "POLL_SECONDS": "0.5",
            "POLL_SECONDS_MAX": "1",
            "RETRY_SECONDS": "0.2",
            "RETRY_SECONDS_MAX": "1",
            "PLACE_WAIT_SECONDS": "0.5",
            "UNKNOWN_OUTCOME_MINUTES": "0.05",
            "OPEN_JOBS_PER_MEMBER": "50",
            "OPEN_JOBS_PER_SERVER": "1000",
            "UNCOUNTED_PER_HOUR": "1000",
            "QUOTA_EDITS": "100000",
            "QUOTA_AT_ONCE": "100000",
            "QUOTA_SERVER_EDITS_PER_DAY": "100000",
            "LOG_FORMAT": "json",
            **self.changes,
        }

    async def _strike(self) -> bool:
        """Do to the bot what the fuse says; True when it is dead by now."""
        if self.fuse.number is signal.SIGKILL:
            await self.bot.kill()
            return True
        self.signal(self.fuse.number)
        return False

    def signal(self, number: signal.Signals) -> None:
        """Ask the bot to stop; `stopping` keeps when."""
        if self.bot.pid is not None:
            os.kill(self.bot.pid, number)
            self.stopping.append(asyncio.get_running_loop().time())

    def wake(self) -> None:
        """Ask every waiting condition again."""
        from sandbox.discord.events import Event

        self.discord.world.hub.publish(Event("BOT_PROCESS", self.bot))

    async def until(self, condition: Callable[[], object], seconds: float = WAIT_SECONDS) -> None:
        """Wait until a condition holds; it is asked again after whatever happens in Discord or to the bot."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not condition():
            left = deadline - asyncio.get_running_loop().time()
            assert left > 0, f"the bot is {self.bot.text}; {list(self.bot.errors)}; {self.fuse.seen}; {self.lines[-5:]}"
            with contextlib.suppress(TimeoutError):
                await self.discord.world.hub.wait_for(lambda: condition() or None, min(left, 0.25))

    async def command(self, prompt: str, **options: str | bool) -> InteractionView | None:
        """Ask for an edit as a member; None when the bot was gone before it answered."""
        return await self.run("luma modify", {"clip": self.clip}, prompt=prompt, **options)

    async def run(self, command: str, files: Mapping[str, Path], **options: str | bool) -> InteractionView | None:
        """Run a command as a member; None when the bot was gone before it answered."""
        asked = asyncio.create_task(self.discord.actor.slash("Mia", "edits", command, dict(options), dict(files)))
        try:
            await self.until(lambda: asked.done() or self.bot.state == "stopped")
            return asked.result() if asked.done() else None
        except RefusedError:
            return None
        finally:
            asked.cancel()

    async def fetch(self, path: str) -> tuple[int, str]:
        """Ask the bot's web server; return status and text."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.bot_port}{path}") as response,
        ):
            return response.status, await response.text()

    async def revive(self) -> None:
        """Start the bot again if it is dead, and wait until it works."""
        if self.bot.state == "stopped":
            await self.bot.start()
        await self.until(lambda: self.bot.state in ("running", "stopped"))
        assert self.bot.state == "running", f"the bot is {self.bot.text}: {list(self.bot.errors)}"

    async def drain(self) -> None:
        """Wait until no job is open."""
        await self.until(
            lambda: not self.rows("SELECT id FROM jobs WHERE state NOT IN ('delivered', 'failed', 'cancelled')")
        )

    def is_shown(self, prompt: str) -> bool:
        """Tell whether the job of a prompt has ended and its card shows it."""
        ended = self.rows(f"SELECT code FROM jobs WHERE state IN ('delivered', 'failed') AND request LIKE '%{prompt}%'")
        cards = self.discord.actor.messages("Mia", "edits") if ended else []
        return any(ended[0][0] in _text(card) and "cancel" not in str(card.components) for card in cards)

    @property
    def database(self) -> Path:
        """Return where the bot's database lies."""
        return self.folder / "data" / "luma.db"

    def seen(self, channel: int) -> list[str]:
        """Return what a member sees of each message in a channel, as text."""
        try:
            return [_text(message) for message in self.discord.actor.messages("Mia", channel)]
        except RefusedError:
            return []

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the bot's database from beside it."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=5)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def endings(self, code: str) -> list[MessageView]:
        """Return every message of the bot, wherever it stands, that mentions the member over one job."""
        actor, found = self.discord.actor, []
        for channel in list(self.discord.world.channels):
            try:
                messages = actor.messages("Mia", channel)
            except RefusedError:
                continue
            found += [each for each in messages if each.author.is_bot and each.pings_me and code in _text(each)]
        return found

    def check(self) -> list[str]:
        """Return every promise that is broken: paid twice, posted twice, left open, charged wrongly, not told."""
        broken = []
        paid = Counter(task.prompt for task in self.video.ledger.tasks.values())
        broken += [f"paid {count} times: {prompt}" for prompt, count in paid.items() if count > 1]
        for code, state, reservation, was_unknown in self.rows(JOBS):
            told = len(self.endings(code))
            # A late callback brings the video after the word that its outcome is unknown, free of charge.
            allowed = {("delivered", "settled", 1), ("failed", "released", 1)}
            allowed |= {("delivered", "released", times) for times in (1, 2) if was_unknown}
            if (state, reservation, told) not in allowed:
                broken.append(f"job {code} is {state}, its reservation {reservation}, and was told {told} times")
        broken += [f"integrity: {row[0]}" for row in self.rows("PRAGMA integrity_check") if row[0] != "ok"]
        return broken


def _text(message: MessageView) -> str:
    return " ".join(
        [
            message.content,
            *(file.filename for file in message.attachments),
            str(message.embeds),
            str(message.components),
        ]
    )
