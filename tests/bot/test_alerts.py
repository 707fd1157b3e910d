"""Tell moderators of trouble in the channel they chose, through the local Discord."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.alerts import MOST_IN_SPAN, MOST_TOLD, SPAN_MS, STUCK_MS
from bot.metrics import Metrics
from bot.watching import Watch
from jobs.admin import BudgetWarning
from jobs.quota import Period
from sandbox.discord import permissions as can
from sandbox.discord.model import Overwrite
from sandbox.discord.views import MessageView
from tests.bot.admin_world import act_of, guild_of, member_id, role_id, run, text_of
from tests.bot.world import BotWorld, open_bot_world
from tests.fakes import NO_LIMITS


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path, defaults=NO_LIMITS) as opened:
        await opened.admin.settings.set_alerts(act_of(opened), opened.server.world.find_channel("showcase").id)
        yield opened


async def alerts(world: BotWorld) -> list[MessageView]:
    """Return what stands in the alerts channel once everything has been told."""
    await world.settled()
    await world.bot.alerts.settle()
    return world.messages("Noah", "showcase")


async def test_a_blocked_prompt_is_shown_inert_and_pings_nobody(world: BotWorld) -> None:
    await run(world, "Ada", "luma-setup words add", {"word": "badword"})
    await world.modify(prompt="a badword ```\n@everyone <@1> [x](https://evil.example)")
    (alert,) = await alerts(world)
    text = text_of(alert)
    assert alert.mentions == ()
    assert not alert.pings_me
    assert text.startswith("Blocked words in a prompt")
    assert text.count("```") == 2
    assert f"<@{member_id(world, 'Mia')}>" in text
    assert f"<#{world.server.world.find_channel('edits').id}>" in text
    assert "Words: `badword`" in text


async def test_an_abuser_does_not_flood_the_channel(world: BotWorld) -> None:
    await run(world, "Ada", "luma-setup words add", {"word": "badword"})
    for number in range(2 * MOST_IN_SPAN):
        await world.modify(prompt=f"badword {number}")
    assert len(await alerts(world)) == MOST_IN_SPAN
    world.discord_clock.advance(SPAN_MS / 1000)
    await world.modify(prompt="badword again")
    assert len(await alerts(world)) == MOST_IN_SPAN + 1


async def test_what_was_told_long_ago_is_forgotten(world: BotWorld) -> None:
    alerts_of_months = world.bot.alerts
    for guild_id in range(3 * MOST_TOLD):
        assert alerts_of_months._may_tell(guild_id, "words")
        world.discord_clock.advance(SPAN_MS / 1000 / 100)
    assert len(alerts_of_months._told) <= MOST_TOLD
    assert [alerts_of_months._may_tell(1, "words") for _ in range(MOST_IN_SPAN + 1)][-1] is False


async def test_a_budget_is_told_at_80_per_cent_and_when_it_is_full_each_once(world: BotWorld) -> None:
    await world.admin.settings.set_budget(act_of(world), Period.DAY, 5)
    for number in range(6):
        await world.modify(prompt=f"take {number}")
    texts = [text_of(alert) for alert in await alerts(world)]
    assert [text.splitlines()[0] for text in texts] == ["The budget runs out", "The budget is used up"]
    assert "4 of 5 edits in a day" in texts[0]


async def test_many_small_accounts_meet_the_budget_and_moderators_hear_of_it(world: BotWorld) -> None:
    local = world.server.world
    guild = local.guilds[guild_of(world)]
    await world.admin.settings.set_budget(act_of(world), Period.DAY, 10)
    for number in range(30):
        name = f"Account {number}"
        local.add_member(guild, local.add_user(name), [guild.roles[role_id(world, "Member")]])
        await world.modify(name, prompt="the same clip again")
    assert len(await world.jobs()) == 10
    assert len(await alerts(world)) == 2


async def test_a_cancel_and_retry_loop_gains_nothing(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path, defaults=replace(NO_LIMITS, open_jobs=1)) as world:
        for number in range(20):
            await world.modify(prompt=f"take {number}")
            job = next(job for job in await world.jobs() if not job.state.is_final)
            await world.actor.press("Mia", job.card_message_id or 0, f"luma:cancel:{job.id}")
        jobs = await world.jobs()
        assert len(jobs) == 20
        assert all(job.state.is_final for job in jobs)
        assert world.provider.billed == []


async def test_edits_that_stay_open_are_told_once(world: BotWorld) -> None:
    await world.modify()
    job = await world.put(await world.only_job(), hold="the service is not answering")
    await world.bot.alerts.look_for_stuck()
    assert await alerts(world) == []
    world.discord_clock.advance(STUCK_MS / 1000)
    for _ in range(3):
        await world.bot.alerts.look_for_stuck()
    (alert,) = await alerts(world)
    assert f"Edit: `{job.code}`" in text_of(alert)
    assert "the service is not answering" in text_of(alert)


async def test_an_operators_alarm_over_a_job_reaches_its_server(world: BotWorld) -> None:
    await world.modify()
    watch = Watch(Metrics())
    watch.listen(world.bot.alerts)
    watch.raise_alarm("a job at kie passed its deadline", job=await world.only_job())
    watch.raise_alarm("nobody's alarm")
    (alert,) = await alerts(world)
    assert "passed its deadline" in text_of(alert)


async def test_an_outage_is_told_when_it_begins_and_ends(world: BotWorld) -> None:
    watch = Watch(Metrics())
    watch.listen(world.bot.alerts)
    watch.on_outage("kie", "out of credit")
    await world.bot.alerts.settle()
    watch.on_outage("kie", "")
    texts = [text_of(alert) for alert in await alerts(world)]
    assert [text.splitlines()[0] for text in texts] == ["kie takes no edits", "kie takes edits again"]
    assert "out of credit" in texts[0]


async def test_a_channel_that_refuses_is_let_be(world: BotWorld) -> None:
    local = world.server.world
    local.find_channel("showcase").overwrites.append(Overwrite(local.bot_id, 1, deny=can.VIEW_CHANNEL))
    warning = BudgetWarning(guild_of(world), Period.DAY, 100, 5, 5)
    for _ in range(MOST_IN_SPAN):
        world.bot.alerts.tell_budget(warning)
        await world.bot.alerts.settle()
    refused = [one for one in world.server.recorder.exchanges if one.status == 403]
    assert 1 <= len(refused) <= 3


async def test_a_server_without_a_channel_hears_nothing(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path) as world:
        world.bot.alerts.tell_budget(BudgetWarning(guild_of(world), Period.DAY, 100, 5, 5))
        world.bot.alerts.tell_outage("kie", "switched off")
        await world.bot.alerts.settle()
        assert world.sent("POST", "/channels/.*/messages") == 0
