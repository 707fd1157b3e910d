"""Make edits from earlier ones: again, with other words, from a result; in one thread, through the same checks."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jobs.admin import Act
from jobs.job import ClipSource, FailureCode, Kind, Request, State
from tests.bot.results import answer, children, deliver, delivered, failed, keep_files, plant_button, press, told
from tests.bot.world import BotWorld, open_bot_world
from tests.environment import need_openapi


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path) as opened:
        keep_files(opened, tmp_path / "shelf")
        yield opened


async def test_the_buttons_of_a_result_pass_discords_document(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path, need_openapi()) as world:
        keep_files(world, tmp_path / "shelf")
        job = await delivered(world)
        rows = world.actor.message("Mia", job.result_message_id or 0).components
        names = [[button["custom_id"].split(":")[1] for button in row["components"]] for row in rows]
        assert [name for name in names[0] if name != "share"] == ["again", "reword", "input", "compare"]
        assert names[1] == ["like", "dislike", "delete"]
        for action in ("again", "reword", "input", "compare", "like", "delete", "show", "prompt", "post"):
            await press(world, job, action)
        assert not world.server.violations
        assert not world.server.answer_violations


class TestAgain:
    async def test_try_again_takes_the_same_request_in(self, world: BotWorld) -> None:
        job = await failed(world, spoiler=True)
        view = await press(world, job, "again")
        (again,) = await children(world, job)
        assert view.message is not None
        assert again.card_message_id == view.message.id
        assert (again.request, again.state, again.thread_id) == (job.request, State.QUEUED, job.thread_id)

    async def test_it_outlives_a_restart(self, world: BotWorld) -> None:
        job = await failed(world)
        await world.restart()
        await press(world, job, "again")
        assert len(await children(world, job)) == 1

    async def test_a_year_later_the_kept_clip_is_used(self, world: BotWorld) -> None:
        job = await delivered(world)
        world.discord_clock.advance(365 * 86_400)
        await world.restart()
        await press(world, job, "again")
        (again,) = await children(world, job)
        assert again.request.clip is not None
        assert again.request.clip.file == f"clip-{job.id}.mp4"
        assert again.request.clip.file in await world.store.files_in_use()

    async def test_a_clip_that_is_gone_with_its_link_is_asked_for(self, world: BotWorld) -> None:
        job = await delivered(world)
        world.clips.path(f"clip-{job.id}.mp4").unlink()
        world.discord_clock.advance(365 * 86_400)
        for action in ("again", "reword"):
            assert "link has expired" in told(world, await press(world, job, action))
        assert await children(world, job) == []

    async def test_fifty_presses_make_it_again_once(self, world: BotWorld) -> None:
        job = await delivered(world)
        views = await asyncio.gather(*(press(world, job, "again") for _ in range(50)))
        assert len(await children(world, job)) == 1
        answers = [answer(world, view) for view in views]
        assert sum(not each.ephemeral for each in answers) == 1

    @pytest.mark.parametrize("code", [FailureCode.UNUSABLE_CLIP, FailureCode.CLIP_UNREACHABLE])
    async def test_what_would_fail_again_has_no_button(self, world: BotWorld, code: FailureCode) -> None:
        job = await failed(world, code)
        assert world.actor.message("Mia", job.result_message_id or 0).components == ()


class TestReword:
    async def test_the_prompt_is_there_to_be_changed(self, world: BotWorld) -> None:
        job = await delivered(world)
        opened = await press(world, job, "reword")
        assert opened.modal is not None
        assert opened.modal.components[0]["component"]["value"] == "make it warm"

    async def test_a_form_outlives_a_restart_and_is_taken_once(self, world: BotWorld) -> None:
        job = await delivered(world)
        opened = await press(world, job, "reword")
        await world.restart()
        for _ in range(2):
            await world.actor.submit_modal(opened.id, {"prompt": "make it cold"})
        (made,) = await children(world, job)
        assert (made.request.prompt, made.thread_id) == ("make it cold", job.thread_id)

    async def test_two_peoples_forms_never_meet(self, world: BotWorld) -> None:
        first, second = await delivered(world), await delivered(world, "Noah")
        opened = [await press(world, first, "reword"), await press(world, second, "reword", "Noah")]
        await asyncio.gather(
            *(
                world.actor.submit_modal(view.id, {"prompt": f"make it {word}"})
                for view, word in zip(opened, ("cold", "dark"), strict=True)
            )
        )
        made = [(await children(world, job))[0] for job in (first, second)]
        assert [each.request.prompt for each in made] == ["make it cold", "make it dark"]
        assert [each.user_id for each in made] == [first.user_id, second.user_id]

    async def test_a_reworded_prompt_is_checked(self, world: BotWorld) -> None:
        job = await delivered(world)
        opened = await press(world, job, "reword")
        answered = await world.actor.submit_modal(opened.id, {"prompt": "холод"})
        assert "English" in told(world, answered)
        assert await children(world, job) == []

    async def test_words_the_server_has_blocked_are_refused(self, world: BotWorld) -> None:
        job = await delivered(world)
        await world.admin.settings.add_word(Act(job.guild_id or 0, 1, world.clock.now_ms()), "neon")
        opened = await press(world, job, "reword")
        answered = await world.actor.submit_modal(opened.id, {"prompt": "all neon"})
        assert "blocked" in told(world, answered)
        assert await children(world, job) == []

    async def test_a_blocked_member_makes_nothing(self, world: BotWorld) -> None:
        job = await delivered(world)
        opened = await press(world, job, "reword")
        await world.admin.settings.block(Act(job.guild_id or 0, 1, world.clock.now_ms(), "spam"), job.user_id, None)
        answered = await world.actor.submit_modal(opened.id, {"prompt": "make it cold"})
        assert answer(world, answered).ephemeral
        for action in ("again", "reword", "input"):
            view = await press(world, job, action)
            assert view.modal is None
            assert answer(world, view).ephemeral
        assert await children(world, job) == []


class TestOnward:
    async def test_the_next_edit_starts_from_the_result(self, world: BotWorld) -> None:
        job = await delivered(world)
        opened = await press(world, job, "input")
        await world.restart()
        await world.actor.submit_modal(opened.id, {"prompt": "add snow"})
        (made,) = await children(world, job)
        clip = ClipSource("", f"luma-{job.code}.mp4", size_bytes=100_000, file=f"result-{job.id}.mp4", job_id=job.id)
        assert made.request == Request(Kind.MODIFY, "add snow", clip=clip)
        assert (made.parent_job_id, made.thread_id) == (job.id, job.thread_id)

    async def test_kept_no_longer_it_is_taken_from_its_message(self, world: BotWorld) -> None:
        job = await delivered(world)
        world.clips.path(f"result-{job.id}.mp4").unlink()
        world.discord_clock.advance(365 * 86_400)
        opened = await press(world, job, "input")
        for _ in range(3):
            await world.actor.submit_modal(opened.id, {"prompt": "add snow"})
        (made,) = await children(world, job)
        clip = made.request.clip
        attachment = world.actor.message("Mia", job.result_message_id or 0).attachments[0]
        assert clip is not None
        assert (clip.url, clip.file, clip.attachment_id) == ("", "", attachment.id)
        assert (clip.channel_id, clip.message_id) == (job.result_channel_id, job.result_message_id)

    async def test_gone_everywhere_it_is_said_so(self, world: BotWorld) -> None:
        job = await delivered(world)
        world.clips.path(f"result-{job.id}.mp4").unlink()
        world.server.world.delete_message(world.server.world.find_message(job.result_message_id or 0))
        for action in ("input", "onward", "post"):
            assert "no longer keep" in told(world, await press(world, job, action)), action
        assert await children(world, job) == []

    async def test_a_message_with_a_link_alone_is_not_said_to_be_gone(self, world: BotWorld) -> None:
        job = await delivered(world)
        world.clips.path(f"result-{job.id}.mp4").unlink()
        world.server.world.find_message(job.result_message_id or 0).attachments.clear()
        for action in ("input", "onward"):
            text = told(world, await press(world, job, action))
            assert "may have ended" in text
            assert f"/{job.result_message_id}" in text
        assert await children(world, job) == []

    async def test_what_was_made_from_a_deleted_result_is_not_made_again(self, world: BotWorld) -> None:
        job = await delivered(world)
        opened = await press(world, job, "input")
        await world.actor.submit_modal(opened.id, {"prompt": "add snow"})
        made = await deliver(world, (await children(world, job))[0])
        await world.results.delete(job.id, job.user_id, now_ms=world.clock.now_ms())
        assert "was deleted" in told(world, await press(world, made, "again"))
        assert await children(world, made) == []

    async def test_from_elsewhere_the_line_goes_on_in_its_thread(self, world: BotWorld) -> None:
        job = await delivered(world)
        custom_id = f"luma:again:{job.id}"
        view = await world.actor.press("Mia", plant_button(world, custom_id), custom_id)
        (made,) = await children(world, job)
        assert f"<#{job.thread_id}>" in told(world, view)
        assert made.channel_id == job.thread_id
        assert (made.thread_id, made.card_message_id) == (job.thread_id, None)
        opened = await world.delivery.open_place(made)
        assert opened.card_channel_id == job.thread_id

    async def test_from_elsewhere_a_thread_that_is_gone_or_closed_is_not_gone_on_in(self, world: BotWorld) -> None:
        local = world.server.world
        for end in ("lock", "delete"):
            job = await delivered(world)
            thread = local.channels[job.thread_id or 0]
            if end == "delete":
                local.delete_channel(thread)
            else:
                assert thread.thread is not None
                thread.thread.locked = True
            custom_id = f"luma:again:{job.id}"
            await world.actor.press("Mia", plant_button(world, custom_id), custom_id)
            (made,) = await children(world, job)
            assert made.channel_id == local.find_channel("edits").id, end
            assert made.card_message_id is not None

    async def test_a_private_result_goes_on_in_direct_messages(self, world: BotWorld) -> None:
        job = await delivered(world, private=True)
        opened = await press(world, job, "input")
        await world.actor.submit_modal(opened.id, {"prompt": "add snow"})
        (made,) = await children(world, job)
        assert made.channel_id == job.result_channel_id
        assert made.request.private
        assert not world.messages("Noah", "edits")


async def test_a_result_is_pressed_the_moment_it_stands(world: BotWorld) -> None:
    job = await delivered(world)
    await world.database.write(
        lambda session: session.execute(
            "UPDATE jobs SET state = 'delivering', posting_at_ms = 1, result_message_id = NULL"
        )
    )
    assert (await press(world, job, "input")).modal is not None
    assert "noted" in told(world, await press(world, job, "like"))
    assert "Side by side" in told(world, await press(world, job, "compare"))
    assert "just arriving" in told(world, await press(world, job, "deletion"))
