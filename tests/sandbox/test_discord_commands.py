"""Commands: registering, who sees them where, and what members may type."""

from typing import Any

import pytest

from sandbox.discord import permissions as can
from sandbox.discord.errors import RefusedError
from sandbox.discord.model import Overwrite
from tests.sandbox.discord_bot import BareBot, bare_bot

MODIFY: dict[str, Any] = {
    "name": "modify",
    "description": "Edit",
    "type": 1,
    "options": [
        {"type": 3, "name": "prompt", "description": "p", "required": True, "min_length": 2, "max_length": 5},
        {"type": 4, "name": "count", "description": "c", "min_value": 1, "max_value": 3},
        {"type": 10, "name": "strength", "description": "s"},
        {"type": 5, "name": "private", "description": "p"},
        {"type": 3, "name": "style", "description": "s", "autocomplete": True},
        {"type": 3, "name": "mode", "description": "m", "choices": [{"name": "Soft", "value": "soft"}]},
        {"type": 6, "name": "who", "description": "w"},
        {"type": 7, "name": "where", "description": "w"},
        {"type": 8, "name": "rank", "description": "r"},
        {"type": 9, "name": "any", "description": "a"},
        {"type": 11, "name": "clip", "description": "c"},
    ],
}
GROUPS: dict[str, Any] = {
    "name": "luma",
    "description": "Luma",
    "options": [
        MODIFY,
        {"type": 2, "name": "job", "description": "j", "options": [{"type": 1, "name": "show", "description": "s"}]},
    ],
}


async def test_commands_keep_their_id_while_they_keep_their_name() -> None:
    async with bare_bot() as bot:
        first = await bot.register({"name": "a", "description": "b"}, {"name": "c", "description": "d"})
        second = await bot.register({"name": "c", "description": "new"})

        assert [one["id"] for one in second] == [first[1]["id"]]
        assert second[0]["version"] != first[1]["version"]


async def test_what_discord_refuses_in_a_command() -> None:
    async with bare_bot() as bot:
        path = f"/applications/{bot.server.world.application.id}/commands"
        option = {"type": 3, "name": "a", "description": "b"}
        bad: list[list[dict[str, Any]]] = [
            [{"name": "Upper", "description": "a"}],
            [{"name": "two words", "description": "a"}],
            [{"name": "a"}],
            [{"name": "a", "description": "b"}] * 2,
            [{"name": "a", "description": "b", "options": [option, option]}],
            [{"name": "a", "description": "b", "options": [option, option | {"name": "c", "required": True}]}],
            [{"name": f"a{number}", "description": "b"} for number in range(101)],
            [{"name": f"Menu {number}", "type": 3} for number in range(16)],
            [{"name": "Menu", "type": 3, "description": "not allowed"}],
            [{"name": "a", "description": "b", "name_localizations": {"de": "Zwei"}}],
            [{"name": "a", "description": "b", "name_localizations": {"zh-CN": "两个 词"}}],
            [{"name": "a", "description": "b", "description_localizations": {"de": "x" * 8001}}],
        ]
        for commands in bad:
            assert (await bot.call("PUT", path, commands))[0] == 400, commands[0]
        assert (await bot.call("PUT", "/applications/5/commands", []))[0] == 403
        assert (await bot.call("GET", path))[1] == []


def names(bot: BareBot, who: str, where: str = "edits") -> list[str]:
    return [view.name for view in bot.server.actor.commands(who, where)]


async def test_default_member_permissions_hide_a_command() -> None:
    async with bare_bot() as bot:
        await bot.register(
            {"name": "all", "description": "a"},
            {"name": "mod", "description": "b", "default_member_permissions": str(can.MODERATE_MEMBERS)},
            {"name": "admin", "description": "c", "default_member_permissions": "0"},
            {"name": "Modify", "type": 3},
        )
        assert names(bot, "Mia") == ["all", "Modify"]
        assert names(bot, "Robin") == ["all", "mod", "Modify"]
        assert names(bot, "Ada") == ["all", "mod", "admin", "Modify"]
        mia = bot.server.world.find_user("Mia")
        bot.channel("showcase").overwrites = [Overwrite(mia.id, 1, deny=can.USE_APPLICATION_COMMANDS)]
        assert names(bot, "Mia", "showcase") == []
        with pytest.raises(RefusedError):
            await bot.server.actor.slash("Mia", "edits", "mod")


