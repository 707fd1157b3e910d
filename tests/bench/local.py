"""Start the local world with the real bot as a child process, set up for load."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.demo_bot import BotChild
from sandbox.discord.model import Message
from sandbox.discord.server import DiscordServer
from sandbox.ports import free_port
from sandbox.video.server import VideoServer
from tests.service_environment import environment_for

KEY = "bench-key"
_LIMITS = (
    "OPEN_JOBS_PER_MEMBER", "OPEN_JOBS_PER_SERVER", "OPEN_JOBS_IN_ALL", "UNCOUNTED_PER_HOUR", "QUOTA_EDITS",
    "QUOTA_AT_ONCE", "QUOTA_SERVER_EDITS_PER_DAY",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Local:
    """Hold a running local world."""

    discord: DiscordServer
    video: VideoServer
    bot: BotChild
    running: asyncio.Event
    port: int = 0

    @property
    def pid(self) -> int:
        """Return the bot's process id."""
        assert self.bot.pid is not None
        return self.bot.pid

    def delivered(self) -> int:
        """Count the bot's messages that carry a file."""
        return sum(bool(message.attachments) for message in self._own_messages())

    def ended(self) -> int:
        """Count the bot's messages that mention somebody: the endings of jobs, with a file or a link."""
        return sum(message.content.startswith("<@") for message in self._own_messages())

    def _own_messages(self) -> Iterator[Message]:
        world = self.discord.world
        for channel in world.messages.values():
            yield from (message for message in channel.values() if message.author_id == world.bot_id)

    async def until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait until a condition holds, asked after everything that happens in Discord."""
        await self.discord.world.hub.wait_for(lambda: condition() or None, seconds)


@asynccontextmanager
async def open_local(
    folder: Path,
    *,
    settings: Mapping[str, str] | None = None,
    services: Sequence[str] = ("kie",),
    callbacks: bool = True,
    prepare: Callable[[DiscordServer, Path], Awaitable[None]] | None = None,
    **video: Any,
) -> AsyncIterator[Local]:
    """Open a local world whose limits do not stand in the way of a load.

    `prepare` may fill Discord and the bot's data folder before the bot starts.
    """
    async with AsyncExitStack() as stack:
        discord = await stack.enter_async_context(DiscordServer())
        discord.limits.enabled = False
        options = {"creates_per_10s": 0, "parallel": 0, "credits": 1e9} | video
        service = await stack.enter_async_context(VideoServer(key=KEY, **options))
        port = free_port()
        media = [discord.base_url, service.url, f"http://127.0.0.1:{port}"]
        environment = {
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "DISCORD_REST_PER_SECOND": "10000",
            **environment_for(services, service.url, KEY),
            **{f"{name.upper()}_CREATES": "100000" for name in services},
            "WEB_HOST": "127.0.0.1",
            "WEB_PORT": str(port),
            "TRUSTED_MEDIA_HOSTS": ",".join(url.removeprefix("http://") for url in media),
            "DATA_DIR": str(folder / "data"),
            "DISK_FREE_BYTES": "50MB",
            **dict.fromkeys(_LIMITS, "100000"),
            "LOG_LEVEL": "WARNING",
            "LOG_FORMAT": "json",
        }
        if callbacks:
            environment["PUBLIC_URL"] = f"http://127.0.0.1:{port}"
        if prepare is not None:
            await prepare(discord, folder / "data")
        running = asyncio.Event()
        bot = BotChild(
            environment | dict(settings or {}),
            folder,
            on_line=print_line,
            on_change=lambda: running.set() if bot.state in ("running", "stopped") else None,
        )
        stack.push_async_callback(bot.kill)
        await bot.start()
        async with asyncio.timeout(60):
            await running.wait()
        if bot.state != "running":
            raise RuntimeError(f"the bot did not start: {bot.text}; {'; '.join(bot.errors)}")
        yield Local(discord, service, bot, running, port)


def print_line(fields: dict[str, Any]) -> None:
    """Show what the bot complains of."""
    print("  bot:", fields.get("message"), flush=True)
