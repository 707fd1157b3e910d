"""Make videos and go on with them through the local Discord: what is refused, what is taken in, what the card says."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import replies
from jobs.errors import OutOfCreditError
from jobs.job import Failure, FailureCode, Job, Kind, Result, State
from jobs.ports import VideoPost
from sandbox.discord.actor import RefusedError
from sandbox.discord.views import InteractionView
from tests.bot.test_modify import card_text, refusal
from tests.bot.world import BotWorld, open_bot_world

ABLE: dict[str, Any] = {
    "kinds": frozenset(Kind),
    "ratios": ("16:9", "1:1"),
    "switches": {"enhancement": True, "loop": False},
    "images": frozenset({"start_image", "end_image", "first_frame"}),
    "strengths": ("flex_1", "flex_2"),
    "models": {"fast": 15.0, "fine": 10.0},
}
RESULT = Result("https://video.example/v.mp4?sig=secret", video_id="v-1")
PICTURE = ("start.png", b"a picture that nobody looks at here")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path, **ABLE) as opened:
        yield opened


async def generate(world: BotWorld, files: dict[str, Any] | None = None, **options: str | bool) -> InteractionView:
    """Run `/luma generate`."""
    return await world.actor.slash("Mia", "edits", "luma generate", {"prompt": "a quiet sea", **options}, files or {})


async def extend(world: BotWorld, user: str = "Mia", **options: str | bool) -> InteractionView:
    """Run `/luma extend`."""
    return await world.actor.slash(user, "edits", "luma extend", {"prompt": "the sun sets", **options}, {})


async def job_of(world: BotWorld, view: InteractionView) -> Job:
    """Return the job a command or form was answered with."""
    assert view.message is not None
    return next(job for job in await world.jobs() if job.card_message_id == view.message.id)


async def finished(
    world: BotWorld, files: dict[str, Any] | None = None, result: Result = RESULT, **options: str | bool
) -> Job:
    """Make a video and deliver it, its message standing in the channel."""
    return await deliver(world, await job_of(world, await generate(world, files, **options)), result)


async def deliver(world: BotWorld, job: Job, result: Result = RESULT) -> Job:
    """Post a job's result."""
    job = await world.finish(job, result=result, posting_at_ms=world.clock.now_ms())
    posted = await world.delivery.post_result(job, VideoPost(None, "luma.mp4", "https://bot.example/v"))
    return await world.put(
        job,
        state=State.DELIVERED,
        result_channel_id=posted.channel_id,
        result_message_id=posted.message_id,
    )


class TestGenerate:
    async def test_every_option_is_kept_and_shown(self, world: BotWorld) -> None:
        view = await generate(
            world,
            {"start_image": PICTURE},
            end_image_url="https://pics.example/end.jpg?sig=secret",
            aspect_ratio="1:1",
            enhancement=False,
            loop=True,
        )
        job = await world.only_job()
        assert job.kind is Kind.GENERATE
        assert job.request.options == {"aspect_ratio": "1:1", "enhancement": "false", "loop": "true"}
        assert job.request.images["start_image"].source.filename == "start.png"
        assert job.request.images["end_image"].source.url.startswith("https://pics.example/end.jpg")
        text = card_text(view.message)
        for said in ("Aspect ratio: `1:1`", "Loop: on", "Prompt enhancement: off", "Start image: `start.png`", "KIE"):
            assert said in text
        assert "secret" not in text
        assert "Clip" not in text

    async def test_a_prompt_alone_is_enough(self, world: BotWorld) -> None:
        await generate(world)
        job = await world.only_job()
        assert (job.request.options, job.request.images, job.is_staged) == ({}, {}, True)

    async def test_a_picture_is_a_file_or_a_link(self, world: BotWorld) -> None:
        view = await generate(world, {"end_image": PICTURE}, end_image_url="https://pics.example/a.png")
        assert "not both" in await refusal(world, view)

    @pytest.mark.parametrize("name", ["clip.mp4", "notes.txt", "anim.gif"])
    async def test_what_is_said_to_be_no_picture_is_refused(self, world: BotWorld, name: str) -> None:
        assert "PNG, JPEG or WebP" in await refusal(world, await generate(world, {"start_image": (name, b"x")}))

    async def test_a_picture_over_the_services_limit_is_refused(self, tmp_path: Path) -> None:
        async with open_bot_world(tmp_path, **ABLE, image_bytes=10) as world:
            assert "up to" in await refusal(world, await generate(world, {"start_image": PICTURE}))

    async def test_a_link_that_leads_nowhere_public_is_refused(self, world: BotWorld) -> None:
        assert "link" in await refusal(world, await generate(world, start_image_url="http://10.0.0.1/a.png"))

    async def test_a_ratio_of_no_service_names_those_there_are(self, world: BotWorld) -> None:
        text = await refusal(world, await generate(world, aspect_ratio="2:1"))
        assert "`2:1`" in text
        assert "`16:9`, `1:1`" in text

    async def test_ratios_are_suggested(self, world: BotWorld) -> None:
        found = await world.actor.autocomplete("Mia", "edits", "luma generate", {"aspect_ratio": "1:"}, "aspect_ratio")
        assert [choice.value for choice in found] == ["1:1"]


