"""Hold the container's image to the program: what is copied into it is all that the bot needs, and root has no part."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.environment import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
COPIED = re.findall(r"^COPY (?!--from)(\S+)", DOCKERFILE, re.MULTILINE)
NOT_SHIPPED = {"sandbox", "tests"}


def test_every_room_of_the_bot_is_copied_and_no_other() -> None:
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - NOT_SHIPPED
    assert set(COPIED) == rooms | {"requirements.lock"}


def test_what_is_copied_is_sent_to_the_builder_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text().split()
    assert lines[0] == "*"
    assert {line.removeprefix("!") for line in lines if line.startswith("!")} == set(COPIED)


def test_the_bot_starts_from_what_is_copied(tmp_path: Path) -> None:
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-B", "-m", "bot", "check"]
    ended = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, timeout=60, check=False)
    assert "DISCORD_TOKEN: is missing" in ended.stderr
    assert ended.returncode == 2


def test_both_stages_have_one_base_and_the_program_is_nobodys() -> None:
    assert len(set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))) == 1
    (user,) = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)
    assert user != "root"
    assert DOCKERFILE.index("USER ") < DOCKERFILE.index("ENTRYPOINT ")


def test_the_container_may_write_to_its_volume_alone() -> None:
    lines = [line.strip() for line in (ROOT / "compose.yaml").read_text().splitlines()]
    for line in ("read_only: true", "cap_drop: [ALL]", "- data:/data"):
        assert line in lines
