"""What members can do and see: forms, menus, posts, and what Discord's client keeps them from."""

import asyncio
from typing import Any

import pytest

from sandbox.discord import permissions as can
from sandbox.discord.clock import ManualClock
from sandbox.discord.default_world import build_world
from sandbox.discord.errors import RefusedError
from sandbox.discord.model import Overwrite
from tests.sandbox.discord_bot import BareBot, advance, bare_bot

FIELDS: list[dict[str, Any]] = [
    {"type": 10, "content": "Please"},
    {"type": 1, "components": [{"type": 4, "style": 1, "label": "Old", "custom_id": "old", "required": False}]},
]
INPUTS: dict[str, dict[str, Any]] = {
    "text": {"type": 4, "style": 2, "min_length": 2, "max_length": 5, "value": "abc"},
    "pick": {"type": 3, "options": [{"label": "A", "value": "a", "default": True}, {"label": "B", "value": "b"}]},
    "who": {"type": 5, "required": False},
    "radio": {"type": 21, "options": [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}]},
    "boxes": {"type": 22, "required": False, "options": [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}]},
    "box": {"type": 23},
    "file": {"type": 19, "max_values": 2, "required": False},
}
for name, component in INPUTS.items():
    FIELDS.append({"type": 18, "label": name, "component": component | {"custom_id": name}})


async def open_form(bot: BareBot) -> int:
    interaction = bot.start()
    await bot.answer(interaction, 9, {"custom_id": "form", "title": "Form", "components": FIELDS})
    return interaction.id


async def test_a_form_is_sent_with_every_kind_of_field() -> None:
    async with bare_bot() as bot:
        noah = bot.server.world.find_user("Noah")
        values: dict[str, Any] = {"text": "abcd", "who": [str(noah.id)], "radio": "b", "boxes": ["a", "b"], "box": True}
        files: dict[str, Any] = {"file": [("a.mp4", b"1"), ("b.mp4", b"22")]}
        submit = bot.server.actor.submit_modal(await open_form(bot), values, files)
        interaction, task = await bot.catch(submit)
        await bot.answer(interaction, 4, {"content": "thanks"})
        view = await task
        sent = {}
        for one in interaction.data["components"]:
            inner = one.get("component") or (one.get("components") or [one])[0]
            sent[inner.get("custom_id")] = inner.get("value", inner.get("values"))

        assert view.state == "answered"
        assert interaction.kind == 5
        assert {key: sent[key] for key in ("old", "text", "pick", "radio", "box")} == {
            "old": "",
            "text": "abcd",
            "pick": ["a"],
            "radio": "b",
            "box": True,
        }
        assert (sent["who"], sent["boxes"]) == ([str(noah.id)], ["a", "b"])
        resolved = interaction.data["resolved"]
        assert [resolved["attachments"][one]["size"] for one in sent["file"]] == [1, 2]
        assert str(noah.id) in resolved["users"]


async def test_a_form_that_is_not_complete_stays_open() -> None:
    async with bare_bot() as bot:
        form = await open_form(bot)
        bad: list[dict[str, Any]] = [
            {},
            {"radio": "c"},
            {"radio": "a", "text": "a"},
            {"radio": "a", "text": "abcdef"},
            {"radio": "a", "text": ""},
            {"radio": "a", "pick": ["c"]},
            {"radio": "a", "pick": ["a", "b"]},
            {"radio": "a", "nothing": "b"},
        ]
        for values in bad:
            with pytest.raises(RefusedError):
                await bot.server.actor.submit_modal(form, values)
        with pytest.raises(RefusedError):
            await bot.server.actor.submit_modal(form, {"radio": "a"}, {"file": [("a", b"1")] * 3})
        with pytest.raises(RefusedError):
            await bot.server.actor.submit_modal(bot.start().id, {})


async def test_buttons_and_menus_that_cannot_be_used() -> None:
    async with bare_bot() as bot:
        options = [{"label": "A", "value": "a"}]
        rows = [
            {"type": 1, "components": [{"type": 2, "style": 1, "label": "a", "custom_id": "off", "disabled": True}]},
            {"type": 1, "components": [{"type": 3, "custom_id": "menu", "options": options}]},
        ]
        message_id = int((await bot.post(components=rows))["id"])
        actor = bot.server.actor
        with pytest.raises(RefusedError, match="disabled"):
            await actor.press("Mia", message_id, "off")
        for custom_id in ("menu", "nothing"):
            with pytest.raises(RefusedError):
                await actor.press("Mia", message_id, custom_id)
        for values in ([], ["b"], ["a", "a"]):
            with pytest.raises(RefusedError):
                await actor.select("Mia", message_id, "menu", values)