class TestFailure:
    def said(self, code: FailureCode, job: Job) -> str:
        """Return what a job's failure is told with."""
        return replies.failure_text(replace(job, failure=Failure(code, "because")))

    async def test_a_failure_speaks_of_what_was_given(self, world: BotWorld) -> None:
        job = await job_of(world, await generate(world, {"start_image": PICTURE}))
        for code, words in (
            (FailureCode.UNUSABLE_CLIP, "A picture you gave can't be used."),
            (FailureCode.CLIP_UNREACHABLE, "I couldn't fetch a picture you gave."),
            (FailureCode.REFUSED, "Change the prompt or the pictures and try again."),
        ):
            text = self.said(code, job)
            assert words in text
            assert "clip" not in text

    async def test_a_prompt_alone_is_all_there_is_to_change(self, world: BotWorld) -> None:
        job = await job_of(world, await generate(world))
        assert "Change the prompt and try again." in self.said(FailureCode.REFUSED, job)

    async def test_a_video_is_announced_only_where_something_can_still_be_heard(self, world: BotWorld) -> None:
        job = await job_of(world, await generate(world))
        assert "still comes" in self.said(FailureCode.OUTCOME_UNKNOWN, job)
        silent = Failure(FailureCode.OUTCOME_UNKNOWN, may_hear=False)
        text = replies.failure_text(replace(job, failure=silent))
        assert "still comes" not in text
        assert "Please try again." in text

    async def test_of_a_clip_and_a_picture_either_may_be_meant(self, world: BotWorld) -> None:
        await world.modify(first_frame_url="https://pics.example/a.png")
        job = await world.only_job()
        assert "The clip or the picture can't be used." in self.said(FailureCode.UNUSABLE_CLIP, job)
        assert "I couldn't fetch the clip or the picture." in self.said(FailureCode.CLIP_UNREACHABLE, job)


class TestAgain:
    async def test_a_video_is_made_again_with_its_options_and_pictures(self, world: BotWorld) -> None:
        parent = await finished(world, {"start_image": PICTURE}, loop=True)
        assert parent.result_message_id is not None
        view = await world.actor.press("Mia", parent.result_message_id, f"luma:again:{parent.id}")
        job = await job_of(world, view)
        assert (job.kind, job.parent_job_id, job.request.options) == (Kind.GENERATE, parent.id, {"loop": "true"})
        assert job.request.images["start_image"].source == parent.request.images["start_image"].source

    async def test_pictures_that_are_gone_are_said_before_anything_is_counted(self, world: BotWorld) -> None:
        parent = await finished(world, {"start_image": PICTURE})
        assert parent.result_message_id is not None
        world.discord_clock.advance(30 * 86_400)
        view = await world.actor.press("Mia", parent.result_message_id, f"luma:again:{parent.id}")
        assert view.message is not None
        assert "its link has expired" in view.message.content
        assert len(await world.jobs()) == 1

    async def test_an_extension_is_made_again_where_its_video_lies(self, world: BotWorld) -> None:
        job = await job_of(world, await extend(world, video_id="v-7"))
        job = await deliver(world, job)
        assert job.result_message_id is not None
        again = await job_of(world, await world.actor.press("Mia", job.result_message_id, f"luma:again:{job.id}"))
        assert (again.kind, again.request.options, again.service) == (Kind.EXTEND, {"video_id": "v-7"}, "kie")


