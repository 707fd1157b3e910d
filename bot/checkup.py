"""Prove a configuration before the first start, one line for each part."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from bot import replies
from bot.language import tr, tr_known
from bot.web.health import HealthBoard
from jobs.errors import LumaBotError
from jobs.gates import Gates

REQUEST_SECONDS = 15.0
GIB = 1024**3


@dataclass(frozen=True, slots=True)
class CheckLine:
    """Tell of one part whether it is in order; `detail` never holds a secret."""

    ok: bool
    name: str
    detail: str


async def check_part(name: str, prove: Callable[[], Awaitable[str]], *, seconds: float = REQUEST_SECONDS) -> CheckLine:
    """Ask one part for its proof: the text it returns, or the error it raises."""
    try:
        async with asyncio.timeout(seconds):
            return CheckLine(True, name, await prove())
    except TimeoutError:
        return CheckLine(False, name, tr("no answer within {seconds} s", seconds=f"{seconds:g}"))
    except (LumaBotError, aiohttp.ClientError, OSError) as error:
        return CheckLine(False, name, _reason_of(error))


async def prove_folder(folder: Path, free_bytes: int) -> str:
    """Prove that the data folder can be written to and has the free room that is asked for."""
    return await asyncio.to_thread(_try_folder, folder, free_bytes)


def _try_folder(folder: Path, free_bytes: int) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".check-") as file:
        file.write(b"x")
        file.flush()
        os.fsync(file.fileno())
    free = shutil.disk_usage(folder).free
    if free < free_bytes:
        wanted = f"{free_bytes / GIB:.1f}"
        raise CheckFailedError(
            tr("only {free} GiB free, {wanted} GiB wanted (DISK_FREE_BYTES)", free=f"{free / GIB:.1f}", wanted=wanted)
        )
    return tr("writable, {free} GiB free", free=f"{free / GIB:.1f}")


async def prove_service(balance: Callable[[], Awaitable[float | None]]) -> str:
    """Prove that a video service takes our key, by its account's credit."""
    credit = await balance()
    if credit is None:
        return tr("key accepted, credit unknown")
    if credit <= 0:
        raise CheckFailedError(tr("key accepted, but the account is empty"))
    return tr("key accepted, credit {credit}", credit=_amount(credit))


async def prove_open_service(
    balance: Callable[[], Awaitable[float | None]], gates: Gates, name: str, now_ms: int
) -> str:
    """Prove that a video service takes jobs now, and tell its credit and its last error since the start."""
    state = gates.states()[name]
    last = ""
    if state.last_error_ms is not None:
        span = replies.span(now_ms - state.last_error_ms)
        last = tr("; last error {span} ago: {error}", span=span, error=state.last_error)
    if state.reason:
        credit = "" if state.balance is None else tr("; credit {credit}", credit=_amount(state.balance))
        raise CheckFailedError(tr("takes no new jobs: {reason}", reason=tr_known(state.reason)) + credit + last)
    return await prove_service(balance) + last


def _amount(credit: float) -> str:
    return f"{credit:.10g}"


async def prove_discord(session: aiohttp.ClientSession, api_url: str, token: str) -> str:
    """Prove the bot's token: https://docs.discord.com/developers/resources/user#get-current-user."""
    headers = {"Authorization": f"Bot {token}"}
    async with session.get(f"{api_url}/users/@me", headers=headers, allow_redirects=False) as response:
        if response.status == 401:
            raise CheckFailedError("Discord does not know this token (DISCORD_TOKEN)")
        if response.status != 200:
            raise CheckFailedError(f"Discord answered {response.status}")
        user = await _json_object(response)
    return f"token accepted, the bot is {user.get('username', '?')} ({user.get('id', '?')})"


async def prove_address(session: aiohttp.ClientSession, public_url: str, host: str, port: int) -> str:
    """Prove that the public address leads to the port this process would listen on; the port must be free."""
    board = HealthBoard(checks={}, services=dict, page=lambda: (b"", "text/plain"))
    runner = web.AppRunner(web.Application())
    runner.app.router.add_get("/healthz", board.answer_alive)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        return await prove_public_url(session, public_url, board.instance)
    finally:
        await runner.cleanup()


async def prove_public_url(session: aiohttp.ClientSession, public_url: str, instance: str) -> str:
    """Prove that the public address reaches the web server whose /healthz names this instance."""
    if not public_url:
        return tr("not set: no callbacks, results are polled for")
    async with session.get(f"{public_url}/healthz", allow_redirects=False) as response:
        if response.status != 200:
            raise CheckFailedError(tr("PUBLIC_URL/healthz answered {status}", status=response.status))
        answer = await _json_object(response)
    if answer.get("instance") != instance:
        raise CheckFailedError(tr("PUBLIC_URL leads to another program, or to another process of this one"))
    if public_url.startswith("https://"):
        return tr("reached from here")
    return tr("reached from here, but not by https")


class CheckFailedError(LumaBotError):
    """Say what is wrong with a part of the configuration."""


async def _json_object(response: aiohttp.ClientResponse) -> Mapping[str, object]:
    try:
        answer = await response.json(content_type=None)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise CheckFailedError(tr("the answer is not what was expected"))
    return answer


def _reason_of(error: Exception) -> str:
    if isinstance(error, LumaBotError):
        return str(error)
    if isinstance(error, aiohttp.ClientConnectorError):
        return tr("cannot connect ({error})", error=type(error.os_error).__name__)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
