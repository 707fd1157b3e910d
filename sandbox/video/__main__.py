"""Run the stand-in video services alone: `python -m sandbox.video`."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.video.faults import KINDS
from sandbox.video.options import Options
from sandbox.video.server import VideoServer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the stand-in's switches to a parser."""
    known = Options()
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        "faults (--fault [SERVICE:]KIND[=VALUE][*TIMES], SERVICE is kie, acedata or lumalabs):\n"
        + "\n".join(f"  {kind:<18}{text}" for kind, text in KINDS.items())
    )
    parser.add_argument("--host", default=known.host, help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8322, help="port to listen on, 0 for any (%(default)s)")
    parser.add_argument("--public-url", default="", help="address others reach the server at, if not the above")
    parser.add_argument("--key", default=known.key, help="API key the services accept (%(default)s)")
    parser.add_argument("--hmac-key", default="", help="sign KIE's callbacks with this key")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long a task takes (%(default)s)")
    parser.add_argument("--credits", type=float, default=known.credits, help="balance (%(default)s)")
    parser.add_argument("--price", type=float, default=known.price, help="credits per task (%(default)s)")
    parser.add_argument("--rate", type=int, default=known.creates_per_10s, help="new tasks per 10 s (%(default)s)")
    parser.add_argument("--parallel", type=int, default=known.parallel, help="tasks at once (%(default)s)")
    parser.add_argument("--result-seconds", type=float, default=known.result_seconds, help="how long results are kept")
    parser.add_argument("--retry-seconds", type=float, default=known.callback_retry_seconds, help="callback repeats")
    parser.add_argument("--instant", action="store_true", help="copy clips instead of editing them")
    parser.add_argument("--scene-seconds", type=float, default=known.scene_seconds, help="length of drawn videos")
    parser.add_argument("--ledger", type=Path, help="append every task to this JSON-lines file")
    parser.add_argument("--directory", type=Path, help="keep files here instead of in a temporary directory")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="FAULT", help="switch a fault on; may be repeated"
    )


def read_options(args: argparse.Namespace) -> Options:
    """Turn parsed switches into options."""
    return Options(
        host=args.host,
        port=args.port,
        public_url=args.public_url,
        key=args.key,
        webhook_key=args.hmac_key,
        work_seconds=args.seconds,
        credits=args.credits,
        price=args.price,
        creates_per_10s=args.rate,
        parallel=args.parallel,
        instant=args.instant,
        scene_seconds=args.scene_seconds,
        result_seconds=args.result_seconds,
        callback_retry_seconds=args.retry_seconds,
        ledger_path=args.ledger,
        directory=args.directory,
    )


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; return the exit code."""
    return asyncio.run(serve(args))


async def serve(args: argparse.Namespace) -> int:
    """Start the server with its faults, say where it is, and wait for a signal."""
    server = VideoServer(read_options(args))
    try:
        for text in args.fault:
            server.faults.parse(text)
    except ValueError as error:
        print(f"--fault: {error}", file=sys.stderr)
        return 2
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with server:
        print(f"video services (FFmpeg edits, not AI) on {server.url}", flush=True)
        print(f"KIE_API_URL={server.url} KIE_UPLOAD_URL={server.upload_url} KIE_API_KEY=<the --key value>", flush=True)
        print(f"ACEDATA_API_URL={server.url} LUMALABS_API_URL={server.url}/dream-machine/v1", flush=True)
        await stop.wait()
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m sandbox video", description=__doc__)
    add_arguments(parser)
    return run(parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
