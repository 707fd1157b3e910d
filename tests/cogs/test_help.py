"""Take the tour that is made from the commands themselves."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.help_pages import CHAPTERS, all_commands, chapter_of
from jobs.job import Kind
from sandbox.discord.views import MessageView
from tests.bot.world import BotWorld, open_bot_world
from tests.cogs.test_library import plant_button


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path) as opened:
        yield opened


def menu_of(message: MessageView) -> dict[str, str]:
    """Return the chapters of a page's menu, key to title."""
    return {option["value"]: option["label"] for option in message.components[0]["components"][0]["options"]}


async def read_help(world: BotWorld, user: str) -> dict[str, str]:
    """Return the text of every chapter a person can open."""
    view = await world.actor.slash(user, "edits", "luma help")
    assert view.message is not None
    assert view.message.ephemeral
    pages = {}
    for key in menu_of(view.message):
        await world.actor.select(user, view.message.id, "luma:tour:chapters", [key])
        now = world.actor.interaction(view.id).message
        assert now is not None
        pages[key] = str(now.embeds[0]["description"])
    return pages


async def test_every_command_of_the_tree_appears(world: BotWorld) -> None:
    text = "\n".join((await read_help(world, "Ada")).values())
    names = [command.qualified_name for command in all_commands(world.bot)]
    assert len(names) > 20
    missing = [name for name in names if f"**/{name}**" not in text and f"**{name}**" not in text]
    assert missing == []


async def test_every_command_has_a_chapter_of_its_own_kind(world: BotWorld) -> None:
    left = [command.qualified_name for command in all_commands(world.bot) if chapter_of(command) is CHAPTERS[-1]]
    assert left == []


async def test_members_are_not_shown_what_is_the_moderators(world: BotWorld) -> None:
    member, moderator = await read_help(world, "Noah"), await read_help(world, "Robin")
    assert set(moderator) - set(member) == {"moderate"}
    assert "luma-" not in "\n".join(member.values())


async def test_options_are_explained_where_edits_are_made(world: BotWorld) -> None:
    pages = await read_help(world, "Noah")
    assert "`prompt` How the clip should look" in pages["edit"]
    assert all(len(page) <= 4096 for page in (await read_help(world, "Ada")).values())


async def test_a_chapter_of_others_rights_is_refused(world: BotWorld) -> None:
    view = await world.actor.slash("Ada", "edits", "luma help")
    assert view.message is not None
    message = plant_button(world, "luma:tour:setup")
    pressed = await world.actor.press("Noah", message, "luma:tour:setup")
    assert pressed.message is not None
    assert "older version" in pressed.message.content


@pytest.mark.parametrize(
    ("kinds", "told", "not_told"),
    [
        ({Kind.MODIFY}, ["luma modify", "Modify with Luma"], ["luma generate", "luma extend", "Extend with Luma"]),
        ({Kind.GENERATE}, ["luma generate"], ["luma modify", "Modify with Luma", "luma extend", "Extend with Luma"]),
        (
            {Kind.GENERATE, Kind.EXTEND},
            ["luma generate", "luma extend", "Extend with Luma"],
            ["luma modify", "Modify with Luma"],
        ),
    ],
)
async def test_what_no_service_here_does_is_not_told(
    tmp_path: Path, kinds: set[Kind], told: list[str], not_told: list[str]
) -> None:
    async with open_bot_world(tmp_path, kinds=frozenset(kinds)) as world:
        pages = await read_help(world, "Noah")
        text = "\n".join(pages.values())
        assert [name for name in told if name not in text] == []
        assert [name for name in not_told if name in text] == []
        assert ("Attach a clip" in pages["edit"]) == (Kind.MODIFY in kinds)
