"""Clients that never finish cost nothing for long, and nobody else waits for them."""

import asyncio
from collections.abc import AsyncIterator, Callable

from bot.web.callbacks import CallbackLimits
from tests.bot.web.serving import BODY, TOKEN, Receiver, Site, serve, signed

HEADER_SECONDS = 1.0
READ_SECONDS = 0.5
EACH = 100
START = f"POST /callbacks/kie/{TOKEN} HTTP/1.1\r\nHost: bot.example\r\n".encode()

Drip = Callable[[], AsyncIterator[bytes]]


async def silent() -> AsyncIterator[bytes]:
    yield b""


async def half_a_request_line() -> AsyncIterator[bytes]:
    yield START[:20]


async def endless_headers() -> AsyncIterator[bytes]:
    yield START
    for index in range(100):
        await asyncio.sleep(0.1)
        yield f"X-{index}: 1\r\n".encode()


async def one_byte_of_the_body() -> AsyncIterator[bytes]:
    yield START + b"Content-Length: 500\r\n\r\n{"


async def dripped_chunks() -> AsyncIterator[bytes]:
    yield START + b"Transfer-Encoding: chunked\r\n\r\n"
    for _ in range(100):
        await asyncio.sleep(0.1)
        yield b"1\r\n{\r\n"


async def outlast(site: Site, drip: Drip) -> float:
    """Send slowly until the server closes; return how long it let us."""
    loop = asyncio.get_running_loop()
    reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
    started = loop.time()

    async def send() -> None:
        async for piece in drip():
            writer.write(piece)

    sending = asyncio.create_task(send())
    try:
        await reader.read()
    except ConnectionError:
        pass
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()
    return loop.time() - started


async def test_slow_clients_are_closed_and_a_good_callback_passes_them() -> None:
    receiver = Receiver()
    limits = CallbackLimits(read_seconds=READ_SECONDS)
    kinds: dict[Drip, float] = {
        silent: HEADER_SECONDS,
        half_a_request_line: HEADER_SECONDS,
        endless_headers: HEADER_SECONDS,
        one_byte_of_the_body: READ_SECONDS,
        dripped_chunks: READ_SECONDS,
    }
    async with serve(receiver, limits=limits, header_seconds=HEADER_SECONDS) as site:
        slow = {kind: [asyncio.create_task(outlast(site, kind)) for _ in range(EACH)] for kind in kinds}
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(10):
            while not all(task.done() for tasks in slow.values() for task in tasks):
                started = loop.time()
                async with site.client.post(
                    f"{site.url}/callbacks/kie/{TOKEN}", data=BODY, headers=signed()
                ) as response:
                    assert response.status == 200
                assert loop.time() - started < 1
                await asyncio.sleep(0.05)
        for kind, limit in kinds.items():
            assert max(task.result() for task in slow[kind]) < limit + 2, kind.__name__
    assert receiver.taken
    assert set(receiver.results) == {"ok", "slow"}
    assert receiver.results.count("slow") == 2 * EACH
