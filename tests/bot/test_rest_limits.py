"""Hold the pace of requests to Discord, in a time that only the test moves."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from bot.rest_limits import BURST, PER_SECOND, Pace, build_trace, is_counted

API = "https://discord.com/api/v10"


class Time:
    """A time that passes only by sleeping in it."""

    def __init__(self) -> None:
        self.now = 100.0

    def read(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def test_no_second_sees_more_than_fifty() -> None:
    time = Time()
    pace = Pace(now=time.read, sleep=time.sleep)
    turns = []
    for _ in range(500):
        await pace.take()
        turns.append(time.now)
    assert max(sum(start <= turn < start + 1 for turn in turns) for start in turns) <= 50
    assert turns[-1] - turns[0] == pytest.approx((500 - BURST) / PER_SECOND, abs=0.1)


async def test_a_pause_gives_back_a_burst_and_no_more() -> None:
    time = Time()
    pace = Pace(10, 3, now=time.read, sleep=time.sleep)
    for _ in range(5):
        await pace.take()
    time.now += 60
    start = time.now
    turns = []
    for _ in range(4):
        await pace.take()
        turns.append(time.now - start)
    assert turns == pytest.approx([0, 0, 0, 0.1])


async def test_turns_come_in_the_order_they_were_asked_for() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    pace = Pace(10, 1, now=lambda: 5.0, sleep=sleep)
    await asyncio.gather(*(pace.take() for _ in range(4)))
    assert waits == pytest.approx([0.1, 0.2, 0.3])


def test_answers_to_interactions_are_not_counted() -> None:
    base = URL(API)
    for path in ("/interactions/1/token/callback", "/webhooks/1/token", "/webhooks/1/token/messages/@original"):
        assert not is_counted(URL(API + path), base), path
    for path in ("/channels/1/messages", "/users/@me/channels", "/channels/1/messages/2/threads"):
        assert is_counted(URL(API + path), base), path
    for url in ("https://cdn.discordapp.com/attachments/1/2/a.mp4", "wss://gateway.discord.gg/?v=10"):
        assert not is_counted(URL(url), base), url


@pytest.fixture
async def api_url() -> AsyncIterator[str]:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/v10"
    finally:
        await runner.cleanup()


async def test_requests_wait_for_their_turn_on_the_wire(api_url: str) -> None:
    time = Time()
    trace = build_trace(Pace(10, 1, now=time.read, sleep=time.sleep), api_url)
    async with aiohttp.ClientSession(trace_configs=[trace]) as session:
        for path in ("/channels/1/messages", "/interactions/1/t/callback", "/channels/1/messages"):
            async with session.post(api_url + path) as response:
                assert response.status == 200
    assert time.now == pytest.approx(100.1)


async def test_every_answer_of_the_api_is_heard(api_url: str) -> None:
    heard: list[int] = []
    trace = build_trace(Pace(1000), api_url, heard.append)
    async with aiohttp.ClientSession(trace_configs=[trace]) as session:
        for path in ("/channels/1/messages", "/interactions/1/t/callback"):
            async with session.post(api_url + path):
                pass
    assert heard == [200, 200]
