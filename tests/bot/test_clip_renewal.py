"""Ask Discord again for a clip's address."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.clip_renewal import ClipRenewal
from jobs.errors import SourceUnavailableError
from jobs.job import ClipSource
from tests.bot.world import CLIP, BotWorld, open_bot_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path) as opened:
        opened.server.world.application.message_content_granted = True
        yield opened


async def posted_clip(world: BotWorld) -> ClipSource:
    message = await world.actor.post("Noah", "edits", "look", [("other.txt", b"x"), CLIP])
    clip = message.attachments[1]
    return ClipSource(clip.url, "clip.mp4", 3, message.channel_id, message.id, clip.id)


async def test_a_fresh_address_is_given(world: BotWorld) -> None:
    source = await posted_clip(world)
    world.discord_clock.advance(48 * 3600)
    url = await ClipRenewal(world.bot).renew(source)
    assert url is not None
    assert url != source.url
    assert url.split("?")[0] == source.url.split("?")[0]


async def test_what_is_gone_or_never_was_discords_has_none(world: BotWorld) -> None:
    source = await posted_clip(world)
    renewal = ClipRenewal(world.bot)
    assert await renewal.renew(replace(source, message_id=None)) is None
    assert await renewal.renew(replace(source, attachment_id=1)) is None
    world.server.world.delete_message(world.server.world.find_message(source.message_id or 0))
    assert await renewal.renew(source) is None


async def test_a_discord_that_is_away_is_asked_again_later(world: BotWorld) -> None:
    source = await posted_clip(world)
    world.server.faults.add("GET", "/messages/", status=503)
    with pytest.raises(SourceUnavailableError):
        await ClipRenewal(world.bot).renew(source)
