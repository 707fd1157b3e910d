"""What a child process may do to us: nothing but cost its time."""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from media import limited
from media.children import ChildFailedError, ForkServer
from media.limited import ChildLimits, ChildRefusedError, Workshop, run_child
from tests.media.benches import Benches
from tests.media.making import Recipe, make_clip
from tests.media.wires import open_server

LIMITS = ChildLimits(memory_bytes=1 << 30, cpu_seconds=5, file_bytes=0, wall_seconds=10.0)
HASTY = replace(LIMITS, wall_seconds=1.0)
ROOT = Path(limited.__file__).parent.parent
MISDEEDS = {
    "sleeps": ("import time; time.sleep(60)", "killed"),
    "forks": ("import os, time; os.fork(); time.sleep(60)", "killed"),
    "leaves a child that keeps its stdout": (
        "import os, sys, time\nif os.fork():\n os._exit(0)\ntime.sleep(60)",
        "killed|no answer",
    ),
    "floods stdout": ("import sys\nwhile True: sys.stdout.write('x' * 65536)", "too much"),
    "floods with lines": ("while True: print('{\"progress\": 0.5}')", "too much|killed"),
    "prints bad JSON": ("print('{\"result\":')", "nonsense"),
    "prints a list": ("print('[1]')", "nonsense"),
    "prints bytes that are no text": ("import sys; sys.stdout.buffer.write(b'\\xff\\xfe\\n')", "nonsense"),
    "prints an answer of no kind": ("print('{\"odd\": 1}')", "cannot be read"),
    "dies of a fault": ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "exit -11"),
    "aborts": ("import os; os.abort()", "exit -6"),
    "answers, then aborts": ("import os; print('{\"result\": {}}', flush=True); os.abort()", "exit -6"),
    "answers, then exits badly": ("print('{\"result\": {}}', flush=True); raise SystemExit(139)", "exit 139"),
    "answers, then stays": ("import time; print('{\"result\": {}}', flush=True); time.sleep(60)", "killed"),
    "ignores SIGTERM": (
        "import signal, time\nfor s in (1, 2, 15): signal.signal(s, signal.SIG_IGN)\ntime.sleep(60)",
        "killed",
    ),
    "says nothing": ("pass", "no answer"),
}


# A fork server of the real kind, whose children run our own code.
SERVER = """
import socket, sys
sys.path.insert(0, {root!r})
from media.inside.fork_server import ForkServer
def act(*_):
    try:
        exec({code!r}, {{}})
    except SystemExit as end:
        return end.code
    return 0
ForkServer(socket.socket(fileno=0), act).serve()
"""


def acting(code: str) -> ForkServer:
    """Make children of our own code."""
    return ForkServer((sys.executable, "-I", "-c", SERVER.format(root=str(ROOT), code=code)))


async def act(
    code: str, folder: Path, limits: ChildLimits = LIMITS, on_progress: Callable[[float], None] | None = None
) -> dict[str, Any]:
    """Run our own code as a child and return its answer."""
    async with acting(code) as children:
        return await run_child(children, "look", {}, limits, folder, on_progress=on_progress)


@pytest.mark.parametrize("misdeed", MISDEEDS)
async def test_a_child_that_misbehaves_is_ended(misdeed: str, tmp_path: Path) -> None:
    code, text = MISDEEDS[misdeed]
    pid_file = tmp_path / "pid"
    noted = f"import os\nopen({str(pid_file)!r}, 'w').write(str(os.getpid()))\n{code}"
    limits = HASTY if "killed" in text else LIMITS
    async with asyncio.timeout(16):
        with pytest.raises(ChildFailedError, match=text):
            await act(noted, tmp_path, limits)
    async with asyncio.timeout(5):
        while _alive(int(pid_file.read_text())):  # noqa: ASYNC110 - the kernel ends a killed process when it likes
            await asyncio.sleep(0.01)


def _alive(group: int) -> list[str]:
    """Return the processes of a group that are not merely waiting to be buried."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, process_group = stat.read_text().rpartition(")")[2].split()[:3]
            if int(process_group) == group and state not in "ZX":
                found.append(stat.parent.name)
    return found


BREAKING = """
import media.inside.tasks
from media.inside import editing
def break_off(pictures, _count):
    for number, picture in enumerate(pictures):
        if number == 34:
            raise RuntimeError("in the middle")
        yield picture
editing.islice = break_off
try:
    editing.convert("clip", "made", {"width": 80, "height": 48, "fps": "25"}, {"length_ms": 4000}, {})
except RuntimeError:
    print('{"result": {}}', flush=True)
