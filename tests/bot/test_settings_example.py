""".env.example shows every setting with its default."""

import re
from pathlib import Path

from bot.settings import load_settings
from tests.setting_table import Settings, setting_rows

EXAMPLE = Path(__file__).parents[2] / ".env.example"


def test_the_example_has_every_setting_with_its_description_and_default() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    for row in setting_rows():
        place = next((index for index, line in enumerate(lines) if line.lstrip("#").startswith(f"{row.name}=")), None)
        assert place is not None, f"{row.name} is missing"
        assert lines[place].partition("=")[2] == (row.default or ""), row.name
        assert lines[place - 1] == f"# {row.description}"


def test_the_example_has_nothing_else() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    names = {found[1] for line in lines if (found := re.match(r"#?([A-Z_]+)=", line))}
    assert names == {row.name for row in setting_rows()}


def test_the_defaults_of_the_example_are_taken_as_they_stand(tmp_path: Path) -> None:
    filled = (
        EXAMPLE.read_text()
        .replace("DISCORD_TOKEN=", "DISCORD_TOKEN=canary-1")
        .replace("\nKIE_API_KEY=", "\nKIE_API_KEY=canary-2")
    )
    without_keys = "\n".join(
        line.removeprefix("#") if "=" in line and line[1:2].isupper() and not line.endswith("=") else line
        for line in filled.splitlines()
    )
    (tmp_path / "plain").write_text(filled)
    (tmp_path / "spelled").write_text(without_keys)
    assert load_settings(Settings, {}, tmp_path / "plain") == load_settings(Settings, {}, tmp_path / "spelled")
