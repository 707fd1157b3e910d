"""Serve files of the shelf: GET and HEAD /files/{name}?exp=UNIX_SECONDS&sig=..., with ranges (RFC 9110 14)."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

ROUTE = "/files/{name:[A-Za-z0-9][A-Za-z0-9._-]{0,127}}"
# Longest a transfer may take: a service that reads 500 MB at 1 Mbit/s is given up on.
TRANSFER_SECONDS = 3600.0
# Slow readers of files never take all the connections that callbacks come by.
TRANSFERS = 200
RETRY_AFTER_SECONDS = 30
CONTENT_TYPES: Mapping[str, str] = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".avi": "video/x-msvideo",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
}


class Shelf(Protocol):
    """Know which files may be handed out."""

    def find_signed(self, name: str, expires: str, signature: str) -> Path | None:
        """Return the file a signed address leads to; None when it is wrong, has ended, or the file is gone."""


class FileCounter:
    """Serve what the shelf verifies; everything else is the same 404."""

    def __init__(self, shelf: Shelf, *, transfer_seconds: float = TRANSFER_SECONDS, transfers: int = TRANSFERS) -> None:
        self._shelf = shelf
        self._transfer_seconds = transfer_seconds
        self._places = asyncio.Semaphore(transfers)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a request for a file."""
        name = request.match_info["name"]
        path = self._shelf.find_signed(name, request.query.get("exp", ""), request.query.get("sig", ""))
        if path is None or not await asyncio.to_thread(path.is_file):
            raise web.HTTPNotFound
        if self._places.locked():
            raise web.HTTPServiceUnavailable(headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
        return _TimedFileResponse(
            path, headers=_headers(name), transfer_seconds=self._transfer_seconds, places=self._places
        )


class _TimedFileResponse(web.FileResponse):
    """Send a file, and cut off a reader that takes too long."""

    def __init__(
        self, path: Path, *, headers: Mapping[str, str], transfer_seconds: float, places: asyncio.Semaphore
    ) -> None:
        super().__init__(path, headers=headers)
        self._transfer_seconds = transfer_seconds
        self._places = places

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        try:
            async with self._places, asyncio.timeout(self._transfer_seconds):
                return await super().prepare(request)
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError("the reader is too slow") from None


def _headers(name: str) -> dict[str, str]:
    content_type = CONTENT_TYPES.get(Path(name).suffix.lower(), "application/octet-stream")
    return {
        "Content-Type": content_type,
        # the route lets no quote or backslash through
        "Content-Disposition": f'inline; filename="{name}"',
        "Cache-Control": "private, no-transform",
        "X-Robots-Tag": "noindex",
    }
