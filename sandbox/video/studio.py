"""Do the work off the event loop: fetch clips, look at them, edit them in worker threads."""

import asyncio
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import aiohttp
import av

from sandbox.video.drawing import Wish, draw
from sandbox.video.examine import Clip, UnreadableClipError, examine
from sandbox.video.render import Edited, Extras, StoppedError, render
from sandbox.video.stills import UnreadableImageError, read_image, read_last_frame, save_first_frame

MAX_BYTES = 500_000_000
MAX_IMAGE_BYTES = 20_000_000
MAX_SECONDS = 10.0
_FETCH_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=5)
_Made = TypeVar("_Made")


class FetchError(Exception):
    """Say that an address did not give a file; the text tells why."""


class Studio:
    """Own the worker threads and the scratch directory."""

    def __init__(self, directory: Path, *, instant: bool) -> None:
        self._directory = directory
        self._instant = instant
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="studio")
        self._stopped = threading.Event()
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the session that fetches clips."""
        headers = {"User-Agent": "Mozilla/5.0 (compatible; sandbox-media-fetcher)"}
        self._session = aiohttp.ClientSession(headers=headers, timeout=_FETCH_TIMEOUT)

    async def stop(self) -> None:
        """Give up running edits and close everything."""
        self._stopped.set()
        if self._session is not None:
            await self._session.close()
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)

    def new_path(self, ending: str) -> Path:
        """Return a fresh path in the scratch directory."""
        return self._directory / f"{secrets.token_hex(12)}{ending}"

    async def fetch(self, url: str, limit_bytes: int = MAX_BYTES) -> Path:
        """Download a file as the real services do; raise FetchError with the reason."""
        assert self._session is not None
        path = self.new_path(".clip")
        try:
            async with self._session.get(url) as response:
                if response.status != 200:
                    raise FetchError(f"the address answered {response.status}")
                await self._store(response, path, limit_bytes)
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError) as error:
            path.unlink(missing_ok=True)
            raise FetchError(f"the address could not be read ({type(error).__name__})") from error
        except FetchError:
            path.unlink(missing_ok=True)
            raise
        return path

    @staticmethod
    async def _store(response: aiohttp.ClientResponse, path: Path, limit_bytes: int) -> None:
        size = 0
        with path.open("wb") as file:
            async for chunk in response.content.iter_chunked(1 << 18):
                size += len(chunk)
                if size > limit_bytes:
                    raise FetchError(f"the file is larger than {limit_bytes // 1_000_000} MB")
                file.write(chunk)

    async def look(self, path: Path) -> Clip:
        """Read a clip's facts; raise UnreadableClipError and forget the file when it is none."""
        try:
            return await self.run(lambda: examine(path))
        except UnreadableClipError:
            self.forget(path)
            raise

    @staticmethod
    def forget(path: Path) -> None:
        """Remove a file that is not needed any more."""
        path.unlink(missing_ok=True)

    async def edit(self, clip: Path, prompt: str, extras: Extras) -> tuple[Path, Edited]:
        """Edit a fetched clip, which is used up, into an MP4; in instant mode it is passed on unchanged."""
        if self._instant:
            facts = await self.look(clip)
            return clip, Edited(("copied unchanged (instant mode)",), facts.width, facts.height, facts.seconds)
        result = self.new_path(".mp4")
        work = partial(render, clip, prompt, result, extras, self._stopped.is_set)
        try:
            return result, await self.run(work)
        finally:
            self.forget(clip)

    async def draw(self, wish: Wish) -> tuple[Path, Edited]:
        """Draw a scene as MP4; in instant mode a very short and small one."""
        if self._instant:
            wish = replace(wish, width=64, height=64, seconds=0.25)
        result = self.new_path(".mp4")
        return result, await self.run(partial(draw, wish, result, self._stopped.is_set))

    async def fetch_image(self, url: str) -> av.VideoFrame:
        """Download and decode a picture; raise FetchError or UnreadableImageError."""
        path = await self.fetch(url, MAX_IMAGE_BYTES)
        try:
            return await self.run(lambda: read_image(path))
        finally:
            self.forget(path)

    async def last_frame(self, path: Path) -> av.VideoFrame:
        """Decode the last picture of a video; raise UnreadableClipError."""
        return await self.run(lambda: read_last_frame(path))

    async def save_first_frame(self, video: Path) -> tuple[Path, int, int]:
        """Write the first picture of a video as JPEG and return its path, width and height."""
        path = self.new_path(".jpg")
        size = await self.run(lambda: save_first_frame(video, path))
        return path, *size

    async def run(self, work: Callable[[], _Made]) -> _Made:
        """Run blocking work in a worker thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


__all__ = ["Extras", "FetchError", "StoppedError", "Studio", "UnreadableClipError", "UnreadableImageError"]
