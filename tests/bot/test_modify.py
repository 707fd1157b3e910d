"""Ask for edits through the local Discord: what is refused, in which order, and what is taken in."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jobs.errors import OutOfCreditError
from jobs.job import Job, State
from sandbox.discord import permissions as can
from sandbox.discord.model import Overwrite
from sandbox.discord.views import InteractionView, MessageView
from tests.bot.world import CLIP, BotWorld, open_bot_world
from tests.environment import need_openapi


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path) as opened:
        yield opened


async def refusal(world: BotWorld, view: InteractionView) -> str:
    """Return the text of a refusal: for one person's eyes, with nothing spent."""
    assert view.state == "answered"
    assert view.message is not None
    assert view.message.ephemeral
    assert await world.jobs() == []
    return view.message.content


def card_text(message: MessageView | None) -> str:
    """Return everything a card says."""
    assert message is not None
    embed = message.embeds[0]
    fields = [f"{field['name']}: {field['value']}" for field in embed.get("fields", [])]
    return "\n".join([embed["title"], embed["description"], *fields, embed["footer"]["text"]])


class TestCard:
    async def test_a_command_is_answered_with_its_card(self, world: BotWorld) -> None:
        view = await world.modify(prompt="make it *warm*\n@everyone")

        job = await world.only_job()
        assert view.message is not None
        assert not view.message.ephemeral
        assert (job.card_channel_id, job.card_message_id) == (view.channel_id, view.message.id)
        assert job.due_at_ms == world.clock.now_ms()
        text = card_text(view.message)
        assert f"<@{job.user_id}>" in text
        assert "```\nmake it *warm*\n@everyone\n```" in text
        assert "`clip.mp4`" in text
        assert job.code in text
        assert view.message.mentions == ()
        assert not view.message.pings_me
        assert view.message.components[0]["components"][0]["label"] == "Cancel"

    async def test_the_requests_are_as_discord_describes_them(self, tmp_path: Path) -> None:
        async with open_bot_world(tmp_path, need_openapi()) as world:
            await world.modify(watermark="mine", spoiler=True)
            assert len(await world.jobs()) == 1
            callback = world.server.recorder.find("POST", "/callback")[0]
            assert callback.request["data"]["allowed_mentions"] == {"parse": []}
            assert not world.server.violations

    async def test_the_place_in_line_is_told(self, world: BotWorld) -> None:
        for user in ("Noah", "Robin"):
            await world.modify(user)
            world.discord_clock.advance(1)
        assert "2 before it" in card_text((await world.modify()).message)

    async def test_usual_times_are_told_once_there_are_enough(self, world: BotWorld) -> None:
        for number in range(5):
            await delivered(world, await new_job(world, "Noah", number), took_ms=60_000)
        world.discord_clock.advance(60)
        text = card_text((await world.modify()).message)
        at = world.clock.now_ms() // 1000
        assert f"<t:{at + 60}:R>" in text

    async def test_options_are_kept(self, world: BotWorld) -> None:
        await world.modify(watermark="my\u202e mark", spoiler=True)
        request = (await world.only_job()).request
        assert request.options == {"watermark": "my mark"}
        assert (request.spoiler, request.private) == (True, False)
        assert request.clip is not None
        assert (request.clip.filename, request.clip.size_bytes) == ("clip.mp4", len(CLIP[1]))

    async def test_a_dead_interaction_loses_no_job(self, world: BotWorld) -> None:
        world.server.faults.add("POST", "/callback", status=404, code=10062)
        await world.modify()
        job = await world.only_job()
        assert job.card_message_id is None
        assert job.due_at_ms > world.clock.now_ms()

    async def test_a_private_edit_is_answered_for_one_persons_eyes(self, world: BotWorld) -> None:
        view = await world.modify(private=True)
        assert view.message is not None
        assert view.message.ephemeral
        dm = world.server.world.open_dm(world.server.world.find_user("Mia"))
        job = await world.only_job()
        (card,) = world.messages("Mia", dm.id)
        assert (job.card_channel_id, job.card_message_id) == (dm.id, card.id)
        assert world.messages("Noah", "edits") == []

    async def test_a_private_edit_without_direct_messages_is_taken_back(self, world: BotWorld) -> None:
        world.server.world.find_user("Mia").accepts_dms = False
        view = await world.modify(private=True)
        assert (await world.only_job()).state is State.CANCELLED
        assert "direct messages" in world.actor.interaction(view.id).followups[0].content


