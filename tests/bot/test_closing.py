"""A stop ends in its time: what hangs is left behind, and what comes after it is still closed."""

import asyncio
import logging

import pytest

from bot.closing import PART_SECONDS, STEPS_RESERVE_SECONDS, Closing


async def hang() -> None:
    await asyncio.Event().wait()


@pytest.fixture
def closed() -> list[str]:
    return []


async def test_a_part_that_hangs_is_named_and_the_next_ones_are_closed(
    closed: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    async def close() -> None:
        closed.append("database")

    closing = Closing(1.6)
    started = asyncio.get_running_loop().time()
    with caplog.at_level(logging.WARNING):
        await closing.close("media", hang)
        await closing.close("cards", hang)
        await closing.close_last("the database", close)
    assert closed == ["database"]
    assert [record.args for record in caplog.records] == [("media",), ("cards",)]
    assert asyncio.get_running_loop().time() - started < 1.6


async def test_the_last_part_has_all_the_time_that_is_left(closed: list[str]) -> None:
    loop, started = asyncio.get_running_loop(), asyncio.get_running_loop().time()

    async def close() -> None:
        await asyncio.wait([loop.create_future()], timeout=0.2)
        closed.append("database")

    closing = Closing(0.5)
    closing.begin()
    await closing.close_last("the database", close)
    await closing.close_last("the database", hang)
    assert closed == ["database"]
    assert 0.4 < loop.time() - started < 0.5 + PART_SECONDS


async def test_steps_may_go_on_for_what_closing_leaves_of_the_time() -> None:
    assert Closing(8.0).begin() == 8.0 - STEPS_RESERVE_SECONDS
    assert Closing(1.0).begin() == 0.0


async def test_an_error_of_a_part_is_not_hidden() -> None:
    async def break_down() -> None:
        raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        await Closing(5.0).close("media", break_down)
