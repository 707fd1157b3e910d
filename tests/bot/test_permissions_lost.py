"""Lose permissions at any moment: each place is asked once, the member hears once, nothing goes round in circles."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.job import Failure, FailureCode, Job
from sandbox.discord import permissions as can
from sandbox.discord.model import Overwrite
from tests.bot.admin_world import guild_of, member_id, role_id, run
from tests.bot.world import BotWorld, open_bot_world

Loss = Callable[[BotWorld, Job], None]


def take(bits: int) -> Loss:
    """Take permissions in the channel from the bot."""

    def loss(world: BotWorld, _job: Job) -> None:
        edits = world.server.world.find_channel("edits")
        edits.overwrites.append(Overwrite(world.server.world.bot_id, 1, deny=bits))

    return loss


def end_thread(*, locked: bool) -> Loss:
    """Let the thread have been archived, or locked as well."""

    def loss(world: BotWorld, job: Job) -> None:
        thread = world.server.world.channels[job.thread_id or 0].thread
        assert thread is not None
        thread.archived, thread.locked = True, locked

    return loss


def delete_thread(world: BotWorld, job: Job) -> None:
    world.server.world.delete_channel(world.server.world.channels[job.thread_id or 0])


def kick(world: BotWorld, _job: Job) -> None:
    local = world.server.world
    local.remove_member(local.guilds[guild_of(world)], local.application.bot)


def lose_role(world: BotWorld, _job: Job) -> None:
    member = world.server.world.guilds[guild_of(world)].members[member_id(world, "Mia")]
    member.roles.discard(role_id(world, "Creator"))


@pytest.mark.parametrize(
    ("loss", "refusals"),
    [
        (take(can.SEND_MESSAGES_IN_THREADS), 1),
        (take(can.SEND_MESSAGES | can.SEND_MESSAGES_IN_THREADS), 2),
        (take(can.VIEW_CHANNEL), 2),
        (end_thread(locked=False), 0),
        (end_thread(locked=True), 1),
        (delete_thread, 1),
        (kick, 2),
        (lose_role, 0),
    ],
    ids=["threads", "sending", "private", "archived", "locked", "deleted", "kicked", "role"],
)
async def test_the_member_hears_once_and_no_place_is_asked_twice(tmp_path: Path, loss: Loss, refusals: int) -> None:
    async with open_bot_world(tmp_path) as world:
        await world.modify()
        opened = await world.delivery.open_place(await world.only_job())
        job = await world.finish(
            await world.only_job(),
            card_channel_id=opened.card_channel_id,
            card_message_id=opened.card_message_id,
            thread_id=opened.thread_id,
            failure=Failure(FailureCode.TIMED_OUT),
        )
        loss(world, job)
        before = len(world.server.exchanges)
        posted = await world.delivery.post_failure(job)
        refused = Counter((one.method, one.path) for one in world.server.exchanges[before:] if one.status >= 400)
        assert refused.total() == refusals
        assert set(refused.values()) <= {1}
        assert world.server.world.find_message(posted.message_id).mentions == [member_id(world, "Mia")]


async def test_outside_the_allowed_channels_nothing_is_asked_of_discord_but_the_answer(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path) as world:
        await run(world, "Ada", "luma-setup channels", {"channel": world.server.world.find_channel("showcase").id})
        before = len(world.server.exchanges)
        await world.modify()
        await world.settled()
        sent = [one.path.split("/")[1] for one in world.server.exchanges[before:]]
        assert sent == ["interactions"]
