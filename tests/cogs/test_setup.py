"""Set what members may do through the local Discord: quotas, places, people, words, pause; look and examine."""

from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest

from bot.checkup import CheckLine
from jobs.access import Verdict
from jobs.admin import role, user
from jobs.quota import Allowance, Period
from jobs.styles import NAME_CHARS, Style
from sandbox.discord import permissions as can
from sandbox.discord.model import Overwrite
from sandbox.discord.views import InteractionView
from tests.bot.admin_world import SOME, act_of, guild_of, member_id, role_id, run, say
from tests.bot.world import BotWorld, open_bot_world
from tests.cogs.creations import deliver, heard

ARROW = "\N{RIGHTWARDS ARROW}"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path, defaults=SOME) as opened:
        yield opened


async def refusal(world: BotWorld, view: InteractionView) -> str:
    """Return the text of a refusal with nothing taken in."""
    await world.settled()
    assert await world.jobs() == []
    assert view.message is not None
    assert view.message.ephemeral
    return view.message.content


class TestQuota:
    async def test_a_members_own_beats_the_best_role_which_beats_the_default(self, world: BotWorld) -> None:
        creator, mod = role_id(world, "Creator"), role_id(world, "Member")
        assert f"nothing {ARROW} 3 a day" in await say(world, "Ada", "luma-setup quota default", {"edits": 3})
        assert "3 a day by default" in await say(world, "Mia", "luma quota")
        await run(world, "Ada", "luma-setup quota role", {"role": creator, "edits": 15, "period": "week"})
        await run(world, "Ada", "luma-setup quota role", {"role": mod, "edits": 1})
        assert f"15 a week from <@&{creator}>" in await say(world, "Mia", "luma quota")
        own = {"member": member_id(world, "Mia"), "unlimited": True, "at_once": 2}
        await run(world, "Ada", "luma-setup quota user", own)
        assert "no limit, 2 at once, set personally" in await say(world, "Mia", "luma quota")

    async def test_a_setting_is_taken_away_again(self, world: BotWorld) -> None:
        await run(world, "Ada", "luma-setup quota default", {"edits": 3})
        assert f"3 a day {ARROW} nothing" in await say(world, "Ada", "luma-setup quota default")
        assert "Nothing has changed" in await say(world, "Ada", "luma-setup quota default")
        assert "2 a day by default" in await say(world, "Mia", "luma quota")

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"edits": 3, "unlimited": True}, "not both"),
            ({"period": "week"}, "Say how many"),
            ({"at_once": 2}, "Say how many"),
        ],
    )
    async def test_what_contradicts_itself_is_refused(
        self, world: BotWorld, options: dict[str, object], said: str
    ) -> None:
        assert said in await say(world, "Ada", "luma-setup quota default", options)
        assert (await world.admin.settings.settings(guild_of(world))).allowance is None

    @pytest.mark.parametrize(
        ("command", "options", "said"),
        [
            ("luma-setup quota user", {"edits": 3}, "Choose the `member`"),
            ("luma-setup channels", {"rule": "deny"}, "Choose the `channel`"),
            ("luma-setup roles", {"rule": "off the list"}, "Choose the `role`"),
        ],
    )
    async def test_what_is_said_of_nobody_is_not_passed_over(
        self, world: BotWorld, command: str, options: dict[str, object], said: str
    ) -> None:
        assert said in await say(world, "Ada", command, options)

    async def test_members_with_their_own_are_listed(self, world: BotWorld) -> None:
        await run(world, "Ada", "luma-setup quota user", {"member": member_id(world, "Mia"), "edits": 4})
        assert f"<@{member_id(world, 'Mia')}>: 4 a day" in await say(world, "Ada", "luma-setup quota user")

    async def test_at_once_is_a_limit_of_its_own(self, world: BotWorld) -> None:
        await run(world, "Ada", "luma-setup quota default", {"edits": 9, "at_once": 1})
        await world.modify()
        view = await world.modify(prompt="another")
        assert view.message is not None
        code = (await world.jobs())[0].code
        assert f"You have 1 open edits here (`{code}`), and your limit is 1 at once" in view.message.content

    async def test_the_servers_budget_is_set_and_left_to_the_operator_again(self, world: BotWorld) -> None:
        await run(world, "Ada", "luma-setup budget", {"period": "month", "edits": 90})
        settings = await world.admin.settings.settings(guild_of(world))
        assert settings.budget_month is not None
        assert settings.budget_month.edits == 90
        await run(world, "Ada", "luma-setup budget", {"period": "month"})
        assert (await world.admin.settings.settings(guild_of(world))).budget_month is None

    async def test_a_budget_of_nothing_promises_nothing(self, world: BotWorld) -> None:
        await run(world, "Ada", "luma-setup budget", {"period": "day", "edits": 0})
        text = await say(world, "Mia", "luma quota")
        assert "Nobody here can begin an edit." in text
        assert "comes free" not in text


