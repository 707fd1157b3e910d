"""Open what looks at files, in folders of a test."""

from pathlib import Path

import pytest

from jobs.errors import UnusableClipError
from media.limited import Workshop
from media.probe import ClipDetails, Prober


class Benches:
    """Hold a folder for made files and a prober beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workshop = Workshop(folder / "workshop")
        self.prober = Prober(self.workshop)

    def file(self, name: str, content: bytes = b"") -> Path:
        """Write a file."""
        path = self.folder / name
        path.write_bytes(content)
        return path

    async def verdict(self, path: Path) -> str:
        """Return the rule a file is refused by, or "fine"."""
        try:
            await self.prober.probe(path)
        except UnusableClipError as error:
            return error.rule if error.text and str(self.folder) not in error.text else "a bad text"
        return "fine"

    async def details(self, path: Path) -> ClipDetails:
        """Return what a good file is."""
        try:
            return await self.prober.probe(path)
        except UnusableClipError as error:
            pytest.fail(f"{path.name}: {error.rule}: {error.text}")