async def new_job(world: BotWorld, user: str, number: int) -> Job:
    """Run a command in a thread of its own, so that no rate limit is met."""
    edits = world.server.world.find_channel("edits")
    thread = world.server.world.add_thread(edits, f"t{number}", 11, world.server.world.find_user(user))
    await world.modify(user, channel=thread.id)
    return (await world.store.open_jobs(world.server.world.find_user(user).id))[-1]


async def delivered(world: BotWorld, job: Job, *, took_ms: int) -> None:
    """Let a job have been done."""
    now_ms = world.clock.now_ms()
    steps: tuple[dict[str, Any], ...] = (
        {"state": State.SUBMITTING, "submitted_at_ms": now_ms - took_ms},
        {"state": State.RUNNING},
        {"state": State.DELIVERING, "finished_at_ms": now_ms},
        {"state": State.DELIVERED},
    )
    for changes in steps:
        job = await world.put(job, **changes)


class TestRefusals:
    @pytest.mark.parametrize(
        ("bits", "name"),
        [
            (can.SEND_MESSAGES, "Send Messages"),
            (can.CREATE_PUBLIC_THREADS, "Create Public Threads"),
            (can.SEND_MESSAGES_IN_THREADS, "Send Messages in Threads"),
            (can.ATTACH_FILES, "Attach Files"),
            (can.EMBED_LINKS, "Embed Links"),
            (can.READ_MESSAGE_HISTORY, "Read Message History"),
        ],
    )
    async def test_a_missing_permission_is_named(self, world: BotWorld, bits: int, name: str) -> None:
        edits = world.server.world.find_channel("edits")
        edits.overwrites.append(Overwrite(world.server.world.bot_id, 1, deny=bits))
        # Permissions come before the options: this prompt would be refused too.
        text = await refusal(world, await world.modify(prompt="сделай"))
        assert f"**{name}**" in text

    async def test_in_a_thread_other_permissions_count(self, world: BotWorld) -> None:
        local = world.server.world
        thread = local.add_thread(local.find_channel("edits"), "talk", 11, local.find_user("Mia"))
        local.find_channel("edits").overwrites.append(Overwrite(local.bot_id, 1, deny=can.CREATE_PUBLIC_THREADS))
        await world.modify(channel=thread.id)
        assert (await world.only_job()).thread_id == thread.id

    async def test_no_service_is_said_with_the_reason(self, world: BotWorld) -> None:
        world.gates.note_error("kie", OutOfCreditError("kie", "empty"))
        assert "out of credit" in await refusal(world, await world.modify())

    @pytest.mark.parametrize(
        ("prompt", "said"),
        [
            ("сделай теплее", "`сделай`"),
            ("make it 暖かい", "`暖かい`"),
            ("\u200b\u2060 \u202e", "empty"),
            ("add \U0001d4f1\U0001d4ee Привет", "`Привет`"),
        ],
    )
    async def test_prompts_are_english(self, world: BotWorld, prompt: str, said: str) -> None:
        assert said in await refusal(world, await world.modify(prompt=prompt))

    async def test_a_prompt_keeps_to_the_services_limit(self, tmp_path: Path) -> None:
        async with open_bot_world(tmp_path, prompt_chars=20) as world:
            text = await refusal(world, await world.modify(prompt="warm " * 5))
            assert "24" in text
            assert "20" in text

    async def test_exactly_one_of_clip_and_link(self, world: BotWorld) -> None:
        none = await world.actor.slash("Mia", "edits", "luma modify", {"prompt": "warm"})
        assert "neither" in await refusal(world, none)
        both = await world.modify(link="https://example.com/a.mp4")
        assert "both" in await refusal(world, both)

    async def test_a_long_watermark_is_refused(self, world: BotWorld) -> None:
        assert "60" in await refusal(world, await world.modify(watermark="w" * 60))

    @pytest.mark.parametrize("name", ["notes.txt", "photo.png"])
    async def test_files_that_are_no_video_are_refused_by_their_type(self, world: BotWorld, name: str) -> None:
        view = await world.actor.slash("Mia", "edits", "luma modify", {"prompt": "warm"}, {"clip": (name, b"x")})
        text = await refusal(world, view)
        assert "no video" in text
        assert "MP4, MOV, WebM" in text

    async def test_a_clip_over_what_is_fetched_is_refused_with_both_sizes(self, world: BotWorld) -> None:
        world.bot.desk = replace(world.bot.desk, max_clip_bytes=1_000_000)
        large = ("clip.mp4", bytes(2_000_000))
        view = await world.actor.slash("Mia", "edits", "luma modify", {"prompt": "warm"}, {"clip": large})
        text = await refusal(world, view)
        assert "1.9 MB" in text
        assert "1.0 MB" in text

    @pytest.mark.parametrize("start", ["soon", "1:75", "-3", "12:", "0x1", "1:2:3:4"])
    async def test_a_start_that_is_no_time_is_refused(self, world: BotWorld, start: str) -> None:
        text = await refusal(world, await world.modify(start=start))
        assert "1:04" in text
        assert "`start`" in text

    async def test_an_empty_clip_is_refused(self, world: BotWorld) -> None:
        view = await world.actor.slash("Mia", "edits", "luma modify", {"prompt": "warm"}, {"clip": ("a.mp4", b"")})
        assert "empty" in await refusal(world, view)

    async def test_the_fourth_open_edit_is_refused(self, world: BotWorld) -> None:
        for number in range(3):
            await new_job(world, "Mia", number)
        view = await world.modify()
        assert view.message is not None
        assert view.message.ephemeral
        assert "3 open edits" in view.message.content
        assert len(await world.jobs()) == 3

    async def test_commands_given_at_once_do_not_pass_the_limit(self, world: BotWorld) -> None:
        local = world.server.world
        threads = [local.add_thread(local.find_channel("edits"), f"t{n}", 11, local.find_user("Mia")) for n in range(8)]
        await asyncio.gather(*(world.modify(channel=thread.id) for thread in threads))
        assert len(await world.jobs()) == 3


