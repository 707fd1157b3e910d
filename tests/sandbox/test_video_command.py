"""The stand-in runs alone from the command line."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

import aiohttp

from sandbox.video.__main__ import add_arguments, main, read_options
from sandbox.video.faults import KINDS

ROOT = Path(__file__).parents[2]


async def test_it_serves_until_a_signal_and_keeps_its_ledger(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    switches = ["--port", "0", "--key", "k", "--ledger", str(ledger), "--fault", "submit=455*1"]
    command = [sys.executable, "-m", "sandbox.video", *switches]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        first = (await process.stdout.readline()).decode()
        url = first.split()[-1]
        assert "FFmpeg edits, not AI" in first
        headers = {"Authorization": "Bearer k"}
        body = {"prompt": "x", "videoUrl": url}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(f"{url}/api/v1/modify/generate", json=body) as response,
        ):
            assert (await response.json())["code"] == 455
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        assert ledger.exists()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_an_unknown_fault_ends_with_a_list_of_known_ones(capsys: object) -> None:
    assert main(["--port", "0", "--fault", "explode"]) == 2


def test_every_switch_arrives_in_the_options() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    text = (
        "--host 127.0.0.2 --port 9 --public-url http://x --key a --hmac-key b --seconds 1.5 --credits 5 --price 2"
        " --rate 7 --parallel 8 --instant --result-seconds 9"
        " --retry-seconds 3 --scene-seconds 2 --ledger l --directory d"
    )
    options = read_options(parser.parse_args(text.split()))
    assert (options.host, options.port, options.public_url) == ("127.0.0.2", 9, "http://x")
    assert (options.key, options.webhook_key, options.work_seconds) == ("a", "b", 1.5)
    assert (options.credits, options.price, options.creates_per_10s, options.parallel) == (5, 2, 7, 8)
    assert (options.instant, options.result_seconds, options.callback_retry_seconds) == (True, 9, 3)
    assert options.scene_seconds == 2
    assert (options.ledger_path, options.directory) == (Path("l"), Path("d"))
    assert all(kind in parser.format_help() for kind in KINDS)
