"""Run `/luma modify` through the local Discord."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.world import BotWorld, open_bot_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path) as opened:
        yield opened


async def test_a_command_is_answered_with_its_card(world: BotWorld) -> None:
    view = await world.modify()

    assert view.state == "answered"
    assert view.message is not None
    job = await world.only_job()
    assert (job.card_channel_id, job.card_message_id) == (view.channel_id, view.message.id)
