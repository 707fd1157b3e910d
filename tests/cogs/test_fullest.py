"""Hold that what a server can fill to the brim still fits into Discord's messages, and that nothing of it is hidden."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jobs.admin import SERVER
from jobs.quota import Allowance
from tests.bot.admin_world import act_of, member_id, press, run, say, text_of
from tests.bot.world import BotWorld, open_bot_world

REASON = "*" * 300  # each is shown as two
BONUSES = 120


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path) as opened:
        yield opened


async def grant_many(world: BotWorld, name: str) -> None:
    """Give a member more bonuses than a message has room for, each with an end of its own."""
    for number in range(BONUSES):
        ends_ms = world.clock.now_ms() + 86_400_000 + number * 1000
        await world.admin.settings.grant_bonus(act_of(world, reason=REASON), member_id(world, name), 1, ends_ms)


async def test_a_member_with_many_bonuses_reads_them_and_their_sum(world: BotWorld) -> None:
    await grant_many(world, "Mia")
    await world.admin.settings.set_allowance(act_of(world), SERVER, Allowance(2, at_once=1))
    text = await say(world, "Mia", "luma quota")
    assert "+1 until" in text
    assert f"+{BONUSES - 5} from more bonuses" in text
    assert f"Left: {2 + BONUSES}" in text

    await world.modify()
    view = await world.modify(prompt="another")
    assert view.message is not None
    assert "your limit is 1 at once" in view.message.content

    assert f"Left: {1 + BONUSES}" in await say(
        world, "Robin", "luma-mod quota user", {"member": member_id(world, "Mia")}
    )


async def test_every_blocked_member_of_a_page_is_listed(world: BotWorld) -> None:
    for number in range(12):
        await world.admin.settings.block(act_of(world, reason=REASON), 1000 + number, None)
    first = await run(world, "Robin", "luma-mod blocks")
    second = await press(world, "Robin", first, "Next")
    listed = text_of(first) + text_of(second)
    assert [number for number in range(12) if f"<@{1000 + number}>" not in listed] == []


async def test_every_blocked_word_is_listed(world: BotWorld) -> None:
    words = [f"{'long' * 12}{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(200)]
    for word in words:
        await world.admin.settings.add_word(act_of(world), word)
    message = await run(world, "Ada", "luma-setup words list")
    assert "200 blocked words" in text_of(message)
    listed = text_of(message)
    while "Next" in str(message.components):
        message = await press(world, "Ada", message, "Next")
        listed += text_of(message)
    assert [word for word in words if word not in listed] == []


async def test_every_entry_of_a_page_of_the_log_is_shown(world: BotWorld) -> None:
    for number in range(20):
        await world.admin.settings.block(act_of(world, reason=f"{number} {REASON}"[:300]), 1000, 2**41)
    message = await run(world, "Robin", "luma-mod log")
    listed = text_of(message)
    while "Next" in str(message.components):
        message = await press(world, "Robin", message, "Next")
        listed += text_of(message)
    assert [number for number in range(1, 21) if f"**{number}** <t:" not in listed] == []
