"""Go through a creator's evening with the real bot in its process: edits, versions, comparison, votes, deletion."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import av
import pytest
from PIL import Image

from sandbox.demo import Demo, DemoOptions
from sandbox.demo_once import run_job
from sandbox.discord.views import InteractionView, MessageView
from sandbox.video.clip import draw_clip
from tests.environment import need_openapi

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    async with Demo(DemoOptions(openapi=need_openapi(), work_seconds=0.1)) as running:
        await running.wait_until_ready()
        yield running


class Creator:
    """Act as Mia and see what she sees."""

    def __init__(self, demo: Demo) -> None:
        self.demo, self.actor = demo, demo.discord.actor

    async def edit(self, clip: Path) -> MessageView:
        """Make the first edit and return the message with its result."""
        outcome = await run_job(self.demo, clip, "make it warm")
        assert outcome.video is not None, outcome.words
        return self.actor.message("Mia", outcome.message_id or 0)

    async def hints(self, count: int) -> list[MessageView]:
        """Wait until Mia was told as often what the buttons do."""

        def found() -> list[MessageView] | None:
            seen = [one for one in self.actor.messages("Mia", "edits") if "first result" in one.content]
            return seen if len(seen) == count else None

        return await self.actor.wait_for(found, 20)

    def button(self, message: MessageView, action: str) -> str:
        return next(each for each in ids_of(message) if each.startswith(f"luma:{action}:"))

    async def press(self, message: MessageView, action: str, user: str = "Mia") -> InteractionView:
        return await self.actor.press(user, message.id, self.button(message, action))

    async def next_result(self, after: MessageView) -> MessageView:
        """Wait for the next result in the thread."""

        def found() -> MessageView | None:
            assert self.demo.bot.state != "stopped", self.demo.bot.errors
            newer = [one for one in self.actor.messages("Mia", after.channel_id) if one.id > after.id and one.pings_me]
            return newer[-1] if newer else None

        return await self.actor.wait_for(found, 60)

    async def hinted(self, view: InteractionView) -> MessageView:
        """Wait for what an interaction is followed by."""
        return await self.actor.wait_for(lambda: next(iter(self.actor.interaction(view.id).followups), None), 20)

    async def first_result(self) -> MessageView:
        """Wait for the result in the first thread there is."""

        def found() -> MessageView | None:
            threads = self.actor.threads("Mia", "edits")
            seen = [one for thread in threads for one in self.actor.messages("Mia", thread.id) if one.pings_me]
            return seen[0] if seen else None

        return await self.actor.wait_for(found, 60)

    async def answered(self, view: InteractionView) -> MessageView:
        """Wait for the last word on a deferred answer."""

        def found() -> MessageView | None:
            seen = self.actor.interaction(view.id)
            shown = [*([seen.message] if seen.message else []), *seen.followups]
            return shown[-1] if shown and not shown[-1].loading else None

        return await self.actor.wait_for(found, 60)

    async def pictured(self, view: InteractionView) -> MessageView:
        """Wait for the picture under an answer."""

        def found() -> MessageView | None:
            seen = self.actor.interaction(view.id).message
            return seen if seen is not None and seen.attachments else None

        return await self.actor.wait_for(found, 60)

    def path_of(self, message: MessageView) -> Path:
        return self.demo.discord.world.find_message(message.id).attachments[0].path


def ids_of(message: MessageView) -> list[str]:
    return [part["custom_id"] for row in message.components for part in row["components"] if "custom_id" in part]


async def test_a_creators_evening(demo: Demo, tmp_path: Path) -> None:
    mia = Creator(demo)
    results = [await mia.edit(draw_clip(tmp_path / "clip.mp4", 2, 320, 180))]
    assert "first" not in results[0].content
    (hint,) = await mia.hints(1)
    assert hint.ephemeral
    assert f"/{results[0].id} work for ever" in hint.content
    for number, prompt in enumerate(("make it black and white", "mirror it")):
        opened = await mia.press(results[-1], "reword" if number == 0 else "input")
        assert opened.modal is not None, opened.message and opened.message.content
        await mia.actor.submit_modal(opened.id, {"prompt": prompt})
        results.append(await mia.next_result(results[-1]))
    assert len({result.channel_id for result in results}) == 1

    code = results[-1].content.rsplit("`", 2)[1]
    shown = await mia.actor.slash("Mia", "edits", "luma show", {"job": code})
    card = await mia.pictured(shown)
    with Image.open(mia.path_of(card)) as picture:
        assert picture.size == (1000, 2 * 24 + 3 * 204 - 24)
        picture.save(tmp_path / "versions.png")
    (menu,) = [each for each in ids_of(card) if each.startswith("luma:compare_two:")]
    ids = [mia.button(result, "again").rpartition(":")[2] for result in results]
    compared = await mia.answered(await mia.actor.select("Mia", card.id, menu, [ids[0], ids[2]]))
    video = mia.actor.message("Noah", int(compared.content.rsplit("/", 1)[1]))
    with av.open(str(mia.path_of(video))) as film:
        stream = film.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.height > 300  # one above the other

    for user, action in (("Noah", "like"), ("Ada", "like"), ("Robin", "dislike")):
        await mia.press(results[0], action, user)
    rated = await mia.actor.slash("Robin", "edits", "luma-mod ratings")
    assert rated.message is not None
    assert "67 %" in rated.message.embeds[0]["description"]

    history = await mia.pictured(await mia.actor.slash("Mia", "edits", "luma history"))
    Image.open(mia.path_of(history)).save(tmp_path / "history.png")
    asked = await mia.answered(await mia.press(results[0], "delete"))
    gone = await mia.answered(await mia.actor.press("Mia", asked.id, f"luma:deletion:{ids[0]}"))
    assert "is deleted" in gone.content
    left = [one.id for one in mia.actor.messages("Noah", results[0].channel_id) if one.attachments]
    assert results[0].id not in left
    assert video.id not in left
    assert results[2].id in left
    assert len(await mia.hints(1)) == 1
    assert not demo.discord.violations
    assert not demo.discord.answer_violations


async def test_a_bot_killed_before_the_first_result_tells_of_its_buttons_at_the_first_press(tmp_path: Path) -> None:
    clip = draw_clip(tmp_path / "clip.mp4", 1, 320, 180)
    async with Demo(DemoOptions(openapi=need_openapi(), work_seconds=1)) as demo:
        await demo.wait_until_ready()
        mia = Creator(demo)
        card = (await mia.actor.slash("Mia", "edits", "luma modify", {"prompt": "warm"}, {"clip": clip})).message
        assert card is not None
        await demo.video.ledger.wait_for(lambda ledger: len(ledger.tasks) == 1)
        await kill_and_start(demo)
        result = await mia.first_result()
        assert not [one for one in mia.actor.messages("Mia", "edits") if "first result" in one.content]
        pressed = [await mia.press(result, "like", user) for user in ("Noah", "Mia")]
        hint = await mia.hinted(pressed[1])
        assert hint.ephemeral
        assert str(result.id) in hint.content
        await until_noted(demo)
        await kill_and_start(demo)
        pressed.append(await mia.press(result, "dislike"))
        await mia.actor.slash("Mia", "edits", "luma quota")  # what a press is followed by has come by then
        assert [len(mia.actor.interaction(view.id).followups) for view in pressed] == [0, 1, 0]
        assert not demo.discord.violations


async def until_noted(demo: Demo) -> None:
    """Wait until the bot knows that somebody was told: killed before, it tells them again."""
    count = "SELECT count(*) FROM told_members"
    with closing(sqlite3.connect(demo.folder / "data" / "luma.db")) as database:
        while not database.execute(count).fetchone()[0]:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)


async def kill_and_start(demo: Demo) -> None:
    await demo.bot.kill()
    await demo.bot.start()
    await demo.wait_until_ready()
