"""Draw the status card of a job: who, what, where it stands, how long such edits take."""

from dataclasses import dataclass

import discord

from bot import inert, replies
from bot.card_fields import describe_request
from bot.desk import Desk
from bot.language import tr
from bot.media_work import Work
from bot.presses import Buttons, build_button
from bot.remarks import say_remark
from bot.usual import UsualTimes
from jobs.job import Job, Kind, State
from jobs.ports import Durations

_COLORS = {
    State.QUEUED: 0x99AAB5,
    State.SUBMITTING: 0x5865F2,
    State.RUNNING: 0x5865F2,
    State.DELIVERING: 0x5865F2,
    State.DELIVERED: 0x57F287,
    State.FAILED: 0xED4245,
    State.CANCELLED: 0x99AAB5,
}
_STATUS = {
    State.SUBMITTING: "📨 **Being sent** to the video service.",
    State.RUNNING: "🎞️ **In the works** at the video service.",
    State.DELIVERING: "📦 **Finished**: on its way here.",
    State.DELIVERED: "The video is here:",
    State.FAILED: "It was not counted.",
    State.CANCELLED: "Nothing will be posted.",
}
_CANCELLABLE = frozenset({State.QUEUED, State.RUNNING})


@dataclass(frozen=True, slots=True)
class CardView:
    """Hold everything a card shows."""

    job: Job
    place: int = 0
    waiting: str = ""
    usual: Durations | None = None
    service: str = ""
    work: Work | None = None


async def read_card(desk: Desk, usual: UsualTimes, job: Job) -> CardView:
    """Read what the card of a job shows."""
    service = desk.lifecycle.service_title(job)
    if job.state.is_final:
        return CardView(job, service=service)
    place = await desk.store.queue_place(job) if job.state is State.QUEUED else 0
    return CardView(job, place, desk.lifecycle.waiting_reason(job), await usual.read(job.kind), service, desk.work.of(job.id))


def build_card(view: CardView) -> discord.Embed:
    """Return the card."""
    job = view.job
    text = f"Asked by <@{job.user_id}>\n{inert.code_block(job.request.prompt)}\n{_status(view)}"
    card = discord.Embed(title=_title(job), description=text, color=_COLORS[job.state])
    for name, value in describe_request(job):
        card.add_field(name=name, value=value)
    if view.service:
        card.add_field(name=tr("Service"), value=inert.prose(view.service))
    if job.clip is not None and job.clip.notes:
        told = "\n".join(inert.prose(say_remark(note)) for note in job.clip.notes)
        card.add_field(name=tr("What the service gets of the clip"), value=told, inline=False)
    if not job.state.is_final:
        card.add_field(name="Usually ready", value=_usual(view), inline=False)
    card.set_footer(text=card_mark(job))
    return card


def card_mark(job: Job) -> str:
    """Return the footer by which we know our own card of a job again."""
    return f"Luma · {job.code}"


def card_buttons(job: Job) -> Buttons | None:
    """Return the buttons under a card; None when there are none."""
    if job.state in _CANCELLABLE:
        return Buttons(build_button("cancel", job.id, "Cancel"))
    return None


def _title(job: Job) -> str:
    match job.state:
        case State.DELIVERED:
            return "✅ Done"
        case State.FAILED:
            return "⚠️ This edit didn't work"
        case State.CANCELLED:
            return "Cancelled"
    return "🎬 Your edit" if job.kind is Kind.MODIFY else "🎬 Your video"


def _status(view: CardView) -> str:
    job = view.job
    if view.work is not None and job.state in (State.QUEUED, State.DELIVERING):
        return _working(job, view.work)
    if view.waiting:
        return f"⏸️ **Waiting**: {inert.prose(view.waiting)}. It goes on by itself."
    if job.state is State.QUEUED:
        # Nothing edits the card of a job that runs straight through: this must stay true until it is done.
        before = f"{view.place - 1} before it; then " if view.place > 1 else ""
        look = (
            "I look at the clip, and the video service works on it" if job.request.clip else "the service works on it"
        )
        return f"⏳ **In line**: {before}{look}."
    if job.state is State.FAILED and job.failure is not None:
        return f"{replies.headline(job.failure)} It was not counted.{_ending_link(job)}"
    return _STATUS[job.state] + _ending_link(job)


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
        return "I have too few finished edits to tell."
    start_ms = view.job.submitted_at_ms or view.job.created_at_ms
    half, most = (replies.relative_time(start_ms + took) for took in (view.usual.median_ms, view.usual.p90_ms))
    return f"{half}, nine times in ten by {most}"