class TestPlaces:
    async def test_an_allowed_channel_shuts_the_others_and_opens_its_threads(self, world: BotWorld) -> None:
        edits, showcase = (world.server.world.find_channel(name) for name in ("edits", "showcase"))
        await run(world, "Ada", "luma-setup channels", {"channel": edits.id})
        text = await refusal(world, await world.modify(channel="showcase"))
        assert text == f"I may be used in these channels only: <#{edits.id}>. Nothing was counted."
        thread = world.server.world.add_thread(edits, "talk", 11, world.server.world.find_user("Mia"))
        await world.modify(channel=thread.id)
        assert len(await world.jobs()) == 1
        assert showcase.id != edits.id

    async def test_a_denied_channel_shuts_its_threads(self, world: BotWorld) -> None:
        edits = world.server.world.find_channel("edits")
        await run(world, "Ada", "luma-setup channels", {"channel": edits.id, "rule": "deny"})
        thread = world.server.world.add_thread(edits, "talk", 11, world.server.world.find_user("Mia"))
        assert "I may not be used in" in await refusal(world, await world.modify(channel=thread.id))
        await run(world, "Ada", "luma-setup channels", {"channel": edits.id, "rule": "off the list"})
        await world.modify(channel=thread.id)
        assert len(await world.jobs()) == 1

    @pytest.mark.parametrize("verdict", Verdict)
    async def test_roles_count_before_the_gateway_has_told_of_the_server(
        self, world: BotWorld, verdict: Verdict
    ) -> None:
        await world.admin.settings.set_role(act_of(world), role_id(world, "Creator"), verdict)
        # As READY leaves it: GUILD_CREATE, with the server's roles, follows later, in many servers much later.
        state, told = world.bot._connection, {"id": str(guild_of(world)), "unavailable": True}
        state._guilds[guild_of(world)] = discord.Guild(data=told, state=state)  # type: ignore[arg-type]  # of READY
        view = await world.modify()
        if verdict is Verdict.DENY:
            assert "may not use me here" in await refusal(world, view)
        else:
            assert len(await world.jobs()) == 1

    async def test_roles_are_allowed_and_denied(self, world: BotWorld) -> None:
        creator = role_id(world, "Creator")
        await run(world, "Ada", "luma-setup roles", {"role": creator})
        assert f"<@&{creator}>" in await refusal(world, await world.modify("Noah"))
        await run(world, "Ada", "luma-setup roles", {"role": creator, "rule": "deny"})
        assert "may not use me here" in await refusal(world, await world.modify("Mia"))

    async def test_the_lists_are_shown(self, world: BotWorld) -> None:
        edits, creator = world.server.world.find_channel("edits").id, role_id(world, "Creator")
        await run(world, "Ada", "luma-setup channels", {"channel": edits})
        await run(world, "Ada", "luma-setup roles", {"role": creator, "rule": "deny"})
        text = await say(world, "Ada", "luma-setup channels")
        assert f"Channels: only <#{edits}>" in text
        assert f"Roles: all, not <@&{creator}>" in text

    async def test_a_channel_the_bot_cannot_post_in_is_not_chosen(self, world: BotWorld) -> None:
        mods = world.server.world.find_channel("mods").id
        text = await say(world, "Ada", "luma-setup alerts", {"channel": mods})
        assert "**View Channel**" in text
        assert (await world.admin.settings.settings(guild_of(world))).alerts_channel_id is None


