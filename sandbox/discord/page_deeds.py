"""Carry out what a person does on the page, through the member API."""

import json
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from sandbox.discord.actor import Actor, Source
from sandbox.discord.errors import RefusedError
from sandbox.discord.model import MIB, Json
from sandbox.discord.views import as_json
from sandbox.discord.world import World

_LARGEST_FORM = 128 * MIB
LOCALES = ("en-US", "zh-CN")


@dataclass(frozen=True, slots=True)
class Form:
    """What a page sent: named values, and files by the field they were chosen in."""

    values: Json
    files: dict[str, list[Source]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a value as text; raise LookupError without it."""
        value = self.values.get(name)
        if value is None:
            raise LookupError(f"{name} is missing")
        return str(value)

    def number(self, name: str) -> int:
        """Return an id; raise LookupError when it is not one."""
        text = self.text(name)
        if not text.isdigit():
            raise LookupError(f"{name} is not an id")
        return int(text)

    def mapping(self, name: str) -> dict[str, Any]:
        """Return an object of values, empty when it was not sent."""
        value = self.values.get(name)
        return value if isinstance(value, dict) else {}


async def read_form(request: web.Request) -> Form:
    """Read a multipart form of one JSON part `values` and any files; raise LookupError for anything else."""
    if request.content_type != "multipart/form-data":
        raise LookupError("a form is expected")
    try:
        return await _read_parts(request)
    except ValueError as error:
        raise LookupError(f"the form cannot be read: {error}") from error


async def _read_parts(request: web.Request) -> Form:
    values: Json = {}
    files: defaultdict[str, list[Source]] = defaultdict(list)
    left = _LARGEST_FORM
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise LookupError("a plain form is expected")
        body = await _read_part(part, left)
        left -= len(body)
        if part.filename is None and part.name == "values":
            values = json.loads(body)
        elif part.filename is not None and part.name:
            files[part.name].append((part.filename, body))
    if not isinstance(values, dict):
        raise LookupError("values must be an object")
    return Form(values, dict(files))


async def _read_part(part: BodyPartReader, limit: int) -> bytes:
    body = bytearray()
    while chunk := await part.read_chunk(1 << 16):
        body += chunk
        if len(body) > limit:
            raise RefusedError(f"Your files are too powerful. This page takes {_LARGEST_FORM // MIB} MB at once.")
    return bytes(body)


class Deeds:
    """The acts by name; each takes a form and returns what the page shows of it as JSON."""

    def __init__(self, world: World, actor: Actor) -> None:
        self._world = world
        self._actor = actor
        self.by_name: dict[str, Callable[[Form], Awaitable[Any]]] = {
            "slash": self._slash,
            "autocomplete": self._autocomplete,
            "context": self._context,
            "press": self._press,
            "select": self._select,
            "modal": self._modal,
            "post": self._post,
            "start-post": self._start_post,
            "edit": self._edit,
            "delete": self._delete,
            "react": self._react,
            "locale": self._locale,
        }

    async def run(self, name: str, form: Form) -> Any:
        """Do one act; raise LookupError for an unknown one or a missing thing, and what the actor refuses."""
        if name not in self.by_name:
            raise LookupError(f"no act named {name}")
        return as_json(await self.by_name[name](form))

    async def _slash(self, form: Form) -> Any:
        files = {name: chosen[0] for name, chosen in form.files.items()}
        return await self._actor.slash(
            form.number("user"), form.number("channel"), form.text("command"), form.mapping("options"), files
        )

    async def _autocomplete(self, form: Form) -> Any:
        return await self._actor.autocomplete(
            form.number("user"),
            form.number("channel"),
            form.text("command"),
            form.mapping("options"),
            form.text("focused"),
        )

    async def _context(self, form: Form) -> Any:
        return await self._actor.context_menu(form.number("user"), form.text("command"), form.number("message"))

    async def _press(self, form: Form) -> Any:
        return await self._actor.press(form.number("user"), form.number("message"), form.text("custom_id"))

    async def _select(self, form: Form) -> Any:
        values = [str(value) for value in form.values.get("values") or []]
        return await self._actor.select(form.number("user"), form.number("message"), form.text("custom_id"), values)

    async def _modal(self, form: Form) -> Any:
        return await self._actor.submit_modal(form.number("interaction"), form.mapping("values"), form.files)

    async def _post(self, form: Form) -> Any:
        reply_to = form.number("reply_to") if form.values.get("reply_to") else None
        files = form.files.get("files")
        content = str(form.values.get("content") or "")
        return await self._actor.post(form.number("user"), form.number("channel"), content, files, reply_to)

    async def _start_post(self, form: Form) -> Any:
        content = str(form.values.get("content") or "")
        files = form.files.get("files")
        return await self._actor.start_post(
            form.number("user"), form.number("channel"), form.text("title"), content, files
        )

    async def _edit(self, form: Form) -> Any:
        return await self._actor.edit_message(form.number("user"), form.number("message"), form.text("content"))

    async def _delete(self, form: Form) -> Any:
        await self._actor.delete_message(form.number("user"), form.number("message"))
        return {}

    async def _react(self, form: Form) -> Any:
        await self._actor.react(form.number("user"), form.number("message"), form.text("emoji"))
        return {}

    async def _locale(self, form: Form) -> Any:
        locale = form.text("locale")
        if locale not in LOCALES:
            raise LookupError("this language is not offered")
        self._world.find_user(form.number("user")).locale = locale
        return {}
