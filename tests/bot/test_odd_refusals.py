"""Meet a refusal of one place that is no 403: the next place is tried, and what was paid for arrives."""

from pathlib import Path

import pytest

from jobs.errors import DeliveryError, DeliveryRetryError
from jobs.job import Failure, FailureCode
from jobs.ports import VideoPost
from tests.bot.test_delivery import placed
from tests.bot.world import BotWorld, open_bot_world

POSTS = r"/channels/\d+/messages$"


async def post(world: BotWorld) -> tuple[int, int]:
    """Post a result; return the channel it should be in, and the one it is in."""
    job = await placed(world)
    posted = await world.delivery.post_result(job, VideoPost(None, "luma.mp4", "https://service.example/v.mp4"))
    return job.channel_id, posted.channel_id


@pytest.mark.parametrize("code", [160002, 50024, 50035])
async def test_a_place_that_takes_no_such_message_leads_to_the_next(tmp_path: Path, code: int) -> None:
    async with open_bot_world(tmp_path) as world:
        world.server.faults.add("POST", POSTS, status=400, code=code)
        expected, found = await post(world)
        assert found == expected


async def test_a_failure_is_told_in_the_next_place_too(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path) as world:
        job = await placed(world)
        world.server.faults.add("POST", POSTS, status=400, code=160002)
        posted = await world.delivery.post_failure(await world.put(job, failure=Failure(FailureCode.TIMED_OUT)))
        assert posted.channel_id == job.channel_id


async def test_a_message_that_no_place_takes_is_given_up(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path) as world:
        world.server.faults.add("POST", POSTS, times=9, status=400, code=50035)
        with pytest.raises(DeliveryError) as refused:
            await post(world)
        assert not isinstance(refused.value, DeliveryRetryError)


async def test_a_discord_that_is_away_is_waited_for_and_not_walked_around(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path) as world:
        world.server.faults.add("POST", POSTS, status=503, times=9)
        with pytest.raises(DeliveryRetryError):
            await post(world)
