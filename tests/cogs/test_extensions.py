"""Hold that every cog is loaded, and that Discord is told of the commands they define."""

from pathlib import Path

from bot.client import EXTENSIONS
from tests.bot.world import open_bot_world

ROOT = Path(__file__).parent.parent.parent


def test_every_cog_is_loaded() -> None:
    cogs = {f"cogs.{path.stem}" for path in (ROOT / "cogs").glob("*.py")} - {"cogs.__init__"}
    assert set(EXTENSIONS) == cogs


async def test_members_see_the_commands_and_no_moderators_ones(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path) as world:
        seen = {
            user: {view.name.split()[0] for view in world.actor.commands(user, "edits") if view.kind == 1}
            for user in ("Noah", "Robin", "Ada")
        }
        names = {view.name for view in world.actor.commands("Noah", "edits")}

    assert {"luma modify", "luma history", "luma show", "luma cancel", "luma help", "luma quota"} <= names
    assert {"luma privacy", "Modify with Luma"} <= names
    assert seen == {
        "Noah": {"luma"},
        "Robin": {"luma", "luma-mod"},
        "Ada": {"luma", "luma-mod", "luma-setup"},
    }
