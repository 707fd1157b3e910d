"""Run the real `main` with a program that does what the first argument says; the others are passed on."""

import asyncio
import sys
import threading
from pathlib import Path

from bot.__main__ import main
from bot.checkup import CheckLine
from bot.settings import Settings, load_settings
from jobs.errors import DatabaseInUseError, StorageError
from tests import setting_table


def say(text: str) -> None:
    """Tell the test where the program stands."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class FakeProgram:
    """Stand for `bot.app`."""

    def __init__(self, mode: str) -> None:
        self._mode = mode

    async def run(self, settings: Settings, stop: asyncio.Event) -> None:
        """Behave as the mode says."""
        await getattr(self, f"_{self._mode}")(settings, stop)

    async def check(self, settings: Settings) -> list[CheckLine]:
        """Return one good line, and a bad one when the mode is red."""
        return [CheckLine(True, "folder", "writable")] + [CheckLine(False, "kie", "empty")] * (self._mode == "red")

    async def backup(self, settings: Settings, path: Path) -> None:
        """Write the file."""
        if self._mode == "broken":
            raise StorageError("the disk is full")
        path.write_text("copied")

    async def _gentle(self, settings: Settings, stop: asyncio.Event) -> None:
        say("ready")
        await stop.wait()
        say("closed")

    async def _deaf(self, settings: Settings, stop: asyncio.Event) -> None:
        say("ready")
        await stop.wait()
        say("stopping")
        try:
            await asyncio.Event().wait()
        finally:
            say("cancelled")

    async def _stubborn(self, settings: Settings, stop: asyncio.Event) -> None:
        threading.Thread(target=threading.Event().wait).start()  # never ends, as an unclosed database's would not
        say("ready")
        await stop.wait()
        say("stopping")
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                say("cancelled")

    async def _littering(self, settings: Settings, stop: asyncio.Event) -> None:
        threading.Thread(target=threading.Event().wait).start()
        await self._gentle(settings, stop)

    async def _brief(self, settings: Settings, stop: asyncio.Event) -> None:
        say("ready")

    async def _broken(self, settings: Settings, stop: asyncio.Event) -> None:
        raise RuntimeError(f"token {settings.discord_token.get_secret_value()}")

    async def _in_use(self, settings: Settings, stop: asyncio.Event) -> None:
        raise DatabaseInUseError("another process has this database")

    async def _port_taken(self, settings: Settings, stop: asyncio.Event) -> None:
        raise OSError(98, "Address already in use")


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:], FakeProgram(sys.argv[1]), lambda: load_settings(setting_table.Settings)))
