"""Say in words how an edit stands and ends, and what several places say alike; what people typed is made inert."""

import re
from collections.abc import Iterable

from bot import inert
from bot.language import tr
from bot.refused_places import say_detail
from bot.remarks import say_remark
from jobs.job import BEYOND_US, Charge, ClipSource, Failure, FailureCode, Job, Kind, State
from jobs.ports import VideoPost

MESSAGE_CHARS = 2000
LINK_CHARS = 1000  # an address signed by a service can be longer
_ENDING = re.compile(r"-# Luma edit `([A-Z0-9]{3,10})`", re.ASCII)
MIB = 1024 * 1024

_TRY_AGAIN = frozenset(FailureCode) - {
    FailureCode.UNUSABLE_CLIP, FailureCode.CLIP_UNREACHABLE, FailureCode.STOPPED
}  # fmt: skip


def apology(code: str) -> str:
    """Say that it was our fault, with the code under which the log has it."""
    return tr(
        "Something went wrong on my side, and nothing was counted. Please try again; the code is `{code}`.", code=code
    )


def busy() -> str:
    """Say that the database could not do its work."""
    return tr("I could not save that just now. Nothing was counted; please try again in a moment.")


def outdated_command() -> str:
    """Say that Discord showed a command as it was before an update."""
    return tr("I don't know that command in this form any more. Please reload Discord and try again.")


def private_started() -> str:
    """Say where a private edit goes on."""
    return tr("Your edit is private: you'll find it in your direct messages with me.")


def dms_closed() -> str:
    """Say that a private edit can't be made."""
    return tr(
        "I may not send you direct messages, so I can't make a private edit; nothing was counted. Allow direct "
        "messages from members of this server, or leave `private` out."
    )


def cancelled(job: Job, charge: Charge) -> str:
    """Confirm a cancel, and say whether the edit counts."""
    words = tr("Cancelled: nothing will be posted for `{code}`.", code=job.code)
    return f"{words} {_charged(charge)}"


def _charged(charge: Charge) -> str:
    match charge:
        case Charge.SETTLE:
            return tr("The service had begun with it, so it counts.")
        case Charge.FORGIVE:
            return tr("It doesn't count for its member; the service had begun with it, so the server's budget has it.")
    return tr("It doesn't count.")


def state_word(state: State) -> str:
    """Return the word for a state."""
    words = {
        State.QUEUED: tr("waiting"),
        State.SUBMITTING: tr("with the service"),
        State.RUNNING: tr("in the works"),
        State.DELIVERING: tr("arriving"),
        State.DELIVERED: tr("done"),
        State.FAILED: tr("failed"),
        State.CANCELLED: tr("cancelled"),
    }
    return words[state]


def state_sign(job: Job) -> str:
    """Return the sign of how an edit stands, for lists."""
    if job.deleted_at_ms is not None:
        return "🗑️"
    return {State.DELIVERED: "✅", State.FAILED: "⚠️", State.CANCELLED: "🚫"}.get(job.state, "⏳")


def message_url(guild_id: int | None, channel_id: int, message_id: int) -> str:
    """Return the address of a message in a server, or (None) in direct messages."""
    return f"https://discord.com/channels/{guild_id or '@me'}/{channel_id}/{message_id}"


def jump_url(job: Job, channel_id: int, message_id: int) -> str:
    """Return the address of a message of a job: a private one's, and one whose places are closed, is direct."""
    places = (job.thread_id, job.card_channel_id, job.channel_id)
    # Asked for in a thread, what stands nowhere of these stands in the thread's channel.
    is_direct = channel_id not in places and job.card_channel_id not in (None, job.thread_id)
    return message_url(None if job.request.private or is_direct else job.guild_id, channel_id, message_id)


def result_url(job: Job) -> str | None:
    """Return the address of the ending message of a job, once it stands."""
    if job.result_channel_id is None or job.result_message_id is None:
        return None
    return jump_url(job, job.result_channel_id, job.result_message_id)


def relative_time(at_ms: int) -> str:
    """Return a Discord timestamp that counts by itself."""
    return f"<t:{at_ms // 1000}:R>"


