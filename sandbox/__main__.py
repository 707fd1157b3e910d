"""Start a local world around the real bot (`python -m sandbox`), or the video service alone (`... video`)."""

import argparse
import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Sequence
from errno import EADDRINUSE
from pathlib import Path

from sandbox.demo import Demo, DemoOptions
from sandbox.demo_once import put_through
from sandbox.video.__main__ import main as run_video

PORT = 8321
PROMPT = "Make it a warm cinematic evening, in slow motion"
_STARTED = time.monotonic()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for and return the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["video"]:
        return run_video(arguments[1:])
    wanted = _build_parser().parse_args(arguments)
    if wanted.clip is not None and not wanted.clip.is_file():
        print(f"--clip: no file {wanted.clip}", file=sys.stderr)
        return 2
    if wanted.openapi is not None and not wanted.openapi.is_file():
        print(f"--openapi: no file {wanted.openapi}", file=sys.stderr)
        return 2
    return asyncio.run(_run_until_signal(wanted))


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m sandbox",
        description="The real bot in a local Discord, with a video service that edits by FFmpeg. "
        "`python -m sandbox video --help` tells of the video service alone.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address of the page (%(default)s)")
    parser.add_argument("--port", type=int, default=PORT, help="port of the page (%(default)s; with --once any)")
    parser.add_argument("--clip", type=Path, metavar="FILE", help="the first job's clip; without it one is drawn")
    parser.add_argument("--prompt", default=PROMPT, metavar="TEXT", help='the first job\'s prompt ("%(default)s")')
    parser.add_argument("--out", type=Path, default=Path("out/demo"), metavar="DIR", help="folder of the result")
    parser.add_argument("--record", type=Path, metavar="FILE", help="write every REST exchange with Discord as a line")
    parser.add_argument("--openapi", type=Path, metavar="FILE", help="check them against Discord's OpenAPI document")
    parser.add_argument("--seconds", type=float, default=1.0, help="what a video task takes at least (%(default)s)")
    parser.add_argument("--side", type=int, default=1360, help="long side of a drawn video in pixels (%(default)s)")
    parser.add_argument("--once", action="store_true", help="end after one job: 0 when its video is in the thread")
    parser.add_argument("--serve", action="store_true", help="serve the page even when no terminal is attached")
    return parser


async def _run_until_signal(wanted: argparse.Namespace) -> int:
    work = asyncio.ensure_future(_run(wanted))
    # only the first signal: the stop it begins is bounded, and must not be broken off half way
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in signals:
        asyncio.get_running_loop().add_signal_handler(number, _interrupt, work, signals)
    try:
        return await work
    except asyncio.CancelledError:
        say("stopped")
        return 130 if wanted.once else 0
    except RuntimeError as error:
        print(f"The demo cannot go on: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        hint = f"; is another one running? --port takes another than {wanted.port}" if error.errno == EADDRINUSE else ""
        print(f"The demo cannot start: {error}{hint}", file=sys.stderr)
        return 1


def _interrupt(work: asyncio.Future[int], signals: Sequence[signal.Signals]) -> None:
    for number in signals:
        asyncio.get_running_loop().add_signal_handler(number, lambda: None)
    work.cancel()


async def _run(wanted: argparse.Namespace) -> int:
    if wanted.record is not None:
        wanted.record.parent.mkdir(parents=True, exist_ok=True)
    port = 0 if wanted.once and wanted.port == PORT else wanted.port
    options = DemoOptions(wanted.host, port, wanted.record, wanted.openapi, wanted.seconds, wanted.side)
    say("starting a local Discord, a video service and the bot…")
    async with Demo(options, say) as demo:
        await demo.wait_until_ready()
        done = await put_through(demo, wanted.clip or demo.sample, wanted.prompt, wanted.out, say)
        broken = [*demo.discord.violations, *demo.discord.answer_violations]
        for violation in broken:
            say(f"against Discord's OpenAPI document: {violation}")
        serves = not wanted.once and (wanted.serve or sys.stdin.isatty())
        if serves:
            await _serve(demo)
    return 0 if done and not broken else 1


async def _serve(demo: Demo) -> None:
    print(f"\n  Open {demo.discord.base_url}/  (Ctrl-C ends it)\n", flush=True)
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
    say("stopping…")


def say(line: str) -> None:
    """Print a line with the seconds since the start."""
    print(f"{time.monotonic() - _STARTED:6.1f} s  {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
