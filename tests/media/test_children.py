"""What holds for the process that forks children: it can be lost, it outlives nobody, and it leaves them nothing."""

import asyncio
import json
import os
import signal
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from media.children import ForkServer
from media.limited import run_child
from tests.media.benches import Benches
from tests.media.making import make_clip
from tests.media.test_limited import LIMITS, acting

ANSWER = "import json, os\nprint(json.dumps({'result': %s}), flush=True)\n"
SLEEP = "import os, time\nprint('{\"progress\": 0}', flush=True)\ntime.sleep(60)\n"


async def lives(process: int) -> bool:
    """Tell whether a process still runs, a moment after it should have ended."""
    for _ in range(500):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return False
        if state in "ZX":
            return False
        await asyncio.sleep(0.01)
    return True


async def server_of(children: ForkServer, folder: Path) -> int:
    """Return the id of the process that forks."""
    return int((await run_child(children, "", {}, LIMITS, folder))["server"])


async def test_a_child_has_three_open_files_and_a_group_of_its_own(tmp_path: Path) -> None:
    code = ANSWER % "{'files': sorted(os.listdir('/proc/self/fd')), 'group': os.getpgrp() == os.getpid()}"
    async with acting(code) as children:
        answers = await asyncio.gather(*(run_child(children, "", {}, LIMITS, tmp_path) for _ in range(4)))
    for answer in answers:
        assert answer["group"]
        assert [name for name in answer["files"] if name in "012"] == ["0", "1", "2"]
        assert len(answer["files"]) == 4  # the fourth is the listing's own


async def test_children_die_when_their_server_is_killed_and_a_new_one_is_started(tmp_path: Path) -> None:
    async with acting(ANSWER % "{'server': os.getppid()}") as children:
        first = await server_of(children, tmp_path)
        os.kill(first, signal.SIGKILL)
        assert not await lives(first)
        second = await server_of(children, tmp_path)
        assert second != first
    assert not await lives(second)


async def test_a_child_whose_server_is_killed_is_lost_by_no_fault_of_its_own(tmp_path: Path) -> None:
    begun: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    code = f"import os\nopen('server', 'w').write(str(os.getppid()))\n{SLEEP}"
    async with acting(code) as children:
        limits = replace(LIMITS, wall_seconds=60.0)
        child = asyncio.create_task(run_child(children, "", {}, limits, tmp_path, on_progress=begun.set_result))
        await begun
        os.kill(int((tmp_path / "server").read_text()), signal.SIGKILL)
        # this child was not confined, so it outlives its server and holds its pipe until it is ended
        with suppress(ProcessLookupError):
            os.killpg(_sleeper(tmp_path), signal.SIGKILL)
        with pytest.raises(ChildProcessError):
            await child


def _sleeper(folder: Path) -> int:
    """Return the process that works in a folder."""
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (entry / "cwd").readlink() == folder:
                return int(entry.name)
    raise ProcessLookupError


async def test_a_confined_child_ends_with_its_server(benches: Benches) -> None:
    root = str(Path(__file__).resolve().parents[2])
    limits = {"memory_bytes": 1 << 30, "cpu_seconds": 5, "file_bytes": 1 << 20, "open_files": 32}
    code = (
        f"import sys; sys.path.insert(0, {root!r})\nfrom media.inside.confine import confine\n"
        f"import json, os\nconfine(json.loads({json.dumps(json.dumps(limits))}), os.getppid())\n"
        f"open('server', 'w').write(str(os.getppid()))\nopen('child', 'w').write(str(os.getpid()))\n{SLEEP}"
    )
    begun: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    async with acting(code) as children:
        looking = replace(LIMITS, wall_seconds=60.0)
        child = asyncio.create_task(run_child(children, "", {}, looking, benches.folder, on_progress=begun.set_result))
        await begun
        os.kill(int((benches.folder / "server").read_text()), signal.SIGKILL)
        with pytest.raises(ChildProcessError):
            await child
        assert not await lives(int((benches.folder / "child").read_text()))


async def test_closing_ends_the_server_and_its_children(tmp_path: Path) -> None:
    begun: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    children = acting(f"import os\nopen('pids', 'w').write(f'{{os.getppid()}} {{os.getpid()}}')\n{SLEEP}")
    limits = replace(LIMITS, wall_seconds=60.0)
    child = asyncio.create_task(run_child(children, "", {}, limits, tmp_path, on_progress=begun.set_result))
    await begun
    await children.close()
    with pytest.raises(ChildProcessError):
        await child
    for process in map(int, (tmp_path / "pids").read_text().split()):
        assert not await lives(process)


async def test_a_server_that_cannot_start_says_nothing_of_the_file(tmp_path: Path) -> None:
    async with ForkServer(("/bin/false",)) as children:
        with pytest.raises(ChildProcessError):
            await run_child(children, "look", {}, LIMITS, tmp_path)


async def test_many_files_are_looked_at_by_one_server(benches: Benches) -> None:
    clip = make_clip(benches.folder / "clip.mp4")
    assert {await verdict for verdict in asyncio.as_completed([benches.verdict(clip) for _ in range(12)])} == {"fine"}
