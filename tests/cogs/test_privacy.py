"""See, take and erase what is kept of oneself through the local Discord."""

import asyncio
import contextlib
import io
import json
import tempfile
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.bounds import ARCHIVE_SECONDS, ARCHIVES
from jobs.job import State
from jobs.tries import EVERYWHERE_FACTOR
from media.shelf import ShelfKind, ShelfLimits
from tests.bot.admin_world import member_id, press, run, text_of
from tests.bot.world import BotWorld, open_bot_world
from tests.cogs.creations import deliver
from tests.cogs.test_moderation import content_of


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path) as opened:
        yield opened


async def test_it_says_what_is_kept_and_how_long(world: BotWorld) -> None:
    text = text_of(await run(world, "Mia", "luma privacy"))
    limits = ShelfLimits()
    assert {limits.seconds(kind) for kind in (ShelfKind.CLIP, ShelfKind.RESULT)} == {14 * 86_400}
    for said in (
        "Each edit",
        "moderators can read it, also of private edits",
        "Your clip and the finished video for 14 days",
        "What moderators did",
        "What I never keep",
    ):
        assert said in text


async def test_everything_is_handed_over_as_one_archive(world: BotWorld) -> None:
    job, _ = await deliver(world, prompt="my own words")
    await deliver(world, "Noah", prompt="somebody else's words")
    message = await press(world, "Mia", await run(world, "Mia", "luma privacy"), "Send me everything")
    archive = zipfile.ZipFile(io.BytesIO(await content_of(message)))
    assert archive.testzip() is None
    names = archive.namelist()
    assert f"files/result-{job.id}.mp4" in names
    assert f"files/clip-{job.id}.mp4" in names
    everything = b"".join(archive.read(name) for name in names)
    assert b"my own words" in everything
    assert b"somebody else" not in everything
    jobs = json.loads(archive.read("jobs.json"))
    assert [row["code"] for row in jobs] == [job.code]
    assert b"results.example/secret" not in everything


def nameless_files(folder: Path) -> list[str]:
    """Return the open files of a folder that have no name in it."""
    opened = []
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            opened.append(str(each.readlink()))
    return [path for path in opened if path.startswith(f"{folder}/") and path.endswith(" (deleted)")]


async def test_archives_asked_for_over_and_over_do_not_fill_the_disk(
    world: BotWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await deliver(world)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    named = set(tmp_path.iterdir())
    asked = {name: await run(world, name, "luma privacy") for name in ("Mia", "Noah")}
    slow = world.server.faults.add("POST", "/webhooks/", times=6, hold=True)
    views = [
        await world.actor.press(name, panel.id, "luma:mydata:all")
        for name, panel in asked.items()
        for _ in range(ARCHIVES)
    ]
    await asyncio.wait_for(slow.reached.wait(), 10)
    for _ in range(50):  # as long as the others would need to get there too
        await asyncio.to_thread(lambda: None)
    assert len(nameless_files(tmp_path)) == 1
    assert set(tmp_path.iterdir()) <= named, "a kill now would leave nothing behind"
    slow.release()
    await world.settled()
    for view in views:
        message = world.actor.interaction(view.id).message
        assert message is not None
        assert message.attachments
    assert nameless_files(tmp_path) == []


async def test_what_does_not_fit_is_left_out_and_said(world: BotWorld) -> None:
    job, _ = await deliver(world)
    (world.folder / f"result-{job.id}.mp4").write_bytes(bytes(11 * 1024 * 1024))
    message = await press(world, "Mia", await run(world, "Mia", "luma privacy"), "Send me everything")
    assert "1 video. 1 video is too large or gone" in message.content
    archive = zipfile.ZipFile(io.BytesIO(await content_of(message)))
    assert json.loads(archive.read("left_out.json")) == [f"result-{job.id}.mp4"]


async def test_archives_are_not_made_without_end(world: BotWorld) -> None:
    await deliver(world)
    panel = await run(world, "Mia", "luma privacy")
    for _ in range(ARCHIVES):
        assert "2 videos" in (await press(world, "Mia", panel, "Send me everything")).content
    view = await world.actor.press("Mia", panel.id, "luma:mydata:all")
    assert view.message is not None
    assert "the next archive can be made <t:" in view.message.content
    assert view.message.attachments == ()
    for number in range(ARCHIVES * EVERYWHERE_FACTOR):
        world.bot.desk.bounds.archives.spend(number, None)
    noahs = await run(world, "Noah", "luma privacy")
    assert "0 videos" in (await press(world, "Noah", noahs, "Send me everything")).content
    world.discord_clock.advance(ARCHIVE_SECONDS)
    assert "2 videos" in (await press(world, "Mia", panel, "Send me everything")).content


class TestForgetting:
    async def test_nothing_is_erased_without_a_second_yes(self, world: BotWorld) -> None:
        await deliver(world)
        asked = await press(world, "Mia", await run(world, "Mia", "luma privacy"), "Forget me")
        assert "for good" in asked.content
        assert (await world.jobs())[0].user_id == member_id(world, "Mia")

    async def test_open_edits_are_cancelled_and_all_of_it_is_erased(self, world: BotWorld) -> None:
        job, _ = await deliver(world, prompt="my own words")
        other, _ = await deliver(world, "Noah", prompt="somebody else's words")
        await world.modify(prompt="still open")
        asked = await press(world, "Mia", await run(world, "Mia", "luma privacy"), "Forget me")
        said = (await press(world, "Mia", asked, "Erase everything")).content
        assert said.startswith("Erased: 2 edits are nobody's now. Their number counts until <t:")
        mine = [each for each in await world.jobs() if each.user_id == member_id(world, "Mia")]
        assert mine == []
        states = {each.state for each in await world.jobs()}
        assert states == {State.DELIVERED, State.CANCELLED}
        assert b"my own words" not in await database_bytes(world)
        assert f"result-{job.id}.mp4" in world.clips.discarded
        assert f"result-{other.id}.mp4" not in world.clips.discarded

    async def test_what_cannot_be_cancelled_now_stops_the_erasure(self, world: BotWorld) -> None:
        await world.modify(prompt="my own words")
        job = await world.put(await world.only_job(), state=State.SUBMITTING)
        asked = await press(world, "Mia", await run(world, "Mia", "luma privacy"), "Forget me")
        said = (await press(world, "Mia", asked, "Erase everything")).content
        assert f"Nothing was erased yet: `{job.code}`" in said
        assert (await world.only_job()).request.prompt == "my own words"

    async def test_the_count_goes_on(self, world: BotWorld) -> None:
        await deliver(world)
        asked = await press(world, "Mia", await run(world, "Mia", "luma privacy"), "Forget me")
        await world.actor.press("Mia", asked.id, "luma:forget:sure")
        await world.settled()
        assert "1 used" in text_of(await run(world, "Mia", "luma quota"))


async def database_bytes(world: BotWorld) -> bytes:
    """Return every row of every table as text."""
    tables = await world.database.read(
        lambda session: [row["name"] for row in session.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    )
    rows = [
        tuple(row)
        for table in tables
        for row in await world.database.read(lambda session, table=table: session.rows(f"SELECT * FROM {table}"))  # type: ignore[misc]  # mypy cannot infer the default
    ]
    return repr(rows).encode()
