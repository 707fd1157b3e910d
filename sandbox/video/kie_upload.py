"""Speak KIE's file upload API: stream, address and base64; files are kept three days.

Source: docs.kie.ai/file-upload-api; in truth on another host, with the same bearer key.
"""

import base64
import binascii
import mimetypes
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from aiohttp import BodyPartReader, web

from sandbox.video.kie import SERVICE, read_json
from sandbox.video.shelf import BLOCKED_AGENT
from sandbox.video.studio import FetchError
from sandbox.video.workshop import Workshop, drop

KEEP_SECONDS = 3 * 86_400
URL_LIMIT_BYTES = 100_000_000
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


class KieUpload:
    """Answer the three upload endpoints."""

    def __init__(self, workshop: Workshop) -> None:
        self._shop = workshop

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the upload host."""
        return [
            web.post("/api/file-stream-upload", self.stream),
            web.post("/api/file-url-upload", self.address),
            web.post("/api/file-base64-upload", self.base64),
        ]

    def _refusal(self, request: web.Request) -> web.Response | None:
        if request.headers.get("User-Agent", "").startswith(BLOCKED_AGENT):
            return web.Response(status=403, text="error code: 1010")
        if not self._shop.account.knows(request.headers.get("Authorization", "")):
            return _error(401, "You do not have access permissions")
        if self._shop.faults.take("upload-drop", SERVICE):
            return drop(request)
        if fault := self._shop.faults.take("upload", SERVICE):
            return _error(fault.code(500), "File upload failed")
        return None

    async def stream(self, request: web.Request) -> web.Response:
        """Take a multipart upload with `file`, `uploadPath` and an optional `fileName`."""
        if (refusal := self._refusal(request)) is not None:
            return refusal
        if not request.content_type.startswith("multipart/"):
            return _error(400, "Content-Type must be multipart/form-data")
        path = self._shop.studio.new_path(".upload")
        fields: dict[str, str] = {}
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.name == "file":
                fields.setdefault("fileName", part.filename or "")
                await _store(part, path)
            elif isinstance(part, BodyPartReader) and part.name:
                fields[part.name] = (await part.read(decode=True)).decode(errors="replace")
        if not path.exists():
            return _error(400, "file is required")
        return self._keep(path, fields.get("uploadPath"), fields.get("fileName", ""))

    async def address(self, request: web.Request) -> web.Response:
        """Fetch `fileUrl` and keep it."""
        if (refusal := self._refusal(request)) is not None:
            return refusal
        body = await read_json(request)
        url = str(body.get("fileUrl") or "")
        if urlsplit(url).scheme not in {"http", "https"}:
            return _error(400, "fileUrl must be an http or https address")
        try:
            path = await self._shop.studio.fetch(url, URL_LIMIT_BYTES)
        except FetchError as error:
            return _error(400, f"Failed to download the file: {error}")
        return self._keep(path, body.get("uploadPath"), str(body.get("fileName") or Path(urlsplit(url).path).name))

    async def base64(self, request: web.Request) -> web.Response:
        """Decode `base64Data`, plain or as a data address, and keep it."""
        if (refusal := self._refusal(request)) is not None:
            return refusal
        body = await read_json(request)
        text = str(body.get("base64Data") or "")
        try:
            data = base64.b64decode(text.partition(",")[2] if text.startswith("data:") else text, validate=True)
        except binascii.Error:
            data = b""
        if not data:
            return _error(400, "base64Data is not valid")
        path = self._shop.studio.new_path(".upload")
        path.write_bytes(data)
        return self._keep(path, body.get("uploadPath"), str(body.get("fileName") or ""))

    def _keep(self, path: Path, folder: object, name: str) -> web.Response:
        if not isinstance(folder, str) or not folder or folder.startswith("/") or folder.endswith("/"):
            path.unlink(missing_ok=True)
            return _error(400, "uploadPath is required, without a slash at either end")
        name = _UNSAFE.sub("_", Path(unquote(name)).name) or f"{secrets.token_hex(8)}.bin"
        full = "/".join([*(_UNSAFE.sub("_", part) for part in folder.split("/")), name])
        mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
        url = self._shop.shelf.put(full, path, mime, seconds=KEEP_SECONDS)
        data: dict[str, Any] = {
            "fileName": name,
            "filePath": full,
            "downloadUrl": url,
            "fileSize": path.stat().st_size,
            "mimeType": mime,
            "uploadedAt": datetime.fromtimestamp(self._shop.ledger.now_ms() / 1000, UTC).isoformat(),
        }
        return web.json_response({"success": True, "code": 200, "msg": "File uploaded successfully", "data": data})


async def _store(part: BodyPartReader, path: Path) -> None:
    with path.open("wb") as file:
        while chunk := await part.read_chunk(1 << 18):
            file.write(chunk)


def _error(code: int, text: str) -> web.Response:
    return web.json_response({"success": False, "code": code, "msg": text}, status=code)
