"""Run whole jobs of every kind and service through the local world: the real bot, real wires, real video."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import av
import numpy as np
import pytest

from sandbox.discord.views import InteractionView, MessageView
from sandbox.video.ledger import Task
from tests.crashing import CrashWorld

ENDED = "('delivered', 'failed')"
SERVICES = ("kie", "acedata", "lumalabs")
pytestmark = pytest.mark.timeout(150)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[CrashWorld]:
    video = {"work_seconds": 0.1, "scene_seconds": 1.0, "scene_side": 320}
    settings = {"ACEDATA_TIMEOUT_SECONDS": "240"}
    async with CrashWorld(tmp_path, services=SERVICES, settings=settings, **video) as opened:
        yield opened


def draw_picture(path: Path, colour: tuple[int, int, int]) -> Path:
    """Write a plain picture of 320 by 180 pixels."""
    frame = av.VideoFrame.from_ndarray(np.full((180, 320, 3), colour, np.uint8), format="rgb24")
    frame.save(str(path))
    return path


async def colours(message: MessageView, folder: Path) -> tuple[list[float], list[float]]:
    """Return the mean red, green and blue of the first and the last picture of a message's video."""
    path = folder / "result.mp4"
    (file,) = message.attachments
    async with aiohttp.ClientSession() as session, session.get(file.url) as response:
        path.write_bytes(await response.read())
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    first, last = (list(frames[index].mean(axis=(0, 1))) for index in (0, -1))
    return first, last


def code_of(view: InteractionView | None) -> str:
    """Return the code of the job that a command began."""
    assert view is not None
    assert view.message is not None, view
    assert view.message.embeds, view.message.content
    return str(view.message.embeds[0]["footer"]["text"]).rpartition(" ")[2]


def card_of(view: InteractionView | None) -> str:
    """Return all that a command's card says."""
    assert view is not None
    assert view.message is not None
    return str(view.message.embeds)


async def ending(world: CrashWorld, view: InteractionView | None) -> MessageView:
    """Wait until a job has come to its end, and return the message with it."""
    code = code_of(view)
    await world.until(lambda: world.endings(code))
    (message,) = world.endings(code)
    await world.until(lambda: world.rows(f"SELECT 1 FROM jobs WHERE code = '{code}' AND state IN {ENDED}"))
    return message


def last_task(world: CrashWorld) -> Task:
    """Return the task that was created last."""
    return list(world.video.ledger.tasks.values())[-1]


async def test_generate_from_a_prompt_and_extend_twice(world: CrashWorld) -> None:
    view = await world.run("luma generate", {}, prompt="a quiet sea", aspect_ratio="1:1", loop=True)
    assert "Ace Data Cloud" in card_of(view)
    assert (await ending(world, view)).attachments
    first = last_task(world)
    assert (first.request["aspect_ratio"], first.request["loop"], first.request["enhancement"]) == ("1:1", True, True)
    assert (first.request["timeout"], first.request["async"]) == (240, True)

    extended = await world.run("luma extend", {}, prompt="the sun sets", job=code_of(view))
    assert (await ending(world, extended)).attachments
    second = last_task(world)
    assert second.request["video_id"] == first.facts["video_id"]

    again = await world.run("luma extend", {}, prompt="the stars come", job=code_of(extended))
    assert (await ending(world, again)).attachments
    assert last_task(world).request["video_id"] == second.facts["video_id"]
    assert world.check() == []


async def test_generate_from_two_frames(world: CrashWorld, tmp_path: Path) -> None:
    red, blue = draw_picture(tmp_path / "red.png", (220, 20, 20)), draw_picture(tmp_path / "blue.jpg", (20, 20, 220))
    view = await world.run("luma generate", {"start_image": red, "end_image": blue}, prompt="from red to blue")
    message = await ending(world, view)
    task = last_task(world)
    for name in ("start_image_url", "end_image_url"):
        assert "/files/image-" in task.request[name], "the bot hosts what it has looked at"
    first, last = await colours(message, tmp_path)
    assert first[0] > 150 > first[2], first
    assert last[2] > 150 > last[0], last
    assert world.check() == []


async def test_what_is_no_picture_is_told_and_not_counted(world: CrashWorld, tmp_path: Path) -> None:
    fake = tmp_path / "fake.png"
    fake.write_bytes(b"\x89PNG\r\n\x1a\n" + b"not a picture" * 100)
    view = await world.run("luma generate", {"start_image": fake}, prompt="from nothing")
    message = await ending(world, view)
    assert "picture is broken" in message.content
    assert not world.video.ledger.tasks
    assert world.check() == []


async def test_each_service_modifies_and_one_steps_in_for_another(world: CrashWorld) -> None:
    assert (await ending(world, await world.command("make it warm"))).attachments
    assert last_task(world).service == "kie"

    view = await world.command("make it cold", strength="adhere_1", model="ray-flash-2")
    assert (await ending(world, view)).attachments
    task = last_task(world)
    assert (task.service, task.request["mode"], task.request["model"]) == ("lumalabs", "adhere_1", "ray-flash-2")

    world.video.account.set_balance("kie", 0)
    refused = await world.command("make it wet")  # KIE refuses this one, and is passed over from then on
    await world.until(lambda: any("takes no new jobs" in str(line.get("message")) for line in world.lines))
    stepped_in = await world.command("make it dry")
    assert "Luma Labs" in card_of(stepped_in)
    assert (await ending(world, stepped_in)).attachments
    assert last_task(world).service == "lumalabs"
    rows = dict(world.rows("SELECT code, service FROM jobs"))
    assert rows[code_of(refused)] == "kie", "a job that was sent once stays where it is"
    outages = [line for line in world.lines if "takes no new jobs" in str(line.get("message"))]
    assert len(outages) == 1
