"""Share results to a showcase, vote for them and take them back, through the local Discord."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.drawing import FAINT
from bot.top import build_tiles
from jobs.admin import Act
from jobs.job import Job
from jobs.shares import ShareState
from sandbox.discord import permissions as can
from sandbox.discord.actor import RefusedError
from sandbox.discord.model import FORUM, MEDIA, TEXT, Channel, Overwrite
from sandbox.discord.views import InteractionView
from tests.bot.world import BotWorld, open_bot_world
from tests.cogs.creations import custom_id, deliver, heard, hide, open_showcase, posts
from tests.cogs.test_library import plant_button
from tests.environment import need_openapi


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path) as opened:
        yield opened


def told(view: InteractionView) -> str:
    assert view.message is not None
    assert view.message.ephemeral
    return view.message.content


async def preview(world: BotWorld, job: Job, message_id: int, user: str = "Mia") -> InteractionView:
    return await world.actor.press(user, message_id, f"luma:share:{job.id}")


async def press(world: BotWorld, view: InteractionView, label: str, user: str = "Mia") -> InteractionView:
    """Press a button of a preview as it stands now."""
    now = world.actor.interaction(view.id)
    assert now.message is not None
    return await world.actor.press(user, now.message.id, custom_id(now, label))


async def share(world: BotWorld, job: Job, message_id: int, *labels: str) -> InteractionView:
    """Share a result after pressing some choices; return the preview."""
    view = await preview(world, job, message_id)
    for label in (*labels, "Share"):
        await press(world, view, label)
    await world.settled()
    return world.actor.interaction(view.id)


async def state(world: BotWorld, job: Job) -> ShareState | None:
    found = await world.shares.of_job(job.id)
    return found.state if found else None


class TestSharing:
    async def test_nothing_is_shared_before_the_creator_presses_share(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world)
        view = await preview(world, job, message_id)
        assert f"<#{channel.id}>" in told(view)
        await press(world, view, "Show prompt")
        await press(world, view, "Don't share")
        assert world.actor.interaction(view.id).message.content == "Nothing was shared."  # type: ignore[union-attr]  # it stands
        assert posts(world, channel) == []
        assert await state(world, job) is None

    async def test_a_post_credits_its_creator_and_pings_nobody(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world, prompt="make it @everyone <@1> warm")
        ended = await share(world, job, message_id)
        (post,) = posts(world, channel)
        assert post.mentions == ()
        mia = world.server.world.find_user("Mia").id
        assert post.embeds[0]["description"] == f"Made by <@{mia}>"
        assert [file.filename for file in post.attachments] == [f"luma-{job.code}.mp4"]
        assert str(post.id) in told(ended)

    async def test_the_prompt_is_shown_only_where_chosen(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world, prompt="make it warm", style="Vintage")
        await share(world, job, message_id, "Show prompt")
        (post,) = posts(world, channel)
        assert "make it warm" in post.embeds[0]["description"]
        assert post.embeds[0]["fields"][0]["value"] == "`Vintage`"

    async def test_before_and_after_and_spoiler_can_be_chosen(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world)
        await share(world, job, message_id, "Before and after", "Spoiler")
        (post,) = posts(world, channel)
        (file,) = post.attachments
        assert (file.filename, file.spoiler) == (f"SPOILER_luma-{job.code}-compare.mp4", True)

    async def test_a_spoilered_edit_is_shared_as_one(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world, spoiler=True)
        await share(world, job, message_id)
        assert posts(world, channel)[0].attachments[0].spoiler

    @pytest.mark.parametrize("kind", [FORUM, MEDIA])
    async def test_a_forum_gets_a_post_with_tags(self, world: BotWorld, kind: int) -> None:
        channel = await open_showcase(world, kind, tags=("funny", "slow"), needed=True)
        job, message_id = await deliver(world)
        view = await preview(world, job, message_id)
        now = world.actor.interaction(view.id).message
        assert now is not None
        menu = next(each for row in now.components for each in row["components"] if each["type"] == 3)
        with pytest.raises(RefusedError, match="disabled"):
            await press(world, view, "Share")
        tag = next(iter(channel.tags))
        await world.actor.select("Mia", now.id, menu["custom_id"], [str(tag)])
        await press(world, view, "Share")
        await world.settled()
        (thread,) = world.actor.threads("Noah", channel)
        assert thread.name == f"An edit by Mia · {job.code}"
        assert world.server.world.channels[thread.id].thread.tags == [tag]  # type: ignore[union-attr]  # a thread
        (post,) = posts(world, channel)
        assert post.attachments

    async def test_fifty_presses_at_once_are_one_post(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world)
        view = await preview(world, job, message_id)
        assert view.message is not None
        button = custom_id(view, "Share")
        await asyncio.gather(*(world.actor.press("Mia", view.message.id, button) for _ in range(50)))
        await world.settled()
        assert len(posts(world, channel)) == 1

    async def test_a_second_share_says_where_the_first_stands(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world)
        await share(world, job, message_id)
        assert str(posts(world, channel)[0].id) in told(await preview(world, job, message_id))
        assert len(posts(world, channel)) == 1

    async def test_a_restart_between_preview_and_press_changes_nothing(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world)
        view = await preview(world, job, message_id)
        await press(world, view, "Spoiler")
        await world.restart()
        await press(world, view, "Share")
        await world.settled()
        assert posts(world, channel)[0].attachments[0].spoiler

    async def test_two_open_previews_do_not_change_each_other(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world, prompt="a secret prompt")
        first, second = await preview(world, job, message_id), await preview(world, job, message_id)
        await press(world, second, "Show prompt")
        await press(world, first, "Share")
        await world.settled()
        assert "secret" not in str(posts(world, channel)[0].embeds)

    async def test_only_the_creator_shares(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world)
        for user in ("Noah", "Robin", "Ada"):
            assert "Only the member" in told(await preview(world, job, message_id, user))
        forged = f"luma:share_post:{job.id}.0.0.00000000"
        message = plant_button(world, forged)
        assert "Only the member" in told(await world.actor.press("Noah", message, forged))
        assert posts(world, channel) == []

    async def test_the_requests_are_discords(self, tmp_path: Path) -> None:
        async with open_bot_world(tmp_path, need_openapi()) as world:
            for kind in (TEXT, FORUM):
                await open_showcase(world, kind, tags=("one", "two") if kind == FORUM else ())
                job, message_id = await deliver(world)
                ended = await share(world, job, message_id, "Show prompt", "Spoiler")
                assert await state(world, job) is ShareState.POSTED, told(ended)


class TestShowcaseInTrouble:
    async def refused(self, world: BotWorld, job: Job, message_id: int) -> str:
        text = told(await preview(world, job, message_id))
        assert "Nothing was shared" in text
        assert await state(world, job) is None
        return text

    async def test_a_server_without_one(self, world: BotWorld) -> None:
        job, message_id = await deliver(world)
        assert "/luma-setup showcase" in await self.refused(world, job, message_id)

    async def test_a_channel_that_was_deleted(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world)
        view = await preview(world, job, message_id)
        async with heard(world, "guild_channel_delete"):
            world.server.world.delete_channel(channel)
        assert "was deleted" in await self.refused(world, job, message_id)
        assert "was deleted" in told(await press(world, view, "Share"))

    async def test_a_channel_that_turned_private(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world)
        await hide(world, channel)
        assert "View Channel" in await self.refused(world, job, message_id)

    async def test_a_permission_that_is_missing(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world)
        async with heard(world, "guild_channel_update"):
            channel.overwrites = [Overwrite(world.server.world.bot_id, 1, deny=can.ATTACH_FILES)]
            world.server.world.change_channel(channel)
        assert "Attach Files" in await self.refused(world, job, message_id)

    async def test_a_forum_that_wants_a_tag_since_the_preview(self, world: BotWorld) -> None:
        channel = await open_showcase(world, FORUM, tags=("one",))
        job, message_id = await deliver(world)
        view = await preview(world, job, message_id)
        async with heard(world, "guild_channel_update"):
            channel.requires_tag = True
            world.server.world.change_channel(channel)
        await press(world, view, "Share")
        assert "look again" in told(world.actor.interaction(view.id))
        assert posts(world, channel) == []

    async def test_a_forum_that_wants_a_tag_which_the_bot_has_not_heard_of(self, world: BotWorld) -> None:
        channel = await open_showcase(world, FORUM, tags=("one",))
        job, message_id = await deliver(world)
        channel.requires_tag = True
        ended = await share(world, job, message_id)
        assert "wants a tag" in told(ended)
        assert await state(world, job) is None

    async def test_a_channel_that_turned_private_unheard(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world)
        channel.overwrites = [Overwrite(world.server.world.bot_id, 1, deny=can.SEND_MESSAGES)]
        ended = await share(world, job, message_id)
        assert "would not let me" in told(ended)
        assert await state(world, job) is None

    async def test_another_showcase_chosen_since_the_preview(self, world: BotWorld) -> None:
        first = await open_showcase(world)
        job, message_id = await deliver(world)
        view = await preview(world, job, message_id)
        second = await open_showcase(world)
        await press(world, view, "Share")
        assert f"<#{second.id}>" in told(world.actor.interaction(view.id))
        assert posts(world, first) == posts(world, second) == []

    async def test_a_video_that_is_kept_no_more(self, world: BotWorld) -> None:
        await open_showcase(world)
        job, message_id = await deliver(world)
        assert job.result is not None
        (world.folder / job.result.file).unlink()
        assert "isn't kept" in told(await preview(world, job, message_id))

    async def test_without_its_clip_there_is_no_before(self, world: BotWorld) -> None:
        await open_showcase(world)
        job, message_id = await deliver(world)
        assert job.clip is not None
        (world.folder / job.clip.file).unlink()
        view = await preview(world, job, message_id)
        with pytest.raises(StopIteration):
            custom_id(view, "Before and after")

    async def test_a_blocked_member_shares_nothing(self, world: BotWorld) -> None:
        await open_showcase(world)
        job, message_id = await deliver(world)
        guild, mia = job.guild_id or 0, job.user_id
        await world.admin.settings.block(Act(guild, 1, world.clock.now_ms(), "enough"), mia, None)
        await preview(world, job, message_id)
        assert await state(world, job) is None


class TestAfterACrash:
    @pytest.mark.parametrize("kind", [TEXT, FORUM])
    async def test_a_post_that_was_not_recorded_is_found_again(self, world: BotWorld, kind: int) -> None:
        channel = await open_showcase(world, kind)
        job, message_id = await deliver(world)
        await share(world, job, message_id)
        share_id = (await world.shares.of_job(job.id)).id  # type: ignore[union-attr]  # it was shared
        await forget_post(world, share_id)
        await world.restart()
        world.discord_clock.advance(120)
        await world.showcase.tend()
        assert await state(world, job) is ShareState.POSTED
        assert len(posts(world, channel)) == 1

    @pytest.mark.parametrize("kind", [TEXT, FORUM])
    async def test_a_post_that_never_left_is_posted_once(self, world: BotWorld, kind: int) -> None:
        channel = await open_showcase(world, kind)
        job, message_id = await deliver(world)
        await share(world, job, message_id)
        share_id = (await world.shares.of_job(job.id)).id  # type: ignore[union-attr]  # it was shared
        await forget_post(world, share_id)
        for post in posts(world, channel):
            world.server.world.delete_message(world.server.world.find_message(post.id))
        world.discord_clock.advance(120)
        await world.showcase.tend()
        await world.showcase.tend()
        assert await state(world, job) is ShareState.POSTED
        assert len(posts(world, channel)) == 1

    async def test_discord_away_at_the_post_is_made_good(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world)
        world.server.faults.add("POST", f"/channels/{channel.id}/messages", status=503, times=10)
        ended = await share(world, job, message_id)
        assert "as soon as it does" in told(ended)
        world.server.faults.clear()
        world.discord_clock.advance(120)
        await world.showcase.tend()
        assert len(posts(world, channel)) == 1
        assert await state(world, job) is ShareState.POSTED


async def forget_post(world: BotWorld, share_id: str) -> None:
    """Put a share back to where a crash between the post and its record leaves it."""
    await world.database.write(
        lambda session: session.execute(
            "UPDATE shares SET state = 'posting', post_channel_id = NULL, post_message_id = NULL WHERE id = $1",
            share_id,
        )
    )


class TestWithdrawing:
    @pytest.mark.parametrize("kind", [TEXT, FORUM])
    @pytest.mark.parametrize("user", ["Mia", "Robin"])
    async def test_creator_and_moderator_withdraw_from_the_post(self, world: BotWorld, kind: int, user: str) -> None:
        channel = await open_showcase(world, kind)
        job, message_id = await deliver(world)
        await share(world, job, message_id)
        (post,) = posts(world, channel)
        await world.actor.press(user, post.id, custom_id(post, "Withdraw"))
        await world.settled()
        assert posts(world, channel) == []
        assert await state(world, job) is ShareState.WITHDRAWN
        log = await world.admin.log.entries(job.guild_id or 0, offset=0, limit=5)
        assert [str(entry.deed) for entry in log.items[:2]] == ["withdraw_share", "share_result"]

    async def test_somebody_else_does_not(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world)
        await share(world, job, message_id)
        (post,) = posts(world, channel)
        assert "Only its creator" in told(await world.actor.press("Noah", post.id, custom_id(post, "Withdraw")))
        assert len(posts(world, channel)) == 1

    async def test_the_creator_may_share_again_but_not_after_a_moderator(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world)
        for user in ("Mia", "Robin"):
            await share(world, job, message_id)
            (post,) = posts(world, channel)
            await world.actor.press(user, post.id, custom_id(post, "Withdraw"))
            await world.settled()
        assert "A moderator took" in told(await preview(world, job, message_id))

    async def test_fifty_presses_withdraw_once(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world)
        await share(world, job, message_id)
        (post,) = posts(world, channel)
        button = custom_id(post, "Withdraw")
        await asyncio.gather(*(world.actor.press("Mia", post.id, button) for _ in range(50)), return_exceptions=True)
        await world.settled()
        log = await world.admin.log.entries(job.guild_id or 0, offset=0, limit=100)
        assert [str(entry.deed) for entry in log.items].count("withdraw_share") == 1

    async def test_a_post_a_moderator_deleted_by_hand_is_withdrawn_all_the_same(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world)
        await share(world, job, message_id)
        (post,) = posts(world, channel)
        await world.actor.delete_message("Robin", post.id)
        again = await preview(world, job, message_id)
        assert again.message is not None
        await world.actor.press("Mia", again.message.id, custom_id(again, "Withdraw"))
        await world.settled()
        assert await state(world, job) is ShareState.WITHDRAWN

    async def test_a_deleted_result_leaves_the_showcase(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world)
        await share(world, job, message_id)
        asked = await world.actor.press("Mia", message_id, f"luma:delete:{job.id}")
        assert asked.message is not None
        await world.actor.press("Mia", asked.message.id, f"luma:deletion:{job.id}")
        await world.settled()
        assert posts(world, channel) == []
        assert await state(world, job) is ShareState.WITHDRAWN

    async def test_a_deletion_whose_process_died_is_made_good(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world)
        await share(world, job, message_id)
        await world.results.delete(job.id, job.user_id, now_ms=world.clock.now_ms())
        await world.restart()
        await world.showcase.tend()
        assert posts(world, channel) == []

    async def test_an_erased_members_shares_and_votes_go(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        job, message_id = await deliver(world)
        await share(world, job, message_id)
        (post,) = posts(world, channel)
        await world.actor.press("Noah", post.id, custom_id(post, "👍"))
        sure = "luma:forget:sure"
        await world.actor.press("Mia", plant_button(world, sure), sure)
        await world.settled()
        assert posts(world, channel) == []
        planted = plant_button(world, custom_id(post, "👍"))
        assert "not in the showcase" in told(await world.actor.press("Noah", planted, custom_id(post, "👍")))
        for table in ("shares", "votes"):
            rows = await world.database.read(lambda session, table=table: session.rows(f"SELECT * FROM {table}"))  # type: ignore[misc]  # bound now
            assert rows == []
        assert "don't know that edit" in told(await preview(world, job, message_id))  # nobody's now

    async def test_an_erasure_is_whole_though_discord_is_away(self, world: BotWorld) -> None:
        await open_showcase(world, FORUM)
        job, message_id = await deliver(world)
        await share(world, job, message_id)
        away = world.server.faults.add("DELETE", "/channels/", times=100, status=503)
        sure = "luma:forget:sure"
        view = await world.actor.press("Mia", plant_button(world, sure), sure)
        await world.settled()
        assert away.struck
        said = world.actor.interaction(view.id).message
        assert said is not None
        assert "Erased: 1 edit" in said.content
        assert f"result-{job.id}.mp4" in world.clips.discarded


class TestVoting:
    async def shared(self, world: BotWorld) -> tuple[Channel, int, str]:
        channel = await open_showcase(world)
        job, message_id = await deliver(world)
        await share(world, job, message_id)
        (post,) = posts(world, channel)
        return channel, post.id, custom_id(post, "👍")

    def count(self, world: BotWorld, post_id: int) -> str:
        return str(world.actor.message("Noah", post_id).components[0]["components"][0]["label"])

    async def test_a_vote_is_given_and_taken_back(self, world: BotWorld) -> None:
        _, post_id, button = await self.shared(world)
        seen = []
        for user in ("Noah", "Robin", "Noah"):
            await world.actor.press(user, post_id, button)
            await world.showcase.settle()
            seen.append(self.count(world, post_id))
            world.discord_clock.advance(3)
        assert seen == ["👍 1", "👍 2", "👍 1"]

    async def test_ones_own_does_not_count(self, world: BotWorld) -> None:
        _, post_id, button = await self.shared(world)
        assert "yours" in told(await world.actor.press("Mia", post_id, button))
        assert await world.shares.votes(button.split(":")[2]) == 0

    async def test_fifty_presses_at_once_are_one_vote_and_as_many_take_it_back(self, world: BotWorld) -> None:
        _, post_id, button = await self.shared(world)
        before = world.sent("PATCH", f"/messages/{post_id}")
        for label, words in (("👍 1", "Your vote counts"), ("👍", "taken back")):
            views = await asyncio.gather(*(world.actor.press("Noah", post_id, button) for _ in range(50)))
            await world.showcase.settle()
            assert self.count(world, post_id) == label
            assert all(words in told(view) for view in views)
            world.discord_clock.advance(3)
        assert world.sent("PATCH", f"/messages/{post_id}") - before < 20
        assert len(world.showcase._presses) == 1

    async def test_a_vote_that_was_not_saved_is_tried_again_at_the_next_press(self, world: BotWorld) -> None:
        _, post_id, button = await self.shared(world)
        refuse = "CREATE TRIGGER full BEFORE INSERT ON votes BEGIN SELECT RAISE(ABORT, 'full'); END"
        await world.database.write(lambda session: session.execute(refuse))
        assert "could not save" in told(await world.actor.press("Noah", post_id, button))
        await world.database.write(lambda session: session.execute("DROP TRIGGER full"))
        assert "Your vote counts" in told(await world.actor.press("Noah", post_id, button))

    async def test_a_vote_from_another_server_does_not_count(self, world: BotWorld) -> None:
        _, _, button = await self.shared(world)
        share_id = button.split(":")[2]
        await world.database.write(
            lambda session: session.execute("UPDATE shares SET guild_id = 4711 WHERE id = $1", share_id)
        )
        message = plant_button(world, button)
        for wanted in (button, f"luma:withdraw:{share_id}"):
            planted = message if wanted == button else plant_button(world, wanted)
            assert "not in the showcase" in told(await world.actor.press("Robin", planted, wanted))

    @pytest.mark.parametrize("subject", ["gone", "' OR 1=1 --", "0" * 74])
    async def test_forged_ids_lead_nowhere(self, world: BotWorld, subject: str) -> None:
        for action in ("vote", "withdraw", "share", "share_post", "share_set", "share_tags"):
            wanted = f"luma:{action}:{subject}"
            assert "don't know" in (
                text := told(await world.actor.press("Noah", plant_button(world, wanted), wanted))
            ) or ("not in the showcase" in text)


class TestTop:
    async def shared(self, world: BotWorld, user: str, *, voters: tuple[str, ...] = (), spoiler: bool = False) -> Job:
        job, message_id = await deliver(world, user, prompt=f"what {user} made", spoiler=spoiler)
        view = await preview(world, job, message_id, user)
        await press(world, view, "Show prompt", user)
        await press(world, view, "Share", user)
        await world.settled()
        share_of = await world.shares.of_job(job.id)
        assert share_of is not None
        assert share_of.post is not None
        for voter in voters:
            await world.actor.press(voter, share_of.post.message_id, f"luma:vote:{share_of.id}")
        return job

    async def test_the_weeks_best_come_first_with_picture_and_links(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        await self.shared(world, "Noah", voters=("Mia",))
        best = await self.shared(world, "Mia", voters=("Noah", "Robin"), spoiler=True)
        view = await world.actor.slash("Robin", "edits", "luma top")
        await world.settled()
        message = world.actor.interaction(view.id).message
        assert message is not None
        lines = message.embeds[0]["description"].splitlines()
        assert lines[0].startswith(f"🥇 <@{best.user_id}> · 2 votes · https://discord.com/channels/")
        assert f"/{channel.id}/" in lines[0]
        assert "1 vote ·" in lines[1]
        assert message.ephemeral
        assert "image" in message.embeds[0]

    async def test_what_nobody_voted_for_has_no_medal(self, world: BotWorld) -> None:
        await open_showcase(world)
        await self.shared(world, "Noah")
        best = await self.shared(world, "Mia", voters=("Robin",))
        view = await world.actor.slash("Robin", "edits", "luma top")
        await world.settled()
        message = world.actor.interaction(view.id).message
        assert message is not None
        first, second = message.embeds[0]["description"].splitlines()
        assert first.startswith(f"🥇 <@{best.user_id}> · 1 vote")
        assert second.startswith("**2.** <@")
        assert "0 votes" in second
        found = await world.shares.best(best.guild_id or 0, since_ms=0, limit=5)
        assert [tile.dot == FAINT for tile in build_tiles(found, {})] == [False, True]

    async def test_what_is_older_than_a_week_counts_no_more(self, world: BotWorld) -> None:
        await open_showcase(world)
        await self.shared(world, "Noah")
        world.discord_clock.advance(8 * 24 * 3600)
        assert "last seven days" in told(await world.actor.slash("Robin", "edits", "luma top"))

    async def test_a_showcase_one_may_not_see_stays_private(self, world: BotWorld) -> None:
        channel = await open_showcase(world)
        await self.shared(world, "Noah")
        async with heard(world, "guild_channel_update"):
            channel.overwrites = [
                Overwrite(channel.guild_id or 0, 0, deny=can.VIEW_CHANNEL),
                Overwrite(world.server.world.bot_id, 1, allow=can.VIEW_CHANNEL),
            ]
            world.server.world.change_channel(channel)
        assert "last seven days" in told(await world.actor.slash("Mia", "edits", "luma top"))
        view = await world.actor.slash("Ada", "edits", "luma top")
        assert view.message is not None
        assert view.message.embeds
