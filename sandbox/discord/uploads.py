"""Read request bodies: JSON, or multipart with `payload_json` and files that go straight to disk.

Wire format: https://discord.com/developers/docs/reference#uploading-files
"""

import json
import re
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import BodyPartReader, MultipartReader, web

from sandbox.discord.errors import DiscordError

_MAX_JSON_BYTES = 8 * 1024 * 1024
_MAX_UPLOAD_BYTES = 500 * 1024 * 1024
_CHUNK_BYTES = 256 * 1024
_FILE_FIELD = re.compile(r"files\[(\d+)\]$|file(\d*)$")


@dataclass(slots=True)
class Upload:
    """A received file on disk; `index` is the number in its field name, `size` in bytes."""

    index: int
    filename: str
    content_type: str
    size: int
    path: Path


@dataclass(frozen=True, slots=True)
class Body:
    """A parsed request body; `json` is None when there was none."""

    json: Any = None
    files: tuple[Upload, ...] = ()

    def discard(self) -> None:
        """Delete the received files."""
        for upload in self.files:
            upload.path.unlink(missing_ok=True)


async def read_body(request: web.Request, folder: Path) -> Body:
    """Read a request's body; raise DiscordError 50109 for broken JSON, 50045 for broken multipart."""
    if request.content_type == "multipart/form-data":
        return await _read_multipart(await request.multipart(), folder)
    raw = await request.content.read(_MAX_JSON_BYTES) if request.can_read_body else b""
    while request.can_read_body and not request.content.at_eof() and len(raw) < _MAX_JSON_BYTES:
        raw += await request.content.read(_MAX_JSON_BYTES - len(raw))
    return Body(_parse_json(raw) if raw else None)


async def _read_multipart(reader: MultipartReader, folder: Path) -> Body:
    files: list[Upload] = []
    payload: Any = None
    fields: dict[str, str] = {}
    try:
        async for part in reader:
            if not isinstance(part, BodyPartReader):
                raise DiscordError(50045, message="Nested multipart")
            name = part.name or ""
            if part.filename is not None:
                files.append(await _store_part(part, name, len(files), folder))
            elif name == "payload_json":
                payload = _parse_json(bytes(await part.read()))
            else:
                fields[name] = await part.text()
    except BaseException:
        Body(files=tuple(files)).discard()
        raise
    return Body(fields if payload is None else payload, tuple(files))


async def _store_part(part: BodyPartReader, name: str, position: int, folder: Path) -> Upload:
    match = _FILE_FIELD.match(name)
    if match is None:
        raise DiscordError(50045, message=f"Unknown file field {name[:40]}")
    index = int(match[1] or match[2] or position)
    kind = part.headers.get("Content-Type", "application/octet-stream")
    upload = Upload(index, part.filename or "unknown", kind, 0, folder / uuid.uuid4().hex)
    out = upload.path.open("wb")
    try:
        while chunk := await part.read_chunk(_CHUNK_BYTES):
            upload.size += out.write(chunk)
            if upload.size > _MAX_UPLOAD_BYTES:
                raise DiscordError(40005)
    except BaseException:
        upload.path.unlink(missing_ok=True)
        raise
    finally:
        out.close()
    return upload


def stage_file(source: Path | tuple[str, bytes], index: int, folder: Path) -> Upload:
    """Copy a member's own file (a path, or a name with bytes) to where uploads lie."""
    target = folder / uuid.uuid4().hex
    if isinstance(source, Path):
        name = source.name
        shutil.copyfile(source, target)
    else:
        name, data = source
        target.write_bytes(data)
    return Upload(index, name, "", target.stat().st_size, target)


def _parse_json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise DiscordError(50109, message="The request body contains invalid JSON.") from error
