"""Talk to the stand-in as a client of each service would, and listen for its callbacks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from sandbox.video import VideoServer

KEY = "sandbox-key"


@dataclass
class Mailbox:
    """Hold the callbacks received; `statuses` are answered in turn, then 200."""

    url: str = ""
    letters: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def receive(self, request: web.Request) -> web.Response:
        async with self.changed:
            self.letters.append((dict(request.headers), await request.json()))
            self.changed.notify_all()
        return web.json_response({}, status=self.statuses.pop(0) if self.statuses else 200)

    async def wait(self, count: int) -> None:
        """Wait until so many letters have come."""
        async with self.changed:
            await self.changed.wait_for(lambda: len(self.letters) >= count)


@dataclass
class Client:
    """Bind a server, an authorised session, a mailbox and the address of a sample clip."""

    server: VideoServer
    session: aiohttp.ClientSession
    mailbox: Mailbox
    clip_url: str

    async def post(self, path: str, body: object, **more: Any) -> tuple[int, Any]:
        async with self.session.post(self.server.url + path, json=body, **more) as response:
            return response.status, await response.json()

    async def get(self, path: str, **params: str) -> tuple[int, Any]:
        async with self.session.get(self.server.url + path, params=params) as response:
            return response.status, await response.json()

    async def generate(self, prompt: str = "warm", **fields: Any) -> tuple[int, Any]:
        """Ask KIE for an edit of the sample clip, with a callback."""
        body = {"prompt": prompt, "videoUrl": self.clip_url, "callBackUrl": self.mailbox.url} | fields
        return await self.post("/api/v1/modify/generate", body)

    async def submitted(self, prompt: str = "warm", **fields: Any) -> str:
        """Return the id of a task KIE accepted."""
        _, answer = await self.generate(prompt, **fields)
        assert answer["code"] == 200, answer
        return str(answer["data"]["taskId"])

    async def record(self, task_id: str) -> dict[str, Any]:
        """Return KIE's record of a task."""
        status, answer = await self.get("/api/v1/modify/record-info", taskId=task_id)
        assert (status, answer["code"]) == (200, 200), answer
        return dict(answer["data"])

    async def ended(self, task_id: str) -> dict[str, Any]:
        """Wait until a task has ended and return KIE's record of it."""
        await self.server.ledger.tasks[task_id].ended.wait()
        return await self.record(task_id)

    async def download(self, url: str) -> tuple[int, bytes]:
        """Fetch a file without the key, as one should."""
        async with aiohttp.ClientSession() as bare, bare.get(url) as response:
            return response.status, await response.read()


@asynccontextmanager
async def open_client(clip: Path, **options: Any) -> AsyncIterator[Client]:
    """Start a server, a mailbox, and a host for the clip, and stop them all afterwards."""
    mailbox = Mailbox()
    app = web.Application()
    app.router.add_post("/callback", mailbox.receive)
    app.router.add_static("/clips", clip.parent)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host = f"http://127.0.0.1:{runner.addresses[0][1]}"
        mailbox.url = f"{host}/callback"
        settings = {"work_seconds": 0, "instant": True, "callback_retry_seconds": 0, "creates_per_10s": 0} | options
        headers = {"Authorization": f"Bearer {KEY}"}
        async with VideoServer(**settings) as server, aiohttp.ClientSession(headers=headers) as session:
            yield Client(server, session, mailbox, f"{host}/clips/{clip.name}")
    finally:
        await runner.cleanup()
