"""Answer what fails: ours with an apology and a code, a busy database as such, a stop with silence."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import app_commands

from bot.command_sync import sync_commands
from jobs.errors import StorageError, UserError
from tests.bot.world import BotWorld, open_bot_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path) as opened:
        yield opened


async def add_broken_command(world: BotWorld, error: Exception, *, answered: bool = False) -> None:
    """Add `/luma broken`, which raises an error, before or after its answer."""

    @app_commands.command(name="broken", description="Fails")
    async def broken(interaction: discord.Interaction[Any]) -> None:
        """Fail."""
        if answered:
            await interaction.response.send_message("so far so good")
        raise error

    world.bot.luma.add_command(broken)
    await sync_commands(world.bot.tree, world.bot.application_id or 0, None)


async def test_what_is_ours_is_an_apology_with_the_logs_code(world: BotWorld, caplog: pytest.LogCaptureFixture) -> None:
    await add_broken_command(world, ZeroDivisionError("a secret detail"))
    with caplog.at_level(logging.ERROR):
        view = await world.actor.slash("Mia", "edits", "luma broken")
    assert view.message is not None
    assert view.message.ephemeral
    assert "secret" not in view.message.content
    code = view.message.content.split("`")[1]
    assert any(code in record.getMessage() and record.exc_info for record in caplog.records)


async def test_a_persons_own_mistake_is_said_as_it_is(world: BotWorld, caplog: pytest.LogCaptureFixture) -> None:
    await add_broken_command(world, UserError("Do it like this."))
    with caplog.at_level(logging.ERROR):
        view = await world.actor.slash("Mia", "edits", "luma broken")
    assert view.message is not None
    assert view.message.content == "Do it like this."
    assert not [record for record in caplog.records if record.name.startswith("bot")]


async def test_a_busy_database_is_said_to_be_busy(world: BotWorld) -> None:
    await add_broken_command(world, StorageError("locked"))
    view = await world.actor.slash("Mia", "edits", "luma broken")
    assert view.message is not None
    assert "Nothing was counted" in view.message.content


async def test_after_an_answer_the_apology_follows_it(world: BotWorld) -> None:
    await add_broken_command(world, ZeroDivisionError(), answered=True)
    view = await world.actor.slash("Mia", "edits", "luma broken")
    await world.settled()
    (followup,) = world.actor.interaction(view.id).followups
    assert followup.ephemeral
    assert "my side" in followup.content


async def test_a_button_whose_action_fails_is_answered_too(world: BotWorld) -> None:
    async def fail(_interaction: discord.Interaction[Any], _subject: str) -> None:
        raise ZeroDivisionError

    world.bot.add_action("fail", fail)
    from tests.cogs.test_library import plant_button

    message = plant_button(world, "luma:fail:1")
    view = await world.actor.press("Mia", message, "luma:fail:1")
    assert view.message is not None
    assert "my side" in view.message.content


async def test_an_answer_that_does_not_arrive_is_let_go(world: BotWorld, caplog: pytest.LogCaptureFixture) -> None:
    await add_broken_command(world, UserError("Do it like this."))
    world.server.faults.add("POST", "/callback", status=404, code=10062)
    view = await world.actor.slash("Mia", "edits", "luma broken")
    await world.settled()
    assert view.message is None
    (said,) = [record for record in caplog.records if record.name.startswith("bot")]
    assert said.levelno == logging.WARNING
    assert "could not be answered" in said.getMessage()
