"""Hold the measurements' own promises: they leave nothing that runs."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types
import pytest

from tests.environment import ROOT


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
