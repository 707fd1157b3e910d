"""Answer from memory, never with what stood before a change."""

import asyncio

from bot.recent_cache import RecentCache


async def test_what_was_read_is_kept_until_it_changes() -> None:
    reads: list[int] = []

    async def read(key: int) -> int:
        reads.append(key)
        return len(reads)

    cache = RecentCache(read, 2)
    assert [await cache.get(key) for key in (1, 1, 2, 1, 3, 2)] == [1, 1, 2, 1, 3, 4]
    cache.forget(3)
    assert [await cache.get(key) for key in (2, 3)] == [4, 5]
    cache.clear()
    assert await cache.get(2) == 6


async def test_a_read_that_a_change_overtook_is_not_kept() -> None:
    began, go_on = asyncio.Event(), asyncio.Event()
    answers = ["old", "new"]

    async def read(_key: int) -> str:
        answer = answers.pop(0)
        began.set()
        await go_on.wait()
        return answer

    cache = RecentCache(read, 2)
    slow = asyncio.create_task(cache.get(1))
    await began.wait()
    cache.forget(1)
    go_on.set()
    assert await slow == "old"
    assert await cache.get(1) == "new"
