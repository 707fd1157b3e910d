"""Start the program: `python -m bot [run|check|backup FILE]`."""

import argparse
import asyncio
import logging
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

from bot.checkup import CheckLine
from bot.logs import set_up_logs
from bot.process import run_until_signal
from bot.settings import Settings
from jobs.errors import ConfigError, DatabaseInUseError, LumaBotError

log = logging.getLogger(__name__)

OK = 0
FAILED = 1
WRONG_SETTINGS = 2
DATABASE_IN_USE = 3


class Program(Protocol):
    """Name what can be started; `bot.app` is it."""

    async def run(self, settings: Settings, stop: asyncio.Event) -> None:
        """Run until `stop` is set."""

    async def check(self, settings: Settings) -> list[CheckLine]:
        """Prove the configuration."""

    async def backup(self, settings: Settings, path: Path) -> None:
        """Copy the database to a new file."""


def main(arguments: Sequence[str], program: Program, load: Callable[[], Settings]) -> int:
    """Run one command and return the exit code: 1 failed, 2 wrong settings, 3 the database is in use."""
    wanted = _read_arguments(arguments)
    try:
        settings = load()
    except ConfigError as error:
        return _list_problems(error)
    set_up_logs(settings.log_level, settings.log_format, settings.secret_values())
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    try:
        return _start(wanted, program, settings)
    except DatabaseInUseError as error:
        log.error("%s", error)
        return DATABASE_IN_USE
    except ConfigError as error:
        return _list_problems(error)
    except (LumaBotError, OSError) as error:
        log.error("%s: %s", type(error).__name__, error)
        return FAILED


def _list_problems(error: ConfigError) -> int:
    print("These settings need a look:", *(f"  {problem}" for problem in error.problems), sep="\n", file=sys.stderr)
    return WRONG_SETTINGS


def _read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bot", description="A Discord bot that edits video clips with Luma.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("run", help="run the bot until it is stopped (the default)")
    commands.add_parser("check", help="prove the settings: folder, database, services, Discord, public address")
    backup = commands.add_parser("backup", help="copy the database, also while the bot runs")
    backup.add_argument("file", type=Path, metavar="FILE", help="a new file")
    return parser.parse_args(list(arguments))


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log what ends the program: the interpreter's own traceback would pass by the filter of secrets."""
    log.critical("ended by an error", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(caught: threading.ExceptHookArgs) -> None:
    if caught.exc_value is not None:
        log.critical("a thread ended by an error", exc_info=caught.exc_value)


def _start(wanted: argparse.Namespace, program: Program, settings: Settings) -> int:
    match wanted.command:
        case "check":
            return _show(asyncio.run(program.check(settings)))
        case "backup":
            asyncio.run(program.backup(settings, wanted.file))
            print(f"copied to {wanted.file}")
            return OK
    return run_until_signal(lambda stop: program.run(settings, stop), stop_seconds=settings.shutdown_seconds)


def _show(lines: Sequence[CheckLine]) -> int:
    width = max((len(line.name) for line in lines), default=0)
    for line in lines:
        print("ok  " if line.ok else "FAIL", line.name.ljust(width), line.detail, sep="  ")
    return OK if all(line.ok for line in lines) else FAILED


if __name__ == "__main__":
    from bot import app

    sys.exit(main(sys.argv[1:], app, app.load))
