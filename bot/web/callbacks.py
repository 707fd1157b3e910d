"""Take callbacks of video services: as a hint, with no work in the request.

POST /callbacks/{service}/{token}, answered as RFC 9110 and the services' own pages have it:
https://docs.kie.ai/luma-api/generate-luma-modify-video-callbacks wants a 200 within 15 s.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web
from multidict import CIMultiDict

from jobs.errors import CallbackError, StorageError
from jobs.ports import Attempt
from jobs.services import CallbackNote

log = logging.getLogger(__name__)

ROUTE = "/callbacks/{service:[a-z0-9]{1,32}}/{token:[A-Za-z0-9_-]{43}}"
RETRY_AFTER_SECONDS = 5

FindAttempt = Callable[[str], Awaitable[Attempt | None]]
ReadCallback = Callable[[Mapping[str, str], bytes], CallbackNote]
TakeCallback = Callable[[Attempt, CallbackNote], Awaitable[object]]
CountResult = Callable[[str], None]


class BodyTooLargeError(CallbackError):
    """Report a body over the limit."""

    def __init__(self) -> None:
        super().__init__(413, "the body is too large")


class BodySlowError(CallbackError):
    """Report a body that did not arrive in time."""

    def __init__(self) -> None:
        super().__init__(408, "the body is too slow")


# The one error-to-status table; a provider's CallbackError brings its own status, which must stand here.
RESULTS: Mapping[int, str] = {
    200: "ok",
    400: "malformed",
    401: "bad_signature",
    404: "unknown",
    408: "slow",
    413: "too_large",
    415: "encoded",
    503: "unavailable",
}


def status_of(error: Exception) -> int:
    """Return the status a failed callback is answered with."""
    match error:
        case CallbackError():
            return error.status if error.status in RESULTS and error.status != 200 else 400
        case StorageError() | TimeoutError():
            return 503
    raise error


@dataclass(frozen=True, slots=True)
class CallbackLimits:
    """Limit what one callback may cost: `body_bytes`, and seconds to arrive and to be committed."""

    body_bytes: int = 65_536
    read_seconds: float = 5.0
    commit_seconds: float = 3.0


class CallbackDesk:
    """Check a callback and hand it on; `readers` has a provider's `read_callback` for each service."""

    def __init__(
        self,
        find_attempt: FindAttempt,
        readers: Mapping[str, ReadCallback],
        take: TakeCallback,
        *,
        limits: CallbackLimits | None = None,
        count: CountResult = lambda _result: None,
    ) -> None:
        self._find_attempt = find_attempt
        self._readers = readers
        self._take = take
        self._limits = limits or CallbackLimits()
        self._count = count

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one callback with JSON."""
        try:
            await self._receive(request)
        except (CallbackError, StorageError, TimeoutError) as error:
            status = status_of(error)
            # An unknown one is anybody's, as often as they like: it is counted, and does not fill the log.
            level = logging.DEBUG if status == 404 else logging.INFO
            # never the path: it holds the token
            log.log(level, "callback of %s refused: %s", request.match_info["service"], RESULTS[status])
        else:
            status = 200
        self._count(RESULTS[status])
        return _reply(status)

    async def _receive(self, request: web.Request) -> None:
        service = request.match_info["service"]
        read = self._readers.get(service)
        if read is None:
            raise CallbackError(404, "no such service")
        attempt = await self._look_up(service, request.match_info["token"])
        if "Content-Encoding" in request.headers:
            raise CallbackError(415, "an encoded body")
        body = await self._read_body(request)
        note = read(_joined(request.headers), body)
        async with asyncio.timeout(self._limits.commit_seconds):
            await self._take(attempt, note)

    async def _look_up(self, service: str, token: str) -> Attempt:
        """Find the attempt by the token's hash: the look-up's time tells nothing of a token."""
        async with asyncio.timeout(self._limits.commit_seconds):
            attempt = await self._find_attempt(hashlib.sha256(token.encode()).hexdigest())
        if attempt is None or attempt.service != service:
            raise CallbackError(404, "no such attempt")
        return attempt

    async def _read_body(self, request: web.Request) -> bytes:
        limit = self._limits.body_bytes
        if request.content_length is not None and request.content_length > limit:
            raise BodyTooLargeError
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.read_seconds):
                async for chunk in request.content.iter_any():
                    body += chunk
                    if len(body) > limit:
                        raise BodyTooLargeError
        except TimeoutError:
            raise BodySlowError from None
        except (web.RequestPayloadError, ConnectionError) as error:
            raise CallbackError(400, "a broken body") from error
        return bytes(body)


def _joined(headers: Mapping[str, str]) -> CIMultiDict[str]:
    """Join repeated headers as RFC 9110 5.3 has it, so that a second signature cannot hide behind the first."""
    joined: CIMultiDict[str] = CIMultiDict()
    for name, value in headers.items():
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _reply(status: int) -> web.Response:
    if status == 200:
        return web.json_response({"ok": True})
    response = web.json_response({"ok": False, "error": RESULTS[status]}, status=status)
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if status in (408, 413, 415):
        response.force_close()
    return response
