"""Start the real program fast: import it once in a process of its own, and fork that for each start.

Each start is a process of its own, in a group of its own, that runs `python -m bot run` with the settings it is given;
it is started, killed and waited for like any other. Run as a program this is the one that forks.
"""

import asyncio
import contextlib
import importlib
import json
import os
import random
import runpy
import signal
import sys
import threading
import traceback
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

from sandbox.demo_bot import LONGEST_LINE, BotChild

ROOT = Path(__file__).parent.parent


class ForkedProcess:
    """Be one start of the program: `pid`, `stdout`, and how it ended."""

    def __init__(self, pid: int, stdout: asyncio.StreamReader, pipe: asyncio.BaseTransport) -> None:
        self.pid = pid
        self.stdout = stdout
        self._pipe = pipe
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def wait(self) -> int:
        """Return the exit code, or the negative number of the signal that ended it."""
        code = await asyncio.shield(self.ended)
        self._pipe.close()
        return code


class BotForkServer:
    """Hold the process that forks."""

    def __init__(self, folder: Path) -> None:
        self._fifo = folder / "bot-output"
        self._process: Process | None = None
        self._listener: asyncio.Task[None] | None = None
        self._born: asyncio.Future[int] | None = None
        self._alive: dict[int, ForkedProcess] = {}

    async def open(self) -> None:
        """Import the program."""
        os.mkfifo(self._fifo)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bot_fork_server",
            stdin=PIPE, stdout=PIPE, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        self._listener = asyncio.create_task(self._listen(self._process))

    async def close(self) -> None:
        """End it, and with it whatever it still has."""
        if self._process is None or self._listener is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._listener

    async def spawn(self, environment: dict[str, str], folder: Path) -> ForkedProcess:
        """Start the program once more."""
        assert self._process is not None
        assert self._process.stdin is not None
        loop = asyncio.get_running_loop()
        # Opened here first: the other end can then be opened without waiting, and ends when its process does.
        end = os.open(self._fifo, os.O_RDONLY | os.O_NONBLOCK)
        reader = asyncio.StreamReader(limit=LONGEST_LINE)
        pipe, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(end, "rb", 0))
        self._born = loop.create_future()
        order = {"environment": environment, "folder": str(folder), "output": str(self._fifo)}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        process = ForkedProcess(await self._born, reader, pipe)
        self._alive[process.pid] = process
        return process

    async def _listen(self, process: Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            what, pid, code = line.split()
            if what == b"born" and self._born is not None:
                self._born.set_result(int(pid))
            elif what == b"ended":
                self._alive.pop(int(pid)).ended.set_result(int(code))


class ForkedBot(BotChild):
    """Be a bot whose process is forked by a fork server."""

    def __init__(self, fork_server: BotForkServer, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        self._fork_server = fork_server

    async def _spawn(self, environment: dict[str, str]) -> Any:
        return await self._fork_server.spawn(environment, self._folder)


def serve() -> None:
    """Fork for every line of the input; say on the output who was born and who has ended, and how."""
    importlib.import_module("bot.app")
    alive: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            run_program(order)
        alive.add(pid)
        os.write(1, f"born {pid} 0\n".encode())
        threading.Thread(target=wait_for, args=(pid, alive), daemon=True).start()
    for pid in alive:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def wait_for(pid: int, alive: set[int]) -> None:
    """Say how a process ended."""
    _, status = os.waitpid(pid, 0)
    alive.discard(pid)
    os.write(1, f"ended {pid} {os.waitstatus_to_exitcode(status)}\n".encode())


def run_program(order: dict[str, Any]) -> None:
    """Become the program; never returns."""
    code = 70
    try:
        os.setsid()
        os.chdir(order["folder"])
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        output = os.open(order["output"], os.O_WRONLY)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
        os.environ.clear()
        os.environ.update(order["environment"])
        random.seed()
        sys.argv = ["bot", "run"]
        runpy.run_module("bot", run_name="__main__", alter_sys=True)
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
