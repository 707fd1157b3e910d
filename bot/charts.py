"""Draw pictures in a child process, so that the bot answers on while one is drawn."""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import gettempdir

from jobs.errors import LumaBotError

DRAW_SECONDS = 20.0
_MAX_PNG_BYTES = 4 * 1024 * 1024
_PAINTER = Path(__file__).with_name("chart_painter.py")


class ChartError(LumaBotError):
    """Report that a picture could not be drawn; the figures stand in the text beside it."""


@dataclass(frozen=True, slots=True)
class DaysChart:
    """Show use day by day, stacked: delivered, open, not counted; `limit` is a line across (None: no line)."""

    days: tuple[str, ...]
    settled: tuple[int, ...]
    open: tuple[int, ...]
    released: tuple[int, ...]
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class MembersChart:
    """Show one bar per member: delivered and open, the names as they are to be drawn."""

    names: tuple[str, ...]
    settled: tuple[int, ...]
    open: tuple[int, ...]


class Charts:
    """Paint PNG pictures, one after another; `cache` is a folder the child may write its font list to."""

    def __init__(self, cache: Path | None = None, *, seconds: float = DRAW_SECONDS) -> None:
        self._cache = cache or Path(gettempdir()) / "luma-charts"
        self._seconds = seconds
        self._turn = asyncio.Semaphore(1)

    async def draw(self, chart: DaysChart | MembersChart) -> bytes:
        """Return a chart as PNG, 1000 pixels wide; raises ChartError."""
        order = json.dumps({"kind": type(chart).__name__, **asdict(chart)}).encode()
        try:
            async with self._turn, asyncio.timeout(self._seconds):
                return await self._paint(order)
        except (OSError, TimeoutError) as error:
            raise ChartError(f"no chart was drawn: {type(error).__name__}") from error

    async def _paint(self, order: bytes) -> bytes:
        await asyncio.to_thread(self._cache.mkdir, parents=True, exist_ok=True)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", str(_PAINTER)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=self._cache,
            env={"MPLCONFIGDIR": str(self._cache), "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )
        try:
            picture, _ = await process.communicate(order)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        if process.returncode != 0 or not picture.startswith(b"\x89PNG") or len(picture) > _MAX_PNG_BYTES:
            raise ChartError(f"no chart was drawn: exit {process.returncode}")
        return picture
