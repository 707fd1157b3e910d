"""Tell Discord of the commands when they changed, and only then."""

from pathlib import Path

from discord import app_commands

from bot.command_sync import fingerprint_of, sync_commands
from tests.bot.world import open_bot_world


async def test_commands_are_sent_once_and_not_again_after_a_restart(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path) as world:
        assert world.sent("PUT", "/commands") == 1
        names = {view.name for view in world.actor.commands("Mia", "edits")}
        await world.restart()
        assert world.sent("PUT", "/commands") == 1
        assert {view.name for view in world.actor.commands("Mia", "edits")} == names


async def test_a_change_is_sent(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path) as world:
        application_id = world.bot.application_id or 0
        mark = tmp_path / "commands.sha256"

        @app_commands.command(name="new", description="A new one")
        async def new(interaction: object) -> None:
            """Do nothing."""

        world.bot.luma.add_command(new)
        assert await sync_commands(world.bot.tree, application_id, mark)
        assert not await sync_commands(world.bot.tree, application_id, mark)
        assert "luma new" in {view.name for view in world.actor.commands("Mia", "edits")}


async def test_a_mark_that_cannot_be_written_holds_nobody_up(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path) as world:
        for mark in (tmp_path / "no folder" / "commands.sha256", tmp_path):
            assert await sync_commands(world.bot.tree, world.bot.application_id or 0, mark)


async def test_another_application_is_told_anew(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path) as world:
        assert fingerprint_of(world.bot.tree, 1) != fingerprint_of(world.bot.tree, 2)


def counted(told: object) -> int:
    """Count what Discord counts of a command: names, descriptions and values, of all its options too."""
    if isinstance(told, list):
        return sum(map(counted, told))
    if not isinstance(told, dict):
        return 0
    own = sum(longest(told, key) for key in ("name", "description", "value"))
    return own + sum(map(counted, told.values()))


def longest(told: dict[str, object], key: str) -> int:
    """Return the length of a text in the language that needs the most room."""
    others = told.get(f"{key}_localizations") or {}
    assert isinstance(others, dict)
    return max(len(str(text)) for text in (told.get(key, ""), *others.values()))


async def test_the_limits_of_discord_are_kept(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path) as world:
        for command in world.bot.tree.get_commands():
            assert world.bot.tree.translator is not None
            told = await command.get_translated_payload(world.bot.tree, world.bot.tree.translator)
            assert counted(told) <= 8000
            assert len(told.get("options", [])) <= 25
