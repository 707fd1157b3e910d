"""Run `python -m sandbox` as a process of its own and be sure that nothing of it is left."""

import asyncio
import contextlib
import os
import re
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types

from tests.environment import ROOT


class DemoProcess:
    """The running demo and what it has printed."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.lines: list[str] = []
        self._news = asyncio.Condition()
        self._reader = asyncio.create_task(self._read())

    @property
    def text(self) -> str:
        """Return all that was printed."""
        return "\n".join(self.lines)

    async def line_with(self, words: str, seconds: float = 50) -> str:
        """Wait for a line that holds these words; fail with everything printed when it does not come."""
        try:
            async with asyncio.timeout(seconds), self._news:
                while True:
                    for line in self.lines:
                        if words in line:
                            return line
                    if self._reader.done():
                        break
                    await self._news.wait()
        except TimeoutError:
            pass
        raise AssertionError(f"{words!r} never came:\n{self.text}")

    async def end(self, seconds: float = 50) -> int:
        """Wait for its end and return the exit code."""
        async with asyncio.timeout(seconds):
            code = await self.process.wait()
            await self._reader
        return code

    def children(self) -> list[psutil.Process]:
        """Return the processes it has started."""
        return list(psutil.Process(self.process.pid).children(recursive=True))

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for raw in self.process.stdout:
            async with self._news:
                self.lines.append(raw.decode().rstrip())
                self._news.notify_all()
        async with self._news:
            self._news.notify_all()

    async def sweep(self) -> None:
        """Kill whatever of it still runs."""
        left = []
        with contextlib.suppress(psutil.NoSuchProcess):
            left = self.children()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for child in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        await self.process.wait()
        await self._reader


@asynccontextmanager
async def demo(*arguments: str | os.PathLike[str]) -> AsyncIterator[DemoProcess]:
    """Start the demo with these arguments; it is swept away at the end, with the folder it works in."""
    with tempfile.TemporaryDirectory(prefix="luma-test-", ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sandbox", *arguments),
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1", "TMPDIR": folder},
        )
        running = DemoProcess(process)
        try:
            yield running
        finally:
            await running.sweep()


@asynccontextmanager
async def demo_page(out: Path, prompt: str) -> AsyncIterator[str]:
    """Run the demo with a first job and give the address of its page."""
    arguments = ("--serve", "--port", "0", "--out", out, "--seconds", "0.1", "--side", "320", "--prompt", prompt)
    async with demo(*arguments) as running:
        line = await running.line_with("Open http://127.0.0.1:")
        found = re.search(r"http://[\d.:]+/", line)
        assert found
        yield found[0]
