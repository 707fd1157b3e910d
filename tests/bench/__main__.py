"""Run the measurements: `python -m tests.bench [--only PART ...] [--out FOLDER]`."""

import argparse
import asyncio
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from tests.bench.acknowledgement import measure_acknowledgement
from tests.bench.buttons import measure_buttons
from tests.bench.callbacks import measure_callbacks
from tests.bench.limits import within
from tests.bench.media import measure_media
from tests.bench.memory import measure_memory
from tests.bench.presses import measure_presets, measure_presses
from tests.bench.quotas import measure_quotas
from tests.bench.report import Figure, show, write_report
from tests.bench.services import measure_services
from tests.bench.start import measure_start
from tests.bench.throughput import measure_throughput

PARTS: Mapping[str, Callable[[Path], Coroutine[Any, Any, list[Figure]]]] = {
    "start": measure_start,
    "acknowledgement": measure_acknowledgement,
    "throughput": measure_throughput,
    "callbacks": measure_callbacks,
    "memory": measure_memory,
    "media": measure_media,
    "services": measure_services,
    "presses": measure_presses,
    "presets": measure_presets,
    "buttons": measure_buttons,
    "quotas": measure_quotas,
}
MEMORY = Path("/dev/shm")
WORLD_BYTES = 2_000_000_000
# Several times what a part takes on a slow machine; one that takes longer hangs.
LONGEST_SECONDS = 420.0


def main() -> int:
    """Measure and write the report; return 1 when a part did not finish."""
    parser = argparse.ArgumentParser("python -m tests.bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=sorted(PARTS), default=list(PARTS), help="these parts alone")
    parser.add_argument("--out", type=Path, default=Path(), help="folder of the report")
    parser.add_argument("--seconds", type=float, default=LONGEST_SECONDS, help="the longest one part may take")
    wanted = parser.parse_args()
    # A SIGTERM, as of `timeout`, ends it as Ctrl-C does: with its children, and its files removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    disk = tempfile.gettempdir()
    _keep_the_world_in_memory()
    figures: list[Figure] = []
    for part in wanted.only:
        started = time.monotonic()
        print(f"measuring {part} ...", flush=True)
        found = _measure(part, disk, wanted.seconds)
        print(*map(show, found), f"  ({time.monotonic() - started:.0f} s)", sep="\n", flush=True)
        figures += found
        write_report(figures, list(PARTS), _machine(), wanted.out)
    return int(any(figure.value is None for figure in figures))


def _keep_the_world_in_memory() -> None:
    """Let the files of the world around the bot lie in memory: the bot's commits would wait for their disk, too."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > WORLD_BYTES:
        tempfile.tempdir = str(MEMORY)


def _measure(part: str, disk: str, seconds: float) -> list[Figure]:
    try:
        with tempfile.TemporaryDirectory(prefix="luma-bench-", dir=disk, ignore_cleanup_errors=True) as folder:
            return asyncio.run(within(seconds, PARTS[part](Path(folder)), _say))
    except Exception as error:  # whatever it is, the other parts can still be measured
        traceback.print_exc()
        return [Figure(part, f"did not finish: {type(error).__name__}", None, "", met=False)]


def _say(text: str) -> None:
    print(f"  {text}", flush=True)


def _machine() -> str:
    load = ", ".join(f"{average:.1f}" for average in os.getloadavg())
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, load {load}"


if __name__ == "__main__":
    sys.exit(main())
