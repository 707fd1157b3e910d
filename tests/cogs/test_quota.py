"""See and steer quotas through the local Discord: members their own, moderators those of others."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.admin import SERVER, role, user
from jobs.job import State
from jobs.quota import Allowance, Period
from sandbox.discord.actor import RefusedError
from tests.bot.admin_world import (
    SOME,
    act_of,
    buttons_of,
    guild_of,
    member_id,
    press,
    role_id,
    run,
    say,
    text_of,
)
from tests.bot.world import BotWorld, open_bot_world
from tests.cogs.creations import deliver

DAY_SECONDS = 86_400


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path, defaults=SOME) as opened:
        yield opened


async def refused(world: BotWorld, user_name: str = "Mia", **options: str | bool) -> str:
    """Ask for an edit that is refused, and return what it says."""
    before = len(await world.jobs())
    view = await world.modify(user_name, **options)
    await world.settled()
    assert len(await world.jobs()) == before
    assert view.message is not None
    return view.message.content


class TestOwn:
    async def test_a_role_a_bonus_and_use_are_explained(self, world: BotWorld) -> None:
        creator = role_id(world, "Creator")
        await world.admin.settings.set_allowance(act_of(world), role(creator), Allowance(15))
        ends_ms = world.clock.now_ms() + 3 * DAY_SECONDS * 1000
        await world.admin.settings.grant_bonus(act_of(world), member_id(world, "Mia"), 5, ends_ms)
        await world.modify()
        text = await say(world, "Mia", "luma quota")
        assert f"15 a day from <@&{creator}>, +5 until <t:{ends_ms // 1000}:R>; 1 used; 1 of them still open." in text
        assert "Left: 19" in text

    async def test_a_member_who_hits_the_limit_reads_why_and_when(self, world: BotWorld) -> None:
        first_ms = world.clock.now_ms()
        await world.modify()
        await world.modify(prompt="another")
        text = await refused(world, prompt="a third")
        free = f"<t:{(first_ms + DAY_SECONDS * 1000) // 1000}:R>"
        assert text.startswith("You have no edits left (2 a day by default; 2 used; 2 of them still open")
        assert free in text
        assert "Nothing was counted" in text
        assert free in await say(world, "Mia", "luma quota")

    async def test_a_failed_edit_is_given_back(self, world: BotWorld) -> None:
        for prompt in ("one", "two"):
            await world.modify(prompt=prompt)
        job = await world.finish((await world.jobs())[0])
        await world.put(job, state=State.FAILED)
        await world.modify(prompt="three")
        assert len(await world.jobs()) == 3

    async def test_the_servers_budget_is_named(self, world: BotWorld) -> None:
        await world.admin.settings.set_budget(act_of(world), Period.DAY, 1)
        await world.modify("Noah")
        assert "all of its 1 edits a day" in await refused(world)
        assert "1 of 1 in a day" in await say(world, "Mia", "luma quota")

    async def test_a_pause_and_a_block_are_told(self, world: BotWorld) -> None:
        await world.admin.settings.block(act_of(world, reason="spam *and* more"), member_id(world, "Mia"), None)
        text = await say(world, "Mia", "luma quota")
        assert "blocked you" in text
        assert "spam \\*and\\* more" in text


class TestDirectMessages:
    async def test_they_have_a_quota_and_a_budget_of_their_own(self, tmp_path: Path) -> None:
        async with open_bot_world(tmp_path, defaults=replace(SOME, budget_day=1)) as world:
            local = world.server.world
            here = {name: local.open_dm(local.find_user(name)).id for name in ("Mia", "Noah")}
            await world.modify("Noah", channel=here["Noah"])
            view = await world.modify("Mia", channel=here["Mia"])
            assert view.message is not None
            assert view.message.content.startswith("All 1 edits a day in direct messages with me are used.")
            text = text_of(await run(world, "Mia", "luma quota", where=here["Mia"]))
            assert "2 a day by default; 0 used" in text
            assert "All direct messages with me: 1 of 1 in a day" in text
            assert "0 of 1 in a day" in await say(world, "Mia", "luma quota")


class TestRaces:
    async def test_fifty_commands_at_once_pass_the_limit_by_none(self, world: BotWorld) -> None:
        edits = world.server.world.find_channel("edits")
        threads = [
            world.server.world.add_thread(edits, f"t{number}", 11, world.server.world.find_user("Mia")).id
            for number in range(50)
        ]
        views = await asyncio.gather(
            *(world.modify(channel=thread, prompt=f"take {number}") for number, thread in enumerate(threads))
        )
        assert len(await world.jobs()) == 2
        assert all(view.state == "answered" for view in views)
        texts = [view.message.content for view in views if view.message and view.message.ephemeral]
        assert len(texts) == 48
        assert all("no edits left" in text for text in texts)

    async def test_sixteen_people_at_once_pass_the_servers_budget_by_none(self, world: BotWorld) -> None:
        local = world.server.world
        guild, member = local.guilds[guild_of(world)], role_id(world, "Member")
        names = [f"Person {number}" for number in range(16)]
        for name in names:
            local.add_member(guild, local.add_user(name), [local.guilds[guild.id].roles[member]])
        await world.admin.settings.set_budget(act_of(world), Period.DAY, 5)
        views = await asyncio.gather(*(world.modify(name, prompt=name) for name in names for _ in range(2)))
        assert len(await world.jobs()) == 5
        assert all(view.state == "answered" for view in views)
        refusals = [view.message.content for view in views if view.message and view.message.ephemeral]
        assert len(refusals) == 27
        assert not any("went wrong" in text or "could not save" in text for text in refusals)

    async def test_menu_command_and_button_at_once_pass_the_limit_by_none(self, world: BotWorld) -> None:
        await world.admin.settings.set_allowance(act_of(world), user(member_id(world, "Mia")), Allowance(2))
        job, message = await deliver(world)
        posted = await world.actor.post("Mia", "edits", files=[("clip.mp4", b"a clip")])
        form = await world.actor.context_menu("Mia", "Modify with Luma", posted.id)
        again = f"luma:again:{job.id}"
        await asyncio.gather(
            world.actor.submit_modal(form.id, {"prompt": "by the menu"}),
            world.modify(prompt="by the command"),
            world.actor.press("Mia", message, again),
        )
        assert len(await world.jobs()) == 2

    async def test_a_limit_that_falls_meanwhile_stops_only_what_is_new(self, world: BotWorld) -> None:
        await world.modify()
        await world.admin.settings.set_allowance(act_of(world), SERVER, Allowance(1))
        assert "1 a day by default; 1 used" in await refused(world, prompt="another")
        assert (await world.jobs())[0].state is State.QUEUED

    async def test_a_day_ends_after_a_day_and_not_at_midnight(self, world: BotWorld) -> None:
        await world.modify(prompt="one")
        world.discord_clock.advance(DAY_SECONDS - 1)
        await world.modify(prompt="two")
        await refused(world, prompt="three")
        world.discord_clock.advance(1)
        await world.modify(prompt="four")
        assert len(await world.jobs()) == 3


class TestModerators:
    async def test_one_member_is_shown_with_a_chart_and_the_last_edits(self, world: BotWorld) -> None:
        await world.modify(prompt="make it *warm*")
        job = (await world.jobs())[0]
        message = await run(world, "Robin", "luma-mod quota user", {"member": member_id(world, "Mia")})
        text = text_of(message)
        assert "2 a day by default; 1 used" in text
        assert f"`{job.code}`" in text
        assert "1 open" in text
        (picture,) = message.attachments
        assert picture.content_type == "image/png"
        assert "1 open" in (picture.description or "")
        assert message.embeds[0]["image"]["url"] == picture.url
        assert message.embeds[0]["image"]["description"] == picture.description

    async def test_a_block_is_shown_where_only_some_channels_are_allowed(self, world: BotWorld) -> None:
        await run(world, "Ada", "luma-setup channels", {"channel": world.server.world.find_channel("edits").id})
        await run(world, "Robin", "luma-mod block", {"member": member_id(world, "Mia"), "reason": "spam"})
        text = await say(world, "Robin", "luma-mod quota user", {"member": member_id(world, "Mia")})
        assert f"Blocked for good by <@{member_id(world, 'Robin')}>" in text
        assert "spam" in text

    async def test_who_used_most_is_listed_with_a_picture(self, world: BotWorld) -> None:
        for name, count in (("Noah", 1), ("Mia", 2)):
            for number in range(count):
                await world.modify(name, prompt=f"{name} {number}")
        message = await run(world, "Robin", "luma-mod quota list")
        lines = message.embeds[0]["description"].splitlines()
        assert lines[0] == f"1. <@{member_id(world, 'Mia')}> · **2** used, 2 open"
        assert lines[1] == f"2. <@{member_id(world, 'Noah')}> · **1** used, 1 open"
        (picture,) = message.attachments
        assert picture.description == "1  Mia: 2; 2  Noah: 1"
        assert message.embeds[0]["image"]["description"] == picture.description
        assert buttons_of(message) == {}

    async def test_long_lists_turn_their_pages(self, world: BotWorld) -> None:
        local = world.server.world
        guild = local.guilds[guild_of(world)]
        for number in range(11):
            name = f"Person {number}"
            local.add_member(guild, local.add_user(name), [guild.roles[role_id(world, "Member")]])
            await world.modify(name, prompt=name)
        first = await run(world, "Robin", "luma-mod quota list", {"period": "week"})
        assert "Page 1 of 2" in text_of(first)
        second = await press(world, "Robin", first, "Next")
        assert "11. <@" in text_of(second)
        assert len(second.attachments) == 1
        assert list(buttons_of(second)) == ["Previous"]

    async def test_bonuses_are_granted_used_and_revoked(self, world: BotWorld) -> None:
        mia = member_id(world, "Mia")
        options = {"member": mia, "count": 1, "reason": "won the contest", "expires": "3d"}
        assert "has 1 extra edit, until <t:" in await say(world, "Robin", "luma-mod quota bonus", options)
        for prompt in ("one", "two", "three"):
            await world.modify(prompt=prompt)
        assert len(await world.jobs()) == 3
        await refused(world, prompt="four")
        choices = await world.actor.autocomplete(
            "Robin", "edits", "luma-mod quota revoke", {"member": mia, "bonus": ""}, "bonus"
        )
        assert [choice.name for choice in choices] == ["+1: won the contest"]
        revoke = {"member": mia, "bonus": str(choices[0].value), "reason": "a mistake"}
        assert "has ended" in await say(world, "Robin", "luma-mod quota revoke", revoke)
        assert "no such bonus" in await say(world, "Robin", "luma-mod quota revoke", revoke)

    async def test_a_reset_lets_ended_edits_count_no_more(self, world: BotWorld) -> None:
        for number in range(2):
            await deliver(world, prompt=f"take {number}")
        await refused(world, prompt="three")
        mia = {"member": member_id(world, "Mia"), "reason": "the service broke them"}
        assert "count no more" in await say(world, "Robin", "luma-mod quota reset", mia)
        assert "0 used" in await say(world, "Mia", "luma quota")

    @pytest.mark.parametrize("expires", ["yesterday", "0d", "2019-01-01", "99w", "-1h", "5", "`@everyone`"])
    async def test_an_end_that_cannot_be_is_refused(self, world: BotWorld, expires: str) -> None:
        options = {"member": member_id(world, "Mia"), "count": 1, "reason": "x", "expires": expires}
        text = await say(world, "Robin", "luma-mod quota bonus", options)
        assert "as a time" in text or "within the year" in text
        assert await world.admin.quotas.bonuses(guild_of(world), member_id(world, "Mia")) == []

    async def test_nobody_acts_on_those_who_stand_as_high_or_on_themselves(self, world: BotWorld) -> None:
        for target, said in (("Ada", "as high as you"), ("Robin", "to yourself")):
            options = {"member": member_id(world, target), "count": 1, "reason": "x"}
            assert said in await say(world, "Robin", "luma-mod quota bonus", options)
        own = {"member": member_id(world, "Ada"), "count": 1, "reason": "a test"}
        assert "1 extra edit" in await say(world, "Ada", "luma-mod quota bonus", own)

    async def test_members_find_no_such_command(self, world: BotWorld) -> None:
        with pytest.raises(RefusedError):
            await run(world, "Mia", "luma-mod quota list")
