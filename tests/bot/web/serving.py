"""Run the real web server on loopback, with ports that record what they are asked."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bot.metrics import Metrics
from bot.web.callbacks import CallbackDesk, CallbackLimits
from bot.web.entrance import CONNECTIONS
from bot.web.files import TRANSFERS, FileCounter
from bot.web.files import Shelf as ShelfPort
from bot.web.health import CheckPart, HealthBoard
from bot.web.server import WebServer
from jobs.errors import CallbackError
from jobs.ports import Attempt
from jobs.services import CallbackNote
from providers.kie import read_callback
from providers.signing import sign_task

KEY = "canary-webhook-key-71"
TOKEN = secrets.token_urlsafe(32)
TASK = "774d9a7dd608a0e49293903095e45a4c"
NOW_SECONDS = 1_755_075_000
BODY = b'{"code":200,"msg":"ok","data":{"taskId":"%s","resultUrls":["https://x.example/v.mp4"]}}' % TASK.encode()


def signed(task: str = TASK, at: int | str = NOW_SECONDS, key: str = KEY) -> dict[str, str]:
    """Return the headers KIE sends with a callback."""
    return {"X-Webhook-Timestamp": str(at), "X-Webhook-Signature": sign_task(key, task, str(at))}


def sha256(token: str) -> str:
    """Return what the store knows of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass
class Receiver:
    """Stand for the store, the lifecycle and two services; `keys` empty takes unsigned callbacks."""

    keys: tuple[str, ...] = (KEY,)
    attempts: dict[str, Attempt] = field(
        default_factory=lambda: {sha256(TOKEN): Attempt("job1", 1, "kie", sha256(TOKEN), 0)}
    )
    taken: list[tuple[Attempt, CallbackNote]] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    error: Exception | None = None
    gate: asyncio.Event | None = None

    async def find_attempt(self, token_sha256: str) -> Attempt | None:
        self.looked.set()
        return self.attempts.get(token_sha256)

    async def take(self, attempt: Attempt, note: CallbackNote) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.taken.append((attempt, note))

    def read_kie(self, headers: Mapping[str, str], body: bytes) -> CallbackNote:
        return read_callback(headers, body, self.keys, now_ms=NOW_SECONDS * 1000, window_ms=300_000)

    def read_other(self, headers: Mapping[str, str], body: bytes) -> CallbackNote:
        raise CallbackError(500, "a status a provider has no business with")

    def desk(self, limits: CallbackLimits | None = None) -> CallbackDesk:
        readers = {"kie": self.read_kie, "other": self.read_other}
        return CallbackDesk(self.find_attempt, readers, self.take, limits=limits, count=self.results.append)


@dataclass
class Shelf:
    """Hold files that any query with `sig=good` may have."""

    folder: Path | None = None

    def find_signed(self, name: str, expires: str, signature: str) -> Path | None:
        if self.folder is None or (expires, signature) != ("1", "good"):
            return None
        return self.folder / name


@dataclass(frozen=True)
class Site:
    """Hold a running server and a client of it."""

    server: WebServer
    client: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    async def post(self, path: str = f"/callbacks/kie/{TOKEN}", body: bytes = BODY, **headers: str) -> int:
        """Post a callback and return the status; headers are given with _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.post(self.url + path, data=body, headers=named or signed()) as response:
            await response.read()
            return response.status

    async def raw(self, data: bytes) -> bytes:
        """Send bytes and return everything that comes until the server closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        try:
            writer.write(data)
            return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)


def raw_status(answer: bytes) -> int | None:
    """Return the status of a raw answer, None when there is none."""
    return int(answer[9:12]) if answer.startswith(b"HTTP/") else None


def board(checks: Mapping[str, CheckPart] | None = None, services: Mapping[str, str] | None = None) -> HealthBoard:
    """Return a board whose services are open unless said otherwise."""
    return HealthBoard(checks or {}, lambda: services if services is not None else {"kie": ""}, Metrics().page)


@asynccontextmanager
async def serve(
    receiver: Receiver | None = None,
    *,
    limits: CallbackLimits | None = None,
    shelf: ShelfPort | None = None,
    health: HealthBoard | None = None,
    header_seconds: float = 10.0,
    transfer_seconds: float = 60.0,
    stop_seconds: float = 5.0,
    connections: int = CONNECTIONS,
    transfers: int = TRANSFERS,
) -> AsyncIterator[Site]:
    """Serve until the block ends."""
    server = WebServer(
        (receiver or Receiver()).desk(limits),
        FileCounter(shelf or Shelf(), transfer_seconds=transfer_seconds, transfers=transfers),
        health or board(),
        host="127.0.0.1",
        port=0,
        connections=connections,
        header_seconds=header_seconds,
        linger_seconds=0.1,
        stop_seconds=stop_seconds,
    )
    await server.start()
    try:
        async with aiohttp.ClientSession(auto_decompress=False) as client:
            yield Site(server, client)
    finally:
        await server.stop()
