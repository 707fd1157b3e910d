"""Build Ace Data Cloud's error answers.

Source: AceDataCloud/Docs responses page; the body carries no `success`.
"""

import uuid

from aiohttp import web

STATUSES = {
    "bad_request": 400, "no_token": 400, "api_not_implemented": 400, "token_mismatched": 401, "invalid_token": 401,
    "token_expired": 401, "used_up": 403, "disabled": 403, "forbidden": 403, "no_api": 404, "not_found": 404,
    "too_many_requests": 429, "api_error": 500, "timeout": 504,
}  # fmt: skip
_CODES = {400: "bad_request", 401: "invalid_token", 402: "used_up", 403: "forbidden", 404: "no_api",
          422: "bad_request", 429: "too_many_requests", 504: "timeout", 505: "disabled"}  # fmt: skip


class RefusedError(Exception):
    """Carry the error code and text a request is refused with."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def error(code: str, text: str, *, trace_id: str = "") -> web.Response:
    """Build an error answer as the responses page shows it, without `success`."""
    body = {"error": {"code": code, "message": text}, "trace_id": trace_id or str(uuid.uuid4())}
    return web.json_response(body, status=STATUSES.get(code, 500))


def fault_error(value: str) -> web.Response:
    """Build the error a fault asks for by code or by HTTP status."""
    code = _CODES.get(int(value), "api_error") if value.isdigit() else value or "api_error"
    response = error(code, f"This is the fault asked for: {value or code}.")
    if value.isdigit():
        response.set_status(int(value))
    return response
