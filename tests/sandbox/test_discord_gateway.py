"""The gateway, with a bare WebSocket and with the unmodified discord.py."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
import pytest

from sandbox.discord.server import DiscordServer
from tests.sandbox.discord_bot import BareBot, CommandBot, bare_bot, running_client

GUILDS, GUILD_MESSAGES, MESSAGE_CONTENT = 1, 1 << 9, 1 << 15


class Socket:
    """A gateway client that does nothing by itself."""

    def __init__(self, raw: aiohttp.ClientWebSocketResponse, *, compressed: bool) -> None:
        self.raw = raw
        self._inflate = zlib.decompressobj() if compressed else None

    async def receive(self) -> Any:
        """Return the next payload, or the close code as a number."""
        message = await self.raw.receive(timeout=10)
        if message.type is aiohttp.WSMsgType.CLOSE:
            return message.data
        if message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR):
            return self.raw.close_code
        data = self._inflate.decompress(message.data).decode() if self._inflate else message.data
        return json.loads(data)

    async def until(self, name: str) -> Any:
        """Return the data of the next event of that name."""
        while (payload := await self.receive()).get("t") != name:
            pass
        return payload

    async def send(self, op: int, data: Any) -> None:
        """Send a payload."""
        await self.raw.send_json({"op": op, "d": data})

    async def identify(self, server: DiscordServer, intents: int = GUILDS) -> Any:
        """Identify and return READY."""
        await self.send(2, {"token": server.token, "intents": intents, "properties": {}})
        return await self.until("READY")


@asynccontextmanager
async def connected(bot: BareBot, query: str = "?v=10&encoding=json") -> AsyncIterator[Socket]:
    """Open a socket that has heard HELLO."""
    async with bot.session.ws_connect(bot.server.gateway_url + query, autoclose=False) as raw:
        socket = Socket(raw, compressed="zlib" in query)
        assert (await socket.receive())["op"] == 10
        yield socket


@pytest.mark.parametrize("query", ["?v=10&encoding=json", "?v=10&encoding=json&compress=zlib-stream"])
async def test_a_session_begins_with_ready_and_the_guild(query: str) -> None:
    async with bare_bot() as bot, connected(bot, query) as socket:
        ready = (await socket.identify(bot.server))["d"]
        guild = (await socket.until("GUILD_CREATE"))["d"]

        assert ready["resume_gateway_url"] == bot.server.gateway_url
        assert [one["id"] for one in ready["guilds"]] == [guild["id"]]
        assert len(guild["channels"]) == 4
        await socket.send(1, 5)
        assert await socket.receive() == {"op": 11}


@pytest.mark.parametrize(
    ("op", "change", "code"),
    [
        (2, {"token": "wrong"}, 4004),
        (2, {"intents": MESSAGE_CONTENT}, 4014),
        (2, {"intents": 1 << 30}, 4013),
        (2, {"shard": [1, 1]}, 4010),
        (6, {"token": "wrong"}, 4004),
        (3, {}, 4003),
        (99, {}, 4001),
    ],
)
async def test_bad_beginnings_close_with_their_code(op: int, change: dict[str, Any], code: int) -> None:
    async with bare_bot() as bot, connected(bot) as socket:
        await socket.send(op, {"token": bot.server.token, "intents": 1, "session_id": "a", "seq": 1} | change)
        assert await socket.receive() == code


async def test_more_bad_payloads() -> None:
    async with bare_bot() as bot:
        async with connected(bot) as socket:
            await socket.raw.send_str("not json")
            assert await socket.receive() == 4002
        async with connected(bot) as socket:
            await socket.identify(bot.server)
            await socket.send(2, {"token": bot.server.token, "intents": 1})
            await socket.until("GUILD_CREATE")
            assert await socket.receive() == 4005
        async with connected(bot) as socket:
            for _ in range(121):
                await socket.send(1, None)
            while isinstance(code := await socket.receive(), dict):
                pass
            assert code == 4008


async def test_a_resume_replays_what_was_missed() -> None:
    async with bare_bot() as bot:
        async with connected(bot) as socket:
            ready = await socket.identify(bot.server)
            seq = (await socket.until("GUILD_CREATE"))["s"]
        missed = bot.start()
        async with connected(bot) as socket:
            await socket.send(6, {"token": bot.server.token, "session_id": ready["d"]["session_id"], "seq": seq})
            assert (await socket.receive())["d"]["id"] == str(missed.id)
            assert (await socket.receive())["t"] == "RESUMED"
        async with connected(bot) as socket:
            await socket.send(6, {"token": bot.server.token, "session_id": ready["d"]["session_id"], "seq": 99})
            assert await socket.receive() == 4007


async def test_an_invalidated_session_cannot_be_resumed() -> None:
    async with bare_bot() as bot:
        async with connected(bot) as socket:
            ready = await socket.identify(bot.server)
            await socket.until("GUILD_CREATE")
            bot.server.gateway.invalidate()
            assert await socket.receive() == {"op": 9, "d": False}
        async with connected(bot) as socket:
            await socket.send(6, {"token": bot.server.token, "session_id": ready["d"]["session_id"], "seq": 2})
            assert await socket.receive() == {"op": 9, "d": False}
            await socket.identify(bot.server)
            assert bot.server.gateway.connected


async def test_a_paused_gateway_holds_everything_back() -> None:
    async with bare_bot() as bot, connected(bot) as socket:
        await socket.identify(bot.server)
        await socket.until("GUILD_CREATE")
        bot.server.gateway.pause()
        bot.start()
        await socket.send(1, None)
        waiting = asyncio.create_task(socket.receive())
        await bot.call("GET", "/users/@me")
        assert not waiting.done()
        bot.server.gateway.unpause()
        assert (await waiting)["t"] == "INTERACTION_CREATE"
        assert await socket.receive() == {"op": 11}


async def test_events_come_by_intent_and_content_is_blank() -> None:
    async with bare_bot() as bot, connected(bot) as few, connected(bot) as many:
        await few.identify(bot.server)
        await many.identify(bot.server, GUILDS | GUILD_MESSAGES)
        await few.until("GUILD_CREATE")
        view = await bot.server.actor.post("Mia", "edits", "secret")
        await bot.server.actor.post("Robin", "mods", "hidden")
        await bot.server.actor.edit_message("Mia", view.id, "changed")
        await bot.server.actor.delete_message("Mia", view.id)
        own = await bot.post(content="own")
        bot.server.world.delete_channel(bot.channel("showcase"))

        created = (await many.until("MESSAGE_CREATE"))["d"]
        assert (created["content"], created["channel_id"]) == ("", str(bot.channel("edits").id))
        assert (await many.receive())["t"] == "MESSAGE_UPDATE"
        assert (await many.receive())["d"]["id"] == str(view.id)
        assert (await many.receive())["d"] | {"guild_id": 0, "member": 0} == own | {"guild_id": 0, "member": 0}
        assert (await few.receive())["t"] == "CHANNEL_DELETE"


async def test_content_comes_with_the_privileged_intent() -> None:
    async with bare_bot() as bot, connected(bot) as socket:
        bot.server.world.application.message_content_granted = True
        await socket.identify(bot.server, GUILDS | GUILD_MESSAGES | MESSAGE_CONTENT)
        await bot.server.actor.post("Mia", "edits", "open")
        assert (await socket.until("MESSAGE_CREATE"))["d"]["content"] == "open"


async def test_threads_and_members_are_announced() -> None:
    async with bare_bot() as bot, connected(bot) as socket:
        world = bot.server.world
        guild = next(iter(world.guilds.values()))
        await socket.identify(bot.server)
        message = await bot.post()
        await bot.call("POST", f"{bot.messages_path('edits')}/{message['id']}/threads", {"name": "t"})
        assert (await socket.until("THREAD_CREATE"))["d"]["newly_created"]
        world.channels[int(message["id"])].name = "u"
        world.change_channel(world.channels[int(message["id"])])
        assert (await socket.until("THREAD_UPDATE"))["d"]["name"] == "u"
        guild.boost_tier = 2
        world.change_guild(guild)
        assert (await socket.until("GUILD_UPDATE"))["d"]["premium_tier"] == 2
        await socket.send(8, {"guild_id": str(guild.id), "query": "mi", "limit": 0, "nonce": "n"})
        chunk = (await socket.until("GUILD_MEMBERS_CHUNK"))["d"]
        assert [one["user"]["username"] for one in chunk["members"]] == ["mia"]
        world.remove_member(guild, world.application.bot)
        assert (await socket.until("GUILD_DELETE"))["d"] == {"id": str(guild.id)}


# With discord.py


async def test_discord_py_resumes_after_a_cut_and_after_op_7() -> None:
    async with bare_bot() as bot:
        client = CommandBot()
        heard: asyncio.Queue[int] = asyncio.Queue()

        async def on_interaction(interaction: discord.Interaction) -> None:
            heard.put_nowait(interaction.id)

        client.event(on_interaction)
        async with running_client(bot.server, client):
            for resumes, disturb in enumerate((bot.server.gateway.drop, bot.server.gateway.ask_reconnect), 1):
                disturb()
                missed = bot.start()
                assert await asyncio.wait_for(heard.get(), 10) == missed.id
                assert bot.server.gateway.resume_count == resumes
            assert bot.server.gateway.identify_count == 1


async def test_discord_py_ends_on_a_wrong_token_and_on_a_missing_grant() -> None:
    async with bare_bot() as bot:
        server = bot.server
        with pytest.raises(discord.PrivilegedIntentsRequired):
            async with running_client(server, CommandBot(discord.Intents(message_content=True))):
                pass
        server.faults.add("GET", "/users/@me", status=401)
        with pytest.raises(discord.LoginFailure):
            async with running_client(server, CommandBot()):
                pass


async def test_discord_py_notices_that_it_was_kicked() -> None:
    async with bare_bot() as bot:
        client = CommandBot()
        gone: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def on_guild_remove(guild: discord.Guild) -> None:
            gone.set_result(guild.name)

        client.event(on_guild_remove)
        async with running_client(bot.server, client):
            world = bot.server.world
            world.remove_member(next(iter(world.guilds.values())), world.application.bot)
            assert await asyncio.wait_for(gone, 10) == "Creators' corner"