class TestLinks:
    async def link(self, world: BotWorld, link: str, user: str = "Mia", channel: str = "edits") -> InteractionView:
        return await world.actor.slash(user, channel, "luma modify", {"prompt": "warm", "link": link})

    async def test_a_direct_link_is_taken(self, world: BotWorld) -> None:
        await self.link(world, "https://example.com/a.mp4")
        clip = (await world.only_job()).request.clip
        assert clip is not None
        assert (clip.url, clip.message_id) == ("https://example.com/a.mp4", None)

    async def test_a_link_the_guard_refuses_is_refused_at_once(self, world: BotWorld) -> None:
        assert "can't be used" in await refusal(world, await self.link(world, "http://10.0.0.1/a.mp4"))

    async def test_a_discord_link_that_has_ended_is_refused_at_once(self, world: BotWorld) -> None:
        posted = await world.actor.post("Noah", "edits", "look", [CLIP])
        world.discord_clock.advance(48 * 3600)
        assert "expired" in await refusal(world, await self.link(world, posted.attachments[0].url))

    async def test_a_message_link_takes_the_messages_video(self, world: BotWorld) -> None:
        world.server.world.application.message_content_granted = True
        posted = await world.actor.post("Noah", "edits", "look", [CLIP])
        await self.link(world, url_of(world, posted))
        clip = (await world.only_job()).request.clip
        assert clip is not None
        assert (clip.channel_id, clip.message_id) == (posted.channel_id, posted.id)
        assert clip.attachment_id == posted.attachments[0].id

    async def test_a_message_discord_hides_the_files_of_says_what_to_do(self, world: BotWorld) -> None:
        posted = await world.actor.post("Noah", "edits", "look", [CLIP])
        assert "Modify with Luma" in await refusal(world, await self.link(world, url_of(world, posted)))

    async def test_a_channel_the_member_cannot_read_is_refused(self, world: BotWorld) -> None:
        world.server.world.application.message_content_granted = True
        mods = world.server.world.find_channel("mods")
        mods.overwrites.append(Overwrite(world.server.world.bot_id, 1, allow=can.VIEW_CHANNEL))
        world.server.world.change_channel(mods)
        posted = await world.actor.post("Robin", "mods", "secret", [CLIP])
        link = url_of(world, posted)
        refused = await refusal(world, await self.link(world, link))
        unknown = await refusal(world, await self.link(world, link.replace(str(posted.id), "1234567890123456789")))
        assert refused == unknown
        assert not world.sent("GET", f"/channels/{mods.id}/messages/{posted.id}")
        await self.link(world, link, user="Robin")
        assert len(await world.jobs()) == 1

    async def test_other_servers_and_other_conversations_are_refused(self, world: BotWorld) -> None:
        for guild in ("1234567890123456789", "@me"):
            link = f"https://discord.com/channels/{guild}/1234567890123456789/1234567890123456789"
            assert "can't use that message" in await refusal(world, await self.link(world, link))


