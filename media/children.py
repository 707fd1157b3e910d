"""Start children for strangers' files through a process that forks them: FFmpeg is loaded once and not for every file.

The fork server (media/inside/fork_server.py) has an empty environment and no secret of ours in its memory.
"""

import asyncio
import json
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from jobs.errors import MediaError

COMMAND = (sys.executable, "-I", "-B", str(Path(__file__).resolve().parent / "inside" / "__main__.py"))
_END_SECONDS = 5.0
_HEAD_BYTES = 4


class ChildFailedError(MediaError):
    """The child ended without an answer: killed, crashed, or talking nonsense."""


@dataclass(frozen=True, slots=True)
class Child:
    """One child; `status` is set once it and its process group are dead, None when it was lost and not to blame."""

    number: int
    status: asyncio.Future[int | None]


class ForkServer:
    """Start children; the process that forks them is started with the first, and anew should it ever end."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = tuple(command)
        self._opening = asyncio.Lock()
        self._control: socket.socket | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._statuses: dict[int, asyncio.Future[int | None]] = {}
        self._last = 0
        self._heard = b""

    async def __aenter__(self) -> Self:
        """Begin; nothing is started yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.close()

    async def start(self, folder: Path, arguments: Sequence[str], stdout: int) -> Child:
        """Start a child in a folder, writing to a descriptor; raises OSError."""
        for _ in range(2):
            control = await self._open()
            self._last += 1
            child = Child(self._last, asyncio.get_running_loop().create_future())
            self._statuses[child.number] = child.status
            order = {"id": child.number, "folder": str(folder), "arguments": list(arguments)}
            if self._send(control, order, [stdout]):
                return child
            self._lose(control)
        raise ChildProcessError("no child can be started")

    async def end(self, child: Child) -> None:
        """Make sure that a child and its process group are dead."""
        if child.status.done():
            return
        if self._control is not None and not self._send(self._control, {"id": child.number}):
            self._lose(self._control)
        await asyncio.wait([child.status], timeout=_END_SECONDS)

    async def close(self) -> None:
        """End the fork server and with it every child."""
        async with self._opening:
            if self._control is not None:
                self._lose(self._control)
            if self._process is not None:
                await _end(self._process)
                self._process = None

    async def _open(self) -> socket.socket:
        async with self._opening:
            if self._control is not None:
                return self._control
            if self._process is not None:
                await _end(self._process)
            ours, theirs = socket.socketpair()
            with theirs:
                try:
                    self._process = await _start(self._command, theirs)
                except BaseException:
                    ours.close()
                    raise
            ours.setblocking(False)
            asyncio.get_running_loop().add_reader(ours, self._hear, ours)
            self._control, self._heard = ours, b""
            return ours

    def _send(self, control: socket.socket, order: dict[str, Any], files: Sequence[int] = ()) -> bool:
        body = json.dumps(order).encode()
        message = len(body).to_bytes(_HEAD_BYTES, "big") + body
        try:
            # An order is far smaller than a socket's buffer: what is not taken whole says that nobody listens.
            return socket.send_fds(control, [message], files) == len(message)
        except OSError:
            return False

    def _hear(self, control: socket.socket) -> None:
        try:
            data = control.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lose(control)
            return
        *lines, self._heard = (self._heard + data).split(b"\n")
        for line in lines:
            answer = json.loads(line)
            self._settle(answer["id"], answer["status"])

    def _lose(self, control: socket.socket) -> None:
        """Let go of a fork server that has ended or is to end: its children die with it."""
        if self._control is not control:
            return
        self._control = None
        asyncio.get_running_loop().remove_reader(control)
        control.close()
        for number in list(self._statuses):
            self._settle(number, None)

    def _settle(self, number: int, status: int | None) -> None:
        future = self._statuses.pop(number)
        if not future.done():
            future.set_result(status)


async def _start(command: Sequence[str], control: socket.socket) -> asyncio.subprocess.Process:
    silence = asyncio.subprocess.DEVNULL
    return await asyncio.create_subprocess_exec(
        *command, stdin=control.fileno(), stdout=silence, stderr=silence, cwd="/", env={}, start_new_session=True
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    try:
        async with asyncio.timeout(_END_SECONDS):
            await process.wait()
    except TimeoutError:
        pass
    finally:  # also when nobody waits for it any longer
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
    await process.wait()