class TestPause:
    async def test_nothing_new_begins_until_it_is_resumed(self, world: BotWorld) -> None:
        await run(world, "Ada", "luma-setup pause", {"reason": "the month's money is spent"})
        text = await refusal(world, await world.modify())
        assert "takes no new edits" in text
        assert "the month's money is spent" in text
        await run(world, "Ada", "luma-setup resume")
        await world.modify()
        assert len(await world.jobs()) == 1


class TestWords:
    async def test_a_disguised_word_is_found_in_every_text(self, world: BotWorld) -> None:
        await run(world, "Ada", "luma-setup words add", {"word": "Badword"})
        for options in ({"prompt": "a b@dw0rd here"}, {"watermark": "BAD\u200bWORD"}):
            text = await refusal(world, await world.modify(**options))
            assert "this server has blocked `badword`" in text
        await world.modify(prompt="a goodword here")
        assert len(await world.jobs()) == 1

    async def test_forms_and_buttons_are_no_way_around(self, world: BotWorld) -> None:
        job, message = await deliver(world)
        await run(world, "Ada", "luma-setup words add", {"word": "badword"})
        posted = await world.actor.post("Mia", "edits", files=[("clip.mp4", b"a clip")])
        menu = await world.actor.context_menu("Mia", "Modify with Luma", posted.id)
        reword = await world.actor.press("Mia", message, f"luma:reword:{job.id}")
        for form in (menu, reword):
            view = await world.actor.submit_modal(form.id, {"prompt": "a badword"})
            assert view.message is not None
            assert "has blocked" in view.message.content
        assert len(await world.jobs()) == 1

    async def test_an_address_in_front_hides_no_word(self, world: BotWorld) -> None:
        await run(world, "Ada", "luma-setup words add", {"word": "badword"})
        for options in ({"prompt": "https://a.example badword"}, {"watermark": "https://badword"}):
            assert "has blocked" in await refusal(world, await world.modify(**options))

    async def test_an_address_is_no_text(self, world: BotWorld) -> None:
        await run(world, "Ada", "luma-setup words add", {"word": "badword"})
        await world.actor.slash(
            "Mia", "edits", "luma modify", {"prompt": "warm", "link": "https://example.com/badword.mp4"}
        )
        assert len(await world.jobs()) == 1

    async def test_a_text_is_tried_without_being_sent(self, world: BotWorld) -> None:
        await run(world, "Ada", "luma-setup words add", {"word": "bad*"})
        text = await say(world, "Ada", "luma-setup words test", {"text": "some b@dness"})
        assert "`b@dness` hits `bad*`" in text
        assert "would pass" in await say(world, "Ada", "luma-setup words test", {"text": "all is good"})
        assert world.server.recorder.find("POST", "/channels") == []

    async def test_words_are_listed_suggested_and_let_through_again(self, world: BotWorld) -> None:
        await run(world, "Ada", "luma-setup words add", {"word": "badword"})
        assert "`badword`" in await say(world, "Ada", "luma-setup words list")
        choices = await world.actor.autocomplete("Ada", "edits", "luma-setup words remove", {"word": "bad"}, "word")
        assert [choice.value for choice in choices] == ["badword"]
        await run(world, "Ada", "luma-setup words remove", {"word": "BadWord"})
        assert "is not blocked" in await say(world, "Ada", "luma-setup words remove", {"word": "badword"})

    @pytest.mark.parametrize("word", ["*", "a", "  ", "w" * 61])
    async def test_a_word_that_would_hit_everything_is_refused(self, world: BotWorld, word: str) -> None:
        assert "blocked word" in await say(world, "Ada", "luma-setup words add", {"word": word})
        assert (await world.admin.settings.settings(guild_of(world))).words == ()


