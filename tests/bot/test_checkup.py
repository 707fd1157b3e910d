"""`check` proves each part against the real thing: a folder, an account, Discord, the public address."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.checkup import (
    CheckLine,
    check_part,
    prove_address,
    prove_discord,
    prove_folder,
    prove_open_service,
    prove_service,
)
from jobs.errors import ProviderAuthError, ProviderGoneError, ProviderUnavailableError
from jobs.gates import Gates
from sandbox.ports import free_port
from tests.fakes import START_MS, FakeClock, FakeProvider, abilities_of

TOKEN = "canary-token-31"

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@asynccontextmanager
async def answering(path: str, answer: Answer) -> AsyncIterator[str]:
    """Serve one path and give its server's address."""
    app = web.Application()
    app.router.add_get(path, answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_a_folder_is_made_and_written_to(tmp_path: Path) -> None:
    line = await check_part("folder", lambda: prove_folder(tmp_path / "new" / "data", 1))
    assert line.ok
    assert line.detail.startswith("writable, ")
    assert list((tmp_path / "new" / "data").iterdir()) == []


async def test_a_folder_that_cannot_be_or_is_full_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not (await check_part("folder", lambda: prove_folder(tmp_path / "file", 1))).ok
    line = await check_part("folder", lambda: prove_folder(tmp_path, 1 << 60))
    assert not line.ok
    assert "DISK_FREE_BYTES" in line.detail


async def test_a_service_is_proved_by_its_credit() -> None:
    async def balance(value: float | None) -> float | None:
        return value

    async def refused() -> float | None:
        raise ProviderAuthError("kie", "the key was refused", code="401")

    for value, ok, detail in (
        (812.5, True, "key accepted, credit 812.5"),
        (None, True, "key accepted, credit unknown"),
        (0.0, False, "key accepted, but the account is empty"),
    ):
        line = await check_part("kie", partial(prove_service, partial(balance, value)))
        assert line == CheckLine(ok, "kie", detail)
    line = await check_part("kie", lambda: prove_service(refused))
    assert line == CheckLine(False, "kie", "kie: the key was refused [401]")


async def test_discord_is_asked_who_the_bot_is(session: aiohttp.ClientSession) -> None:
    async def me(request: web.Request) -> web.StreamResponse:
        if request.headers["Authorization"] != f"Bot {TOKEN}":
            return web.json_response({"message": "401: Unauthorized"}, status=401)
        return web.json_response({"id": "42", "username": "luma"})

    async with answering("/api/v10/users/@me", me) as url:
        line = await check_part("discord", lambda: prove_discord(session, f"{url}/api/v10", TOKEN))
        assert line == CheckLine(True, "discord", "token accepted, the bot is luma (42)")
        line = await check_part("discord", lambda: prove_discord(session, f"{url}/api/v10", "wrong"))
        assert line == CheckLine(False, "discord", "Discord does not know this token (DISCORD_TOKEN)")
        line = await check_part("discord", lambda: prove_discord(session, f"{url}/nothing", TOKEN))
        assert line == CheckLine(False, "discord", "Discord answered 404")


async def test_an_answer_that_is_no_json_object_is_told(session: aiohttp.ClientSession) -> None:
    for text in ("<html>", "[]", "", "[" * 100_000):

        async def me(_request: web.Request, text: str = text) -> web.StreamResponse:
            return web.Response(text=text)

        async with answering("/users/@me", me) as url:
            line = await check_part("discord", partial(prove_discord, session, url, TOKEN))
            assert line == CheckLine(False, "discord", "the answer is not what was expected")


async def test_who_cannot_be_reached_or_is_silent_is_told(session: aiohttp.ClientSession) -> None:
    line = await check_part("discord", lambda: prove_discord(session, f"http://127.0.0.1:{free_port()}", TOKEN))
    assert line == CheckLine(False, "discord", "cannot connect (ConnectionRefusedError)")

    async def silent(_request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    async with answering("/users/@me", silent) as url:
        line = await check_part("discord", lambda: prove_discord(session, url, TOKEN), seconds=0.1)
        assert line == CheckLine(False, "discord", "no answer within 0.1 s")


async def test_the_public_address_must_lead_to_this_process(session: aiohttp.ClientSession) -> None:
    port = free_port()
    line = await check_part("address", lambda: prove_address(session, f"http://127.0.0.1:{port}", "127.0.0.1", port))
    assert line == CheckLine(True, "address", "reached from here, but not by https")

    async def other(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"ok": True, "instance": "another"})

    async with answering("/healthz", other) as url:
        line = await check_part("address", lambda: prove_address(session, url, "127.0.0.1", port))
        assert line == CheckLine(
            False, "address", "PUBLIC_URL leads to another program, or to another process of this one"
        )
        line = await check_part("address", lambda: prove_address(session, f"{url}/deep", "127.0.0.1", port))
        assert line == CheckLine(False, "address", "PUBLIC_URL/healthz answered 404")


async def test_without_a_public_address_polling_does_it(session: aiohttp.ClientSession) -> None:
    line = await check_part("address", lambda: prove_address(session, "", "127.0.0.1", free_port()))
    assert line == CheckLine(True, "address", "not set: no callbacks, results are polled for")


async def test_a_port_that_is_taken_is_told(session: aiohttp.ClientSession) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = int(server.getsockname()[1])
        line = await check_part("address", lambda: prove_address(session, "", "127.0.0.1", port))
    assert not line.ok
    assert "address already in use" in line.detail.lower()


async def test_a_running_service_tells_why_it_takes_no_jobs_and_its_last_error() -> None:
    gates, provider = Gates([abilities_of()], FakeClock()), FakeProvider()
    prove = partial(prove_open_service, provider.balance, gates, "kie", START_MS + 300_000)
    assert await check_part("KIE", prove) == CheckLine(True, "KIE", "key accepted, credit 100")
    told = "last error 5 min ago"
    gates.note_trouble("kie", ProviderUnavailableError("kie", "bad gateway", code="502"))
    line = await check_part("KIE", prove)
    assert (line.ok, line.detail) == (True, f"key accepted, credit 100; {told}: Unavailable [502]")
    gates.note_error("kie", ProviderGoneError("kie", "not found", code="404"))
    line = await check_part("KIE", prove)
    assert (line.ok, line.detail) == (False, f"takes no new jobs: switched off; {told}: Gone [404]")
    gates.note_balance("kie", 1_234_567.5)
    assert "takes no new jobs: switched off; credit 1234567.5; last" in (await check_part("KIE", prove)).detail
