"""Make finished edits with their messages and files on the local Discord."""

from pathlib import Path
from typing import Any

from jobs.job import Failure, FailureCode, Job, Prepared, Result, State
from jobs.ports import VideoPost
from sandbox.discord.model import Json, Message
from sandbox.discord.views import InteractionView, MessageView
from tests.bot.world import BotWorld
from tests.fakes import FACTS

# Every button of a result with what it does: its id, and whether somebody else than the member may press it.
OWN_BUTTONS = ("again", "reword", "input", "post", "prompt", "show", "reuse")
EVERYBODYS_BUTTONS = ("like", "dislike")
STEWARD_BUTTONS = ("delete", "deletion")
RESULT_BUTTONS = (*OWN_BUTTONS, *EVERYBODYS_BUTTONS, *STEWARD_BUTTONS, "compare")
FORMS = ("reworded", "onward", "reuse_with")


def keep_files(world: BotWorld, folder: Path) -> None:
    """Let the fake clips keep real files in a folder."""
    folder.mkdir(exist_ok=True)
    world.clips.folder = folder


def keep_file(world: BotWorld, name: str, content: bytes = b"video") -> str:
    """Put a file on the shelf."""
    world.clips.path(name).write_bytes(content)
    return name


async def deliver(world: BotWorld, job: Job, **changes: Any) -> Job:
    """Bring a queued job to its end: card, thread, files, result message."""
    opened = await world.delivery.open_place(job)
    clip = Prepared(keep_file(world, f"clip-{job.id}.mp4"), FACTS) if job.request.clip else None
    result = Result("https://result.example/v.mp4?sig=secret", keep_file(world, f"result-{job.id}.mp4"), FACTS)
    job = await world.finish(
        job,
        card_channel_id=opened.card_channel_id,
        card_message_id=opened.card_message_id,
        thread_id=opened.thread_id,
        clip=clip,
        result=result,
        **changes,
    )
    path = world.clips.path(result.file)
    posted = await world.delivery.post_result(job, VideoPost(path, f"luma-{job.code}.mp4"))
    ends = {"result_channel_id": posted.channel_id, "result_message_id": posted.message_id}
    return await world.put(job, state=State.DELIVERED, **ends)


async def delivered(world: BotWorld, user: str = "Mia", **options: Any) -> Job:
    """Return a delivered edit of a member's."""
    known = {job.id for job in await world.jobs()}
    await world.modify(user, **options)
    (job,) = [each for each in await world.jobs() if each.id not in known]
    job = await deliver(world, job)
    await world.delivery.settle()  # a member's first is followed by what its buttons do
    return job


async def failed(
    world: BotWorld,
    code: FailureCode = FailureCode.SERVICE_UNAVAILABLE,
    *,
    result: Result | None = None,
    **options: Any,
) -> Job:
    """Return a failed edit of Mia's, told in its thread."""
    await world.modify(**options)
    job = await world.only_job()
    opened = await world.delivery.open_place(job)
    job = await world.finish(job, thread_id=opened.thread_id, failure=Failure(code), result=result)
    posted = await world.delivery.post_failure(job)
    ends = {"result_channel_id": posted.channel_id, "result_message_id": posted.message_id}
    return await world.put(job, state=State.FAILED, **ends)


async def press(world: BotWorld, job: Job, action: str, user: str = "Mia") -> InteractionView:
    """Press a button of a job, on its ending where it has one, else on a message that holds it."""
    custom_id = f"luma:{action}:{job.id}"
    stands = world.server.world.messages.get(job.result_channel_id or 0, {}).get(job.result_message_id or 0)
    if stands is not None and custom_id in str(stands.components):
        view = await world.actor.press(user, stands.id, custom_id)
    else:
        view = await world.actor.press(user, plant_button(world, custom_id, job.thread_id), custom_id)
    await world.settled()
    return view


def plant_button(world: BotWorld, custom_id: str, channel: int | str | None = None, at: float | None = None) -> int:
    """Put a button of any id on a message of the bot, as an older version or a forger may have."""
    local = world.server.world
    place = local.find_channel(channel or "edits")
    button: Json = {"type": 2, "style": 2, "label": "Old", "custom_id": custom_id, "id": 2}
    moment = local.clock.now() if at is None else at
    message = Message(local.ids.next(), place.id, local.bot_id, moment, content="an old message")
    message.components = [{"type": 1, "id": 1, "components": [button]}]
    return local.add_message(message).id


def answer(world: BotWorld, view: InteractionView) -> MessageView:
    """Return the last thing an interaction was answered with."""
    seen = world.actor.interaction(view.id)
    shown = [*([seen.message] if seen.message else []), *seen.followups]
    assert shown, seen
    return shown[-1]


def told(world: BotWorld, view: InteractionView) -> str:
    """Return an ephemeral answer's text."""
    message = answer(world, view)
    assert message.ephemeral, message.content
    return message.content


async def children(world: BotWorld, job: Job) -> list[Job]:
    """Return the edits made from one."""
    return [each for each in await world.jobs() if each.parent_job_id == job.id]
