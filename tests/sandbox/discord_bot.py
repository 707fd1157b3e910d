"""Talk to the local Discord in two ways: with the unmodified discord.py, and with bare requests."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from sandbox.discord.clock import ManualClock
from sandbox.discord.default_world import build_world
from sandbox.discord.interactions import Interaction
from sandbox.discord.model import Channel, Message
from sandbox.discord.permissions import BOT_PERMS
from sandbox.discord.server import DiscordServer

Reply = tuple[int, Any]
T = TypeVar("T")


@asynccontextmanager
async def running_client(server: DiscordServer, client: discord.Client) -> AsyncIterator[discord.Client]:
    """Connect a discord.py client with the two settings alone, and end it afterwards."""
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = server.api_url, yarl.URL(server.gateway_url)
    # discord.py waits two seconds for more guilds otherwise
    client._connection.guild_ready_timeout = 0.01
    task = asyncio.create_task(client.start(server.token))
    try:
        ready = asyncio.create_task(client.wait_until_ready())
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if task.done():
            await task
        yield client
    finally:
        await client.close()
        await asyncio.gather(task, return_exceptions=True)
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before


class CommandBot(discord.Client):
    """A client with a command tree that is synced at the start."""

    def __init__(self, intents: discord.Intents | None = None) -> None:
        super().__init__(intents=intents or discord.Intents(guilds=True))
        self.tree = app_commands.CommandTree(self)

    async def setup_hook(self) -> None:
        """Send the commands."""
        await self.tree.sync()


@dataclass
class BareBot:
    """A bot made of nothing but requests; answers come as status and JSON."""

    server: DiscordServer
    session: aiohttp.ClientSession

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        files: dict[str, bytes] | None = None,
        token: str | None = None,
    ) -> Reply:
        """Send one request."""
        async with self.request(method, path, body, files, token) as answer:
            return answer.status, await answer.json() if answer.content_type == "application/json" else None

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        files: dict[str, bytes] | None = None,
        token: str | None = None,
    ) -> Any:
        """Open one request, for those who want its headers."""
        headers = {"Authorization": f"Bot {token or self.server.token}"}
        url = yarl.URL(self.server.api_url + path, encoded=True)
        if files is None:
            return self.session.request(method, url, json=body, headers=headers)
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("payload_json", json.dumps(body))
        for index, (name, data) in enumerate(files.items()):
            form.add_field(f"files[{index}]", io.BytesIO(data), filename=name, content_type="application/octet-stream")
        return self.session.request(method, url, data=form, headers=headers)

    def channel(self, name: str) -> Channel:
        """Return a channel of the world."""
        return self.server.world.find_channel(name)

    def messages_path(self, name: str) -> str:
        """Return the path of a channel's messages."""
        return f"/channels/{self.channel(name).id}/messages"

    async def post(self, channel: str = "edits", **body: Any) -> Any:
        """Post a message that must succeed, and return it."""
        status, message = await self.call("POST", self.messages_path(channel), body or {"content": "hello"})
        assert status == 200, message
        return message

    def start(self, kind: int = 2, source: Message | None = None, who: str = "Mia") -> Interaction:
        """Start an interaction in #edits without waiting for its answer."""
        world = self.server.world
        data = {"id": "1", "name": "luma", "type": 1, "options": []}
        channel_id = source.channel_id if source else self.channel("edits").id
        user = world.find_user(who)
        return self.server.parts.interactions.start(kind, user.id, channel_id, data, source=source, command="luma")

    async def catch(self, action: Coroutine[Any, Any, T]) -> tuple[Interaction, asyncio.Task[T]]:
        """Begin a member's action; return the interaction it sends, and the action that waits for an answer."""
        async with self.server.actor.subscribe() as events, asyncio.timeout(10):
            task = asyncio.create_task(action)
            while not isinstance(subject := (await events.get()).subject, Interaction):
                pass
        return subject, task

    async def register(self, *commands: Any) -> Any:
        """Replace the global commands."""
        path = f"/applications/{self.server.world.application.id}/commands"
        status, answer = await self.call("PUT", path, list(commands))
        assert status == 200, answer
        return answer

    async def answer(self, interaction: Interaction, kind: int, data: Any = None, query: str = "") -> Reply:
        """Send an interaction's first answer."""
        path = f"/interactions/{interaction.id}/{interaction.token}/callback{query}"
        return await self.call("POST", path, {"type": kind} | ({"data": data} if data is not None else {}))

    def hook(self, interaction: Interaction, rest: str = "") -> str:
        """Return the path of an interaction's webhook."""
        return f"/webhooks/{self.server.world.application.id}/{interaction.token}{rest}"


@asynccontextmanager
async def bare_bot(*, boost_tier: int = 0, permissions: int = BOT_PERMS, **settings: Any) -> AsyncIterator[BareBot]:
    """Serve a default world on a clock that stands still, without rate limits."""
    world = build_world(ManualClock(), boost_tier=boost_tier, bot_permissions=permissions)
    async with DiscordServer(world, **settings) as server, aiohttp.ClientSession() as session:
        server.limits.enabled = False
        yield BareBot(server, session)


def advance(server: DiscordServer, seconds: float) -> None:
    """Move the world's clock."""
    clock = server.world.clock
    assert isinstance(clock, ManualClock)
    clock.advance(seconds)
