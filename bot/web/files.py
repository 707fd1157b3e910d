"""Serve files of the shelf under signed addresses: GET and HEAD /files/{name}, with ranges (RFC 9110 14)."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from aiohttp import web

ROUTE = "/files/{name:[A-Za-z0-9][A-Za-z0-9._-]{0,127}}"
# Longest a transfer may take: a service that reads 500 MB at 1 Mbit/s is given up on.
TRANSFER_SECONDS = 3600.0
CONTENT_TYPES: Mapping[str, str] = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".avi": "video/x-msvideo",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".png": "image/png",
    ".jpg": "image/jpeg",
}


class Shelf(Protocol):
    """Know which files may be handed out."""

    def verify(self, name: str, query: Mapping[str, str]) -> Path | None:
        """Return the file of a name when the query signs it and has not ended; compares in constant time."""


class FileCounter:
    """Serve what the shelf verifies; everything else is the same 404."""

    def __init__(self, shelf: Shelf, *, transfer_seconds: float = TRANSFER_SECONDS) -> None:
        self._shelf = shelf
        self._transfer_seconds = transfer_seconds

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a request for a file."""
        name = request.match_info["name"]
        path = self._shelf.verify(name, request.query)
        if path is None or not await asyncio.to_thread(path.is_file):
            raise web.HTTPNotFound
        response = web.FileResponse(path, headers=_headers(name))
        try:
            async with asyncio.timeout(self._transfer_seconds):
                await response.prepare(request)
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
        return response


def _headers(name: str) -> dict[str, str]:
    content_type = CONTENT_TYPES.get(Path(name).suffix.lower(), "application/octet-stream")
    return {
        "Content-Type": content_type,
        # the route lets no quote or backslash through
        "Content-Disposition": f'inline; filename="{name}"',
        "Cache-Control": "private, no-transform",
        "X-Robots-Tag": "noindex",
    }