"""


async def test_an_encode_that_breaks_off_ends_at_once(tmp_path: Path) -> None:
    make_clip(tmp_path / "clip.mp4", Recipe(width=80, height=48, frames=60, flash=1.2)).rename(tmp_path / "clip")
    # An encoder's thread speaks of the flash while it is ended.
    await act(BREAKING, tmp_path, replace(LIMITS, file_bytes=1 << 20, memory_bytes=3 << 30))


async def test_an_answer_and_progress_come_through(tmp_path: Path) -> None:
    heard: list[float] = []
    code = 'print(\'{"progress": 0.25}\\n{"progress": 1}\\n{"result": {"seen": 1}}\')'
    answer = await act(code, tmp_path, on_progress=heard.append)
    assert (answer, heard) == ({"seen": 1}, [0.25, 1.0])
    with pytest.raises(ChildRefusedError) as refused:
        await act('print(\'{"refused": "still"}\')', tmp_path)
    assert (refused.value.rule, refused.value.value) == ("still", "")


async def test_the_environment_does_not_reach_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "canary")
    code = (
        "import json, os, sys; given = dict(os.environ); given.pop('LC_CTYPE', None);"
        "answer = {'env': given, 'cwd': os.getcwd(), 'in': sys.stdin.read(), 'group': os.getpgrp()};"
        "print(json.dumps({'result': answer}))"
    )
    answer = await act(code, tmp_path)
    assert (answer["env"], answer["cwd"], answer["in"]) == ({}, str(tmp_path), "")
    assert answer["group"] != os.getpgrp()


async def test_cancelling_ends_the_child_and_frees_its_place(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path / "workshop", lookers=1)
    begun, code = asyncio.Event(), "import time; print('{\"progress\": 0}', flush=True); time.sleep(60)"

    async def work() -> None:
        async with workshop.looking, workshop.bench() as folder, acting(code) as children:
            await run_child(
                children, "look", {}, replace(LIMITS, wall_seconds=60.0), folder, on_progress=lambda _: begun.set()
            )

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not workshop.looking.locked()
    assert list(workshop.folder.iterdir()) == []


async def test_the_limits_hold_inside_a_child(benches: Benches) -> None:
    clip = make_clip(benches.folder / "clip.mp4")
    children = benches.workshop.children
    async with benches.workshop.bench(clip=clip) as folder:
        with pytest.raises((ChildFailedError, ChildRefusedError)):
            await run_child(children, "look", {"file": "clip"}, replace(LIMITS, memory_bytes=48 << 20), folder)
        with pytest.raises((ChildFailedError, ChildRefusedError)):
            await run_child(children, "no such task", {}, LIMITS, folder)
        assert (await run_child(children, "look", {"file": "clip"}, LIMITS, folder))["frames"] > 0


async def test_no_more_children_than_places(benches: Benches) -> None:
    workshop = Workshop(benches.folder / "narrow", lookers=2)
    running = most = 0

    async def look() -> None:
        nonlocal running, most
        async with workshop.looking, workshop.bench() as folder:
            running += 1
            most = max(most, running)
            await run_child(children, "look", {}, LIMITS, folder)
            running -= 1

    async with acting("print('{\"result\": {}}')") as children:
        await asyncio.gather(*(look() for _ in range(8)))
    assert most == 2


async def test_fifty_hostile_files_do_not_keep_a_good_one_waiting(benches: Benches) -> None:
    clip = make_clip(benches.folder / "clip.mp4")
    bad = benches.file("bad.mp4", clip.read_bytes()[:4000])
    loop, late = asyncio.get_running_loop(), []

    async def watch() -> None:
        while True:
            due = loop.time() + 0.01
            await asyncio.sleep(0.01)
            late.append(loop.time() - due)

    watching = asyncio.create_task(watch())
    hostile = [asyncio.create_task(benches.verdict(bad)) for _ in range(50)]
    assert await benches.verdict(clip) == "fine"
    assert set(await asyncio.gather(*hostile)) == {"unreadable"}
    watching.cancel()
    assert sorted(late)[len(late) * 95 // 100] < 0.1


LOOK_ROUND = """
import json, socket, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from media.inside.landlock import wall_in
walled = wall_in(Path.cwd())
def tries(act):
    try:
        act()
        return True
    except OSError:
        return False
seen = {{
    "own": tries(lambda: open("clip").read()),
    "written": tries(lambda: open("made", "w").close()),
    "library": tries(lambda: open(json.__file__).read()),
    "beside": tries(lambda: open({beside!r}).read()),
    "passwords": tries(lambda: open("/etc/passwd").read()),
    "written beside": tries(lambda: open({beside!r}, "a").close()),
    "dialled": tries(lambda: socket.create_connection(("127.0.0.1", {port}), 2).close()),
}}
print(json.dumps({{"result": {{"walled": walled, "seen": seen}}}}))
"""


async def test_a_child_sees_its_own_folder_and_dials_nobody(tmp_path: Path) -> None:
    async def talk(head: bytes, writer: asyncio.StreamWriter) -> None:
        """Answer nothing."""

    beside = tmp_path / "secret"
    beside.write_text("secret")
    folder = tmp_path / "bench"
    folder.mkdir()
    (folder / "clip").write_text("clip")
    async with open_server(talk) as port:
        code = LOOK_ROUND.format(root=str(ROOT), beside=str(beside), port=port)
        answer = await act(code, folder)
    if not answer["walled"]:
        pytest.skip("no Landlock in this kernel")
    seen = answer["seen"]
    assert [name for name, worked in seen.items() if worked] in (
        ["own", "written", "library"],
        ["own", "written", "library", "dialled"],  # before Linux 6.7 Landlock knew files alone
    )