async def test_nobody_answers_a_bot_that_is_not_there() -> None:
    async with bare_bot() as bot:
        row = {"type": 1, "components": [{"type": 2, "style": 1, "label": "a", "custom_id": "b"}]}
        message = await bot.post(components=[row])
        interaction, task = await bot.catch(bot.server.actor.press("Mia", int(message["id"]), "b"))
        bot.server.parts.interactions.fail(interaction)
        assert (await task).state == "failed"


async def test_members_meet_the_same_walls() -> None:
    async with bare_bot() as bot:
        actor, world = bot.server.actor, bot.server.world
        message = await bot.post()
        with pytest.raises(RefusedError):
            await actor.post("Mia", "mods", "a")
        with pytest.raises(RefusedError):
            await actor.delete_message("Mia", int(message["id"]))
        with pytest.raises(RefusedError):
            await actor.edit_message("Mia", int(message["id"]), "a")
        with pytest.raises(RefusedError, match="too powerful"):
            await actor.post("Mia", "edits", "a", [("a.mp4", bytes(11 << 20))])
        with pytest.raises(LookupError):
            actor.message("Mia", (await actor.post("Robin", "mods", "hidden")).id)
        await actor.delete_message("Robin", int(message["id"]))
        guild = next(iter(world.guilds.values()))
        guild.members[world.find_user("Mia").id].timeout_until = world.clock.now() + 60
        with pytest.raises(RefusedError):
            await actor.post("Mia", "edits", "a")
        advance(bot.server, 61)
        assert (await actor.post("Mia", "edits", "a", reply_to=None)).content == "a"


async def test_everybody_sees_their_own_channels() -> None:
    async with bare_bot() as bot:
        actor = bot.server.actor
        assert [one.name for one in actor.channels("Mia")] == ["edits", "showcase", "clip-help"]
        assert [one.name for one in actor.channels("Robin")] == ["edits", "showcase", "clip-help", "mods"]
        assert {one.name: one.roles for one in actor.people()}["Mia"] == ("Creator", "Member")
        assert [one.name for one in actor.people() if one.is_bot] == ["Luma"]


async def test_a_wait_ends_with_the_change_it_waits_for() -> None:
    async with bare_bot() as bot:
        waiting = asyncio.create_task(bot.server.actor.wait_for(lambda: bot.server.actor.messages("Mia", "edits")))
        await bot.post(content="now")
        assert [one.content for one in await waiting] == ["now"]
        with pytest.raises(TimeoutError):
            await bot.server.actor.wait_for(lambda: None, timeout=0.01)


def test_permissions_add_up_as_discord_computes_them() -> None:
    world = build_world(ManualClock())
    guild = next(iter(world.guilds.values()))
    edits = world.find_channel("edits")
    mia, ada, bot = world.find_user("Mia"), world.find_user("Ada"), world.application.bot
    roles = {role.name: role for role in guild.roles.values()}

    assert world.permissions_in(bot, edits) == can.BOT_PERMS
    assert world.permissions_in(ada, edits) == can.ALL
    assert world.permissions_in(bot, world.find_channel("mods")) == 0
    everyone = Overwrite(guild.id, 0, deny=can.SEND_MESSAGES)
    creator = Overwrite(roles["Creator"].id, 0, allow=can.SEND_MESSAGES)
    edits.overwrites = [everyone, creator]
    assert world.permissions_in(mia, edits) & can.SEND_MESSAGES
    edits.overwrites.append(Overwrite(mia.id, 1, deny=can.SEND_MESSAGES))
    bits = world.permissions_in(mia, edits)
    assert not bits & (can.SEND_MESSAGES | can.ATTACH_FILES | can.EMBED_LINKS)
    assert bits & can.SEND_MESSAGES_IN_THREADS
    edits.overwrites = [Overwrite(mia.id, 1, deny=can.VIEW_CHANNEL)]
    assert world.permissions_in(mia, edits) == 0
    assert world.permissions_in(world.add_user("Stranger"), edits) == 0


async def test_moderation_needs_the_permission_and_the_higher_role() -> None:
    async with bare_bot(permissions=can.BOT_PERMS | can.MODERATE_MEMBERS) as bot:
        world = bot.server.world
        guild = next(iter(world.guilds.values()))
        until = {"communication_disabled_until": "2026-09-22T00:00:00+00:00"}

        async def code(who: str, body: Any) -> Any:
            answer = await bot.call("PATCH", f"/guilds/{guild.id}/members/{world.find_user(who).id}", body)
            return answer[1].get("code")

        assert await code("Noah", until) is None
        assert guild.members[world.find_user("Noah").id].timeout_until
        assert await code("Robin", until) == 50013
        assert await code("Noah", {"roles": []}) == 50013
        assert await code("Noah", {"communication_disabled_until": "2027-09-22T00:00:00+00:00"}) == 50035
        assert (await bot.call("DELETE", f"/guilds/{guild.id}/members/{world.find_user('Noah').id}"))[0] == 403
        assert (await bot.call("GET", f"/guilds/{guild.id}/members/5"))[1]["code"] == 10007
