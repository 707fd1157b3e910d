"""Try to make the bot spend: the caps hold, refusals cost nothing, and the server's moderators hear of it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.errors import OutOfCreditError
from jobs.job import State
from jobs.quota import Allowance, Defaults, Period
from jobs.tries import EVERYWHERE_FACTOR
from sandbox.discord.views import InteractionView
from tests.bot.admin_world import act_of, guild_of, member_id, role_id, run, text_of
from tests.bot.test_alerts import alerts
from tests.bot.world import BotWorld, open_bot_world
from tests.cogs.creations import deliver

LIMITS = Defaults(Allowance(5, Period.DAY, 3), budget_day=12, open_jobs=3, uncounted_per_hour=6)
MOST, SECONDS = 10, 30
BOTH = "https://example.com/clip.mp4"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path, defaults=LIMITS, refused_tries=MOST) as opened:
        await opened.admin.settings.set_alerts(act_of(opened), opened.server.world.find_channel("showcase").id)
        yield opened


def said(view: InteractionView) -> str:
    """Return what one person alone reads; empty when it is a card for all."""
    assert view.state == "answered"
    return view.message.content if view.message and view.message.ephemeral else ""


async def refusals(world: BotWorld, count: int) -> list[str]:
    """Ask so often with both a file and a link, which is refused, and return what is said each time."""
    return [said(await world.modify(link=BOTH)) for _ in range(count)]


async def test_the_same_clip_a_hundred_times_makes_what_the_quota_allows(world: BotWorld) -> None:
    texts = [said(await world.modify()) for _ in range(100)]
    assert len(await world.jobs()) == 3
    assert [bool(text) for text in texts] == [False] * 3 + [True] * 97
    assert all("your limit is 3 at once" in text for text in texts[3 : 3 + MOST])
    assert all("too often in a short while" in text for text in texts[3 + MOST :])
    (alert,) = await alerts(world)
    assert "A member keeps being refused" in text_of(alert)
    assert f"<@{member_id(world, 'Mia')}>" in text_of(alert)


async def test_a_cancel_and_retry_loop_ends(world: BotWorld) -> None:
    texts = []
    for number in range(40):
        texts.append(said(await world.modify(prompt=f"take {number}")))
        for job in await world.jobs():
            if job.state is State.QUEUED:
                await world.actor.press("Mia", job.card_message_id or 0, f"luma:cancel:{job.id}")
    assert len(await world.jobs()) == 6
    assert "6 of your edits ended in the last hour without being counted" in texts[6]
    quota = text_of(await run(world, "Mia", "luma quota"))
    assert "0 used" in quota
    assert "Right now: 6 of your edits ended in the last hour without being counted" in quota
    assert "keeps being refused" in text_of((await alerts(world))[0])
    world.discord_clock.advance(3600)
    assert said(await world.modify(prompt="an hour later")) == ""


async def test_clips_that_never_will_do_are_looked_at_six_times_an_hour(world: BotWorld) -> None:
    for number in range(20):
        await world.modify(prompt=f"take {number}")
        for job in await world.jobs():
            if job.state is State.QUEUED:
                await world.put(await world.finish(job), state=State.FAILED)
    assert len(await world.jobs()) == 6


async def test_many_small_accounts_meet_the_servers_caps_and_then_a_closed_door(world: BotWorld) -> None:
    local = world.server.world
    guild, member = local.guilds[guild_of(world)], role_id(world, "Member")
    names = [f"Account {number}" for number in range(30)]
    for name in names:
        local.add_member(guild, local.add_user(name), [guild.roles[member]])
    texts = [said(await world.modify(name, prompt=f"{name} {number}")) for number in range(6) for name in names]
    assert len(await world.jobs()) == 12
    assert sum("all of its 12 edits a day" in text for text in texts) == 10 * MOST
    assert sum("Too much had to be refused here" in text for text in texts) == 180 - 12 - 10 * MOST
    titles = [text_of(alert).splitlines()[0] for alert in await alerts(world)]
    assert sorted(titles) == ["Many tries are being refused", "The budget is used up", "The budget runs out"]


class TestTriesInVain:
    async def test_a_closed_door_asks_nothing_of_discord_and_opens_with_time(self, world: BotWorld) -> None:
        posted = await world.actor.post("Mia", "edits", "no video here")
        link = f"https://discord.com/channels/{guild_of(world)}/{posted.channel_id}/{posted.id}"
        before = world.sent("GET", "/messages/")
        for _ in range(MOST + 20):
            await world.actor.slash("Mia", "edits", "luma modify", {"prompt": "make it warm", "link": link})
        looked = world.sent("GET", "/messages/") - before
        assert looked == MOST
        world.discord_clock.advance(SECONDS - 1)
        assert "too often in a short while" in said(await world.modify())
        world.discord_clock.advance(1)
        assert said(await world.modify()) == ""

    async def test_one_members_door_is_no_others(self, world: BotWorld) -> None:
        texts = await refusals(world, MOST + 1)
        assert "too often in a short while" in texts[-1]
        assert said(await world.modify("Noah")) == ""

    async def test_what_others_ask_in_vain_elsewhere_accuses_no_server(
        self, world: BotWorld, caplog: pytest.LogCaptureFixture
    ) -> None:
        for number in range(MOST * EVERYWHERE_FACTOR):
            world.bot.desk.bounds.tries.spend(number, None)
        texts = [said(await world.modify()) for _ in range(2)]
        assert all("Too much had to be refused here" in text for text in texts)
        assert await alerts(world) == []
        assert [line for line in caplog.messages if "in all places together" in line] != []
        world.discord_clock.advance(SECONDS)
        assert said(await world.modify()) == ""

    async def test_what_is_granted_never_counts(self, world: BotWorld) -> None:
        await refusals(world, MOST - 1)
        for _ in range(5):
            await deliver(world)
            world.discord_clock.advance(1)
        assert "no edits left" in said(await world.modify())
        assert "too often" in said(await world.modify())

    async def test_what_is_the_bots_own_trouble_shuts_no_door(self, world: BotWorld) -> None:
        world.gates.note_error(world.provider.abilities.name, OutOfCreditError("kie", "empty"))
        texts = [said(await world.modify()) for _ in range(2 * MOST)]
        assert all("credit" in text for text in texts), texts[0]
        world.gates.note_success(world.provider.abilities.name)
        assert said(await world.modify()) == ""

    async def test_every_way_to_an_edit_is_shut(self, world: BotWorld) -> None:
        job, message = await deliver(world)
        posted = await world.actor.post("Mia", "edits", files=[("clip.mp4", b"a clip")])
        form = await world.actor.context_menu("Mia", "Modify with Luma", posted.id)
        await refusals(world, MOST)
        ways = [
            await world.actor.submit_modal(form.id, {"prompt": "by the form"}),
            await world.actor.context_menu("Mia", "Modify with Luma", posted.id),
            await world.actor.press("Mia", message, f"luma:again:{job.id}"),
            await world.actor.press("Mia", message, f"luma:reword:{job.id}"),
            await world.actor.press("Mia", message, f"luma:input:{job.id}"),
        ]
        assert all("too often in a short while" in said(view) for view in ways)
        assert len(await world.jobs()) == 1

    async def test_a_flood_at_once_is_answered_in_full_and_shuts_the_door_for_longer(self, world: BotWorld) -> None:
        views = await asyncio.gather(*(world.modify(link=BOTH) for _ in range(50)))
        assert all(said(view) for view in views)
        world.discord_clock.advance(MOST * SECONDS)
        assert "too often" in said(await world.modify())
        world.discord_clock.advance(SECONDS)
        assert said(await world.modify()) == ""


async def test_a_server_and_everybody_have_a_cap_on_open_edits(tmp_path: Path) -> None:
    capped = replace(LIMITS, server_open=2, all_open=3)
    async with open_bot_world(tmp_path, defaults=capped) as world:
        local = world.server.world
        guild = local.guilds[guild_of(world)]
        for name in ("Account 1", "Account 2"):
            local.add_member(guild, local.add_user(name), [guild.roles[role_id(world, "Member")]])
        for name in ("Mia", "Noah"):
            assert said(await world.modify(name)) == ""
        assert "This server has 2 open edits" in said(await world.modify("Account 1"))
        dm = {name: local.open_dm(local.find_user(name)).id for name in ("Account 1", "Account 2")}
        assert said(await world.modify("Account 1", channel=dm["Account 1"])) == ""
        assert "I have 3 open edits" in said(await world.modify("Account 2", channel=dm["Account 2"]))
        here = next(job for job in await world.jobs() if job.guild_id is not None)
        await world.put(here, state=State.CANCELLED)
        assert said(await world.modify("Account 1")) == ""
