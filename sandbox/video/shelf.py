"""Keep files behind addresses that expire: results, uploads, download links."""

import asyncio
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from sandbox.video.faults import Faults
from sandbox.video.ledger import Ledger

HTML = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad gateway</h1></body></html>"
BLOCKED_AGENT = "Python-urllib"


@dataclass(frozen=True, slots=True)
class Kept:
    """Hold one file: where it lies, its media type, and the service whose result it is, if it is one."""

    path: Path
    mime: str
    result_of: str


class Shelf:
    """Serve files under /tempfile/NAME?expires=...&signature=..., with faults for results."""

    def __init__(self, clock: Callable[[], float], faults: Faults, ledger: Ledger) -> None:
        self._clock = clock
        self._faults = faults
        self._ledger = ledger
        self._secret = secrets.token_bytes(16)
        self._files: dict[str, Kept] = {}
        self.base_url = ""

    def routes(self) -> list[web.RouteDef]:
        """Return the one route files are served on."""
        return [web.get("/tempfile/{name:.+}", self.serve)]

    def put(self, name: str, path: Path, mime: str, *, seconds: float, result_of: str = "") -> str:
        """Keep a file under a name and return its address, good for `seconds`."""
        self._files[name] = Kept(path, mime, result_of)
        return self.link(name, seconds)

    def link(self, name: str, seconds: float) -> str:
        """Return an address for a kept file, good for `seconds`."""
        expires = str(int(self._clock() + seconds))
        return f"{self.base_url}/tempfile/{quote(name)}?expires={expires}&signature={self._sign(name, expires)}"

    def name_of(self, url: str) -> str | None:
        """Return the name behind one of our addresses, or None for a foreign one."""
        prefix = f"{self.base_url}/tempfile/"
        name = url.removeprefix(prefix).partition("?")[0]
        return name if url.startswith(prefix) and name in self._files else None

    def _sign(self, name: str, expires: str) -> str:
        return hmac.new(self._secret, f"{name}.{expires}".encode(), sha256).hexdigest()[:32]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve a file while its address is good; ranges are supported."""
        name = request.match_info["name"]
        kept = self._files.get(name)
        expires = request.query.get("expires", "")
        if request.headers.get("User-Agent", "").startswith(BLOCKED_AGENT):
            return web.Response(status=403, text="error code: 1010")
        if kept is None or not kept.path.exists():
            return web.Response(status=404, text="not found")
        signature = request.query.get("signature", "")
        if not hmac.compare_digest(signature.encode(), self._sign(name, expires).encode()):
            return web.Response(status=403, text="signature does not match")
        if self._clock() >= float(expires):
            return web.Response(status=403, text="request has expired")
        if "Authorization" in request.headers:
            self._ledger.violation("an Authorization header was sent to a file address")
        if kept.result_of:
            broken = await self._broken(request, kept)
            if broken is not None:
                return broken
        return web.FileResponse(kept.path, headers={"Content-Type": kept.mime})

    async def _broken(self, request: web.Request, kept: Kept) -> web.StreamResponse | None:
        size = kept.path.stat().st_size
        if (wrong := self._wrong_file(kept, size)) is not None:
            return wrong
        if self._faults.take("result-truncated", kept.result_of):
            return await self._send(request, kept, size, size // 2, 0)
        if fault := self._faults.take("result-slow", kept.result_of):
            return await self._send(request, kept, size, size, fault.number(5))
        return None

    def _wrong_file(self, kept: Kept, size: int) -> web.Response | None:
        if fault := self._faults.take("result", kept.result_of):
            return web.Response(status=fault.code(404), text="no such object")
        if self._faults.take("result-html", kept.result_of):
            return web.Response(text=HTML, content_type="text/html")
        if self._faults.take("result-empty", kept.result_of):
            return web.Response(body=b"", content_type=kept.mime)
        if self._faults.take("result-cut", kept.result_of):
            return web.Response(body=_read(kept.path, size // 2), content_type=kept.mime)
        return None

    @staticmethod
    async def _send(request: web.Request, kept: Kept, size: int, until: int, seconds: float) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": kept.mime, "Content-Length": str(size)})
        await response.prepare(request)
        body = _read(kept.path, until)
        step = max(1, len(body) // 10)
        for start in range(0, len(body), step):
            await response.write(body[start : start + step])
            await asyncio.sleep(seconds / 10)
        if until < size and request.transport is not None:
            request.transport.close()
        return response


def _read(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)


def pad_mp4(path: Path, size: int) -> None:
    """Grow an MP4 to `size` bytes with a free box at its end; the file stays valid and takes no disk space."""
    missing = size - path.stat().st_size
    if missing < 16:
        return
    with path.open("ab") as file:
        file.write(b"\0\0\0\x01free" + missing.to_bytes(8, "big"))
    with path.open("r+b") as file:
        file.truncate(size)
