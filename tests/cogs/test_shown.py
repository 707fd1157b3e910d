"""Show edits: history with posters, one edit with its line of versions, its result posted again."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jobs.errors import ProviderUnavailableError
from jobs.job import FailureCode, Job, Result, State
from sandbox.discord.views import InteractionView, MessageView
from tests.bot.results import children, deliver, delivered, failed, keep_files, plant_button, press, told
from tests.bot.world import BotWorld, open_bot_world
from tests.environment import need_openapi
from tests.jobs.making import make_new


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path) as opened:
        keep_files(opened, tmp_path / "shelf")
        yield opened


async def seen(world: BotWorld, view: InteractionView) -> MessageView:
    """Return an ephemeral answer as it stands once all is done."""
    await world.settled()
    assert view.message is not None
    message = world.actor.message("Mia", view.message.id)
    assert message.ephemeral
    return message


async def show(world: BotWorld, job: Job) -> MessageView:
    return await seen(world, await world.actor.slash("Mia", "edits", "luma show", {"job": job.code}))


def ids_of(message: MessageView) -> list[str]:
    return [part["custom_id"] for row in message.components for part in row["components"]]


def actions_of(message: MessageView) -> set[str]:
    return {custom_id.split(":")[1] for custom_id in ids_of(message)} - {"share"}


class TestShow:
    async def test_an_edit_comes_with_its_line_as_text_and_picture(self, tmp_path: Path) -> None:
        async with open_bot_world(tmp_path, need_openapi()) as world:
            keep_files(world, tmp_path / "shelf")
            first = await delivered(world)
            world.discord_clock.advance(60)
            await press(world, first, "again")
            second = await deliver(world, (await children(world, first))[0])
            message = await show(world, second)
            (line,) = [field for field in message.embeds[0]["fields"] if "Version" in field["name"]]
            assert line["name"] == "Version 2 of 2"
            assert line["value"].split("\n") == [
                f"✅ v1 · `{first.code}` · `make it warm`",
                f"✅ **v2** ← v1 · `{second.code}` · `make it warm`",
            ]
            assert message.embeds[0]["image"]["url"]
            assert {"post", "again", "reword", "input", "compare", "delete", "prompt", "compare_two"} <= actions_of(
                message
            )
            assert not world.server.violations
            assert not world.server.answer_violations

    async def test_what_can_be_done_follows_the_state(self, world: BotWorld) -> None:
        await world.modify()
        waiting = await world.only_job()
        assert actions_of(await show(world, waiting)) == {"cancel", "prompt", "reuse"}
        job = await failed_of(world)
        assert actions_of(await show(world, job)) == {"again", "reword", "prompt", "reuse"}
        done = await delivered(world)
        await world.results.delete(done.id, done.user_id, now_ms=1)
        assert actions_of(await show(world, done)) == {"prompt", "reuse"}

    async def test_a_thousand_versions_show_a_window(self, world: BotWorld) -> None:
        local = world.server.world
        mia, guild = local.find_user("Mia").id, next(iter(local.guilds))
        parent: str | None = None
        made: list[Job] = []
        for number in range(1000):
            new = replace(make_new(10_000 + number, guild_id=guild), user_id=mia, parent_job_id=parent)
            job = (await world.store.insert(replace(new, user_id=mia + 1 + number), now_ms=number, due_at_ms=1)).job
            parent = job.id
            made.append(job)
        await world.database.write(lambda session: session.execute("UPDATE jobs SET user_id = $1", mia))
        for job, name in ((made[0], "Version 1 of"), (made[499], "Version 500 of"), (made[999], "Version 1000 of")):
            message = await show(world, job)
            (line,) = [field for field in message.embeds[0]["fields"] if "Version" in field["name"]]
            assert line["name"] == f"{name} 1000"
            assert f"`{job.code}`" in line["value"]
            assert len(line["value"]) <= 1024
            assert message.embeds[0]["image"]["url"]

    async def test_ones_own_edit_of_another_server_is_shown_there_or_in_private(self, world: BotWorld) -> None:
        mia = world.server.world.find_user("Mia").id
        new = replace(make_new(world.server.world.ids.next(), guild_id=4711), user_id=mia)
        job = (await world.store.insert(new, now_ms=1, due_at_ms=1)).job
        view = await world.actor.slash("Mia", "edits", "luma show", {"job": job.code})
        assert view.message is not None
        assert view.message.content.startswith(f"You made `{job.code}` in another server.")
        conversation = world.server.world.open_dm(world.server.world.find_user("Mia"))
        view = await world.actor.slash("Mia", conversation.id, "luma show", {"job": job.code})
        assert view.message is not None
        assert job.code in str(view.message.embeds)

    async def test_the_prompt_is_there_to_be_copied(self, world: BotWorld) -> None:
        job = await delivered(world, prompt="make it *very* warm")
        assert told(world, await press(world, job, "prompt")) == "```\nmake it *very* warm\n```"

    async def test_a_prompt_is_used_on_another_clip(self, world: BotWorld) -> None:
        job = await delivered(world)
        opened = await press(world, job, "reuse")
        assert opened.modal is not None
        await world.restart()
        await world.actor.submit_modal(opened.id, {"prompt": "make it dark"}, {"clip": [("new.mp4", b"a clip")]})
        (made,) = [each for each in await world.jobs() if each.id != job.id]
        assert made.request.clip is not None
        assert (made.request.prompt, made.request.clip.filename) == ("make it dark", "new.mp4")
        assert made.parent_job_id is None

    async def test_a_prompt_is_used_on_no_picture_and_by_nobody_else(self, world: BotWorld) -> None:
        job = await delivered(world)
        assert "Only the member" in told(world, await press(world, job, "reuse", "Noah"))
        opened = await press(world, job, "reuse")
        view = await world.actor.submit_modal(opened.id, {}, {"clip": [("notes.txt", b"words")]})
        assert "no video" in told(world, view)
        assert len(await world.jobs()) == 1

    async def test_anothers_edit_is_not_shown(self, world: BotWorld) -> None:
        job = await delivered(world, "Noah")
        view = await world.actor.slash("Mia", "edits", "luma show", {"job": job.code})
        assert "no edit" in told(world, view)


async def failed_of(world: BotWorld) -> Job:
    """Return a failed edit beside others."""
    await world.database.write(lambda session: session.execute("DELETE FROM jobs"))
    return await failed(world, FailureCode.TIMED_OUT)


class TestPostAgain:
    async def test_it_comes_where_it_was_asked_for(self, world: BotWorld) -> None:
        job = await delivered(world)
        message = await show(world, job)
        view = await world.actor.press("Mia", message.id, f"luma:post:{job.id}")
        await world.settled()
        posted = world.actor.message("Noah", int(told(world, view).rsplit("/", 1)[1]))
        assert posted.channel_id == world.server.world.find_channel("edits").id
        assert posted.attachments[0].filename == f"luma-{job.code}.mp4"
        assert not posted.pings_me
        assert {"again", "compare", "like"} <= actions_of(posted)

    async def test_after_a_while_it_is_posted_once_more(self, world: BotWorld) -> None:
        job = await delivered(world)
        first = told(world, await press(world, job, "post"))
        assert told(world, await press(world, job, "post")) == first
        world.discord_clock.advance(3600)
        assert told(world, await press(world, job, "post")) != first

    async def test_kept_no_longer_its_message_is_named(self, world: BotWorld) -> None:
        job = await delivered(world)
        world.clips.path(f"result-{job.id}.mp4").unlink()
        world.discord_clock.advance(365 * 86_400)
        place = f"/channels/{job.guild_id}/{job.result_channel_id}/{job.result_message_id}"
        message = await show(world, job)
        view = await world.actor.press("Mia", message.id, f"luma:post:{job.id}")
        await world.settled()
        assert place in told(world, view)

    async def test_kept_nowhere_it_is_said_to_be_gone(self, world: BotWorld) -> None:
        job = await delivered(world)
        message = await show(world, job)
        world.clips.path(f"result-{job.id}.mp4").unlink()
        local = world.server.world
        local.delete_message(local.find_message(job.result_message_id or 0))
        before = len(world.messages("Mia", "edits"))
        view = await world.actor.press("Mia", message.id, f"luma:post:{job.id}")
        await world.settled()
        assert "no longer keep that video, and the message with it is gone" in told(world, view)
        assert len([one for one in world.messages("Mia", "edits") if not one.ephemeral]) <= before

    async def test_of_a_link_that_may_have_ended_nothing_is_promised(self, world: BotWorld) -> None:
        job = await delivered(world)
        world.clips.path(f"result-{job.id}.mp4").unlink()
        world.server.world.find_message(job.result_message_id or 0).attachments.clear()
        text = told(world, await press(world, job, "post"))
        assert "may have ended" in text
        assert f"/{job.result_message_id}" in text

    async def test_the_services_dead_link_is_not_asked_while_the_shelf_keeps_the_video(self, world: BotWorld) -> None:
        job = await delivered(world)
        world.discord_clock.advance(365 * 86_400)
        world.provider.on_link.append(ProviderUnavailableError("kie", "gone"))
        text = told(world, await press(world, job, "post"))
        posted = world.actor.message("Noah", int(text.rsplit("/", 1)[1]))
        assert posted.attachments
        assert "https://" not in posted.content

    async def test_what_could_be_posted_nowhere_and_stays_at_its_service_comes_as_a_link(self, world: BotWorld) -> None:
        job = await failed(world, FailureCode.UNDELIVERABLE, result=Result("https://service.example/v.mp4"))
        assert "post" in actions_of(await show(world, job))
        text = told(world, await press(world, job, "post"))
        posted = world.actor.message("Mia", int(text.rsplit("/", 1)[1]))
        assert "at the video service:\nhttps://service.example/v.mp4\nThe service does not say" in posted.content

    async def test_a_private_result_stays_private(self, world: BotWorld) -> None:
        job = await delivered(world, private=True)
        message = await show(world, job)
        view = await world.actor.press("Mia", message.id, f"luma:post:{job.id}")
        await world.settled()
        assert f"Here it is: https://discord.com/channels/@me/{job.result_channel_id}/" in told(world, view)
        assert world.messages("Noah", "edits") == []
        assert f"/channels/@me/{job.result_channel_id}/{job.result_message_id}" in str(message.embeds)

    async def test_in_direct_messages_it_stands_there(self, world: BotWorld) -> None:
        job = await delivered(world)
        local = world.server.world
        custom_id = f"luma:post:{job.id}"
        conversation = local.open_dm(local.find_user("Mia"))
        view = await world.actor.press("Mia", plant_button(world, custom_id, conversation.id), custom_id)
        await world.settled()
        assert f"/channels/@me/{conversation.id}/" in told(world, view)

    async def test_where_the_bot_may_not_post_it_says_so(self, world: BotWorld) -> None:
        job = await delivered(world)
        world.server.faults.add("POST", r"/channels/\d+/messages$", status=403, code=50013)
        assert "could not post" in told(world, await press(world, job, "post"))


class TestHistory:
    async def history(self, world: BotWorld, **options: Any) -> MessageView:
        return await seen(world, await world.actor.slash("Mia", "edits", "luma history", options))

    async def test_a_page_has_posters_links_and_menus(self, tmp_path: Path) -> None:
        async with open_bot_world(tmp_path, need_openapi()) as world:
            keep_files(world, tmp_path / "shelf")
            job = await delivered(world)
            message = await self.history(world)
            assert f"/{job.result_channel_id}/{job.result_message_id}" in message.embeds[0]["description"]
            assert message.embeds[0]["image"]["url"]
            assert actions_of(message) == {"pick", "filter"}
            assert not world.server.violations

    async def test_words_find_edits_through_pages_and_restarts(self, world: BotWorld) -> None:
        for number in range(10):
            world.discord_clock.advance(1)
            await failed_like(world, f"rain {number}" if number else "100%_snow")
        message = await self.history(world, text="RAIN")
        assert "“RAIN”" in message.embeds[0]["title"]
        assert message.embeds[0]["description"].count("`rain") == 8
        await world.restart()
        await world.actor.press("Mia", message.id, "luma:history:1.all.RAIN")
        await world.settled()
        turned = world.actor.message("Mia", message.id)
        assert turned.embeds[0]["description"].count("`rain") == 1
        found = await self.history(world, text="%_")
        assert found.embeds[0]["description"].count("\n`") == 1

    async def test_a_filter_is_chosen_in_the_menu(self, world: BotWorld) -> None:
        await delivered(world)
        await failed_like(world, "rain")
        message = await self.history(world)
        (menu,) = [each for each in ids_of(message) if each.startswith("luma:filter:")]
        for only, count in (("failed", 1), ("open", 0), ("done", 1), ("all", 2)):
            await world.actor.select("Mia", message.id, menu, [only])
            await world.settled()
            message = world.actor.message("Mia", message.id)
            (menu,) = [each for each in ids_of(message) if each.startswith("luma:filter:")]
            assert message.embeds[0]["description"].count("<t:") == count, only

    async def test_an_edit_is_opened_from_the_menu(self, world: BotWorld) -> None:
        job = await delivered(world)
        message = await self.history(world)
        (menu,) = [each for each in ids_of(message) if each.startswith("luma:pick:")]
        view = await world.actor.select("Mia", message.id, menu, [job.id])
        opened = await seen(world, view)
        assert {"post", "again", "prompt"} <= actions_of(opened)

    async def test_a_deleted_result_is_listed_as_such(self, world: BotWorld) -> None:
        job = await delivered(world)
        await world.results.delete(job.id, job.user_id, now_ms=1)
        text = (await self.history(world)).embeds[0]["description"]
        assert "deleted" in text
        assert "https://" not in text


async def failed_like(world: BotWorld, prompt: str) -> None:
    """Write an ended edit of Mia's into the store."""
    local = world.server.world
    new = replace(make_new(local.ids.next(), guild_id=next(iter(local.guilds))), user_id=local.find_user("Mia").id)
    new = replace(new, request=replace(new.request, prompt=prompt))
    job = (await world.store.insert(new, now_ms=world.clock.now_ms(), due_at_ms=world.clock.now_ms())).job
    await world.put(await world.put(job, state=State.DELIVERING), state=State.FAILED)


