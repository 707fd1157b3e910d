"""Stand in for a video service's host: a real server on loopback that answers what a test has laid out."""

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any, Self

from aiohttp import ClientSession, web

FIXTURES = Path(__file__).parent.parent / "fixtures"


class Act(Enum):
    """Name what the server does instead of answering in full."""

    ANSWER = auto()
    DROP = auto()
    CUT = auto()
    HANG = auto()
    FLOOD = auto()


@dataclass(frozen=True)
class Reply:
    """Hold one answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    act: Act = Act.ANSWER


@dataclass(frozen=True)
class Received:
    """Hold one request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body's JSON."""
        return json.loads(self.body)


def load(service: str, name: str) -> Reply:
    """Return the answer a fixture file holds."""
    content = json.loads((FIXTURES / service / f"{name}.json").read_text())
    text = content["text"] if "text" in content else json.dumps(content["json"])
    return Reply(content["status"], text.encode(), content.get("headers", {}))


def names(service: str, prefix: str) -> list[str]:
    """Return the fixtures of a service whose names begin so."""
    return sorted(path.stem for path in (FIXTURES / service).glob(f"{prefix}*.json"))


class Wire:
    """Serve the replies in order, the last one for ever, and keep what was asked."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = deque(replies)
        self.received: list[Received] = []
        self.asked = asyncio.Event()
        self.let_go = asyncio.Event()
        self.flooded = 0
        self.url = ""
        self.session = ClientSession()
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.let_go.set()
        await self.session.close()
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.received.append(
            Received(request.method, request.rel_url.raw_path, dict(request.query), request.headers.copy(), body)
        )
        self.asked.set()
        reply = self.replies.popleft() if len(self.replies) > 1 else self.replies[0]
        match reply.act:
            case Act.DROP:
                return self._drop(request)
            case Act.HANG:
                await self.let_go.wait()
                return self._drop(request)
            case Act.CUT:
                return await self._cut(request, reply)
            case Act.FLOOD:
                return await self._flood(request)
        return web.Response(status=reply.status, body=reply.body, headers=dict(reply.headers))

    @staticmethod
    def _drop(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def _cut(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        response = web.StreamResponse(status=reply.status, headers={"Content-Length": "100000"})
        await response.prepare(request)
        await response.write(reply.body or b"{")
        assert request.transport is not None
        request.transport.close()
        return response

    async def _flood(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while not self.let_go.is_set():
                await response.write(b" " * 65_536)
                self.flooded += 65_536
        except OSError:
            self.let_go.set()
        return response
