"""Hold the measurements' own promises: they end, say what they wait for, and leave nothing that runs."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types
import pytest

from tests.bench.limits import within
from tests.environment import ROOT


async def wait_long() -> int:
    """Wait for what never comes."""
    await asyncio.Event().wait()
    return 0


async def test_what_lasts_says_what_it_waits_for_and_ends_with_it() -> None:
    said: list[str] = []
    other = asyncio.create_task(wait_long())
    await asyncio.sleep(0)

    async def outer() -> int:
        return await wait_long()

    with pytest.raises(
        TimeoutError, match=r"not done in 0\.25 s; it waits in .*outer > tests/test_bench\.py:.* wait_long"
    ):
        await within(0.25, outer(), said.append, tell_seconds=0.1)
    assert [line.split(" s ")[0] for line in said] == ["after 0.1", "after 0.2"]
    assert "1 x tests/test_bench.py" in said[0]
    other.cancel()


async def test_what_ends_in_time_returns_its_value_or_raises_its_error() -> None:
    async def fail() -> int:
        raise OSError("no room")

    assert await within(5, asyncio.sleep(0, 7), print) == 7
    with pytest.raises(OSError, match="no room"):
        await within(5, fail(), print)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_measurement_that_is_ended_from_outside_leaves_no_bot_behind(
    tmp_path: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "tests.bench", "--only", "start", "--out", str(tmp_path)]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE, env={"TMPDIR": str(tmp_path)})
    children: list[psutil.Process] = []
    try:
        async with asyncio.timeout(60):
            while not children:
                await asyncio.sleep(0.02)  # it is another process's
                children = [each for each in psutil.Process(process.pid).children(True) if "bot" in each.cmdline()]
            process.send_signal(number)
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        _, alive = await asyncio.to_thread(psutil.wait_procs, children, 20)
        for each in alive:
            each.kill()
    assert not alive
    if number is signal.SIGTERM:
        assert list(tmp_path.iterdir()) == []
