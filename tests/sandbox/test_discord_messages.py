"""Messages over REST: what Discord does, and the codes it refuses with."""

from typing import Any

from sandbox.discord import permissions as can
from sandbox.discord.model import MIB, Overwrite
from tests.sandbox.discord_bot import advance, bare_bot


async def test_a_message_is_posted_read_changed_and_deleted() -> None:
    async with bare_bot() as bot:
        message = await bot.post(content="  one  ", embeds=[{"title": "card"}])
        path = f"{bot.messages_path('edits')}/{message['id']}"

        assert message["content"] == "one"
        assert (await bot.call("GET", path))[1]["embeds"] == [{"title": "card", "type": "rich"}]
        assert (await bot.call("PATCH", path, {"content": "two"}))[1]["edited_timestamp"]
        assert bot.server.actor.message("Mia", int(message["id"])).content == "two"
        assert (await bot.call("DELETE", path))[0] == 204
        assert (await bot.call("GET", path))[1]["code"] == 10008


async def test_pages_of_messages_are_cut_as_discord_cuts_them() -> None:
    async with bare_bot() as bot:
        ids = [(await bot.post(content=str(number)))["id"] for number in range(7)]
        path = bot.messages_path("edits")

        async def listed(query: str) -> list[int]:
            status, found = await bot.call("GET", f"{path}?{query}")
            assert status == 200
            return [int(message["content"]) for message in found]

        assert await listed("limit=3") == [6, 5, 4]
        assert await listed(f"before={ids[3]}&limit=2") == [2, 1]
        assert await listed(f"after={ids[3]}&limit=2") == [5, 4]
        assert await listed(f"around={ids[3]}&limit=3") == [4, 3, 2]
        assert (await bot.call("GET", f"{path}?limit=101"))[1]["code"] == 50035


async def test_a_repeated_nonce_returns_the_first_message_for_some_minutes() -> None:
    async with bare_bot() as bot:
        body: dict[str, Any] = {"content": "result", "nonce": "job-1", "enforce_nonce": True}
        first, again = await bot.post(**body), await bot.post(**body)
        other = await bot.post(**body | {"nonce": "job-2"})
        loose = await bot.post(**body | {"enforce_nonce": False})
        advance(bot.server, 600)
        late = await bot.post(**body)

        assert again["id"] == first["id"]
        assert again["nonce"] == "job-1"
        assert len({first["id"], other["id"], loose["id"], late["id"]}) == 4
        assert "nonce" not in (await bot.call("GET", f"{bot.messages_path('edits')}/{first['id']}"))[1]


async def test_what_discord_refuses_in_a_message() -> None:
    async with bare_bot() as bot:
        row = {"type": 1, "components": [{"type": 2, "style": 1, "label": "a", "custom_id": "x"}] * 2}
        text = {"type": 10, "content": "a"}
        refused: list[tuple[dict[str, object], int]] = [
            ({}, 50006),
            ({"content": "   "}, 50006),
            ({"content": "a" * 2001}, 50035),
            ({"embeds": [{"description": "a" * 4000}, {"description": "a" * 2001}]}, 50035),
            ({"components": [row]}, 50035),
            ({"components": [text]}, 50035),
            ({"components": [text], "flags": 1 << 15, "content": "both"}, 50035),
            ({"content": "a", "message_reference": {"message_id": "5"}}, 50035),
            ({"content": "a", "poll": {"question": {"text": "?"}}}, 50035),
        ]
        for body, code in refused:
            assert (await bot.call("POST", bot.messages_path("edits"), body))[1]["code"] == code, body


