"""Hold the start and the end of the connection to Discord."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.client import ClientOptions, LumaBot
from bot.readiness import GatewayWatch, look_at_gateway
from bot.signing_in import log_in, stay_connected
from bot.web.health import Colour
from jobs.errors import ConfigError
from sandbox.discord.server import DiscordServer


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    async with DiscordServer() as opened:
        yield opened
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


@pytest.fixture
async def bot(server: DiscordServer, tmp_path: Path) -> AsyncIterator[LumaBot]:
    opened = LumaBot(ClientOptions(server.api_url, server.gateway_url, guild_ready_seconds=0.01), ())
    yield opened
    await opened.close()
    while events := [task for task in asyncio.all_tasks() if task.get_name().startswith("discord.py:")]:
        await asyncio.wait(events)


async def test_a_token_that_discord_refuses_is_named_and_not_shown(bot: LumaBot) -> None:
    with pytest.raises(ConfigError) as caught:
        await log_in(bot, "not.the.token", asyncio.Event())
    assert caught.value.problems[0].startswith("DISCORD_TOKEN: ")
    assert "not.the.token" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_discord_that_is_away_is_asked_again(bot: LumaBot, server: DiscordServer) -> None:
    server.faults.add("GET", "/users/@me", drop=True, times=3)
    assert await log_in(bot, server.token, asyncio.Event(), first_wait_seconds=0.001)
    assert len(server.recorder.find("GET", "/users/@me")) == 4


async def test_commands_that_cannot_be_told_are_told_by_the_next_login(bot: LumaBot, server: DiscordServer) -> None:
    server.faults.add("PUT", "/commands", drop=True)
    assert await log_in(bot, server.token, asyncio.Event(), first_wait_seconds=0.001)
    assert len(server.recorder.find("PUT", "/commands")) == 2


async def test_a_stop_ends_the_wait_for_discord(bot: LumaBot, server: DiscordServer) -> None:
    server.faults.add("GET", "/users/@me", drop=True, times=99)
    stop = asyncio.Event()
    trying = asyncio.create_task(log_in(bot, server.token, stop, first_wait_seconds=3600))
    await server.world.hub.wait_for(lambda: server.recorder.find("GET", "/users/@me"), 5)
    stop.set()
    assert not await trying


async def test_a_token_that_is_taken_back_while_it_runs_is_named(bot: LumaBot, server: DiscordServer) -> None:
    assert await log_in(bot, server.token, asyncio.Event())
    bot.http.token = "taken.back.since"
    with pytest.raises(ConfigError, match="DISCORD_TOKEN"):
        await stay_connected(bot)


async def test_the_light_of_the_gateway_follows_the_connection(bot: LumaBot, server: DiscordServer) -> None:
    watch = GatewayWatch(bot)
    assert (await look_at_gateway(watch)).state is Colour.RED
    assert await log_in(bot, server.token, asyncio.Event())
    up = asyncio.create_task(bot.wait_for("connect", timeout=10))
    running = asyncio.create_task(stay_connected(bot))
    try:
        await up
        await seen(watch, connected=True)
        down = asyncio.create_task(bot.wait_for("disconnect", timeout=10))
        server.gateway.pause()
        await server.gateway.close()
        await down
        await seen(watch, connected=False)
        assert (await look_at_gateway(watch)).state is Colour.RED
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def seen(watch: GatewayWatch, *, connected: bool) -> None:
    """See that the watch knows; listeners of one event run in no order."""
    for _ in range(5):
        await asyncio.sleep(0)
    assert watch.is_connected is connected
