"""Hold the bot to few refusals: a closed channel is left alone, its threads with it, and tried again later."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.places import ClosedError
from bot.refusal_guard import MOST_EVERYWHERE, MOST_HERE, SPAN_SECONDS, RefusalGuard
from jobs.errors import DeliveryError, DeliveryRetryError
from jobs.job import Failure, FailureCode, Job
from sandbox.discord import permissions as can
from sandbox.discord.model import Overwrite
from tests.bot.admin_world import member_id
from tests.bot.world import BotWorld, open_bot_world
from tests.fakes import NO_LIMITS
from tests.jobs.making import make_new


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path, defaults=NO_LIMITS) as opened:
        yield opened


class Clock:
    """Tell a monotonic time that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def refuse(guard: RefusalGuard, channel_id: int, *, code: int = 50013, under: int | None = None) -> None:
    """Let Discord refuse one request."""
    response: Any = SimpleNamespace(status=403, reason="Forbidden")
    with pytest.raises(ClosedError), guard.calling("post", channel_id, under=under):
        raise discord.Forbidden(response, {"code": code, "message": "no"})


class TestGuard:
    def test_a_channel_that_refuses_is_left_alone_and_tried_again_later(self) -> None:
        clock = Clock()
        guard = RefusalGuard(clock)
        for _ in range(MOST_HERE):
            refuse(guard, 1)
        assert guard.is_shut(1)
        with pytest.raises(ClosedError, match="of late"), guard.calling("post", 1):
            raise AssertionError("asked")
        clock.seconds += SPAN_SECONDS
        with guard.calling("post", 1):
            pass
        refuse(guard, 1)
        assert not guard.is_shut(1)

    def test_after_the_span_one_refusal_is_enough(self) -> None:
        clock = Clock()
        guard = RefusalGuard(clock)
        for _ in range(MOST_HERE):
            refuse(guard, 1)
        clock.seconds += SPAN_SECONDS
        refuse(guard, 1)
        assert guard.is_shut(1)

    def test_what_is_missing_in_a_thread_is_missing_in_all_of_its_channel(self) -> None:
        guard = RefusalGuard(Clock())
        for thread in range(MOST_HERE):
            refuse(guard, 100 + thread, under=1)
        assert guard.is_shut(1)
        with pytest.raises(ClosedError), guard.calling("post", 999, under=1):
            raise AssertionError("asked")

    def test_a_thread_that_is_gone_says_nothing_of_its_channel(self) -> None:
        guard = RefusalGuard(Clock())
        for thread in range(10):
            refuse(guard, 100 + thread, code=10003, under=1)
        assert not guard.is_shut(1)

    def test_a_success_wipes_the_slate(self) -> None:
        guard = RefusalGuard(Clock())
        for _ in range(MOST_HERE - 1):
            refuse(guard, 1)
        with guard.calling("post", 1):
            pass
        refuse(guard, 1)
        assert not guard.is_shut(1)

    def test_too_many_refusals_in_all_stop_everything_for_a_while(self) -> None:
        clock = Clock()
        guard = RefusalGuard(clock)
        for channel in range(MOST_EVERYWHERE):
            refuse(guard, channel)
        with pytest.raises(DeliveryRetryError), guard.calling("post", 1_000_000):
            raise AssertionError("asked")
        clock.seconds += SPAN_SECONDS
        with guard.calling("post", 1_000_000):
            pass

    def test_what_is_no_refusal_counts_nothing(self) -> None:
        guard = RefusalGuard(Clock())
        for _ in range(10):
            with pytest.raises(DeliveryRetryError), guard.calling("post", 1):
                raise TimeoutError
        assert not guard.is_shut(1)


async def ending(world: BotWorld, number: int) -> Job:
    """Return a job whose failure is to be told in #edits, its card and thread gone from sight."""
    local = world.server.world
    new = make_new(number)
    new = replace(
        new,
        guild_id=next(iter(local.guilds)),
        user_id=member_id(world, "Mia"),
        channel_id=local.find_channel("edits").id,
        request=replace(new.request, clip=None),
    )
    now_ms = world.clock.now_ms()
    job = (await world.store.insert(new, now_ms=now_ms, due_at_ms=now_ms)).job
    card = {"card_channel_id": new.channel_id, "card_message_id": 10_000 + number}
    return await world.finish(job, failure=Failure(FailureCode.TIMED_OUT), **card)


async def tell(world: BotWorld, job: Job) -> bool:
    """Tell how a job ended as the lifecycle does; return whether anybody heard."""
    job = await world.delivery.open_place(job)
    world.delivery.show(job)
    try:
        await world.delivery.post_failure(job)
    except DeliveryError:
        return False
    return True


async def test_a_thousand_jobs_of_a_forbidden_channel_cost_few_refusals(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path, defaults=NO_LIMITS) as world:
        jobs = [await ending(world, number) for number in range(1_000)]
        local = world.server.world
        local.find_channel("edits").overwrites.append(Overwrite(local.bot_id, 1, deny=can.VIEW_CHANNEL))
        local.find_user("Mia").accepts_dms = False
        before = len(world.server.recorder.exchanges)
        heard = [await tell(world, job) for job in jobs]
        await world.delivery.settle()
        refused = [one for one in world.server.recorder.exchanges[before:] if 400 <= one.status < 500]
    assert not any(heard)
    assert 0 < len(refused) < 100


async def test_a_command_from_the_channel_opens_it_again(world: BotWorld) -> None:
    local = world.server.world
    edits = local.find_channel("edits")
    edits.overwrites.append(Overwrite(local.bot_id, 1, deny=can.VIEW_CHANNEL))
    local.find_user("Mia").accepts_dms = False
    for number in range(MOST_HERE):
        await tell(world, await ending(world, number))
    assert world.bot.refusals.is_shut(edits.id)
    edits.overwrites.clear()
    await world.modify("Noah")
    assert not world.bot.refusals.is_shut(edits.id)
    assert await tell(world, await ending(world, 50))


async def test_cards_that_a_moderator_purged_shut_no_channel(world: BotWorld) -> None:
    for number in range(MOST_HERE + 1):
        await world.modify(prompt=f"edit number {number}")
    jobs = await world.jobs()
    for job in jobs:
        await world.actor.delete_message("Robin", job.card_message_id or 0)
        world.delivery.show(job)
    await world.delivery.settle()
    assert not world.bot.refusals.is_shut(jobs[0].channel_id)
    ended = await world.finish(jobs[0], failure=Failure(FailureCode.TIMED_OUT))
    posted = await world.delivery.post_failure(ended)
    assert posted.channel_id == ended.channel_id