async def test_each_missing_permission_has_its_code() -> None:
    async with bare_bot() as bot:
        channel, bot_id = bot.channel("edits"), bot.server.world.bot_id
        path = bot.messages_path("edits")
        hers = bot.server.world.messages[channel.id]
        mia = await bot.server.actor.post("Mia", "edits", "hers")

        async def code(method: str, path: str, body: object = None, files: dict[str, bytes] | None = None) -> int:
            answer = (await bot.call(method, path, body, files))[1]
            return int(answer["code"]) if isinstance(answer, dict) and "code" in answer else 0

        assert await code("PATCH", f"{path}/{mia.id}", {"content": "mine"}) == 50005
        assert await code("DELETE", f"{path}/{mia.id}") == 50013
        assert await code("PUT", f"{path}/{mia.id}/reactions/%F0%9F%91%8D/@me") == 50013
        assert await code("POST", bot.messages_path("mods"), {"content": "a"}) == 50001
        assert await code("POST", bot.messages_path("clip-help"), {"content": "a"}) == 50008
        assert await code("POST", "/channels/99/messages", {"content": "a"}) == 10003
        channel.overwrites = [Overwrite(bot_id, 1, deny=can.ATTACH_FILES | can.EMBED_LINKS)]
        assert await code("POST", path, {"content": "a"}, {"a.txt": b"1"}) == 50013
        assert await code("POST", path, {"embeds": [{"title": "a"}]}) == 50013
        assert await code("POST", path, {"content": "a"}) == 0
        channel.overwrites = [Overwrite(bot_id, 1, deny=can.READ_MESSAGE_HISTORY)]
        assert (await bot.call("GET", path))[1] == []
        assert await code("GET", f"{path}/{mia.id}") == 50013
        channel.overwrites = [Overwrite(bot_id, 1, deny=can.SEND_MESSAGES)]
        assert await code("POST", path, {"content": "a"}) == 50013
        channel.overwrites = [Overwrite(bot_id, 1, deny=can.VIEW_CHANNEL)]
        assert await code("POST", path, {"content": "a"}) == 50001
        assert len(hers) == 2
        bot.server.world.delete_channel(channel)
        assert await code("POST", path, {"content": "a"}) == 10003


async def test_a_bot_that_was_kicked_has_no_access() -> None:
    async with bare_bot() as bot:
        world = bot.server.world
        world.remove_member(next(iter(world.guilds.values())), world.application.bot)

        assert (await bot.call("POST", bot.messages_path("edits"), {"content": "a"}))[1]["code"] == 50001
        assert (await bot.call("GET", f"/guilds/{bot.channel('edits').guild_id}"))[1]["code"] == 50001
        assert (await bot.call("GET", "/users/@me/guilds"))[1] == []


async def test_a_wrong_token_is_401() -> None:
    async with bare_bot() as bot:
        assert await bot.call("GET", "/users/@me", token="wrong") == (401, {"message": "401: Unauthorized", "code": 0})


async def test_the_upload_limit_follows_the_boost_tier() -> None:
    for tier, limit in ((0, 10 * MIB), (1, 10 * MIB), (2, 50 * MIB)):
        async with bare_bot(boost_tier=tier) as bot:
            path = bot.messages_path("edits")
            just = await bot.call("POST", path, {"content": "fits"}, {"a.mp4": bytes(limit)})
            over = await bot.call("POST", path, {"content": "does not"}, {"a.mp4": bytes(limit + 1)})

            assert just[0] == 200
            assert just[1]["attachments"][0]["size"] == limit
            assert over == (413, {"message": "Request entity too large", "code": 40005})
            assert len(list(bot.server.cdn.folder.iterdir())) == 1


async def test_attachments_are_named_kept_and_dropped_by_their_list() -> None:
    async with bare_bot() as bot:
        listed = [{"id": 0, "description": "first", "filename": "mein clip.mp4"}, {"id": 1}]
        files = {"a.mp4": b"1", "b.png": b"2"}
        _, message = await bot.call("POST", bot.messages_path("edits"), {"attachments": listed}, files)
        first, second = message["attachments"]
        path = f"{bot.messages_path('edits')}/{message['id']}"

        assert (first["filename"], first["description"], first["content_type"]) == (
            "mein_clip.mp4",
            "first",
            "video/mp4",
        )
        _, kept = await bot.call("PATCH", path, {"attachments": [{"id": second["id"]}, {"id": 0}]}, {"c.gif": b"3"})
        assert [one["filename"] for one in kept["attachments"]] == ["b.png", "c.gif"]
        assert (await bot.call("PATCH", path, {"content": "text"}))[1]["attachments"] == [
            one | {"url": one["url"], "proxy_url": one["proxy_url"]} for one in kept["attachments"]
        ]


