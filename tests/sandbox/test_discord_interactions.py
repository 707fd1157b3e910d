"""The rules of interactions: three seconds, fifteen minutes, one first answer, the right kind of it."""

from typing import Any

from sandbox.discord.interactions import AUTOCOMPLETE, COMPONENT, MODAL
from sandbox.discord.model import MIB
from tests.sandbox.discord_bot import BareBot, advance, bare_bot


async def test_the_first_answer_has_three_seconds() -> None:
    async with bare_bot() as bot:
        just, late = bot.start(), bot.start()
        advance(bot.server, 2.9)
        assert (await bot.answer(just, 4, {"content": "a"}))[0] == 204
        advance(bot.server, 0.2)

        assert (await bot.answer(late, 5)) == (404, {"message": "Unknown interaction", "code": 10062})
        assert late.state == "failed"
        assert (await bot.call("POST", f"{bot.hook(late)}?wait=true", {"content": "a"}))[1]["code"] == 10015


async def test_there_is_one_first_answer() -> None:
    async with bare_bot() as bot:
        interaction = bot.start()
        assert (await bot.answer(interaction, 5))[0] == 204
        assert (await bot.answer(interaction, 4, {"content": "a"}))[1]["code"] == 40060
        stranger = f"/interactions/{interaction.id}/nonsense/callback"
        assert (await bot.call("POST", stranger, {"type": 5}))[1]["code"] == 10062


async def test_the_token_lives_fifteen_minutes() -> None:
    async with bare_bot() as bot:
        interaction = bot.start()
        await bot.answer(interaction, 5)
        original = bot.hook(interaction, "/messages/@original")
        advance(bot.server, 899)
        assert (await bot.call("PATCH", original, {"content": "in time"}))[0] == 200
        advance(bot.server, 2)

        for method, path in (("GET", original), ("PATCH", original), ("POST", bot.hook(interaction))):
            assert (await bot.call(method, path, {"content": "late"}))[1]["code"] == 50027
        assert bot.server.actor.messages("Mia", "edits")[-1].content == "in time"


async def test_each_kind_of_interaction_takes_its_own_answers() -> None:
    async with bare_bot() as bot:
        message = await bot.post()
        source = bot.server.world.find_message(int(message["id"]))
        allowed = {
            (2, 4),
            (2, 5),
            (2, 9),
            (3, 4),
            (3, 5),
            (3, 6),
            (3, 7),
            (3, 9),
            (4, 8),
            (5, 4),
            (5, 5),
            (5, 6),
            (5, 7),
        }
        form: dict[str, Any] = {"custom_id": "f", "title": "F", "components": [{"type": 10, "content": "a"}]}
        for kind in (2, COMPONENT, AUTOCOMPLETE, MODAL):
            for callback in (1, 4, 5, 6, 7, 8, 9, 12):
                started = bot.start(kind, source if kind in (COMPONENT, MODAL) else None)
                data: dict[int, Any] = {9: form, 8: {"choices": []}}
                status = (await bot.answer(started, callback, data.get(callback, {"content": "a"})))[0]
                assert (status == 204) == ((kind, callback) in allowed), (kind, callback)


async def test_a_deferred_answer_is_filled_by_an_edit() -> None:
    async with bare_bot() as bot:
        interaction = bot.start()
        status, answer = await bot.answer(interaction, 5, query="?with_response=true")
        waiting = bot.server.actor.interaction(interaction.id)
        about = answer["interaction"]

        assert (status, about["response_message_loading"], "resource" in answer) == (200, True, False)
        assert waiting.state == "deferred"
        assert waiting.message is not None
        assert waiting.message.loading
        edited = (await bot.call("PATCH", bot.hook(interaction, "/messages/@original"), {"content": "done"}))[1]
        assert (edited["id"], edited["flags"], edited["content"]) == (about["response_message_id"], 0, "done")
        assert bot.server.actor.interaction(interaction.id).state == "answered"