class TestShow:
    async def test_everything_stands_in_one_look(self, world: BotWorld) -> None:
        edits, creator = world.server.world.find_channel("edits").id, role_id(world, "Creator")
        await run(world, "Ada", "luma-setup quota default", {"edits": 3, "period": "month"})
        await run(world, "Ada", "luma-setup quota role", {"role": creator, "edits": 9})
        await run(world, "Ada", "luma-setup budget", {"period": "day", "edits": 40})
        await run(world, "Ada", "luma-setup channels", {"channel": edits})
        await run(world, "Ada", "luma-setup showcase", {"channel": world.server.world.find_channel("showcase").id})
        await run(world, "Ada", "luma-setup alerts", {"channel": edits})
        await run(world, "Ada", "luma-setup words add", {"word": "badword"})
        await run(world, "Ada", "luma-setup pause", {"reason": "for a day"})
        await run(world, "Ada", "luma-setup styles add", {"name": "Rainy night", "text": "rain at night"})
        text = await say(world, "Ada", "luma-setup show")
        for said in (
            "Quota of everybody: 3 a month",
            f"<@&{creator}>: 9 a day",
            "a day: 40; a month: no limit (default)",
            f"Channels: only <#{edits}>",
            f"Alerts: <#{edits}>",
            "`badword`",
            "Styles of its own: `Rainy night`",
            "Paused <t:",
            "for a day",
        ):
            assert said in text
        assert "2 a day (default)" not in text

    async def test_the_fullest_settings_fit_into_one_message(self, world: BotWorld) -> None:
        settings = world.admin.settings
        for number in range(60):
            for target in (role(10**18 + number), user(10**18 + number)):
                await settings.set_allowance(act_of(world), target, Allowance(100_000, Period.MONTH, 100))
            rule = (Verdict.ALLOW, Verdict.DENY)[number % 2]
            await settings.set_channel(act_of(world), 10**18 + number, rule)
            await settings.set_role(act_of(world), 10**18 + number, rule)
            await settings.add_word(act_of(world), f"{number:03}" + "w" * 57)
            style = Style(f"{number:03}" + "s" * (NAME_CHARS - 3), "a text")
            if number < 20:
                await world.styles.store.add(act_of(world), style)
        await settings.pause(act_of(world, reason="*" * 300))
        text = await say(world, "Ada", "luma-setup show")
        assert "60 members have their own" in text
        assert len(text) < 6000

    async def test_defaults_are_marked(self, world: BotWorld) -> None:
        assert "Quota of everybody: 2 a day (default)" in await say(world, "Ada", "luma-setup show")


class TestDoctor:
    async def test_all_in_order_is_green(self, world: BotWorld) -> None:
        world.process_lines = [CheckLine(True, "kie", "key accepted, credit 12")]
        text = await say(world, "Ada", "luma-setup doctor")
        assert text.startswith("Everything is in order")
        for said in ("**Permissions**: all there in 3 channels", "**Clock**", "**Version**", "credit 12"):
            assert said in text
        assert "\N{LARGE RED CIRCLE}" not in text

    async def test_what_is_wrong_comes_first_with_the_fix(self, world: BotWorld) -> None:
        await run(world, "Ada", "luma-setup alerts", {"channel": world.server.world.find_channel("showcase").id})
        local = world.server.world
        for name, bits in (("edits", can.ATTACH_FILES), ("showcase", can.EMBED_LINKS)):
            async with heard(world, "guild_channel_update"):
                local.find_channel(name).overwrites.append(Overwrite(local.bot_id, 1, deny=bits))
                local.change_channel(local.find_channel(name))
        world.process_lines = [CheckLine(False, "kie", "key accepted, but the account is empty")]
        text = await say(world, "Ada", "luma-setup doctor")
        lines = text.splitlines()
        assert lines[0] == "4 things to mend"
        assert all(line.startswith("\N{LARGE RED CIRCLE}") for line in lines[1:5])
        assert f"give me **Attach Files** in <#{local.find_channel('edits').id}>'s settings" in text
        assert "**Alerts**: give me **Embed Links**" in text
        assert "look at this service's key and credit" in text

    async def test_a_clock_that_is_off_is_seen(self, world: BotWorld) -> None:
        world.clock.ahead_ms = 60_000
        assert "+60 s off Discord's" in await say(world, "Ada", "luma-setup doctor")

    async def test_a_deleted_alerts_channel_is_seen(self, world: BotWorld) -> None:
        await world.admin.settings.set_alerts(act_of(world), 4711)
        assert "**Alerts**: the channel is gone" in await say(world, "Ada", "luma-setup doctor")
