"""Send one request to a video service and map every way it can break; what can cost money is sent once.

The one repetition is aiohttp's own: a GET or DELETE whose connection is closed without an answer.
"""

import errno
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

import aiohttp

from jobs.errors import OutcomeUnknownError, ProviderError, ProviderUnavailableError
from providers.answers import Answer, as_number
from providers.faults import Purpose

MAX_ANSWER_BYTES = 1024 * 1024
CONNECT_SECONDS = 10.0
POOL_SECONDS = 15.0
MIN_SECRET = 8

# Raised before a connection stands: refused, no such name, no TLS, no answer to the first packet, no free connection.
_NOT_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ClientConnectorSSLError,
    aiohttp.ClientConnectorCertificateError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)
_BROKEN = (aiohttp.ClientError, OSError, TimeoutError, EOFError)
# The only foreign errors whose own text never holds a full address or a piece of the answer.
_QUOTABLE = (aiohttp.ClientConnectorError,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Describe one request; `params` go into the address, and of `content` and `form` at most one is the body."""

    provider: str
    purpose: Purpose
    method: str
    url: str
    bearer: str = field(repr=False)
    user_agent: str
    seconds: float
    params: Mapping[str, str] | None = None
    content: Mapping[str, object] | None = field(default=None, repr=False)
    form: aiohttp.FormData | None = None


async def request(session: aiohttp.ClientSession, call: Call, *, connect_seconds: float = CONNECT_SECONDS) -> Answer:
    """Send a request once and return its answer, whatever its status; the body is cut at 1 MiB.

    Raises ProviderUnavailableError when nothing was sent (any purpose) or a read or upload broke, OutcomeUnknownError
    when a submit broke after it may have left. No error holds the key, an address or a part of the request.
    """
    headers = {
        "Authorization": f"Bearer {call.bearer}",
        "User-Agent": call.user_agent,
        "Accept": "application/json",
        # A kept connection may prove closed only when a submit is on it, and the outcome would be unknown.
        "Connection": "close",
    }
    body: bytes | aiohttp.FormData | None = call.form
    if call.content is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(call.content).encode()
    try:
        async with session.request(
            call.method,
            call.url,
            params=call.params,
            data=body,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=call.seconds, connect=POOL_SECONDS, sock_connect=connect_seconds),
        ) as response:
            content = await _read(response)
    except _NOT_SENT as error:
        raise ProviderUnavailableError(call.provider, f"not reached: {_name(error)}", code="not_sent") from _cause(
            error
        )
    except _BROKEN as error:
        raise _broken(call, error) from _cause(error)
    return Answer(response.status, _without(content, call.bearer), _retry_after_seconds(response))


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Read the body up to the limit; what is cut no longer parses and is treated as unreadable."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) >= MAX_ANSWER_BYTES:
            break
    return bytes(body[:MAX_ANSWER_BYTES])


def _broken(call: Call, error: BaseException) -> ProviderError:
    reason = f"the request broke: {_name(error)}"
    if call.purpose is Purpose.SUBMIT:
        return OutcomeUnknownError(call.provider, reason, code="broken")
    return ProviderUnavailableError(call.provider, reason, code="broken")


def _name(error: BaseException) -> str:
    number = getattr(error, "errno", None)
    name = errno.errorcode.get(number) if isinstance(number, int) else None
    return f"{type(error).__name__} {name}" if name else type(error).__name__


def _cause(error: BaseException) -> BaseException | None:
    return error if isinstance(error, _QUOTABLE) else None


def _without(body: bytes, secret: str) -> bytes:
    """Return an answer without our key, should the service echo it."""
    return body.replace(secret.encode(), b"[key]") if len(secret) >= MIN_SECRET else body


def _retry_after_seconds(response: aiohttp.ClientResponse) -> float | None:
    """Return the seconds of a Retry-After header, from a number or from a date beside the answer's own Date."""
    value = response.headers.get("Retry-After", "")
    seconds = as_number(value)
    if seconds is None and value:
        try:
            gap = parsedate_to_datetime(value) - parsedate_to_datetime(response.headers.get("Date", ""))
            seconds = gap.total_seconds()
        except (ValueError, TypeError):
            return None
    return max(0.0, min(seconds, 3600.0)) if seconds is not None else None
