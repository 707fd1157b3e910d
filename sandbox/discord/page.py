"""Serve the page where a person acts as a member: its files, what they see, what they do, and a stream of events."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet

from aiohttp import WSCloseCode, web

from sandbox.discord import permissions
from sandbox.discord.actor import Actor, RefusedError
from sandbox.discord.events import Event
from sandbox.discord.model import FORUM, MEDIA, TEXT, Channel, Guild, Json, User
from sandbox.discord.page_deeds import Deeds, read_form
from sandbox.discord.page_panel import Panel, do_deed
from sandbox.discord.views import ChannelView, MessageView, as_json
from sandbox.discord.world import World

_STATIC = Path(__file__).parent / "static"
_THREAD_STARTER = 21
_CHANGED = {"kind": "changed"}
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; img-src * data:; media-src *; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Page:
    """The page of one local Discord. `sample` is the clip its "Use the sample clip" button offers."""

    def __init__(self, world: World, actor: Actor, panel: Panel, sample: Path) -> None:
        self._world = world
        self._actor = actor
        self._panel = panel
        self._sample = sample
        self._deeds = Deeds(world, actor)
        self._sockets: WeakSet[web.WebSocketResponse] = WeakSet()

    def add_to(self, app: web.Application) -> None:
        """Put the page's addresses into an application: /, /static/..., /page/..."""
        app.add_routes(
            [
                web.get("/", self._index),
                web.get("/static/{name:[a-z_]+[.](?:js|css)}", self._file),
                web.get("/page/view", _guard(self._view)),
                web.get("/page/sample.mp4", self._sample_clip),
                web.get("/page/events", _guard(self._events)),
                web.post("/page/bot", _guard(self._bot)),
                web.post("/page/{act}", _guard(self._act)),
            ]
        )
        app.on_shutdown.append(self._close)

    async def _close(self, _app: web.Application) -> None:
        for socket in list(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    async def _index(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(_STATIC / "index.html", headers=_HEADERS)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        path = _STATIC / request.match_info["name"]
        if not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(path, headers=_HEADERS)

    async def _sample_clip(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(self._sample, headers=_HEADERS)

    async def _act(self, request: web.Request) -> web.StreamResponse:
        return _json(await self._deeds.run(request.match_info["act"], await read_form(request)))

    async def _bot(self, request: web.Request) -> web.StreamResponse:
        form = await read_form(request)
        await do_deed(self._panel, form.text("action"), str(form.values.get("value") or ""))
        return _json({})

    # What one person sees

    async def _view(self, request: web.Request) -> web.StreamResponse:
        guild = next(iter(self._world.guilds.values()))
        user = self._user(guild, request.query.get("user", ""))
        channels = self._actor.channels(user)
        threads = [thread for channel in channels for thread in self._threads(user, channel)]
        shown = _choose([*channels, *threads], request.query.get("channel", ""))
        view: Json = {"guild": guild.name, "guild_id": guild.id}
        view |= {"user": user.id, "channel": shown.id if shown else None}
        view |= {"people": self._people(guild), "roles": _roles(guild)}
        view |= {"channels": channels, "threads": threads}
        view |= self._inside(user, self._world.find_channel(shown.id)) if shown else _NOTHING
        return _json(as_json(view))

    def _user(self, guild: Guild, wanted: str) -> User:
        if wanted.isdigit() and int(wanted) in guild.members and int(wanted) != self._world.bot_id:
            return self._world.users[int(wanted)]
        people = [member.user for member in guild.members.values() if not member.user.bot]
        ordinary = [user for user in people if not _may_manage(self._world, user)]
        return (ordinary or people)[0]

    def _threads(self, user: User, channel: ChannelView) -> list[ChannelView]:
        return self._actor.threads(user, channel.id) if channel.kind in (TEXT, FORUM, MEDIA) else []

    def _inside(self, user: User, channel: Channel) -> Json:
        bits = self._world.permissions_in(user, channel)
        messages = self._actor.messages(user, channel)
        return {
            "messages": messages,
            "starter": self._starter(user, messages),
            "commands": self._actor.commands(user, channel),
            "can_manage": bool(bits & permissions.MANAGE_MESSAGES),
        }

    def _starter(self, user: User, messages: list[MessageView]) -> MessageView | None:
        """Return the message in the parent channel that a thread began on; its own first message is only a pointer."""
        pointer = next((one for one in messages if one.kind == _THREAD_STARTER and one.reply_to), None)
        if pointer is None or pointer.reply_to is None:
            return None
        try:
            return self._actor.message(user, pointer.reply_to)
        except LookupError:
            return None

    def _people(self, guild: Guild) -> list[Json]:
        people: list[Json] = [as_json(person) for person in self._actor.people()]
        for person in people:
            member = guild.members.get(int(person["id"]))
            person["locale"] = member.user.locale if member else "en-US"
        return people

    # The stream

    async def _events(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(heartbeat=20)
        await socket.prepare(request)
        self._sockets.add(socket)
        queue: asyncio.Queue[Json] = asyncio.Queue()

        def on_world(event: Event) -> None:
            if event.name != "EXCHANGE":
                queue.put_nowait(_CHANGED)

        with self._panel.listen(queue.put_nowait):
            self._world.hub.listen(on_world)
            queue.put_nowait(self._panel.snapshot())
            sender = asyncio.create_task(_send(socket, queue))
            try:
                async for _message in socket:
                    pass
            finally:
                self._world.hub.unlisten(on_world)
                sender.cancel()
                await asyncio.gather(sender, return_exceptions=True)
        return socket


async def _send(socket: web.WebSocketResponse, queue: asyncio.Queue[Json]) -> None:
    while True:
        batch = [await queue.get()]
        while not queue.empty():
            batch.append(queue.get_nowait())
        changed = _CHANGED in batch
        for event in batch:
            if event is not _CHANGED:
                await socket.send_str(json.dumps(event))
        if changed:
            await socket.send_str(json.dumps(_CHANGED))


_NOTHING: Json = {"messages": [], "starter": None, "commands": [], "can_manage": False}


def _roles(guild: Guild) -> list[Json]:
    return [{"id": role.id, "name": role.name} for role in guild.roles.values()]


def _may_manage(world: World, user: User) -> bool:
    return any(
        world.permissions_in(user, channel) & permissions.MANAGE_MESSAGES
        for channel in world.channels.values()
        if channel.guild_id is not None
    )


def _choose(places: list[ChannelView], wanted: str) -> ChannelView | None:
    return next((place for place in places if str(place.id) == wanted), places[0] if places else None)


def _json(body: Any, status: int = 200) -> web.Response:
    return web.json_response(body, status=status, headers={"Cache-Control": "no-store"})


def _guard(handler: Handler) -> Handler:
    """Keep other sites' pages out, and tell refusals as JSON with the words a person would see."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            return _json({"error": "This page belongs to another site."}, 403)
        try:
            return await handler(request)
        except RefusedError as refused:
            return _json({"error": str(refused)}, 409)
        except LookupError as missing:
            return _json({"error": str(missing.args[0]) if missing.args else "Not there."}, 404)

    return guarded
