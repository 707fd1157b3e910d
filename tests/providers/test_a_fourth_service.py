"""Add the service of docs/adding-a-service.md from outside the tree, by its steps, and run a job through it."""

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import app
from bot.settings import Settings, load_settings, settings_for
from providers import SERVICES
from providers.opening import declared_settings
from sandbox.discord.server import DiscordServer
from sandbox.discord.views import MessageView
from sandbox.ports import free_port
from sandbox.video.clip import draw_clip
from tests.environment import ROOT


@dataclass
class ToyServer:
    """Answer as the document's made-up vendor does: what it gets is what it gives back, at once."""

    video: Path
    url: str = ""
    ordered: list[dict[str, Any]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    async def create(self, request: web.Request) -> web.Response:
        """Take an order, and call back."""
        self.keys.add(request.headers["Authorization"])
        self.ordered.append(await request.json())
        task_id = f"toy-task-{len(self.ordered)}"
        async with aiohttp.ClientSession() as session:
            await session.post(self.ordered[-1]["notify"], json={"id": task_id})
        return web.json_response({"id": task_id})

    async def read(self, _request: web.Request) -> web.Response:
        """Say that all is done."""
        return web.json_response({"state": "done", "result": f"{self.url}/video.mp4"})

    async def send(self, _request: web.Request) -> web.FileResponse:
        """Send the video."""
        return web.FileResponse(self.video)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        """Listen."""
        toy = web.Application()
        toy.add_routes([web.post("/jobs", self.create), web.get("/jobs/{id}", self.read)])
        toy.add_routes([web.get("/video.mp4", self.send)])
        runner = web.AppRunner(toy)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port := free_port()).start()
            self.url = f"http://127.0.0.1:{port}"
            yield
        finally:
            await runner.cleanup()


@pytest.fixture
def _toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Follow the steps: the file, and the line in the registry."""
    page = (ROOT / "docs" / "adding-a-service.md").read_text()
    code = page.partition("```python\n")[2].partition("```")[0]
    (tmp_path / "toy_service.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(SERVICES, "toy", importlib.import_module("toy_service").Toy)


def settings_of(folder: Path, discord: DiscordServer, toy: ToyServer) -> Settings:
    """Read settings in which the toy is the one service."""
    port = free_port()
    media = [discord.base_url, toy.url]
    environ = {
        "DISCORD_TOKEN": discord.token,
        "DISCORD_API_URL": discord.api_url,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
        "TOY_API_KEY": "toy-key-1",
        "TOY_API_URL": toy.url,
        "MODIFY_SERVICE": "toy",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "WEB_HOST": "127.0.0.1",
        "WEB_PORT": str(port),
        "TRUSTED_MEDIA_HOSTS": ",".join(url.removeprefix("http://") for url in media),
        "DATA_DIR": str(folder / "data"),
        "DISK_FREE_BYTES": "50MB",
    }
    return load_settings(settings_for(declared_settings()), environ, folder / ".env")


@asynccontextmanager
async def running_bot(folder: Path, toy: ToyServer) -> AsyncIterator[DiscordServer]:
    """Run the real program in a local Discord."""
    base, gateway, stop = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, asyncio.Event()
    async with toy.serve(), DiscordServer() as discord:
        settings = settings_of(folder, discord, toy)
        program = asyncio.create_task(app.run(settings, stop))
        try:
            await until_ready(f"{settings.public_url}/readyz", program)
            yield discord
        finally:
            stop.set()
            await program
            Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


async def until_ready(url: str, program: asyncio.Task[None]) -> None:
    """Ask the program until it says that it can work."""
    async with asyncio.timeout(30), aiohttp.ClientSession() as session:
        while not program.done():
            try:
                async with session.get(url) as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                pass  # it does not listen yet
            await asyncio.sleep(0.05)
    raise AssertionError("the program ended")


@pytest.mark.usefixtures("_toy")
async def test_the_documents_service_runs_a_job(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    await asyncio.to_thread(draw_clip, clip, 1)
    toy = ToyServer(clip)
    async with running_bot(tmp_path, toy) as discord:
        wanted: dict[str, Any] = {"prompt": "make it warm", "strength": "little"}
        view = await discord.actor.slash("Mia", "edits", "luma modify", wanted, {"clip": clip})
        assert view.message is not None
        assert "Toy" in str(view.message.embeds)
        thread_id = view.message.id

        def delivered() -> MessageView | None:
            found = [each for each in discord.actor.messages("Mia", thread_id) if each.attachments]
            return found[0] if found else None

        await discord.world.hub.wait_for(lambda: thread_id in discord.world.channels and delivered(), 30)
        names = {command.name for command in discord.actor.commands("Mia", "edits")}
    (order,) = toy.ordered
    assert (order["prompt"], toy.keys) == ("make it warm", {"Bearer toy-key-1"})
    assert "/files/clip-" in order["video"]
    assert "luma generate" not in names, "what no service does is not offered"
