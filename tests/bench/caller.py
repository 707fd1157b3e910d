"""Be a video service that calls back for many tasks at one moment: `python -m tests.bench.caller PORT < PATHS`.

Every line of the input is `PATH BODY`. Prints JSON: the seconds the burst took, and the milliseconds of each call from
the first byte of its connection to the whole answer. A process of its own, for services do not run inside the bot.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence


async def _call(port: int, path: str, body: str) -> float:
    started = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write((head + body).encode())
    answer = await reader.read()
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"answered {answer[:40]!r}")
    ended = time.perf_counter()
    writer.close()
    return (ended - started) * 1000


async def _burst(port: int, calls: Sequence[tuple[str, str]]) -> tuple[float, list[float]]:
    started = time.perf_counter()
    times = await asyncio.gather(*(_call(port, path, body) for path, body in calls))
    return time.perf_counter() - started, times


def main() -> None:
    """Call and report."""
    calls = [(path, body) for path, _, body in (line.strip().partition(" ") for line in sys.stdin)]
    seconds, times = asyncio.run(_burst(int(sys.argv[1]), calls))
    print(json.dumps({"seconds": seconds, "times": times}))


if __name__ == "__main__":
    main()
