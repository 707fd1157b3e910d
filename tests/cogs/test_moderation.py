"""Keep members out, steer their edits and read the log through the local Discord."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from jobs.job import Failure, FailureCode, Result, State
from sandbox.discord import permissions as can
from sandbox.discord.model import Overwrite
from sandbox.discord.views import MessageView
from tests.bot.admin_world import answer, guild_of, member_id, press, run, say, text_of
from tests.bot.world import BotWorld, open_bot_world
from tests.cogs.creations import deliver
from tests.jobs.making import make_new


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path) as opened:
        yield opened


async def content_of(message: MessageView) -> bytes:
    """Return the file of a message."""
    (file,) = message.attachments
    async with aiohttp.ClientSession() as session, session.get(file.url) as response:
        return await response.read()


class TestBlocks:
    async def test_a_blocked_member_is_told_why_and_until_when(self, world: BotWorld) -> None:
        options = {"member": member_id(world, "Mia"), "reason": "spam", "until": "2d"}
        assert "may begin no new edits here, until <t:" in await say(world, "Robin", "luma-mod block", options)
        view = await world.modify()
        assert view.message is not None
        assert view.message.content.startswith("A moderator has blocked you")
        assert "spam" in view.message.content
        assert await world.jobs() == []

        world.discord_clock.advance(2 * 86_400)
        await world.modify()
        assert len(await world.jobs()) == 1

    @pytest.mark.parametrize("reason", ["   ", "\u200b\u200b", " \n "])
    async def test_a_reason_must_say_something(self, world: BotWorld, reason: str) -> None:
        mia = {"member": member_id(world, "Mia"), "reason": reason}
        assert "nothing to read in your reason" in await say(world, "Robin", "luma-mod block", mia)
        assert "nothing to read" in await say(world, "Robin", "luma-mod quota bonus", {**mia, "count": 1})
        assert "Nobody is blocked" in await say(world, "Robin", "luma-mod blocks")
        assert "Nothing has been done yet" in await say(world, "Robin", "luma-mod log")

    async def test_a_block_keeps_every_way_shut(self, world: BotWorld) -> None:
        job, message = await deliver(world)
        posted = await world.actor.post("Mia", "edits", files=[("clip.mp4", b"a clip")])
        form = await world.actor.context_menu("Mia", "Modify with Luma", posted.id)
        await run(world, "Robin", "luma-mod block", {"member": member_id(world, "Mia"), "reason": "spam"})
        ways = [
            await world.actor.submit_modal(form.id, {"prompt": "by the form"}),
            await world.actor.context_menu("Mia", "Modify with Luma", posted.id),
            await world.actor.press("Mia", message, f"luma:again:{job.id}"),
            await world.actor.press("Mia", message, f"luma:reword:{job.id}"),
        ]
        for view in ways:
            assert view.modal is None
            assert view.message is not None
            assert "blocked you" in view.message.content
        assert len(await world.jobs()) == 1

    async def test_the_blocked_are_listed_and_let_in_again(self, world: BotWorld) -> None:
        noah = {"member": member_id(world, "Noah")}
        await run(world, "Robin", "luma-mod block", {**noah, "reason": "spam"})
        assert f"<@{noah['member']}> · Blocked for good by" in await say(world, "Robin", "luma-mod blocks")
        assert "may edit again" in await say(world, "Robin", "luma-mod unblock", noah)
        assert "is not blocked" in await say(world, "Robin", "luma-mod unblock", noah)
        assert "Nobody is blocked" in await say(world, "Robin", "luma-mod blocks")

    async def test_nobody_blocks_those_who_stand_as_high(self, world: BotWorld) -> None:
        for name in ("Ada", "Robin"):
            options = {"member": member_id(world, name), "reason": "x"}
            await run(world, "Robin", "luma-mod block", options)
        assert "Nobody is blocked" in await say(world, "Robin", "luma-mod blocks")


class TestJobs:
    async def test_edits_are_listed_with_what_holds_each(self, world: BotWorld) -> None:
        await world.modify(prompt="make it *warm*")
        job = await world.put(await world.only_job(), hold="Discord is not answering", attempts=2)
        text = await say(world, "Robin", "luma-mod jobs", {"only": "open"})
        assert f"`{job.code}` <@{job.user_id}>" in text
        assert "`make it *warm*`" in text
        assert "Discord is not answering, tried 2 times" in text
        assert "Nothing here." in await say(world, "Robin", "luma-mod jobs", {"only": "failed"})
        other = {"member": member_id(world, "Noah")}
        assert "Nothing here." in await say(world, "Robin", "luma-mod jobs", other)

    async def test_a_moderator_cancels_and_the_log_keeps_it(self, world: BotWorld) -> None:
        await world.modify()
        job = await world.only_job()
        found = await world.actor.autocomplete("Robin", "edits", "luma-mod job cancel", {"job": ""}, "job")
        assert [choice.value for choice in found] == [job.code]
        await run(world, "Robin", "luma-mod job cancel", {"job": job.code, "reason": "a bad prompt"})
        assert (await world.only_job()).state is State.CANCELLED
        text = await say(world, "Robin", "luma-mod log")
        assert f"<@{member_id(world, 'Robin')}> cancelled an edit: `{job.code}` (<@{job.user_id}>)" in text
        assert "waiting → cancelled" in text
        assert "a bad prompt" in text

    async def test_nobody_cancels_the_edit_of_who_stands_higher(self, world: BotWorld) -> None:
        await world.modify("Ada")
        job = await world.only_job()
        text = await say(world, "Robin", "luma-mod job cancel", {"job": job.code, "reason": "x"})
        assert "as high as you" in text
        assert (await world.only_job()).state is State.QUEUED

    async def test_a_waiting_edit_is_tried_now(self, world: BotWorld) -> None:
        await world.modify()
        job = await world.only_job()
        await world.put(job, due_at_ms=world.clock.now_ms() + 600_000, hold="the service is not answering")
        assert "is tried again now" in await say(world, "Robin", "luma-mod job retry", {"job": job.code})
        job = await world.only_job()
        assert (job.due_at_ms, job.hold) == (world.clock.now_ms(), "")

    async def test_an_edit_that_may_be_paid_is_not_sent_again(self, world: BotWorld) -> None:
        await world.modify()
        job = await world.put(await world.only_job(), state=State.SUBMITTING)
        assert "never sent twice" in await say(world, "Robin", "luma-mod job retry", {"job": job.code})

    async def test_a_failed_edit_is_asked_again_for_its_member(self, world: BotWorld) -> None:
        await world.modify(watermark="mine")
        failed = await world.finish(await world.only_job(), failure=Failure(FailureCode.TIMED_OUT))
        failed = await world.put(failed, state=State.FAILED)
        world.discord_clock.advance(1)
        text = await say(world, "Robin", "luma-mod job retry", {"job": failed.code, "reason": "my fault"})
        again = (await world.jobs())[1]
        assert f"`{failed.code}` is asked again for <@{failed.user_id}> as `{again.code}`" in text
        assert (again.user_id, again.parent_job_id, again.state) == (failed.user_id, failed.id, State.QUEUED)
        assert again.request.options == {"watermark": "mine"}
        assert f"`{again.code}`" in await say(world, "Robin", "luma-mod log")

    async def test_what_the_service_no_longer_has_is_not_asked_again_without_it(self, world: BotWorld) -> None:
        await world.modify()
        failed = await world.finish(await world.only_job(), failure=Failure(FailureCode.TIMED_OUT))
        request = replace(failed.request, options={"model": "ray-2"})
        failed = await world.put(failed, state=State.FAILED, request=request)
        assert "has no `model`" in await say(world, "Robin", "luma-mod job retry", {"job": failed.code})
        assert len(await world.jobs()) == 1

    async def test_a_retry_obeys_the_members_quota(self, world: BotWorld) -> None:
        await world.modify()
        failed = await world.finish(await world.only_job(), failure=Failure(FailureCode.TIMED_OUT))
        await world.put(failed, state=State.FAILED)
        quota = {"member": failed.user_id, "edits": 0}
        await run(world, "Ada", "luma-setup quota user", quota)
        text = await say(world, "Robin", "luma-mod job retry", {"job": failed.code})
        assert f"<@{failed.user_id}> can't have another edit now" in text
        assert "0 a day, set personally" in text
        assert len(await world.jobs()) == 1

    async def test_a_retry_in_a_thread_follows_the_rules_of_its_channel(self, world: BotWorld) -> None:
        edits = world.server.world.find_channel("edits")
        thread = world.server.world.add_thread(edits, "talk", 11, world.server.world.find_user("Mia"))
        await run(world, "Ada", "luma-setup channels", {"channel": edits.id})
        await world.modify(channel=thread.id)
        failed = await world.finish(await world.only_job(), failure=Failure(FailureCode.TIMED_OUT))
        await world.put(failed, state=State.FAILED)
        assert "is asked again" in await say(world, "Robin", "luma-mod job retry", {"job": failed.code})
        await run(world, "Ada", "luma-setup channels", {"channel": edits.id, "rule": "deny"})
        again = next(job for job in await world.jobs() if job.id != failed.id)
        await world.put(await world.finish(again, failure=Failure(FailureCode.TIMED_OUT)), state=State.FAILED)
        text = await say(world, "Robin", "luma-mod job retry", {"job": again.code})
        assert "I may not be used in" in text

    async def test_a_retry_takes_no_word_that_is_blocked_by_now(self, world: BotWorld) -> None:
        await world.modify(prompt="a badword")
        failed = await world.finish(await world.only_job(), failure=Failure(FailureCode.TIMED_OUT))
        await world.put(failed, state=State.FAILED)
        await run(world, "Ada", "luma-setup words add", {"word": "badword"})
        alerts = world.server.world.find_channel("showcase").id
        await run(world, "Ada", "luma-setup alerts", {"channel": alerts})
        said = await say(world, "Robin", "luma-mod job retry", {"job": failed.code})
        assert f"The text of `{failed.code}` has `badword` in it, and this server has blocked `badword` by now." in said
        await world.bot.alerts.settle()
        assert not [each for each in world.messages("Ada", alerts) if not each.ephemeral], "Robin wrote no such word"
        assert len(await world.jobs()) == 1

    async def test_a_result_is_delivered_again(self, world: BotWorld) -> None:
        job, message = await deliver(world)
        await world.actor.delete_message("Robin", message)
        text = await say(world, "Robin", "luma-mod job redeliver", {"job": job.code, "reason": "it was lost"})
        again = (await world.jobs())[0]
        assert again.result_message_id not in (None, message)
        assert str(again.result_message_id) in text
        assert world.actor.message("Mia", again.result_message_id or 0).pings_me
        assert "delivered an edit again" in await say(world, "Robin", "luma-mod log")

    @pytest.mark.parametrize("failure", [None, Failure(FailureCode.UNDELIVERABLE)])
    async def test_what_stays_at_its_service_is_delivered_again_as_a_link(
        self, world: BotWorld, failure: Failure | None
    ) -> None:
        await world.modify()
        job = await world.finish(
            await world.only_job(), result=Result("https://service.example/v.mp4"), failure=failure
        )
        await world.put(job, state=State.FAILED if failure else State.DELIVERED)
        assert "Delivered again" in await say(world, "Robin", "luma-mod job redeliver", {"job": job.code})
        again = (await world.jobs())[0]
        assert "https://service.example/v.mp4" in world.actor.message("Mia", again.result_message_id or 0).content

    async def test_two_moderators_at_once_deliver_it_again_once(self, world: BotWorld) -> None:
        job, message = await deliver(world)
        command = "luma-mod job redeliver"
        held = world.server.faults.add("POST", r"/channels/\d+/messages$", hold=True)
        asked = [await world.actor.slash(who, "edits", command, {"job": job.code}) for who in ("Robin", "Ada")]
        await asyncio.wait_for(held.reached.wait(), 10)
        held.release()
        told = [text_of(await answer(world, view)) for view in asked]
        again = (await world.jobs())[0]
        assert again.result_message_id not in (None, message)
        assert all(str(again.result_message_id) in text for text in told)
        assert sorted("Somebody else" in text for text in told) == [False, True]
        endings = [
            each for each in world.messages("Mia", again.thread_id or 0) if each.content.endswith(job.code + "`")
        ]
        assert [each.id for each in endings] == [message, again.result_message_id]
        assert (await say(world, "Robin", "luma-mod log")).count("delivered an edit again") == 1
        assert "Somebody else" not in await say(world, "Ada", command, {"job": job.code})

    async def test_what_discord_takes_nowhere_is_said(self, world: BotWorld) -> None:
        job, _ = await deliver(world)
        edits = world.server.world.find_channel("edits")
        edits.overwrites.append(Overwrite(world.server.world.bot_id, 1, deny=can.VIEW_CHANNEL))
        world.server.world.find_user("Mia").accepts_dms = False
        text = await say(world, "Robin", "luma-mod job redeliver", {"job": job.code})
        assert "Discord took the message in none of the edit's places" in text
        assert f"<#{edits.id}>: I can't see it" in text
        assert "direct messages: the member takes none from me" in text
        assert "Discord answered" not in text

    async def test_another_servers_edit_is_not_known_here(self, world: BotWorld) -> None:
        job = (await world.store.insert(make_new(5, guild_id=4711), now_ms=1, due_at_ms=1)).job
        for command in ("cancel", "retry", "redeliver"):
            text = await say(world, "Robin", f"luma-mod job {command}", {"job": job.code, "reason": "x"})
            assert "There is no edit" in text

    async def test_nothing_is_delivered_again_that_has_not_ended(self, world: BotWorld) -> None:
        await world.modify()
        job = await world.only_job()
        assert "has not ended" in await say(world, "Robin", "luma-mod job redeliver", {"job": job.code})


class TestLog:
    async def test_it_says_who_did_what_with_before_and_after(self, world: BotWorld) -> None:
        mia = {"member": member_id(world, "Mia")}
        await run(world, "Ada", "luma-setup quota default", {"edits": 5, "reason": "a slow week"})
        await run(world, "Ada", "luma-setup quota default", {"edits": 7, "period": "week", "at_once": 2})
        await run(world, "Robin", "luma-mod block", {**mia, "reason": "`code` *bold* @everyone <@1> https://x.y"})
        text = await say(world, "Robin", "luma-mod log")
        ada, robin = member_id(world, "Ada"), member_id(world, "Robin")
        assert f"<@{ada}> set the quota\n-# nothing \N{RIGHTWARDS ARROW} 5 a day" in text
        assert "-# 5 a day \N{RIGHTWARDS ARROW} 7 a week, 2 at once" in text
        assert f"<@{robin}> blocked: <@{mia['member']}>" in text
        assert "https://x.y" not in text
        only = await say(world, "Robin", "luma-mod log", {"moderator": robin})
        assert "blocked" in only
        assert "set the quota" not in only

    async def test_it_turns_its_pages(self, world: BotWorld) -> None:
        for number in range(9):
            await run(world, "Ada", "luma-setup quota default", {"edits": number})
        first = await run(world, "Robin", "luma-mod log")
        assert "Page 1 of 2" in text_of(first)
        second = await press(world, "Robin", first, "Next")
        assert "**1** <t:" in text_of(second)

    async def test_it_is_exported_as_a_table_and_the_export_is_kept_in_it(self, world: BotWorld) -> None:
        await run(world, "Ada", "luma-setup quota default", {"edits": 5, "reason": "=HYPERLINK(1)"})
        message = await press(world, "Robin", await run(world, "Robin", "luma-mod log"), "Export")
        rows = list(csv.DictReader(io.StringIO((await content_of(message)).decode("utf-8-sig"))))
        assert [row["deed"] for row in rows] == ["set_quota", "export_log"]
        assert rows[0]["reason"] == "'=HYPERLINK(1)"
        assert str(guild_of(world)) not in text_of(message)
        assert rows[0]["after"] == '{"edits": 5, "period": "day", "at_once": null}'