def span(milliseconds: int) -> str:
    """Return a length of time in rough words."""
    seconds = max(1, round(milliseconds / 1000))
    if seconds < 90:
        return tr("{seconds} s", seconds=seconds)
    minutes = round(seconds / 60)
    return tr("{minutes} min", minutes=minutes) if minutes < 90 else tr("{hours} h", hours=f"{minutes / 60:.1f}")


def size(size_bytes: int) -> str:
    """Return a file size in MB or KB as Discord writes them."""
    return f"{size_bytes / MIB:.1f} MB" if size_bytes >= MIB // 10 else f"{max(1, size_bytes // 1024)} KB"


def name_clip(clip: ClipSource | None) -> str:
    """Return how a clip is named to people: our own words around an inert file name."""
    if clip is None:
        return tr("none")
    name = inert.code(clip.filename or tr("link"), 60)
    return f"{name} ({size(clip.size_bytes)})" if clip.size_bytes else name


# --- how a job ends --------------------------------------------------------------------------------------------------


def ending_mark(job: Job) -> str:
    """Return the line by which we know our own ending message of a job again: the same in every language."""
    return f"-# Luma edit `{job.code}`" + (" · failed" if job.failure else "")


def read_ending_code(content: str) -> str | None:
    """Return the code of the job whose result a message of ours holds; None where it holds none."""
    match = _ENDING.fullmatch(content.rpartition("\n")[2])
    return match[1] if match else None


def is_ending(content: str, job: Job) -> bool:
    """Tell whether a message of ours is this job's ending: the result, or the failure when the job has one."""
    return content.endswith("\n" + ending_mark(job))


def result_text(job: Job, video: VideoPost, *, elsewhere: str = "") -> str:
    """Return the message with a result; `elsewhere` says why it does not stand where it was asked for."""
    told = [note for note in video.notes if note.code not in BEYOND_US]
    lines = [elsewhere, *link_lines(job, video), *(inert.prose(say_remark(note)) for note in told)]
    opening = tr("your edit is ready.") if job.kind is Kind.MODIFY else tr("your video is ready.")
    return _message(job, opening, lines)


def link_lines(job: Job, video: VideoPost) -> Iterable[str]:
    """Say where a video is watched that is not attached whole, and how long; nothing without a link."""
    if video.link is None:
        return
    link = "" if long_link(job, video) else f"\n{_hidden(job, video.link)}"
    ends_ms = video.link_expires_at_ms
    until = " " + tr("(ends {when})", when=relative_time(ends_ms)) if ends_ms else ""
    after = ""
    if video.path is None and job.result is not None and not job.result.file:
        text = tr("I could not fetch the video myself. Watch or download it at the video service{until}:", until=until)
        yield from (say_remark(note) for note in video.notes if note.code in BEYOND_US)
        after = "\n" + (
            tr("When that link has ended, `/luma show` gives you a new one.")
            if ends_ms
            else tr("The service does not say how long it keeps the video, so save it soon.")
        )
    elif video.path is None:
        text = tr("The video is too large to attach here. Watch or download it{until}:", until=until)
    else:
        text = tr("This is a smaller copy that fits here. The full video{until}:", until=until)
    yield f"{text}{link}{after}"


def long_link(job: Job, video: VideoPost) -> str:
    """Return a link that is too long to stand in a message's text: it stands below; empty where there is none."""
    return _hidden(job, video.link) if video.link and len(video.link) > LINK_CHARS else ""


def _hidden(job: Job, link: str) -> str:
    return f"||{link} ||" if job.request.spoiler else link


def failure_text(job: Job, *, elsewhere: str = "") -> str:
    """Return the message that tells of a failure: why, what to do, and that it was not counted."""
    failure = job.failure or Failure(FailureCode.INTERNAL)
    what, advice = _failure_words(job, failure.code)
    why = f"> {say_detail(failure)}" if failure.detail else ""
    opening = tr("this edit didn't work. {what}", what=what)
    return _message(job, opening, [why, tr("{advice} It was not counted.", advice=advice), elsewhere])


