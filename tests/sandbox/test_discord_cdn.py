"""Attachments: signed addresses that expire, ranges, safe names."""

import aiohttp
import yarl

from sandbox.discord.cdn import clean_filename
from tests.sandbox.discord_bot import BareBot, advance, bare_bot

COMMAND = {"name": "clip", "description": "a", "options": [{"type": 11, "name": "file", "description": "b"}]}


async def attach(bot: BareBot, data: bytes = b"0123456789", name: str = "clip.mp4") -> tuple[str, str]:
    """Post a file and return the message's path and the file's address."""
    _, message = await bot.call("POST", bot.messages_path("edits"), {"content": "a"}, {name: data})
    return f"{bot.messages_path('edits')}/{message['id']}", message["attachments"][0]["url"]


async def get(bot: BareBot, url: str, **headers: str) -> tuple[int, bytes, aiohttp.ClientResponse]:
    async with bot.session.get(yarl.URL(url, encoded=True), headers=headers) as answer:
        return answer.status, await answer.read(), answer


async def test_an_address_dies_after_a_day_and_a_new_one_is_given() -> None:
    async with bare_bot() as bot:
        path, url = await attach(bot)
        query = yarl.URL(url).query
        assert int(query["ex"], 16) - int(query["is"], 16) == 24 * 3600
        assert (await get(bot, url))[:2] == (200, b"0123456789")
        advance(bot.server, 24 * 3600)
        assert (await get(bot, url))[:2] == (404, b"This content is no longer available.")
        fresh = (await bot.call("GET", path))[1]["attachments"][0]["url"]
        assert (await get(bot, fresh))[0] == 200


async def test_an_altered_address_is_refused() -> None:
    async with bare_bot() as bot:
        _, url = await attach(bot)
        parsed = yarl.URL(url)
        later = parsed.update_query(ex=f"{int(parsed.query['ex'], 16) + 9999:x}")
        altered = [
            url.split("?")[0],
            str(later),
            str(parsed.update_query(hm="0" * 64)),
            str(parsed.update_query(ex="zz")),
            str(parsed.with_name("other.mp4").with_query(parsed.query)),
            url.replace("/attachments/", "/ephemeral-attachments/"),
        ]
        for address in altered:
            assert (await get(bot, address))[0] == 404, address


async def test_parts_of_a_file_can_be_asked_for() -> None:
    async with bare_bot() as bot:
        _, url = await attach(bot)
        status, data, answer = await get(bot, url, Range="bytes=2-4")

        assert (status, data, answer.headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")
        assert (await get(bot, url, Range="bytes=20-"))[0] == 416
        async with bot.session.head(yarl.URL(url, encoded=True)) as head:
            assert (head.status, head.headers["Content-Length"], head.content_type) == (200, "10", "video/mp4")


async def test_only_media_is_shown_in_place() -> None:
    async with bare_bot() as bot:
        _, page = await attach(bot, b"<script>", "page.html")
        _, _, answer = await get(bot, page)
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_members_option_is_an_ephemeral_attachment() -> None:
    async with bare_bot() as bot:
        await bot.register(COMMAND)
        slash = bot.server.actor.slash("Mia", "edits", "clip", files={"file": ("my clip.mp4", b"123")})
        interaction, task = await bot.catch(slash)
        await bot.answer(interaction, 5)
        await task
        attachment = next(iter(interaction.data["resolved"]["attachments"].values()))
        assert attachment["ephemeral"]
        assert "/ephemeral-attachments/" in attachment["url"]
        assert (await get(bot, attachment["url"]))[:2] == (200, b"123")


def test_names_are_made_safe() -> None:
    names = {
        "mein clip.mp4": "mein_clip.mp4",
        "../../etc/passwd": "passwd",
        "C:\\a\\b.mov": "b.mov",
        "a\r\nb\x00.mp4": "a_b_.mp4",
        "\u202egpj.mp4": "_gpj.mp4",
        "...": "unknown",
        "": "unknown",
        "😀.mp4": "_.mp4",
    }
    assert {name: clean_filename(name) for name in names} == names