async def test_only_allowed_mentions_ping() -> None:
    async with bare_bot() as bot:
        mia, noah = (bot.server.world.find_user(name) for name in ("Mia", "Noah"))
        content = f"<@{mia.id}> <@{noah.id}> @everyone"

        assert len((await bot.post(content=content))["mentions"]) == 2
        nobody = await bot.post(content=content, allowed_mentions={"parse": []})
        assert (nobody["mentions"], nobody["mention_everyone"]) == ([], False)
        one = await bot.post(content=content, allowed_mentions={"users": [str(mia.id)]})
        assert [user["id"] for user in one["mentions"]] == [str(mia.id)]
        assert bot.server.actor.message("Mia", int(one["id"])).pings_me


async def test_members_content_is_blank_without_the_privileged_intent() -> None:
    async with bare_bot() as bot:
        world, actor = bot.server.world, bot.server.actor
        view = await actor.post("Mia", "edits", "secret", [("a.mp4", b"1")])
        called = await actor.post("Mia", "edits", f"<@{world.bot_id}> hello")
        path = f"{bot.messages_path('edits')}/{view.id}"

        blank = (await bot.call("GET", path))[1]
        assert (blank["content"], blank["attachments"]) == ("", [])
        assert (await bot.call("GET", f"{bot.messages_path('edits')}/{called.id}"))[1]["content"].endswith("hello")
        world.application.message_content_granted = True
        assert (await bot.call("GET", path))[1]["content"] == "secret"


async def test_somebody_who_refuses_direct_messages_gives_50007() -> None:
    async with bare_bot() as bot:
        mia, noah = (bot.server.world.find_user(name) for name in ("Mia", "Noah"))
        noah.accepts_dms = False
        dm = (await bot.call("POST", "/users/@me/channels", {"recipient_id": str(mia.id)}))[1]
        shut = (await bot.call("POST", "/users/@me/channels", {"recipient_id": str(noah.id)}))[1]

        assert (await bot.call("POST", f"/channels/{dm['id']}/messages", {"content": "hi"}))[0] == 200
        assert (await bot.call("POST", f"/channels/{shut['id']}/messages", {"content": "hi"}))[1]["code"] == 50007
        assert [view.name for view in bot.server.actor.channels("Mia")][-1] == "Luma"


async def test_reactions_are_added_listed_and_removed() -> None:
    async with bare_bot(permissions=can.BOT_PERMS | can.ADD_REACTIONS) as bot:
        message = await bot.post()
        path = f"{bot.messages_path('edits')}/{message['id']}/reactions/%F0%9F%91%8D"
        assert (await bot.call("PUT", f"{path}/@me"))[0] == 204
        await bot.server.actor.react("Mia", int(message["id"]), "👍")

        assert [user["username"] for user in (await bot.call("GET", path))[1]] == ["Luma", "mia"]
        assert bot.server.actor.message("Mia", int(message["id"])).reactions == (("👍", 2),)
        assert (await bot.call("DELETE", f"{path}/@me"))[0] == 204
        assert len((await bot.call("GET", path))[1]) == 1


async def test_a_reply_shows_what_it_answers() -> None:
    async with bare_bot() as bot:
        first = await bot.post(content="first")
        reply = await bot.post(content="second", message_reference={"message_id": first["id"]})
        gone = {"message_id": "77", "fail_if_not_exists": False}

        assert (reply["type"], reply["referenced_message"]["id"]) == (19, first["id"])
        assert (await bot.post(content="third", message_reference=gone))["type"] == 0


async def test_broken_bodies_are_refused_and_nothing_is_kept() -> None:
    async with bare_bot() as bot:
        url = bot.server.api_url + bot.messages_path("edits")
        headers = {"Authorization": f"Bot {bot.server.token}", "Content-Type": "application/json"}
        for raw, code in ((b"{", 50109), (b"[" * 100_000, 50109)):
            async with bot.session.post(url, data=raw, headers=headers) as answer:
                assert (answer.status, (await answer.json())["code"]) == (400, code)
        assert (await bot.call("POST", bot.messages_path("edits"), [1]))[1]["code"] == 50035
        assert (await bot.call("GET", "/nowhere"))[0] == 404
        assert (await bot.call("PUT", "/users/@me"))[0] == 405
        assert list(bot.server.cdn.folder.iterdir()) == []
