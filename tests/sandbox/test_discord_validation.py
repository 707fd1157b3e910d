"""The check against Discord's own OpenAPI document."""

from typing import Any

from sandbox.discord.rest import _TABLES
from sandbox.discord.uploads import Body
from sandbox.discord.validation import Validator
from tests.environment import need_openapi
from tests.sandbox.discord_bot import bare_bot


def button(**change: Any) -> dict[str, Any]:
    return {"type": 1, "components": [{"type": 2, "style": 1, "label": "a", "custom_id": "b"} | change]}


async def test_a_violation_is_answered_as_discord_would_and_kept() -> None:
    async with bare_bot(openapi=need_openapi()) as bot:
        path = bot.messages_path("edits")
        bad: list[tuple[dict[str, Any], str]] = [
            ({"content": "a", "colour": 1}, ""),
            ({"content": "a" * 2001}, "/content"),
            ({"content": "a", "components": [button(style=9)]}, "/components/0/components/0/style"),
            ({"content": "a", "components": [button(file_types=[])]}, "/components/0/components/0"),
            ({"content": "a", "components": [{"type": 99}]}, "/components/0/type"),
            ({"content": "a", "embeds": [{"title": "a" * 257}]}, "/embeds/0/title"),
            ({"content": "a", "nonce": "a" * 26}, "/nonce"),
            ({"content": "a", "allowed_mentions": {"parse": ["all"]}}, "/allowed_mentions/parse/0"),
        ]
        for body, pointer in bad:
            status, answer = await bot.call("POST", path, body)
            assert (status, answer["code"]) == (400, 50035), body
            assert bot.server.violations[-1].pointer == pointer, bot.server.violations[-1]
        assert (await bot.call("GET", f"{path}?limit=none"))[1]["code"] == 50035
        assert len(bot.server.violations) >= len(bad) + 1
        assert bot.server.answer_violations == []
        assert bot.server.actor.messages("Mia", "edits") == []


async def test_the_tree_of_errors_points_at_the_field() -> None:
    async with bare_bot(openapi=need_openapi()) as bot:
        answer = (await bot.call("POST", bot.messages_path("edits"), {"embeds": [{"title": "a" * 257}]}))[1]
        assert "_errors" in answer["errors"]["embeds"]["0"]["title"]


async def test_what_clients_really_send_is_accepted() -> None:
    async with bare_bot(openapi=need_openapi()) as bot:
        path = bot.messages_path("edits")
        good: list[dict[str, Any]] = [
            {"content": "a", "attachments": [], "tts": False, "nonce": "12", "enforce_nonce": True},
            {"content": "a", "nonce": 12, "flags": "4"},
            {"content": None, "embeds": [{"title": "a", "color": 5, "image": {"url": "attachment://a.png"}}]},
            {"content": "a", "components": [button(), button(custom_id="c", emoji={"name": "👍"})]},
            {"components": [{"type": 17, "components": [{"type": 10, "content": "a"}]}], "flags": 1 << 15},
        ]
        for body in good:
            status, answer = await bot.call("POST", path, body)
            assert status == 200, answer
        files = {"a.mp4": b"1"}
        assert (await bot.call("POST", path, {"attachments": [{"id": 0, "filename": "a.mp4"}]}, files))[0] == 200
        await bot.register(
            {"name": "a", "description": "b", "nsfw": False, "default_member_permissions": 8, "type": 1},
            {"name": "Look", "type": 3, "contexts": [0], "integration_types": [0], "dm_permission": False},
        )
        assert (bot.server.violations, bot.server.answer_violations) == ([], [])


