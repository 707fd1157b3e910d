"""Hold the README and the documents beside it to the program."""

import re
from pathlib import Path

from jobs.job import MOVES, State
from tests.environment import ROOT
from tests.setting_table import readme_lines, settings_page

README = (ROOT / "README.md").read_text()
ARROW = re.compile(r"^    (\w+) --> (\w+)", re.MULTILINE)


def test_every_arrow_of_a_jobs_life_is_drawn_and_no_other() -> None:
    drawn = {(State(start), State(end)) for start, end in ARROW.findall(README)}
    assert drawn == MOVES


def test_every_setting_stands_in_its_document() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    assert page == settings_page(), "write it anew: python -m tests.setting_table"


def test_the_settings_in_the_readme_are_those_of_the_document() -> None:
    table = README[README.index("| Setting |") : README.index("All others")]
    assert set(table.strip().splitlines()) <= set(readme_lines())


def test_the_map_names_every_room() -> None:
    named = set(re.findall(r"^\| `(\w+)/` \|", README, re.MULTILINE))
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {"tests"}
    assert named == rooms


def test_every_make_target_named_exists() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`?make (\w+)", README)) - {"no"}
    assert {"demo", "test", "check", "bench", "run"} <= named
    assert named <= targets


def test_every_link_to_a_file_leads_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_file_named_exists() -> None:
    for name in re.findall(r"`((?:bot|cogs|jobs|media|providers|sandbox|storage|tests)/[\w./-]+)`", README):
        assert Path(ROOT / name).exists(), name
