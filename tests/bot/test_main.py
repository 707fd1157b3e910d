"""The process starts, says what is wrong, and stops as signals ask it to."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.settings import load_settings
from tests.bot.fake_program import FakeProgram
from tests.setting_table import Settings

ROOT = Path(__file__).parents[2]
ENVIRON = {"DISCORD_TOKEN": "canary-token-55", "KIE_API_KEY": "canary-key-66"}


@contextmanager
def started(mode: str, *arguments: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """Start the fake program as a process of its own; it never outlives the block."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bot.fake_program", mode, *arguments],
        cwd=ROOT, env={**kept, **ENVIRON, **environ}, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    with process:
        try:
            yield process
        finally:
            process.kill()


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=20)
    return process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_gently(number: signal.Signals) -> None:
    with started("gentle") as process:
        assert line_of(process) == "ready"
        process.send_signal(number)
        code, out, err = ended(process)
    assert (code, out) == (0, "closed\n")
    assert f"stopping on {number.name}" in err


def test_a_second_signal_ends_it_at_once() -> None:
    with started("deaf") as process:
        assert line_of(process) == "ready"
        process.send_signal(signal.SIGTERM)
        assert line_of(process) == "stopping"
        process.send_signal(signal.SIGINT)
        code, out, err = ended(process)
    assert (code, out) == (130, "cancelled\n")
    assert "second signal (SIGINT)" in err


def test_what_hangs_after_the_second_signal_is_left_behind() -> None:
    with started("stubborn") as process:
        assert line_of(process) == "ready"
        process.send_signal(signal.SIGTERM)
        assert line_of(process) == "stopping"
        process.send_signal(signal.SIGTERM)
        code, out, _ = ended(process)
    assert code == 143
    assert "cancelled" in out


def test_a_stop_that_takes_too_long_is_cut_short() -> None:
    with started("deaf", SHUTDOWN_SECONDS="0.2") as process:
        assert line_of(process) == "ready"
        started_at = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code, out, err = ended(process)
    assert (code, out) == (1, "stopping\ncancelled\n")
    assert "the stop takes too long" in err
    assert time.monotonic() - started_at < 5


def test_a_thread_that_never_ends_does_not_hold_the_process() -> None:
    with started("littering") as process:
        assert line_of(process) == "ready"
        started_at = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert ended(process)[:2] == (0, "closed\n"), "all was closed, as it was asked to"
    assert time.monotonic() - started_at < 5


def test_it_ends_by_itself_when_the_work_ends() -> None:
    with started("brief") as process:
        assert ended(process)[:2] == (0, "ready\n")


def test_a_second_process_on_one_database_ends_with_3() -> None:
    with started("in_use") as process:
        code, _, err = ended(process)
    assert code == 3
    assert "another process has this database" in err


def test_what_the_system_refuses_ends_with_1_and_no_traceback() -> None:
    with started("port_taken", "run") as process:
        code, _, err = ended(process)
    assert code == 1
    assert "Address already in use" in err
    assert "Traceback" not in err


def test_an_uncaught_error_is_logged_without_secrets() -> None:
    with started("broken") as process:
        code, out, err = ended(process)
    assert code == 1
    assert "RuntimeError: token [hidden]" in err
    assert "canary" not in out + err


def test_wrong_settings_are_all_listed_by_name_and_end_with_2() -> None:
    with started("gentle", DISCORD_TOKEN="<token>", POLL_SECONDS="canary", LOG_FORMAT="xml") as process:
        code, out, err = ended(process)
    assert (code, out) == (2, "")
    for name in ("DISCORD_TOKEN", "POLL_SECONDS", "LOG_FORMAT"):
        assert f"  {name}: " in err
    assert "canary" not in err
    assert "<token>" not in err


def test_the_real_program_refuses_wrong_settings_the_same_way(tmp_path: Path) -> None:
    environ = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "bot", "check"]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "These settings need a look:",
        "  KIE_API_KEY, ACEDATA_API_KEY, LUMALABS_API_KEY: at least one must be set",
        "  DISCORD_TOKEN: is missing",
    ]


@pytest.fixture
def _kept() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.raiseExceptions
    hooks = sys.excepthook, threading.excepthook
    yield
    logging.captureWarnings(False)
    root.handlers[:], root.level, logging.raiseExceptions = before
    sys.excepthook, threading.excepthook = hooks


@pytest.mark.usefixtures("_kept")
def test_check_shows_a_line_for_each_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"], FakeProgram("green"), lambda: load_settings(Settings, ENVIRON, tmp_path / ".env")) == 0
    assert capsys.readouterr().out == "ok    folder  writable\n"
    assert main(["check"], FakeProgram("red"), lambda: load_settings(Settings, ENVIRON, tmp_path / ".env")) == 1
    assert capsys.readouterr().out == "ok    folder  writable\nFAIL  kie     empty\n"


@pytest.mark.usefixtures("_kept")
def test_backup_copies_or_says_why_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "copy.db"
    assert (
        main(["backup", str(copy)], FakeProgram("fine"), lambda: load_settings(Settings, ENVIRON, tmp_path / ".env"))
        == 0
    )
    assert copy.read_text() == "copied"
    assert str(copy) in capsys.readouterr().out
    assert (
        main(["backup", str(copy)], FakeProgram("broken"), lambda: load_settings(Settings, ENVIRON, tmp_path / ".env"))
        == 1
    )
    assert "the disk is full" in capsys.readouterr().err


def test_unknown_commands_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["dance"], ["backup"], ["run", "now"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments, FakeProgram("fine"), lambda: load_settings(Settings))
        assert caught.value.code == 2
    assert "COMMAND" in capsys.readouterr().err
