"""Whatever is sent, the local Discord answers as Discord would and never breaks."""

import logging
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.discord.model import PRIVATE_THREAD
from tests.sandbox.discord_bot import BareBot, bare_bot

FIELDS = st.sampled_from(
    [
        "content",
        "embeds",
        "components",
        "attachments",
        "flags",
        "type",
        "data",
        "name",
        "options",
        "id",
        "message",
        "allowed_mentions",
        "message_reference",
        "users",
        "archived",
        "applied_tags",
        "message_id",
        "custom_id",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4))
BODIES = st.dictionaries(FIELDS, VALUES, max_size=5) | VALUES


async def send_everywhere(bot: BareBot, body: Any) -> None:
    app, edits = bot.server.world.application.id, bot.channel("edits").id
    message = await bot.post()
    interaction = bot.start()
    for method, path in (
        ("POST", f"/channels/{edits}/messages"),
        ("PATCH", f"/channels/{edits}/messages/{message['id']}"),
        ("POST", f"/channels/{edits}/messages/{message['id']}/threads"),
        ("POST", f"/channels/{bot.channel('clip-help').id}/threads"),
        ("PATCH", f"/channels/{edits}"),
        ("PUT", f"/applications/{app}/commands"),
        ("POST", "/users/@me/channels"),
        ("PATCH", f"/guilds/{bot.channel('edits').guild_id}/members/{bot.server.world.bot_id}"),
        ("POST", f"/interactions/{interaction.id}/{interaction.token}/callback"),
        ("POST", bot.hook(interaction)),
        ("PATCH", bot.hook(interaction, "/messages/@original")),
    ):
        status, _ = await bot.call(method, path, body)
        assert status < 500, (method, path, body)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(BODIES)
async def test_no_body_breaks_it(body: Any) -> None:
    logging.getLogger("sandbox.discord.rest").setLevel(logging.CRITICAL)
    async with bare_bot() as bot:
        await send_everywhere(bot, body)
        assert (await bot.call("GET", bot.messages_path("edits")))[0] == 200
        bot.server.actor.messages("Mia", "edits")


async def test_nothing_is_half_changed_by_a_refused_edit() -> None:
    async with bare_bot() as bot:
        message = await bot.post(content="stays")
        path = f"{bot.messages_path('edits')}/{message['id']}"
        for body in ({"content": "new", "embeds": [{"description": "a" * 6001}]}, {"content": "new", "components": 5}):
            assert (await bot.call("PATCH", path, body))[0] == 400
        too_big = await bot.call("PATCH", path, {"content": "new"}, {"a.mp4": bytes(11 << 20)})
        assert too_big[0] == 413
        assert bot.server.actor.message("Mia", int(message["id"])).content == "stays"


async def test_a_press_on_a_message_that_is_gone() -> None:
    async with bare_bot() as bot:
        message = await bot.post()
        source = bot.server.world.find_message(int(message["id"]))
        press, other = bot.start(3, source), bot.start(3, source)
        bot.server.world.delete_message(source)
        assert (await bot.answer(press, 7, {"content": "a"}))[1]["code"] == 10008
        bot.server.world.delete_channel(bot.channel("edits"))
        assert (await bot.answer(other, 4, {"content": "a"}))[1]["code"] == 10003


async def test_an_answer_in_a_thread_that_was_locked_meanwhile() -> None:
    async with bare_bot() as bot:
        post = await bot.server.actor.start_post("Mia", "clip-help", "How?", "text")
        thread = bot.server.world.channels[post.id]
        source = bot.server.world.find_message(post.id)
        early, late = bot.start(3, source), bot.start(3, source)
        await bot.answer(early, 5)
        assert thread.thread
        thread.thread.locked = thread.thread.archived = True
        assert (await bot.answer(late, 4, {"content": "a"}))[1]["code"] == 50083
        edit = await bot.call("PATCH", bot.hook(early, "/messages/@original"), {"content": "a"})
        assert edit[1]["code"] == 50083


async def test_a_private_thread_is_for_its_members() -> None:
    async with bare_bot(permissions=(1 << 41) - 1 & ~8) as bot:
        body = {"name": "secret", "type": PRIVATE_THREAD}
        thread = (await bot.call("POST", f"/channels/{bot.channel('edits').id}/threads", body))[1]
        mia = bot.server.world.find_user("Mia")
        assert bot.server.actor.threads("Mia", "edits") == []
        assert (await bot.call("PUT", f"/channels/{thread['id']}/thread-members/{mia.id}"))[0] == 204
        assert [one.name for one in bot.server.actor.threads("Mia", "edits")] == ["secret"]
        assert [one.name for one in bot.server.actor.threads("Robin", "edits")] == ["secret"]


async def test_cloudflares_page_comes_without_via() -> None:
    async with bare_bot() as bot:
        bot.server.faults.add("GET", "/users/@me", status=429, html=True)
        async with bot.request("GET", "/users/@me") as answer:
            assert (answer.status, answer.content_type, "Via" in answer.headers) == (429, "text/html", False)
