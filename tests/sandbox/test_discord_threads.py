"""Threads and forum posts: where they can be, who may write, and what a closed one answers."""

from typing import Any

from sandbox.discord import permissions as can
from sandbox.discord.model import Channel
from tests.sandbox.discord_bot import BareBot, bare_bot


async def open_thread(bot: BareBot) -> tuple[dict[str, Any], Channel]:
    message = await bot.post()
    path = f"{bot.messages_path('edits')}/{message['id']}/threads"
    status, thread = await bot.call("POST", path, {"name": "My clip"})
    assert status == 201, thread
    return thread, bot.server.world.channels[int(thread["id"])]


async def test_a_thread_takes_its_messages_id_once() -> None:
    async with bare_bot() as bot:
        thread, _ = await open_thread(bot)
        message_path = f"{bot.messages_path('edits')}/{thread['id']}"

        assert (thread["type"], thread["parent_id"], thread["message_count"]) == (11, str(bot.channel("edits").id), 0)
        assert (await bot.call("GET", message_path))[1]["thread"]["id"] == thread["id"]
        assert (await bot.call("POST", f"{message_path}/threads", {"name": "again"}))[1]["code"] == 160004
        assert [view.name for view in bot.server.actor.threads("Mia", "edits")] == ["My clip"]
        first = bot.server.actor.messages("Mia", int(thread["id"]))[0]
        assert (first.kind, first.reply_to) == (21, int(thread["id"]))


async def test_threads_cannot_be_nested_nor_hang_where_they_cannot() -> None:
    async with bare_bot() as bot:
        thread, _ = await open_thread(bot)
        mia = bot.server.world.find_user("Mia")
        dm = (await bot.call("POST", "/users/@me/channels", {"recipient_id": str(mia.id)}))[1]
        message = await bot.post()
        for place in (thread["id"], dm["id"]):
            inner = (await bot.call("POST", f"/channels/{place}/messages", {"content": "a"}))[1]
            path = f"/channels/{place}/messages/{inner['id']}/threads"
            assert (await bot.call("POST", path, {"name": "inner"}))[1]["code"] == 50024
        path = f"{bot.messages_path('edits')}/{message['id']}/threads"
        for body in ({"name": ""}, {"name": "a" * 101}, {}, {"name": "a", "auto_archive_duration": 5}):
            assert (await bot.call("POST", path, body))[1]["code"] == 50035, body
        assert (await bot.call("POST", f"{bot.messages_path('edits')}/5/threads", {"name": "a"}))[1]["code"] == 10008
    async with bare_bot(permissions=can.BOT_PERMS & ~can.CREATE_PUBLIC_THREADS) as bot:
        message = await bot.post()
        path = f"{bot.messages_path('edits')}/{message['id']}/threads"
        assert (await bot.call("POST", path, {"name": "a"}))[1]["code"] == 50013


async def test_an_archived_thread_wakes_up_when_written_to() -> None:
    async with bare_bot() as bot:
        thread, state = await open_thread(bot)
        path = f"/channels/{thread['id']}"
        assert (await bot.call("PATCH", path, {"archived": True}))[1]["thread_metadata"]["archived"]
        assert (await bot.call("PATCH", path, {"name": "other"}))[1]["code"] == 50083
        message = (await bot.call("POST", f"{path}/messages", {"content": "wake"}))[1]

        assert state.thread
        assert not state.thread.archived
        state.thread.archived = True
        for method in ("PATCH", "DELETE"):
            answer = await bot.call(method, f"{path}/messages/{message['id']}", {"content": "b"})
            assert answer[1]["code"] == 50083


async def test_a_locked_thread_is_closed_to_all_but_its_keepers() -> None:
    async with bare_bot() as bot:
        thread, state = await open_thread(bot)
        path = f"/channels/{thread['id']}/messages"
        assert state.thread
        state.thread.locked = True

        assert (await bot.call("POST", path, {"content": "a"})) == (
            403,
            {"message": "Thread is locked", "code": 160005},
        )
        state.thread.archived = True
        assert (await bot.call("POST", path, {"content": "a"}))[1]["code"] == 50083
        assert (await bot.call("PATCH", f"/channels/{thread['id']}", {"archived": False}))[1]["code"] == 50013
        assert not bot.server.actor.threads("Mia", "edits")[0].can_post
        assert bot.server.actor.threads("Robin", "edits")[0].can_post
    async with bare_bot(permissions=can.BOT_PERMS | can.MANAGE_THREADS) as bot:
        thread, state = await open_thread(bot)
        assert state.thread
        state.thread.locked = True
        assert (await bot.call("POST", f"/channels/{thread['id']}/messages", {"content": "a"}))[0] == 200


async def test_writing_in_a_thread_needs_its_own_permission() -> None:
    async with bare_bot(permissions=can.BOT_PERMS & ~can.SEND_MESSAGES_IN_THREADS) as bot:
        thread, _ = await open_thread(bot)
        assert (await bot.call("POST", f"/channels/{thread['id']}/messages", {"content": "a"}))[1]["code"] == 50013
    async with bare_bot(permissions=can.BOT_PERMS & ~can.SEND_MESSAGES) as bot:
        post = await bot.server.actor.start_post("Mia", "clip-help", "How?", "text")
        assert (await bot.call("POST", f"/channels/{post.id}/messages", {"content": "a"}))[0] == 200


async def test_a_forum_post_begins_with_its_message() -> None:
    async with bare_bot() as bot:
        forum = bot.channel("clip-help")
        tag = next(iter(forum.tags))
        body = {"name": "Post", "applied_tags": [str(tag)], "message": {"content": "first"}}
        status, post = await bot.call("POST", f"/channels/{forum.id}/threads", body, {"a.mp4": b"1"})

        assert (status, post["message"]["id"], post["applied_tags"]) == (201, post["id"], [str(tag)])
        assert post["message"]["attachments"][0]["filename"] == "a.mp4"
        forum.requires_tag = True
        bare = body | {"applied_tags": []}
        assert (await bot.call("POST", f"/channels/{forum.id}/threads", bare))[1]["code"] == 40067
        first = f"/channels/{post['id']}/messages/{post['id']}/threads"
        assert (await bot.call("POST", first, {"name": "nested"}))[1]["code"] == 50024


async def test_a_deleted_thread_is_gone_and_its_message_stays() -> None:
    async with bare_bot() as bot:
        thread, state = await open_thread(bot)
        bot.server.world.delete_channel(state)

        assert (await bot.call("GET", f"/channels/{thread['id']}"))[1]["code"] == 10003
        assert (await bot.call("POST", f"/channels/{thread['id']}/messages", {"content": "a"}))[1]["code"] == 10003
        assert "thread" not in (await bot.call("GET", f"{bot.messages_path('edits')}/{thread['id']}"))[1]


async def test_threads_are_listed_by_state() -> None:
    async with bare_bot() as bot:
        first, state = await open_thread(bot)
        second, _ = await open_thread(bot)
        assert state.thread
        state.thread.archived = True
        guild_id, channel_id = bot.channel("edits").guild_id, bot.channel("edits").id

        active = (await bot.call("GET", f"/guilds/{guild_id}/threads/active"))[1]["threads"]
        archived = (await bot.call("GET", f"/channels/{channel_id}/threads/archived/public"))[1]["threads"]
        assert [one["id"] for one in active] == [second["id"]]
        assert [one["id"] for one in archived] == [first["id"]]
        assert (await bot.call("PUT", f"/channels/{second['id']}/thread-members/@me"))[0] == 204
        assert len((await bot.call("GET", f"/channels/{second['id']}/thread-members"))[1]) == 1
