"""Draw the status card of a job: who, what, where it stands, how long such edits take."""

from dataclasses import dataclass

import discord

from bot import inert, replies
from bot.card_fields import describe_request
from bot.colours import BLURPLE, GREEN, GREY, RED
from bot.desk import Desk
from bot.language import tr, tr_known
from bot.media_work import Work
from bot.presses import Buttons, build_button
from bot.remarks import say_remark
from bot.typical_durations import TypicalDurations
from jobs.job import CANCELLABLE_STATES, Job, Kind, State
from jobs.ports import Durations

_COLORS = {
    State.QUEUED: GREY,
    State.SUBMITTING: BLURPLE,
    State.RUNNING: BLURPLE,
    State.DELIVERING: BLURPLE,
    State.DELIVERED: GREEN,
    State.FAILED: RED,
    State.CANCELLED: GREY,
}


@dataclass(frozen=True, slots=True)
class CardView:
    """Hold everything a card shows."""

    job: Job
    place: int = 0
    waiting: str = ""
    usual: Durations | None = None
    service: str = ""
    work: Work | None = None
    goes_on_from: str = ""


async def read_card(desk: Desk, typical_durations: TypicalDurations, job: Job) -> CardView:
    """Read what the card of a job shows."""
    service, goes_on_from = desk.lifecycle.service_title(job), await _read_parent(desk, job)
    if job.state.is_final:
        return CardView(job, service=service, goes_on_from=goes_on_from)
    place = await desk.store.queue_place(job) if job.state is State.QUEUED else 0
    return CardView(
        job,
        place,
        desk.lifecycle.waiting_reason(job),
        await typical_durations.read(job.kind),
        service,
        desk.work.of(job.id),
        goes_on_from,
    )


async def _read_parent(desk: Desk, job: Job) -> str:
    """Return the code of the job whose video this one extends, empty where it is none of ours."""
    if job.kind is not Kind.EXTEND or job.parent_job_id is None:
        return ""
    parent = await desk.store.get(job.parent_job_id)
    if parent is None or parent.result is None:
        return ""
    named = {job.request.options.get(name) for name in ("video_id", "video_url")} - {None}
    return parent.code if named & {parent.result.video_id, parent.result.url} else ""


def build_card(view: CardView) -> discord.Embed:
    """Return the card."""
    job = view.job
    asked_by = tr("Asked by {member}", member=f"<@{job.user_id}>")
    text = f"{asked_by}\n{inert.code_block(job.request.prompt)}\n{_status(view)}"
    card = discord.Embed(title=_title(job), description=text, color=_COLORS[job.state])
    for name, value in describe_request(job, goes_on_from=view.goes_on_from):
        card.add_field(name=name, value=value)
    if view.service:
        card.add_field(name=tr("Service"), value=inert.prose(view.service))
    if job.clip is not None and job.clip.notes:
        told = "\n".join(inert.prose(say_remark(note)) for note in job.clip.notes)
        card.add_field(name=tr("What the service gets of the clip"), value=told, inline=False)
    if not job.state.is_final:
        card.add_field(name=tr("Usually ready"), value=_usual(view), inline=False)
    card.set_footer(text=card_mark(job))
    return card


def card_mark(job: Job) -> str:
    """Return the footer by which we know our own card of a job again."""
    return f"Luma · {job.code}"


def card_buttons(job: Job) -> Buttons | None:
    """Return the buttons under a card; None when there are none."""
    if job.state in CANCELLABLE_STATES:
        return Buttons(build_button("cancel", job.id, tr("Cancel")))
    return None


def _title(job: Job) -> str:
    match job.state:
        case State.DELIVERED:
            return tr("✅ Done")
        case State.FAILED:
            return tr("⚠️ This edit didn't work")
        case State.CANCELLED:
            return tr("Cancelled")
    return tr("🎬 Your edit") if job.kind is Kind.MODIFY else tr("🎬 Your video")


def _status(view: CardView) -> str:
    job = view.job
    if view.work is not None and job.state in (State.QUEUED, State.DELIVERING):
        return _working(job, view.work)
    if view.waiting:
        reason = inert.prose(tr_known(view.waiting))
        return tr("⏸️ **Waiting**: {reason}. It goes on by itself.", reason=reason)
    if job.state is State.QUEUED:
        return _in_line(view)
    if job.state in (State.FAILED, State.CANCELLED) and job.failure is not None:
        ended = tr("{what} It was not counted.", what=replies.headline(job))
        return ended + _ending_link(job)
    return _stage(job.state) + _ending_link(job)


def _in_line(view: CardView) -> str:
    # Nothing edits the card of a job that runs straight through: this must stay true until it is done.
    if view.job.request.clip:
        look = tr("I look at the clip, and the video service works on it")
    else:
        look = tr("the service works on it")
    if view.place > 1:
        return tr("⏳ **In line**: {count} before it; then {look}.", count=view.place - 1, look=look)
    return tr("⏳ **In line**: {look}.", look=look)


def _stage(state: State) -> str:
    words = {
        State.SUBMITTING: tr("📨 **With the video service**: waiting for its answer."),
        State.RUNNING: tr("🎞️ **In the works** at the video service."),
        State.DELIVERING: tr("📦 **Finished**: on its way here."),
        State.DELIVERED: tr("The video is here:"),
        State.FAILED: tr("It was not counted."),
        State.CANCELLED: tr("Nothing will be posted."),
    }
    return words[state]


def _working(job: Job, work: Work) -> str:
    if work.percent is None:
        return tr("⏳ **Waiting for a place** to work on the video; others are before it.")
    if job.state is State.QUEUED:
        return tr("✂️ **Making the clip ready**: {percent} %.", percent=work.percent)
    return tr("📦 **Finished**: making the video ready to play here, {percent} %.", percent=work.percent)


def _ending_link(job: Job) -> str:
    if job.deleted_at_ms is not None:
        return " " + tr("It was deleted.")
    url = replies.result_url(job)
    return f" {url}" if url else ""


def _usual(view: CardView) -> str:
    if view.usual is None:
        return tr("I have too few finished edits to tell.")
    start_ms = view.job.submitted_at_ms or view.job.created_at_ms
    half, most = (replies.relative_time(start_ms + took) for took in (view.usual.median_ms, view.usual.p90_ms))
    return tr("{half}, nine times in ten by {most}", half=half, most=most)