async def test_every_answer_of_ours_fits_the_document() -> None:
    async with bare_bot(openapi=need_openapi(), permissions=(1 << 41) - 1) as bot:
        world = bot.server.world
        guild = next(iter(world.guilds.values()))
        mia, noah = (world.find_user(name) for name in ("Mia", "Noah"))
        app, edits = world.application.id, bot.channel("edits").id
        await bot.register({"name": "a", "description": "b"})
        command = (await bot.call("GET", f"/applications/{app}/commands"))[1][0]
        message = await bot.post()
        reply = await bot.post(content="a", message_reference={"message_id": message["id"]})
        path = f"/channels/{edits}/messages/{message['id']}"
        await bot.call("PUT", f"{path}/reactions/%F0%9F%91%8D/@me")
        await bot.call("POST", f"{path}/threads", {"name": "t"})
        dm = (await bot.call("POST", "/users/@me/channels", {"recipient_id": str(mia.id)}))[1]
        forum = {"name": "p", "message": {"content": "m"}}
        press = bot.start(3, world.find_message(int(message["id"])))
        await bot.answer(press, 4, {"content": "a"}, "?with_response=true")
        calls: list[tuple[str, str, Any]] = [
            ("GET", path, None),
            ("GET", f"/channels/{edits}/messages", None),
            ("GET", f"{path}/reactions/%F0%9F%91%8D", None),
            ("GET", f"/channels/{edits}", None),
            ("GET", f"/channels/{dm['id']}", None),
            ("GET", f"/channels/{message['id']}", None),
            ("GET", f"/channels/{bot.channel('clip-help').id}", None),
            ("POST", f"/channels/{bot.channel('clip-help').id}/threads", forum),
            ("POST", f"/channels/{edits}/threads", {"name": "free", "type": 11}),
            ("PATCH", f"/channels/{edits}", {"topic": "new"}),
            ("PATCH", f"/channels/{message['id']}", {"archived": True}),
            ("GET", f"/channels/{edits}/threads/archived/public", None),
            ("PATCH", f"/channels/{message['id']}", {"archived": False}),
            ("PUT", f"/channels/{message['id']}/thread-members/@me", None),
            ("PUT", f"/channels/{message['id']}/thread-members/{mia.id}", None),
            ("GET", f"/channels/{message['id']}/thread-members", None),
            ("DELETE", f"/channels/{message['id']}/thread-members/@me", None),
            ("GET", f"/guilds/{guild.id}", None),
            ("GET", f"/guilds/{guild.id}?with_counts=true", None),
            ("GET", f"/guilds/{guild.id}/channels", None),
            ("GET", f"/guilds/{guild.id}/roles", None),
            ("GET", f"/guilds/{guild.id}/members?limit=10", None),
            ("GET", f"/guilds/{guild.id}/members/search?query=m&limit=5", None),
            ("GET", f"/guilds/{guild.id}/members/{mia.id}", None),
            ("GET", f"/guilds/{guild.id}/threads/active", None),
            ("PATCH", f"/guilds/{guild.id}/members/{noah.id}", {"communication_disabled_until": None}),
            ("PUT", f"/guilds/{guild.id}/bans/{noah.id}", {}),
            ("GET", f"/guilds/{guild.id}/bans/{noah.id}", None),
            ("DELETE", f"/guilds/{guild.id}/bans/{noah.id}", None),
            ("DELETE", f"/guilds/{guild.id}/members/{mia.id}", None),
            ("GET", "/users/@me", None),
            ("GET", "/users/@me/guilds", None),
            ("GET", f"/users/{mia.id}", None),
            ("GET", "/applications/@me", None),
            ("GET", "/oauth2/applications/@me", None),
            ("GET", "/gateway", None),
            ("GET", "/gateway/bot", None),
            ("PATCH", f"/applications/{app}/commands/{command['id']}", {"description": "c"}),
            ("GET", f"/applications/{app}/commands/{command['id']}", None),
            ("POST", f"/applications/{app}/commands", {"name": "z", "description": "y"}),
            ("PUT", f"/applications/{app}/guilds/{guild.id}/commands", [{"name": "g", "description": "y"}]),
            ("GET", f"/applications/{app}/guilds/{guild.id}/commands", None),
            ("DELETE", f"/applications/{app}/commands/{command['id']}", None),
            ("GET", bot.hook(press, "/messages/@original"), None),
            ("PATCH", bot.hook(press, "/messages/@original"), {"content": "b"}),
            ("POST", f"{bot.hook(press)}?wait=true", {"content": "c"}),
            ("DELETE", bot.hook(press, "/messages/@original"), None),
            ("POST", f"/channels/{edits}/typing", None),
            ("DELETE", f"{path}/reactions/%F0%9F%91%8D/@me", None),
            ("DELETE", f"{path}/reactions", None),
            ("POST", f"/channels/{edits}/messages/bulk-delete", {"messages": [message["id"], reply["id"]]}),
            ("DELETE", f"/channels/{message['id']}", None),
        ]
        for method, where, body in calls:
            status, answer = await bot.call(method, where, body)
            assert status in (200, 201, 204), (method, where, answer)
        assert bot.server.violations == []
        assert bot.server.answer_violations == []


def test_every_route_of_ours_is_in_the_document_and_compiles() -> None:
    validator = Validator(need_openapi())
    for table in _TABLES:
        for route in table.routes:
            operation = validator._operation(route.method, route.template)
            assert operation is not None, route.template
            validator._request_schema(route.method, route.template, operation)
            for status in ("200", "201"):
                validator._answer_schema(route.method, route.template, operation, int(status))
    validator.check_request("POST", "/nowhere", {}, Body())
    assert validator.violations == []
