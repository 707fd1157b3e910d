"""Run the measurements: `python -m tests.bench [--only PART ...] [--out FOLDER]`."""

import argparse
import asyncio
import os
import platform
import tempfile
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from tests.bench.acknowledgement import measure_acknowledgement
from tests.bench.callbacks import measure_callbacks
from tests.bench.memory import measure_memory
from tests.bench.report import Figure, write_report
from tests.bench.start import measure_start
from tests.bench.throughput import measure_throughput

PARTS: Mapping[str, Callable[[Path], Coroutine[Any, Any, list[Figure]]]] = {
    "start": measure_start,
    "acknowledgement": measure_acknowledgement,
    "throughput": measure_throughput,
    "callbacks": measure_callbacks,
    "memory": measure_memory,
}


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser("python -m tests.bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=sorted(PARTS), default=list(PARTS), help="these parts alone")
    parser.add_argument("--out", type=Path, default=Path(), help="folder of the report")
    wanted = parser.parse_args()
    figures: list[Figure] = []
    for part in wanted.only:
        print(f"measuring {part} ...", flush=True)
        with tempfile.TemporaryDirectory(prefix="luma-bench-") as folder:
            found = asyncio.run(PARTS[part](Path(folder)))
        for figure in found:
            print(f"  {figure.what}: {figure.value:.4g} {figure.unit}" + (f" (aim {figure.aim})" if figure.aim else ""))
        figures += found
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    write_report(figures, machine, wanted.out)


if __name__ == "__main__":
    main()
