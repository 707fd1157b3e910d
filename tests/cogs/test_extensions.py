"""Hold that every cog is loaded, and that Discord is told of the commands they define."""

from pathlib import Path

from bot.client import EXTENSIONS
from tests.bot.world import open_bot_world

ROOT = Path(__file__).parent.parent.parent


def test_every_cog_is_loaded() -> None:
    cogs = {f"cogs.{path.stem}" for path in (ROOT / "cogs").glob("*.py")} - {"cogs.__init__"}
    assert set(EXTENSIONS) == cogs


async def test_members_see_the_commands(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path) as world:
        names = {view.name for view in world.actor.commands("Noah", "edits")}

    members = {
        "luma modify", "luma history", "luma show", "luma cancel", "luma help", "luma quota", "luma styles", "luma top",
        "Modify with Luma",
    }  # fmt: skip
    assert names == members
