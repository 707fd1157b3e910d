"""Run the real bot as a child process in a process group of its own, and listen to its log."""

import asyncio
import contextlib
import json
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.child_process import command_of

_ROOT = Path(__file__).parent.parent
_STOP_SECONDS = 12.0
_READY_POLL_SECONDS = 0.05
_KEPT_ERRORS = 12
LONGEST_LINE = 1 << 20
_LONGEST_LIGHTS = 500
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "LUMA_CI_RUN")


class BotChild:
    """One bot: started, killed and started again on the same data.

    `on_line` gets each log line as JSON fields (a line that is no JSON as {"message": line}), `on_change` is called
    whenever the state changes. `lights` is what its /readyz last said while it was not ready.
    """

    def __init__(
        self,
        settings: Mapping[str, str],
        folder: Path,
        *,
        on_line: Callable[[dict[str, Any]], None],
        on_change: Callable[[], None],
    ) -> None:
        self._settings = dict(settings)
        self._folder = folder
        self._on_line = on_line
        self._on_change = on_change
        self._process: Process | None = None
        self._watchers: list[asyncio.Task[None]] = []
        self._lock = asyncio.Lock()
        self.state = "stopped"
        self.exit_code: int | None = None
        self.errors: deque[str] = deque(maxlen=_KEPT_ERRORS)
        self.starts = 0
        self.lights = ""

    @property
    def pid(self) -> int | None:
        """Return the process id while it runs."""
        return self._process.pid if self._process else None

    @property
    def text(self) -> str:
        """Return the state in words."""
        if self.state == "stopped":
            if self.exit_code is None:
                return "not started"
            how = f"killed by signal {-self.exit_code}" if self.exit_code < 0 else f"exit code {self.exit_code}"
            return f"stopped ({how})"
        return f"{self.state}, process {self._process.pid if self._process else '?'}, start number {self.starts}"

    async def start(self) -> None:
        """Start the process unless it runs; it is `running` once its /readyz says so."""
        async with self._lock:
            await self._start()

    async def stop(self) -> None:
        """Ask it to stop in good order; kill it after 12 s."""
        async with self._lock:
            await self._stop(signal.SIGTERM)

    async def kill(self) -> None:
        """Kill it at once."""
        async with self._lock:
            await self._stop(signal.SIGKILL)

    async def restart(self) -> None:
        """Stop it in good order if it runs, and start it again."""
        async with self._lock:
            await self._stop(signal.SIGTERM)
            await self._start()

    async def _start(self) -> None:
        if self._process is not None:
            return
        self.errors.clear()
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        environment |= self._settings | {"PYTHONPATH": str(_ROOT), "PYTHONUNBUFFERED": "1"}
        self._process = await self._spawn(environment)
        self.starts += 1
        self._change("starting")
        self._watchers = [asyncio.create_task(self._watch(self._process)), asyncio.create_task(self._await_ready())]

    async def _spawn(self, environment: dict[str, str]) -> Process:
        return await asyncio.create_subprocess_exec(
            *command_of("-m", "bot", "run"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=environment,
            cwd=self._folder,
            start_new_session=True,
            limit=LONGEST_LINE,
        )

    async def _stop(self, number: signal.Signals) -> None:
        process = self._process
        if process is None:
            return
        _signal_group(process.pid, number)
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            _signal_group(process.pid, signal.SIGKILL)
            await process.wait()
        # its own children (probes, encoders) are in the group too
        _signal_group(process.pid, signal.SIGKILL)
        await asyncio.gather(*self._watchers, return_exceptions=True)

    async def _watch(self, process: Process) -> None:
        assert process.stdout is not None
        async for raw in process.stdout:
            self._hear(raw.decode("utf-8", "replace").rstrip())
        self.exit_code = await process.wait()
        self._process = None
        self._change("stopped")

    def _hear(self, line: str) -> None:
        try:
            fields = json.loads(line)
        except ValueError:
            fields = None
        if not isinstance(fields, dict):
            fields = {"message": line}
            self.errors.append(line)
        elif fields.get("level") in ("ERROR", "CRITICAL"):
            self.errors.append(f"{fields.get('message')}\n{fields.get('traceback', '')}".strip())
            self._on_change()
        self._on_line(fields)

    async def _await_ready(self) -> None:
        address = f"http://{self._settings['WEB_HOST']}:{self._settings['WEB_PORT']}/readyz"
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            while self._process is not None:
                try:
                    async with session.get(address) as response:
                        if response.status == 200:
                            self._change("running")
                            return
                        self.lights = (await response.text())[:_LONGEST_LIGHTS]
                except (aiohttp.ClientError, TimeoutError):
                    pass  # it does not listen yet
                await asyncio.sleep(_READY_POLL_SECONDS)

    def _change(self, state: str) -> None:
        self.state = state
        self._on_change()


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