class TestExtend:
    async def test_a_job_of_ones_own_is_gone_on_with(self, world: BotWorld) -> None:
        parent = await finished(world)
        found = await world.actor.autocomplete("Mia", "edits", "luma extend", {"job": ""}, "job")
        assert [choice.value for choice in found] == [parent.code]
        view = await extend(world, job=parent.code)
        job = await job_of(world, view)
        assert (job.kind, job.parent_job_id) == (Kind.EXTEND, parent.id)
        assert job.request.options == {"video_id": "v-1"}
        assert f"Goes on from: `{parent.code}`" in card_text(view.message)
        again = await extend(world, video_id="v-1")
        assert "Goes on from: `v-1`" in card_text(again.message), "nobody's job was named"

    async def test_a_video_without_an_id_goes_by_its_address_which_nobody_sees(self, world: BotWorld) -> None:
        parent = await finished(world, result=Result("https://video.example/v.mp4?sig=secret"))
        view = await extend(world, job=parent.code)
        job = await job_of(world, view)
        assert job.request.options == {"video_url": "https://video.example/v.mp4?sig=secret"}
        assert "secret" not in card_text(view.message)

    async def test_somebody_elses_and_unfinished_ones_are_not(self, world: BotWorld) -> None:
        parent = await finished(world)
        waiting = await job_of(world, await generate(world))
        for view, said in (
            (await extend(world, "Noah", job=parent.code), "no edit"),
            (await extend(world, job=waiting.code), "can't be extended"),
        ):
            assert view.message is not None
            assert said in view.message.content

    async def test_exactly_one_video_is_named(self, world: BotWorld) -> None:
        assert "exactly one" in await refusal(world, await extend(world))
        both = await extend(world, video_id="v-1", video_url="https://video.example/v.mp4")
        assert "exactly one" in await refusal(world, both)

    async def test_a_video_may_be_named_by_id_or_link(self, world: BotWorld) -> None:
        for name, value in (("video_id", "v-7"), ("video_url", "https://video.example/v.mp4")):
            job = await job_of(world, await extend(world, **{name: value}))
            assert job.request.options == {name: value}

    async def test_an_id_that_can_be_none_is_refused(self, world: BotWorld) -> None:
        assert "video_id" in await refusal(world, await extend(world, video_id="a b"))

    async def test_the_service_of_the_video_must_be_open(self, world: BotWorld) -> None:
        parent = await finished(world)
        world.gates.note_error("kie", OutOfCreditError("kie", "empty"))
        view = await extend(world, job=parent.code)
        assert view.message is not None
        assert "out of credit" in view.message.content


class TestMessageMenu:
    async def test_a_form_asks_how_it_goes_on(self, world: BotWorld) -> None:
        parent = await finished(world)
        assert parent.result_message_id is not None
        shown = await world.actor.context_menu("Noah", "Extend with Luma", parent.result_message_id)
        assert shown.modal is not None
        job = await job_of(world, await world.actor.submit_modal(shown.id, {"prompt": "a storm comes"}))
        assert (job.kind, job.request.prompt, job.parent_job_id) == (Kind.EXTEND, "a storm comes", parent.id)
        assert job.user_id != parent.user_id

    async def test_a_message_without_a_generation_is_refused(self, world: BotWorld) -> None:
        message = await world.actor.post("Mia", "edits", "-# Luma edit `AB2CD`")
        shown = await world.actor.context_menu("Noah", "Extend with Luma", message.id)
        assert shown.message is not None
        assert "no video" in shown.message.content


class TestOffers:
    async def test_what_no_service_does_is_not_there(self, tmp_path: Path) -> None:
        async with open_bot_world(tmp_path, watermark=False) as world:
            names = {command.name: command for command in world.actor.commands("Mia", "edits")}
            assert "luma generate" not in names
            assert "Extend with Luma" not in names
            with pytest.raises(RefusedError):
                await world.modify(watermark="mine")

    async def test_strength_and_model_are_kept_as_the_service_spells_them(self, world: BotWorld) -> None:
        view = await world.modify(strength="Flex 1", model="fine", first_frame_url="https://pics.example/a.png")
        job = await world.only_job()
        assert job.request.options == {"strength": "flex_1", "model": "fine"}
        assert list(job.request.images) == ["first_frame"]
        assert "Strength: `flex_1`" in card_text(view.message)

    async def test_a_strength_is_suggested_as_one_would_type_it(self, world: BotWorld) -> None:
        for typed in ("flex 1", "Flex_1 ", "x 1"):
            found = await world.actor.autocomplete("Mia", "edits", "luma modify", {"strength": typed}, "strength")
            assert [choice.value for choice in found] == ["flex_1"], typed

    async def test_an_unknown_strength_names_those_there_are(self, world: BotWorld) -> None:
        assert "`flex_1`, `flex_2`" in await refusal(world, await world.modify(strength="much"))