async def test_contexts_and_guild_commands_decide_where() -> None:
    async with bare_bot() as bot:
        guild_id = bot.channel("edits").guild_id
        await bot.register(
            {"name": "both", "description": "global", "contexts": [0, 1]},
            {"name": "guild", "description": "b", "contexts": [0]},
        )
        path = f"/applications/{bot.server.world.application.id}/guilds/{guild_id}/commands"
        await bot.call("PUT", path, [{"name": "both", "description": "of the guild"}])
        dm = bot.server.world.open_dm(bot.server.world.find_user("Mia"))

        assert {one.name: one.description for one in bot.server.actor.commands("Mia", "edits")} == {
            "both": "of the guild",
            "guild": "b",
        }
        assert [one.description for one in bot.server.actor.commands("Mia", dm.id)] == ["global"]
        world = bot.server.world
        world.remove_member(world.guilds[guild_id or 0], world.application.bot)
        assert names(bot, "Mia") == []


async def test_every_kind_of_option_arrives_as_discord_sends_it() -> None:
    async with bare_bot() as bot:
        await bot.register(GROUPS)
        world = bot.server.world
        noah, role = world.find_user("Noah").id, next(iter(world.guilds.values())).id
        options: dict[str, Any] = {
            "prompt": "warm",
            "count": 2,
            "strength": 0.5,
            "private": True,
            "mode": "soft",
            "who": noah,
            "where": bot.channel("showcase").id,
            "rank": role,
            "any": noah,
        }
        files = {"clip": ("a.mp4", b"1")}
        interaction, task = await bot.catch(bot.server.actor.slash("Mia", "edits", "luma modify", options, files))
        await bot.answer(interaction, 5)
        await task
        inner = interaction.data["options"][0]
        given = {option["name"]: option["value"] for option in inner["options"]}
        resolved = interaction.data["resolved"]

        assert (interaction.data["name"], inner["name"], inner["type"]) == ("luma", "modify", 1)
        assert given["prompt"] == "warm"
        assert (given["count"], given["strength"], given["private"]) == (2, 0.5, True)
        assert given["who"] == given["any"] == str(noah)
        assert set(resolved) == {"users", "members", "channels", "roles", "attachments"}
        assert given["clip"] in resolved["attachments"]


async def test_a_command_in_a_group_is_nested_twice() -> None:
    async with bare_bot() as bot:
        await bot.register(GROUPS)
        interaction, task = await bot.catch(bot.server.actor.slash("Mia", "edits", "luma job show"))
        await bot.answer(interaction, 4, {"content": "a"})
        view = await task
        assert interaction.data["options"] == [
            {"name": "job", "type": 2, "options": [{"name": "show", "type": 1, "options": []}]}
        ]
        assert view.message is not None
        assert (view.state, view.message.command) == ("answered", "luma job show")


async def test_the_client_refuses_what_discords_would() -> None:
    async with bare_bot() as bot:
        await bot.register(GROUPS)
        bad: list[dict[str, Any]] = [
            {},
            {"prompt": "a"},
            {"prompt": "too long"},
            {"prompt": "warm", "count": 9},
            {"prompt": "warm", "count": "many"},
            {"prompt": "warm", "mode": "hard"},
            {"prompt": "warm", "who": 5},
            {"prompt": "warm", "rank": 5},
            {"prompt": "warm", "where": 5},
            {"prompt": "warm", "clip": "no file"},
            {"prompt": "warm", "unknown": 1},
        ]
        for options in bad:
            with pytest.raises(RefusedError):
                await bot.server.actor.slash("Mia", "edits", "luma modify", options)
        big = {"clip": ("a.mp4", bytes(11 << 20))}
        with pytest.raises(RefusedError, match=r"too powerful. Max file size: 10 MB"):
            await bot.server.actor.slash("Mia", "edits", "luma modify", {"prompt": "warm"}, big)
        with pytest.raises(RefusedError, match=r"too powerful. Max file size: 10 MB"):
            await bot.server.actor.post("Mia", "edits", "look", [big["clip"]])
        assert list(bot.server.cdn.folder.iterdir()) == []
        assert bot.server.exchanges[1:] == []


async def test_autocomplete_sends_what_stands_there_and_returns_choices() -> None:
    async with bare_bot() as bot:
        await bot.register(GROUPS)
        actor = bot.server.actor
        typing = actor.autocomplete("Mia", "edits", "luma modify", {"prompt": "warm", "style": "ci"}, "style")
        interaction, task = await bot.catch(typing)
        focused = [one for one in interaction.data["options"][0]["options"] if one.get("focused")]
        await bot.answer(interaction, 8, {"choices": [{"name": "Cinematic", "value": "cinematic"}]})
        assert [(one.name, one.value) for one in await task] == [("Cinematic", "cinematic")]
        assert focused == [{"name": "style", "type": 3, "value": "ci", "focused": True}]
        with pytest.raises(RefusedError):
            await actor.autocomplete("Mia", "edits", "luma modify", {}, "prompt")