async def test_the_first_followup_fills_a_deferred_answer_and_later_ones_are_new() -> None:
    async with bare_bot() as bot:
        interaction = bot.start()
        await bot.answer(interaction, 5, {"flags": 64})
        first = (await bot.call("POST", f"{bot.hook(interaction)}?wait=true", {"content": "one"}))[1]
        second = (await bot.call("POST", f"{bot.hook(interaction)}?wait=true", {"content": "two"}))[1]
        silent = await bot.call("POST", bot.hook(interaction), {"content": "three"})
        view = bot.server.actor.interaction(interaction.id)

        assert view.message is not None
        assert (first["id"], view.message.ephemeral) == (str(view.message.id), True)
        assert [one.content for one in view.followups] == ["two", "three"]
        assert silent == (204, None)
        path = bot.hook(interaction, f"/messages/{second['id']}")
        assert (await bot.call("PATCH", path, {"content": "2"}))[1]["content"] == "2"
        assert (await bot.call("DELETE", path))[0] == 204
        assert (await bot.call("GET", path))[1]["code"] == 10008


async def test_an_ephemeral_answer_is_seen_by_one_person_and_by_no_channel_request() -> None:
    async with bare_bot() as bot:
        interaction = bot.start(who="Mia")
        _, answer = await bot.answer(interaction, 4, {"content": "psst", "flags": 64}, "?with_response=1")
        path = f"{bot.messages_path('edits')}/{answer['resource']['message']['id']}"

        assert answer["interaction"]["response_message_ephemeral"]
        assert [one.content for one in bot.server.actor.messages("Mia", "edits")] == ["psst"]
        assert bot.server.actor.messages("Noah", "edits") == []
        for method in ("GET", "PATCH", "DELETE"):
            assert (await bot.call(method, path, {"content": "a"}))[1]["code"] == 10008
        assert (await bot.call("POST", f"{path}/threads", {"name": "a"}))[1]["code"] == 10008
        assert (await bot.call("GET", bot.messages_path("edits")))[1] == []
        assert (await bot.call("DELETE", bot.hook(interaction, "/messages/@original")))[0] == 204
        assert bot.server.actor.messages("Mia", "edits") == []


async def test_a_press_can_change_the_message_it_came_from() -> None:
    async with bare_bot() as bot:
        message = await bot.post()
        source = bot.server.world.find_message(int(message["id"]))
        press = bot.start(COMPONENT, source)
        _, answer = await bot.answer(press, 7, {"content": "changed"}, "?with_response=1")
        later = bot.start(COMPONENT, source)
        await bot.answer(later, 6)

        assert (answer["resource"]["type"], answer["resource"]["message"]["content"]) == (7, "changed")
        edited = await bot.call("PATCH", bot.hook(later, "/messages/@original"), {"content": "again"})
        assert (edited[1]["id"], edited[1]["content"]) == (message["id"], "again")


async def upload(bot: BareBot, size: int) -> int:
    interaction = bot.start()
    await bot.answer(interaction, 5)
    path = bot.hook(interaction, "/messages/@original")
    return (await bot.call("PATCH", path, {"content": "a"}, {"a.mp4": bytes(size)}))[0]


async def test_an_answer_may_be_as_large_as_the_members_own_limit() -> None:
    async with bare_bot() as bot:
        assert await upload(bot, 10 * MIB + 1) == 413
        bot.server.world.find_user("Mia").upload_limit_bytes = 50 * MIB
        assert await upload(bot, 10 * MIB + 1) == 200


async def test_an_unanswered_interaction_has_no_original() -> None:
    async with bare_bot() as bot:
        interaction = bot.start()
        original = bot.hook(interaction, "/messages/@original")
        assert (await bot.call("GET", original))[1]["code"] == 10015
        await bot.answer(interaction, 9, {"custom_id": "f", "title": "F", "components": [{"type": 10, "content": "a"}]})
        assert (await bot.call("GET", original))[1]["code"] == 10008
        assert (await bot.call("GET", bot.hook(interaction)))[1]["type"] == 3
        assert (await bot.call("GET", bot.hook(interaction).replace("webhooks/", "webhooks/9")))[1]["code"] == 10015
