"""Hold every moderator's command, press and form to its right, whatever Discord's screens show."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.rights import Right
from sandbox.discord.views import CommandView
from tests.bot.admin_world import guild_of, member_id, role_id, run, show_all_commands, text_of
from tests.bot.world import BotWorld, open_bot_world
from tests.cogs.test_library import plant_button

PRESSES = {
    Right.MODERATE: ["top:0.month", "blocks:0.", "log:0.0.0", "logfile:all", "jobs:0.all.0"],
    Right.SETUP: ["ownquota:0.", "words:0."],
}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path) as opened:
        yield opened


def commands_of(world: BotWorld, area: str) -> list[CommandView]:
    return [view for view in world.actor.commands("Ada", "edits") if view.name.startswith(f"{area} ")]


def options_for(world: BotWorld, command: CommandView) -> Mapping[str, Any]:
    """Fill a command's required options by their kinds."""
    values: dict[int, Any] = {
        3: "3d",
        4: 1,
        5: True,
        6: member_id(world, "Noah"),
        7: world.server.world.find_channel("edits").id,
        8: role_id(world, "Creator"),
    }
    return {
        option.name: option.choices[0][1] if option.choices else values[option.kind]
        for option in command.options
        if option.required
    }


async def log_size(world: BotWorld) -> int:
    return (await world.admin.log.entries(guild_of(world), offset=0, limit=1)).total


@pytest.mark.parametrize(
    ("area", "who", "said"),
    [
        ("luma-mod", "Mia", "Timeout Members"),
        ("luma-setup", "Mia", "Manage Server"),
        ("luma-setup", "Robin", "Manage Server"),
    ],
)
async def test_every_command_asks_for_its_right_again(world: BotWorld, area: str, who: str, said: str) -> None:
    show_all_commands(world)
    commands = commands_of(world, area)
    assert len(commands) >= 13
    for command in commands:
        text = text_of(await run(world, who, command.name, options_for(world, command)))
        assert said in text, command.name
    assert await log_size(world) == 0


@pytest.mark.parametrize(("area", "who"), [("luma-mod", "Robin"), ("luma-setup", "Ada")])
async def test_every_command_answers_who_has_the_right(world: BotWorld, area: str, who: str) -> None:
    for command in commands_of(world, area):
        text = text_of(await run(world, who, command.name, options_for(world, command)))
        assert text, command.name
        assert "Only members with the permission" not in text
        assert "went wrong" not in text, command.name


@pytest.mark.parametrize("right", list(Right))
async def test_every_press_asks_for_its_right_again(world: BotWorld, right: Right) -> None:
    for press in PRESSES[right]:
        custom_id = f"luma:{press}"
        message = plant_button(world, custom_id)
        view = await world.actor.press("Mia", message, custom_id)
        assert view.message is not None, press
        assert "Only members with the permission" in view.message.content, press
    assert await log_size(world) == 0


async def test_no_press_that_asks_for_a_right_is_left_untried(world: BotWorld) -> None:
    asking = {name for name, action in world.bot._actions.items() if action.__qualname__.startswith("rightly.")}
    assert asking == {press.partition(":")[0] for presses in PRESSES.values() for press in presses}


async def test_who_lost_the_right_is_refused_at_once(world: BotWorld) -> None:
    show_all_commands(world)
    world.server.world.guilds[guild_of(world)].members[member_id(world, "Robin")].roles.discard(role_id(world, "Mod"))
    assert "Timeout Members" in text_of(await run(world, "Robin", "luma-mod blocks"))


async def test_suggestions_show_nothing_without_the_right(world: BotWorld) -> None:
    show_all_commands(world)
    await world.modify(prompt="a secret plan")
    await run(world, "Ada", "luma-setup words add", {"word": "hidden"})
    for command, option in (
        ("luma-mod job cancel", "job"),
        ("luma-mod job retry", "job"),
        ("luma-setup words remove", "word"),
    ):
        assert await world.actor.autocomplete("Noah", "edits", command, {option: ""}, option) == []


@pytest.mark.parametrize(
    "custom_id", ["luma:log:x", "luma:log:0.1", "luma:top:0.year", "luma:jobs:0.some.1", "luma:jobs:99999999.all.0"]
)
async def test_a_press_of_another_version_is_said_to_be_old(world: BotWorld, custom_id: str) -> None:
    message = plant_button(world, custom_id)
    view = await world.actor.press("Robin", message, custom_id)
    assert view.message is not None
    assert "older version" in view.message.content
