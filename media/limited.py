"""Run one task on a stranger's file in a child process that may take little, see little and live shortly."""

import asyncio
import json
import os
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jobs.errors import MediaError
from media.children import ChildFailedError, ForkServer

_MAX_LINE_BYTES = 4_096
_MAX_LINES = 20_000


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """Limit one child: address space, processor time, the size of a file it writes, open files, and its whole life.

    With `niceness` (0 to 19) it leaves the processor to others that want it.
    """

    memory_bytes: int
    cpu_seconds: int
    file_bytes: int
    wall_seconds: float
    open_files: int = 32
    niceness: int = 0


class ChildRefusedError(Exception):
    """The child looked at the file and says by which rule it will not do."""

    def __init__(self, rule: str, value: str) -> None:
        super().__init__(rule, value)
        self.rule = rule
        self.value = value


async def run_child(
    server: ForkServer,
    task: str,
    arguments: dict[str, Any],
    limits: ChildLimits,
    folder: Path,
    *,
    on_progress: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """Run a task in `folder` and return its answer; the whole process group is killed before this returns.

    Raises ChildRefusedError for an answer about the file, ChildFailedError for anything else than an answer, OSError
    where that says nothing of the file.
    """
    reading, writing = os.pipe()
    try:
        child = await server.start(folder, (task, json.dumps(arguments), _limits_text(limits)), writing)
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    try:
        async with asyncio.timeout(limits.wall_seconds), _reader(reading) as lines:
            answer = await _read_answer(lines, on_progress)
            status = await asyncio.shield(child.status)
    except TimeoutError:
        raise ChildFailedError(f"{task}: killed after {limits.wall_seconds:g} s") from None
    finally:
        await server.end(child)
    if status is None:
        raise ChildProcessError(f"{task}: the child was lost")
    if answer is None or status != 0:
        raise ChildFailedError(f"{task}: no answer, exit {status}")
    return _read_result(task, answer)


def _limits_text(limits: ChildLimits) -> str:
    given = asdict(limits)
    del given["wall_seconds"]
    return json.dumps(given)


def _read_result(task: str, answer: dict[str, Any]) -> dict[str, Any]:
    if "refused" in answer:
        raise ChildRefusedError(str(answer["refused"]), str(answer.get("value", "")))
    result = answer.get("result")
    if not isinstance(result, dict):
        raise ChildFailedError(f"{task}: an answer that cannot be read")
    return result


@asynccontextmanager
async def _reader(descriptor: int) -> AsyncIterator[asyncio.StreamReader]:
    # An own pipe instead of the process's: a grandchild that keeps it open must not keep us waiting.
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_MAX_LINE_BYTES)
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb")
    )
    try:
        yield reader
    finally:
        transport.close()


async def _read_answer(
    lines: asyncio.StreamReader, on_progress: Callable[[float], None] | None
) -> dict[str, Any] | None:
    for _ in range(_MAX_LINES):
        try:
            line = await lines.readline()
        except ValueError:
            raise ChildFailedError("the child talks too much") from None
        if not line:
            return None
        try:
            answer = json.loads(line)
        except ValueError:
            raise ChildFailedError("the child talks nonsense") from None
        if not isinstance(answer, dict):
            raise ChildFailedError("the child talks nonsense")
        progress = answer.get("progress")
        if not isinstance(progress, int | float):
            return answer
        if on_progress is not None:
            on_progress(float(progress))
    raise ChildFailedError("the child talks too much")


class Workshop:
    """Bound how many children run at once, and give each an empty folder that holds only its own files."""

    def __init__(self, folder: Path, *, lookers: int = 2, workers: int = 2) -> None:
        self.folder = folder
        self.children = ForkServer()
        # Looking takes a second, editing minutes: nobody's new clip should wait behind an encode.
        self.looking = asyncio.Semaphore(lookers)
        self.working = asyncio.Semaphore(workers)
        self._sweeping = threading.Lock()
        self._swept = False

    async def close(self) -> None:
        """End every child."""
        await self.children.close()

    @asynccontextmanager
    async def bench(self, **files: Path) -> AsyncIterator[Path]:
        """Make a folder holding the files under the names given here, hard links where the disk allows it."""
        laid = asyncio.ensure_future(asyncio.to_thread(self._lay_out, files))
        try:
            folder = await asyncio.shield(laid)
        except asyncio.CancelledError:
            # The thread goes on: what it lays out must not stay.
            with suppress(OSError, MediaError):
                await asyncio.to_thread(shutil.rmtree, await laid, True)
            raise
        try:
            yield folder
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, True))

    def _lay_out(self, files: dict[str, Path]) -> Path:
        with self._sweeping:
            if not self._swept:  # what a process that was killed left behind
                shutil.rmtree(self.folder, ignore_errors=True)
                self.folder.mkdir(parents=True, exist_ok=True)
                self._swept = True
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        try:
            for name, path in files.items():
                _link(path, folder / name)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return folder


def _link(path: Path, name: Path) -> None:
    if path.is_symlink() or not path.is_file():
        raise MediaError("not a regular file")
    try:
        os.link(path, name)
    except OSError:
        shutil.copyfile(path, name, follow_symlinks=False)