class TestRatings:
    async def test_moderators_see_what_is_liked(self, world: BotWorld) -> None:
        job = await delivered(world)
        for user, action in (("Noah", "like"), ("Ada", "like"), ("Mia", "dislike"), ("Noah", "like")):
            await press(world, job, action, user)
        view = await world.actor.slash("Robin", "edits", "luma-mod ratings")
        assert view.message is not None
        assert view.message.ephemeral
        assert view.message.embeds[0]["description"].split("\n") == [
            "**All** · 67 % (2 👍 · 1 👎)",
            "KIE · no style · 67 % (2 👍 · 1 👎)",
        ]

    async def test_without_thumbs_it_says_so(self, world: BotWorld) -> None:
        view = await world.actor.slash("Robin", "edits", "luma-mod ratings", {"days": 1})
        assert view.message is not None
        assert "Nobody" in view.message.embeds[0]["description"]

    async def test_a_private_result_is_unknown_to_others(self, world: BotWorld) -> None:
        job = await delivered(world, private=True)
        for user in ("Noah", "Robin"):
            for action in ("like", "dislike", "compare"):
                custom_id = f"luma:{action}:{job.id}"
                view = await world.actor.press(user, plant_button(world, custom_id), custom_id)
                await world.settled()
                assert "don't know" in told(world, view), (user, action)
