"""Answer every REST request: faults, token, rate limit, body, schema, handler, record."""

import hmac
import json
import logging
import math
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from sandbox.discord import rest_account, rest_channels, rest_guilds, rest_interactions, rest_messages
from sandbox.discord.errors import DiscordError, invalid_form
from sandbox.discord.faults import Fault, Faults
from sandbox.discord.limits import Limits, Verdict
from sandbox.discord.parts import Parts
from sandbox.discord.recording import Exchange, Recorder, redact
from sandbox.discord.routing import Answer, Call, Route, RouteTable
from sandbox.discord.uploads import Body, read_body
from sandbox.discord.validation import Validator

_PAGE = "<html><body>error code: 1015</body></html>"
_log = logging.getLogger(__name__)
_TABLES: tuple[RouteTable, ...] = (
    rest_messages.routes,
    rest_channels.routes,
    rest_guilds.routes,
    rest_account.routes,
    rest_interactions.routes,
)


class DroppedError(Exception):
    """The connection is to be closed without an answer."""


class Rest:
    """The REST API over the parts of one world."""

    def __init__(
        self, parts: Parts, limits: Limits, faults: Faults, recorder: Recorder, validator: Validator | None
    ) -> None:
        self._parts = parts
        self._limits = limits
        self._faults = faults
        self._recorder = recorder
        self._validator = validator
        self._table = RouteTable()
        for table in _TABLES:
            self._table.routes += table.routes

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one request under /api/v10."""
        path = "/" + request.rel_url.raw_path.split("/", 3)[3]
        headers: dict[str, str] = {"Via": "1.1 local"}
        body = Body()
        try:
            await self._strike(request.method, path, "before")
            body, answer = await self._answer(request, path, headers)
            await self._strike(request.method, path, "after")
        except DroppedError:
            self._record(request, path, body, Answer(0))
            if request.transport:
                request.transport.abort()
            return web.Response(status=499)
        except _FaultAnswerError as struck:
            answer = struck.answer
            headers |= struck.headers
            if struck.html:
                self._record(request, path, body, answer)
                return web.Response(status=answer.status, text=_PAGE, content_type="text/html")
        self._record(request, path, body, answer)
        return _respond(answer, headers)

    async def _answer(self, request: web.Request, path: str, headers: dict[str, str]) -> tuple[Body, Answer]:
        body = Body()
        try:
            route, params = self._table.find(request.method, path)
            params = {name: unquote(value) for name, value in params.items()}
            if not route.by_token:
                self._check_token(request)
            verdict = self._limits.take(request.method, route.template, params)
            headers |= verdict.headers
            if not verdict.allowed:
                return body, _too_many(verdict)
            body = await read_body(request, self._parts.cdn.folder)
            return body, await self._handle(route, params, dict(request.query), body)
        except DiscordError as error:
            body.discard()
            return body, Answer(error.status, error.body())
        except (ValueError, TypeError, LookupError, AttributeError):
            # Without the OpenAPI document nothing has looked at the body's shape before the handler does
            _log.exception("%s %s could not be handled", request.method, redact(request.path))
            body.discard()
            refusal = invalid_form("", "The body does not have the expected shape")
            return body, Answer(refusal.status, refusal.body())

    async def _handle(self, route: Route, params: dict[str, str], query: dict[str, str], body: Body) -> Answer:
        call = Call(self._parts, params, query, body)
        if self._validator:
            self._validator.check_request(route.method, route.template, query, body)
        answer = await route.handler(call)
        if self._validator:
            self._validator.check_answer(route.method, route.template, answer.status, answer.body)
        return answer

    def _check_token(self, request: web.Request) -> None:
        given = request.headers.get("Authorization", "")
        wanted = f"Bot {self._parts.world.application.token}"
        if not hmac.compare_digest(given.encode(), wanted.encode()):
            raise DiscordError(0)

    async def _strike(self, method: str, path: str, when: str) -> None:
        fault = self._faults.take(method, path, "before" if when == "before" else "after")
        if fault is None:
            return
        await fault.wait()
        if fault.drop:
            raise DroppedError
        if fault.retry_after is not None or fault.status is not None:
            raise _FaultAnswerError(fault)

    def _record(self, request: web.Request, path: str, body: Body, answer: Answer) -> None:
        query = f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""
        files = [{"name": upload.filename, "size": upload.size} for upload in body.files]
        exchange = Exchange(request.method, redact(path) + query, body.json, files, answer.status, answer.body)
        self._recorder.add(exchange)


class _FaultAnswerError(Exception):
    """A fault decided the answer."""

    def __init__(self, fault: Fault) -> None:
        self.html = fault.html
        if fault.retry_after is not None:
            scope = "global" if fault.is_global else "user"
            self.answer = _too_many(Verdict(False, {}, fault.retry_after, scope))
            self.headers = {"Retry-After": str(math.ceil(fault.retry_after)), "X-RateLimit-Scope": scope}
            if fault.is_global:
                self.headers["X-RateLimit-Global"] = "true"
        else:
            status = fault.status or 500
            self.answer = Answer(status, {"message": f"{status}: injected fault", "code": fault.code})
            self.headers = {}
        super().__init__(str(self.answer.status))


def _too_many(verdict: Verdict) -> Answer:
    body: dict[str, Any] = {
        "message": "You are being rate limited.",
        "retry_after": round(verdict.retry_after, 3),
        "global": verdict.scope == "global",
        "code": 0,
    }
    return Answer(429, body)


def _respond(answer: Answer, headers: dict[str, str]) -> web.Response:
    if answer.body is None:
        return web.Response(status=answer.status, headers=headers)
    # discord.py compares the content type with "application/json" exactly, so no charset may follow
    raw = json.dumps(answer.body, ensure_ascii=False).encode()
    return web.Response(status=answer.status, body=raw, headers=headers | {"Content-Type": "application/json"})
