"""Keep uploaded files and serve them under signed, expiring addresses with Range support.

Wire format: https://discord.com/developers/docs/reference#signed-attachment-cdn-urls (`ex` and `is` are hexadecimal
Unix seconds, `hm` a MAC over both and the path). An expired or altered address gives 404.
"""

import hashlib
import hmac
import mimetypes
import re
import secrets
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from sandbox.discord.clock import Clock
from sandbox.discord.model import Attachment
from sandbox.discord.uploads import Upload

LIFETIME_SECONDS = 24 * 3600
# the standard library's table depends on the machine for these
_KINDS = {".mkv": "video/x-matroska", ".avi": "video/x-msvideo", ".m4v": "video/x-m4v", ".webp": "image/webp"}
_INLINE = ("image/", "video/", "audio/")


class Cdn:
    """The files of the local Discord, stored in a folder."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self.base_url = "http://127.0.0.1"
        self.lifetime_seconds = LIFETIME_SECONDS
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._files: dict[int, Attachment] = {}

    def keep(self, attachment_id: int, channel_id: int, upload: Upload, *, ephemeral: bool = False) -> Attachment:
        """Make an uploaded file an attachment; its name is made safe as Discord does, its type guessed when unnamed."""
        name = clean_filename(upload.filename)
        kind = upload.content_type
        if kind in ("", "application/octet-stream"):
            guessed = _KINDS.get(Path(name).suffix.lower()) or mimetypes.guess_type(name)[0]
            kind = guessed or "application/octet-stream"
        attachment = Attachment(attachment_id, channel_id, name, upload.size, kind, upload.path, ephemeral)
        self._files[attachment_id] = attachment
        return attachment

    def link(self, attachment: Attachment) -> str:
        """Return a freshly signed address."""
        room = "ephemeral-attachments" if attachment.ephemeral else "attachments"
        path = f"/{room}/{attachment.channel_id}/{attachment.id}/{quote(attachment.filename)}"
        issued = int(self._clock.now())
        expires = issued + self.lifetime_seconds
        return f"{self.base_url}{path}?ex={expires:x}&is={issued:x}&hm={self._sign(path, expires, issued)}&"

    def forget(self, attachment: Attachment) -> None:
        """Remove a file, so that its address dies."""
        self._files.pop(attachment.id, None)
        attachment.path.unlink(missing_ok=True)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer a GET or HEAD for an attachment."""
        attachment = self._files.get(int(request.match_info["attachment"]))
        if attachment is None or not self._is_valid(request):
            return web.Response(status=404, text="This content is no longer available.")
        headers = {
            "Content-Type": attachment.content_type,
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox",
            "Access-Control-Allow-Origin": "*",
        }
        if not attachment.content_type.startswith(_INLINE):
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(attachment.filename)}"
        return web.FileResponse(attachment.path, headers=headers)

    def _is_valid(self, request: web.Request) -> bool:
        try:
            expires = int(request.query["ex"], 16)
            issued = int(request.query["is"], 16)
        except (KeyError, ValueError):
            return False
        wanted = self._sign(request.rel_url.raw_path, expires, issued)
        given = request.query.get("hm", "")
        return hmac.compare_digest(wanted.encode(), given.encode()) and self._clock.now() < expires

    def _sign(self, path: str, expires: int, issued: int) -> str:
        return hmac.new(self._key, f"{path}|{expires:x}|{issued:x}".encode(), hashlib.sha256).hexdigest()


def clean_filename(name: str) -> str:
    """Return the name as Discord would keep it: ASCII letters, digits, dots, dashes, underscores."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name.replace("\\", "/").rsplit("/", 1)[-1]).lstrip(".")
    return plain[-255:] or "unknown"