def _failure_words(job: Job, code: FailureCode) -> tuple[str, str]:
    """Return what happened, and what to do about it."""
    may_hear = job.failure is None or job.failure.may_hear
    return {**_source_failures(job), **_place_failures(), **_service_failures(may_hear)}[code]


def _source_failures(job: Job) -> dict[FailureCode, tuple[str, str]]:
    attach, refused = (
        tr("Attach the file itself, or check that the link opens for everybody."),
        tr("Luma refused this edit."),
    )
    if job.request.clip is None:
        change = tr("Change the prompt and try again.")
        if job.request.images:
            change = tr("Change the prompt or the pictures and try again.")
        unusable = tr("A picture you gave can't be used."), tr("Try again with a picture that fits.")
        return {
            FailureCode.UNUSABLE_CLIP: unusable,
            FailureCode.CLIP_UNREACHABLE: (tr("I couldn't fetch a picture you gave."), attach),
            FailureCode.REFUSED: (refused, change),
        }
    unusable = tr("This clip can't be edited."), tr("Try again with a clip that fits.")
    unreachable = tr("I couldn't fetch the clip.")
    if job.request.images:
        unusable = tr("The clip or the picture can't be used."), tr("Try again with files that fit.")
        unreachable = tr("I couldn't fetch the clip or the picture.")
    return {
        FailureCode.UNUSABLE_CLIP: unusable,
        FailureCode.CLIP_UNREACHABLE: (unreachable, attach),
        FailureCode.REFUSED: (refused, tr("Change the prompt or the clip and try again.")),
    }


def _place_failures() -> dict[FailureCode, tuple[str, str]]:
    return {
        FailureCode.SERVER_LEFT: (
            tr("I was removed from its server before it was sent to the video service."),
            tr("Ask its moderators to invite me again."),
        ),
        FailureCode.STOPPED: (tr("A moderator stopped this edit."), tr("Ask the moderators of this server why.")),
        FailureCode.UNDELIVERABLE: (
            tr("The video is ready, but I may not post it here."),
            tr("Ask a moderator to let me send messages and files here, then use `/luma show`."),
        ),
    }


def _service_failures(may_hear: bool) -> dict[FailureCode, tuple[str, str]]:
    again = tr("Please try again.")
    return {
        FailureCode.SERVICE_UNAVAILABLE: (
            tr("The video service isn't working right now."),
            tr("Please try again later."),
        ),
        FailureCode.OUTCOME_UNKNOWN: (
            tr("The connection to the video service broke, and I never heard what became of this edit."),
            tr("If the video still comes, I'll post it here. You may also try again.") if may_hear else again,
        ),
        FailureCode.TIMED_OUT: (tr("The video service took far too long."), again),
        FailureCode.RESULT_UNUSABLE: (tr("The video service sent something that isn't a working video."), again),
        FailureCode.INTERNAL: (
            tr("Something went wrong on my side."),
            tr("Please try again; the operator has been told."),
        ),
    }


def _message(job: Job, opening: str, lines: Iterable[str]) -> str:
    head = f"<@{job.user_id}> {opening}"
    tail = "\n".join([*(line for line in lines if line), ending_mark(job)])
    room = MESSAGE_CHARS - inert.length(head) - inert.length(tail) - 20
    asked = inert.code_block(job.request.prompt, min(room, 1000)) if job.request.prompt and room > 40 else ""
    return "\n".join(part for part in (head, asked, tail) if part)


def headline(job: Job) -> str:
    """Return what happened to a job that failed, in one sentence."""
    return _failure_words(job, job.failure.code if job.failure else FailureCode.INTERNAL)[0]


def is_kept(job: Job) -> bool:
    """Tell whether a failed job has a finished video that could be posted nowhere: here, or still at its service."""
    return job.failure is not None and job.failure.code is FailureCode.UNDELIVERABLE and job.result is not None


def may_try_again(job: Job) -> bool:
    """Tell whether the same request could work next time."""
    return job.failure is not None and job.failure.code in _TRY_AGAIN


def moved_here(channel_id: int) -> str:
    """Say why an ending comes as a direct message."""
    return tr("I could not post in {channel}, so here it is.", channel=f"<#{channel_id}>")
