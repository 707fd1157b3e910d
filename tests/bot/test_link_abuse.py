"""Refuse links that lead where the asking member or the bot has no business, with nothing fetched and nothing told."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.errors import UnusableClipError
from media.answer import NO_SUCH_NAME
from media.links import REFUSED_TEXT, explain_link
from sandbox.discord import permissions as can
from sandbox.discord.model import Channel, Overwrite
from tests.bot.world import CLIP, BotWorld, open_bot_world
from tests.media.wires import WrittenResolver, WrittenSockets, open_fetcher

LOOK_ALIKES = (
    "https://cdn.discordapp.com.evil/attachments/1/2/clip.mp4",
    "https://cdn.discordapp.com@evil.example/attachments/1/2/clip.mp4",
    "https://media.discordapp.net./attachments/1/2/clip.mp4",
    "https://cdn.discordapp.com.:443/attachments/1/2/clip.mp4",
    "https://cdn\uff0ediscordapp\uff0ecom@10.0.0.1/attachments/1/2/clip.mp4",
)


@pytest.mark.parametrize("link", LOOK_ALIKES)
async def test_a_look_alike_of_discords_cdn_is_a_stranger(link: str, tmp_path: Path) -> None:
    sockets = WrittenSockets()
    async with open_fetcher(WrittenResolver(["10.0.0.1"]), sockets) as fetcher:
        with pytest.raises(UnusableClipError) as refused:
            await fetcher.fetch(link, tmp_path / "clip", limit_bytes=1000)
    assert refused.value.text == REFUSED_TEXT
    assert refused.value.rule == "link"
    assert NO_SUCH_NAME not in refused.value.text
    assert sockets.dialled == []


def hidden_channel(world: BotWorld) -> Channel:
    """Return a channel that the bot may read and Mia may not."""
    local = world.server.world
    mods = local.find_channel("mods")
    mods.overwrites.append(Overwrite(local.bot_id, 1, allow=can.VIEW_CHANNEL))
    local.change_channel(mods)
    return mods


def private_thread(world: BotWorld) -> Channel:
    """Return a private thread of others in a channel that Mia reads."""
    local = world.server.world
    thread = local.add_thread(local.find_channel("edits"), "secret", 12, local.find_user("Robin"))
    assert thread.thread is not None
    thread.thread.members.add(local.bot_id)
    return thread


def channel_elsewhere(world: BotWorld) -> Channel:
    """Return a channel of another server that the bot is in, and Mia is not."""
    local = world.server.world
    guild = local.add_guild("Elsewhere", local.find_user("Robin"))
    guild.roles[guild.id].permissions = can.VIEW_CHANNEL | can.READ_MESSAGE_HISTORY | can.BOT_PERMS
    local.add_member(guild, local.application.bot)
    return local.add_channel(guild, "secrets")


PLACES = [hidden_channel, private_thread, channel_elsewhere]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
async def test_what_the_member_may_not_read_is_the_same_as_what_is_not_there(
    place: Callable[[BotWorld], Channel], tmp_path: Path
) -> None:
    async with open_bot_world(tmp_path) as world:
        world.bot.desk = replace(world.bot.desk, check_link=explain_link)
        world.server.world.application.message_content_granted = True
        channel = place(world)
        posted = await world.actor.post("Robin", channel.id, "secret", [CLIP])
        guild = next(iter(world.server.world.guilds))
        here = f"https://discord.com/channels/{guild}"
        unknown = 1234567890123456789
        said = set()
        for link in (
            f"{here}/{channel.id}/{posted.id}",
            f"{here}/{channel.id}/{unknown}",
            f"{here}/{unknown}/{unknown}",
        ):
            said.add(await refusal(world, link))
        assert len(said) == 1, said
        assert "you or I may not read it" in said.pop()
        assert not world.sent("GET", f"/channels/{channel.id}/messages")

        world.discord_clock.advance(48 * 3600)
        address = posted.attachments[0].url.partition("://")[2].partition("/")[2]
        assert "expired" in await refusal(world, f"https://cdn.discordapp.com/{address}")
        assert not world.sent("GET", f"/channels/{channel.id}/messages")


async def refusal(world: BotWorld, link: str) -> str:
    """Give a link in another channel; return what Mia alone is told."""
    view = await world.actor.slash("Mia", "showcase", "luma modify", {"prompt": "warm", "link": link})
    assert view.message is not None
    assert view.message.ephemeral
    assert await world.jobs() == []
    return view.message.content


async def test_a_message_link_takes_the_video_that_discord_shows_under_the_message(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path) as world:
        world.server.world.application.message_content_granted = True
        posted = await world.actor.post("Noah", "edits", "https://clips.example/v.mp4")
        message = world.server.world.find_message(posted.id)
        for shown, taken in (("http://10.0.0.1/v.mp4", False), ("https://clips.example/v.mp4", True)):
            message.embeds = [{"type": "video", "url": shown, "video": {"url": shown}}]
            guild = next(iter(world.server.world.guilds))
            link = f"https://discord.com/channels/{guild}/{posted.channel_id}/{posted.id}"
            await world.actor.slash("Mia", "edits", "luma modify", {"prompt": "warm", "link": link})
            jobs = await world.jobs()
            assert [job.request.clip.url for job in jobs if job.request.clip] == ([shown] if taken else [])
