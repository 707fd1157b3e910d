"""Delete results: message, files, copies and shares go; the log keeps that it happened."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.deleting import clear_the_rest
from jobs.admin import Deed
from jobs.errors import DeliveryError
from jobs.job import Job
from jobs.result_ports import Keepsake, Pair
from tests.bot.results import children, delivered, keep_file, keep_files, plant_button, press, told
from tests.bot.world import BotWorld, open_bot_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path) as opened:
        keep_files(opened, tmp_path / "shelf")
        yield opened


def stands(world: BotWorld, channel_id: int | None, message_id: int | None) -> bool:
    return (message_id or 0) in world.server.world.messages.get(channel_id or 0, {})


async def test_all_that_shows_it_goes(world: BotWorld) -> None:
    job = await delivered(world)
    await press(world, job, "compare")
    await press(world, job, "post")
    await world.actor.slash("Mia", "edits", "luma show", {"job": job.code})
    await world.settled()
    gone: list[Job] = []

    async def withdraw(deleted: Job) -> None:
        gone.append(deleted)

    world.bot.on_deleted.append(withdraw)
    kept = {path.name for path in (world.clips.folder or Path()).iterdir()}
    assert len(kept) >= 3
    assert "is deleted" in told(world, await press(world, job, "deletion"))
    assert list((world.clips.folder or Path()).iterdir()) == []
    left = [each for each in world.messages("Noah", job.thread_id or 0) if each.attachments]
    assert left == []
    assert not stands(world, job.result_channel_id, job.result_message_id)
    assert [each.id for each in gone] == [job.id]


async def test_what_a_moderator_delivered_again_goes_with_what_stood_before(world: BotWorld) -> None:
    job = await delivered(world)
    await world.actor.slash("Robin", "edits", "luma-mod job redeliver", {"job": job.code, "reason": "asked for"})
    await world.settled()
    again = (await world.jobs())[-1]
    assert again.result_message_id != job.result_message_id
    assert "is deleted" in told(world, await press(world, job, "deletion"))
    assert not stands(world, again.result_channel_id, again.result_message_id)
    assert not stands(world, job.result_channel_id, job.result_message_id)


async def test_what_is_deleted_while_a_moderator_delivers_it_again_does_not_stay(world: BotWorld) -> None:
    job = await delivered(world)
    slow = world.server.faults.add("POST", r"/channels/\d+/messages$", hold=True, when="after")
    asked = {"job": job.code, "reason": "asked for"}
    view = await world.actor.slash("Robin", "edits", "luma-mod job redeliver", asked)
    await slow.reached.wait()
    await world.results.delete(job.id, job.user_id, now_ms=world.clock.now_ms())
    slow.release()
    await world.settled()
    again = (await world.jobs())[-1]
    assert again.result_message_id != job.result_message_id
    assert not stands(world, again.result_channel_id, again.result_message_id)
    said = world.actor.interaction(view.id).message
    assert said is not None
    assert "was deleted" in said.content


async def test_a_comparison_with_it_goes_too_and_the_other_result_stays(world: BotWorld) -> None:
    first, second = await delivered(world), await delivered(world)
    pair = Pair(second.id, first.id)
    await world.results.keep(pair, Keepsake.COMPARE, f"compare-{pair.file_id}.mp4")
    for name in (f"compare-{pair.file_id}.mp4", f"small-{pair.file_id}.mp4", f"small-{first.id}.mp4"):
        keep_file(world, name)
    await press(world, first, "deletion")
    left = {path.name for path in (world.clips.folder or Path()).iterdir()}
    assert left == {f"clip-{second.id}.mp4", f"result-{second.id}.mp4"}


async def test_its_card_says_so(world: BotWorld) -> None:
    job = await delivered(world)
    await press(world, job, "deletion")
    await world.delivery.settle()
    card = world.actor.message("Mia", job.card_message_id or 0).embeds[0]["description"]
    assert "was deleted" in card
    assert "https://" not in card


async def test_the_log_tells_who_deleted_whose(world: BotWorld) -> None:
    job = await delivered(world)
    await press(world, job, "deletion", "Robin")
    (entry,) = (await world.admin.log.entries(job.guild_id or 0, offset=0, limit=5)).items
    robin = world.server.world.find_user("Robin").id
    assert (entry.deed, entry.actor_id, entry.target.name) == (Deed.DELETE_RESULT, robin, job.code)
    events = [event for event in await world.store.events(job.id) if event.event == "delete"]
    assert [event.detail for event in events] == [f"by {robin}"]


async def test_it_asks_first_and_outlives_a_restart(world: BotWorld) -> None:
    job = await delivered(world)
    asked = await press(world, job, "delete")
    assert "for good" in told(world, asked)
    found = await world.store.get(job.id)
    assert found is not None
    assert found.deleted_at_ms is None
    await world.restart()
    assert asked.message is not None
    view = await world.actor.press("Mia", asked.message.id, f"luma:deletion:{job.id}")
    await world.settled()
    assert "is deleted" in told(world, view)


async def test_in_an_archived_thread_the_message_goes_too(world: BotWorld) -> None:
    job = await delivered(world)
    thread = world.server.world.channels[job.thread_id or 0]
    assert thread.thread is not None
    thread.thread.archived = True
    custom_id = f"luma:deletion:{job.id}"
    view = await world.actor.press("Mia", plant_button(world, custom_id), custom_id)
    await world.settled()
    assert "is deleted" in told(world, view)
    assert not stands(world, job.result_channel_id, job.result_message_id)


async def test_what_discord_will_not_delete_is_said(world: BotWorld) -> None:
    job = await delivered(world)
    world.server.faults.add("DELETE", "/messages/", status=403, code=50013)
    custom_id = f"luma:deletion:{job.id}"
    view = await world.actor.press("Mia", plant_button(world, custom_id), custom_id)
    await world.settled()
    assert "has not let me delete every message" in told(world, view)
    assert stands(world, job.result_channel_id, job.result_message_id)
    world.discord_clock.advance(30)
    await clear_the_rest(world.bot)
    assert stands(world, job.result_channel_id, job.result_message_id)
    world.discord_clock.advance(60)
    await clear_the_rest(world.bot)
    assert not stands(world, job.result_channel_id, job.result_message_id)


async def test_a_deletion_that_was_cut_off_is_ended(world: BotWorld) -> None:
    job = await delivered(world)
    await press(world, job, "compare")
    await world.results.delete(job.id, job.user_id, now_ms=world.clock.now_ms())
    await world.restart()
    world.discord_clock.advance(61)
    await clear_the_rest(world.bot)
    assert list((world.clips.folder or Path()).iterdir()) == []
    assert [each for each in world.messages("Noah", job.thread_id or 0) if each.attachments] == []
    asked = world.sent("DELETE", "/messages/")
    await clear_the_rest(world.bot)
    assert world.sent("DELETE", "/messages/") == asked


async def test_a_closed_channel_is_asked_a_dozen_times_at_most(world: BotWorld) -> None:
    job = await delivered(world)
    await world.results.delete(job.id, job.user_id, now_ms=world.clock.now_ms())
    world.server.faults.add("DELETE", "/messages/", status=403, code=50013, times=1000)
    for _ in range(3 * 24 * 4):
        world.discord_clock.advance(900)
        await clear_the_rest(world.bot)
    assert 5 <= world.sent("DELETE", "/messages/") <= 12


async def test_shares_that_cannot_be_withdrawn_stop_nothing(world: BotWorld) -> None:
    job = await delivered(world)

    async def fail(_job: Job) -> None:
        raise DeliveryError("away")

    world.bot.on_deleted.insert(0, fail)
    await press(world, job, "deletion")
    assert not stands(world, job.result_channel_id, job.result_message_id)
    world.bot.on_deleted.remove(fail)
    world.discord_clock.advance(61)
    await clear_the_rest(world.bot)
    assert await world.results.uncleared(now_ms=world.clock.now_ms() + 10**9, limit=5) == []


async def test_a_private_result_is_deleted_in_direct_messages(world: BotWorld) -> None:
    job = await delivered(world, private=True)
    assert "is deleted" in told(world, await press(world, job, "deletion"))
    assert not stands(world, job.result_channel_id, job.result_message_id)


async def test_what_was_made_from_it_stays(world: BotWorld) -> None:
    job = await delivered(world)
    await press(world, job, "again")
    await press(world, job, "deletion")
    assert len(await children(world, job)) == 1