def url_of(world: BotWorld, message: MessageView) -> str:
    """Return a message's link."""
    guild = next(iter(world.server.world.guilds))
    return f"https://discord.com/channels/{guild}/{message.channel_id}/{message.id}"


class TestMessageMenu:
    async def test_a_form_asks_for_the_prompt_and_the_clip_is_the_messages(self, tmp_path: Path) -> None:
        async with open_bot_world(tmp_path, need_openapi()) as world:
            posted = await world.actor.post("Noah", "edits", "look", [CLIP])
            opened = await world.actor.context_menu("Mia", "Modify with Luma", posted.id)
            assert opened.modal is not None
            answered = await world.actor.submit_modal(opened.id, {"prompt": "make it cold"})

            job = await world.only_job()
            assert answered.message is not None
            assert job.card_message_id == answered.message.id
            clip = job.request.clip
            assert clip is not None
            assert (clip.channel_id, clip.message_id) == (posted.channel_id, posted.id)
            assert (clip.attachment_id, clip.filename) == (posted.attachments[0].id, "clip.mp4")
            assert (job.request.prompt, job.user_id) == ("make it cold", opened.user_id)
            assert not world.server.violations

    async def test_a_form_outlives_a_restart(self, world: BotWorld) -> None:
        posted = await world.actor.post("Noah", "edits", "look", [CLIP])
        opened = await world.actor.context_menu("Mia", "Modify with Luma", posted.id)
        await world.restart()
        await world.actor.submit_modal(opened.id, {"prompt": "make it cold"})
        assert (await world.only_job()).request.prompt == "make it cold"

    async def test_two_peoples_forms_never_meet(self, world: BotWorld) -> None:
        posted = await world.actor.post("Noah", "edits", "look", [CLIP])
        mia = await world.actor.context_menu("Mia", "Modify with Luma", posted.id)
        robin = await world.actor.context_menu("Robin", "Modify with Luma", posted.id)
        await world.actor.submit_modal(mia.id, {"prompt": "warm"})
        await world.actor.submit_modal(robin.id, {"prompt": "cold"})
        assert {(job.user_id, job.request.prompt) for job in await world.jobs()} == {
            (mia.user_id, "warm"),
            (robin.user_id, "cold"),
        }

    async def test_a_form_is_checked_like_a_command(self, world: BotWorld) -> None:
        posted = await world.actor.post("Noah", "edits", "look", [CLIP])
        opened = await world.actor.context_menu("Mia", "Modify with Luma", posted.id)
        answered = await world.actor.submit_modal(opened.id, {"prompt": "холод"})
        assert "English" in await refusal(world, answered)

    async def test_a_form_has_what_the_command_has(self, tmp_path: Path) -> None:
        async with open_bot_world(tmp_path, need_openapi()) as world:
            posted = await world.actor.post("Noah", "edits", "look", [CLIP])
            opened = await world.actor.context_menu("Mia", "Modify with Luma", posted.id)
            filled: dict[str, str | bool | list[str] | None] = {"prompt": "cold", "style": "Cinematic"}
            filled |= {"start": "1:04.5", "how": ["spoiler", "private"]}
            await world.actor.submit_modal(opened.id, filled)
            request = (await world.only_job()).request
            assert (request.start_seconds, request.style) == (64.5, "Cinematic")
            assert (request.spoiler, request.private) == (True, True)
            assert not world.server.violations

    async def test_a_forms_start_is_checked_like_a_commands(self, world: BotWorld) -> None:
        posted = await world.actor.post("Noah", "edits", "look", [CLIP])
        opened = await world.actor.context_menu("Mia", "Modify with Luma", posted.id)
        answered = await world.actor.submit_modal(opened.id, {"prompt": "cold", "start": "later"})
        text = await refusal(world, answered)
        assert "`later`" in text
        assert "1:04" in text

    async def test_a_message_without_a_video_is_refused(self, world: BotWorld) -> None:
        posted = await world.actor.post("Noah", "edits", "just words")
        opened = await world.actor.context_menu("Mia", "Modify with Luma", posted.id)
        assert opened.modal is None
        assert "no video" in await refusal(world, opened)
