"""Renew Discord's links after their day, for people who may read the message, with real files."""

from pathlib import Path

from jobs.job import State
from sandbox.discord import permissions as can
from sandbox.discord.model import Overwrite
from sandbox.discord.views import InteractionView, MessageView
from tests.bot.media_world import MediaWorld, open_media_world
from tests.media.making import Recipe, make_clip

TWO_DAYS = 48 * 3600


async def ask(world: MediaWorld, link: str, user: str = "Mia") -> InteractionView:
    return await world.base.actor.slash(user, "edits", "luma modify", {"prompt": "warm", "link": link})


def link_of(world: MediaWorld, message: MessageView) -> str:
    guild = next(iter(world.base.server.world.guilds))
    return f"https://discord.com/channels/{guild}/{message.channel_id}/{message.id}"


async def test_a_link_that_ends_while_its_job_waits_is_renewed(tmp_path: Path) -> None:
    async with open_media_world(tmp_path) as world:
        world.finish_with(make_clip(tmp_path / "result.mp4", Recipe()))
        world.base.server.world.application.message_content_granted = True
        posted = await world.base.actor.post("Noah", "edits", "look", [make_clip(tmp_path / "clip.mp4", Recipe())])
        await ask(world, link_of(world, posted))
        (job,) = await world.base.jobs()
        world.base.discord_clock.advance(TWO_DAYS)
        job = await world.run(job)
        assert job.state is State.DELIVERED
        assert world.base.sent("GET", f"/channels/{posted.channel_id}/messages/{posted.id}") == 2


async def test_an_old_link_to_a_result_of_ours_is_taken_by_those_who_may_read_it(tmp_path: Path) -> None:
    async with open_media_world(tmp_path) as world:
        world.finish_with(make_clip(tmp_path / "result.mp4", Recipe()))
        first = await world.run(await world.modify(make_clip(tmp_path / "clip.mp4", Recipe())))
        old = world.ending(first).attachments[0].url
        world.base.discord_clock.advance(TWO_DAYS)
        await ask(world, old)
        job = (await world.base.jobs())[-1]
        assert job.id != first.id
        assert job.request.clip is not None
        assert job.request.clip.message_id == first.result_message_id
        assert (await world.run(job)).state is State.DELIVERED

        channel = world.base.server.world.find_channel("edits")
        noah = world.base.server.world.find_user("Noah")
        channel.overwrites.append(Overwrite(noah.id, 1, deny=can.READ_MESSAGE_HISTORY))
        world.base.server.world.change_channel(channel)
        other = world.base.server.world.find_channel("showcase")
        view = await world.base.actor.slash("Noah", other.id, "luma modify", {"prompt": "warm", "link": old})
        assert view.message is not None
        assert view.message.ephemeral
        assert "expired" in view.message.content


async def test_an_old_link_whose_message_is_gone_says_what_to_do(tmp_path: Path) -> None:
    async with open_media_world(tmp_path) as world:
        posted = await world.base.actor.post("Noah", "edits", "look", [make_clip(tmp_path / "clip.mp4", Recipe())])
        await world.base.actor.delete_message("Noah", posted.id)
        world.base.discord_clock.advance(TWO_DAYS)
        view = await ask(world, posted.attachments[0].url)
        assert view.message is not None
        assert "Give the link of the message" in view.message.content
        assert await world.base.jobs() == []


async def test_a_forms_forged_id_opens_no_channel_its_sender_may_not_read(tmp_path: Path) -> None:
    async with open_media_world(tmp_path) as world:
        world.finish_with(make_clip(tmp_path / "result.mp4", Recipe()))
        local, actor = world.base.server.world, world.base.actor
        local.application.message_content_granted = True
        secret = await actor.post("Noah", "showcase", "hidden", [make_clip(tmp_path / "secret.mp4", Recipe())])
        hidden, mia = local.find_channel("showcase"), local.find_user("Mia")
        hidden.overwrites.append(Overwrite(mia.id, 1, deny=can.VIEW_CHANNEL))
        local.change_channel(hidden)
        shown = await actor.post("Mia", "edits", "look", [make_clip(tmp_path / "clip.mp4", Recipe())])
        opened = await actor.context_menu("Mia", "Modify with Luma", shown.id)
        (file,) = secret.attachments
        form = world.base.server.parts.interactions.get(opened.id).modal
        assert form is not None
        form["custom_id"] = f"luma:modify:{hidden.id}.{secret.id}.{file.id}"
        world.base.discord_clock.advance(TWO_DAYS)
        view = await actor.submit_modal(opened.id, {"prompt": "warm", "link": file.url})
        assert await world.base.jobs() == []
        assert view.message is not None
        assert "expired" in view.message.content
