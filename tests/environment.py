"""Find what a test needs beside Python: skip clearly where it is missing, and fail where the CI promises it."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parent.parent


def in_ci() -> bool:
    """Tell whether nothing may be skipped."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false", "no")


def lack(what: str) -> NoReturn:
    """End a test that cannot run here: skipped with the reason, failed in the CI."""
    if in_ci():
        pytest.fail(f"{what}: the CI must have it", pytrace=False)
    pytest.skip(what)


def need_chromium() -> str:
    """Return the path of the system's Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    lack("no Chromium on this machine (apt-get install chromium)")


def need_openapi() -> Path:
    """Return Discord's own description of its API: $DISCORD_OPENAPI, or the copy beside the project."""
    set_path = os.environ.get("DISCORD_OPENAPI")
    path = Path(set_path) if set_path else ROOT.parent / "shared" / "discord-openapi.json"
    if not path.is_file():
        lack("no discord-openapi.json here (set DISCORD_OPENAPI to a copy)")
    return path
