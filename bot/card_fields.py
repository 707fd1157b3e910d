"""Describe what a job was asked for, field by field, in words for people."""

from bot import inert, replies
from bot.language import tr
from bot.remarks import clock
from jobs.job import Job


def describe_request(job: Job, *, goes_on_from: str = "") -> list[tuple[str, str]]:
    """Return name and inert value of everything that was asked for beside the prompt.

    `goes_on_from` is the code of the job whose video is extended: it stands for the service's own name of the video.
    """
    request = job.request
    fields = [(tr("Clip"), replies.name_clip(request.clip))] if request.clip is not None else []
    if request.start_seconds:
        fields.append((tr("From"), clock(round(request.start_seconds * 1000))))
    if request.style:
        fields.append((tr("Style"), inert.code(request.style)))
    for name, value in request.options.items():
        is_ours = goes_on_from and name in ("video_id", "video_url")
        fields.append((name_option(name), inert.code(goes_on_from) if is_ours else _shown(name, value)))
    return fields + [(name_option(name), replies.name_clip(each.source)) for name, each in request.images.items()]


def name_option(name: str) -> str:
    """Return an option's name for people."""
    names = {
        "watermark": tr("Watermark"),
        "strength": tr("Strength"),
        "model": tr("Model"),
        "aspect_ratio": tr("Aspect ratio"),
        "enhancement": tr("Prompt enhancement"),
        "loop": tr("Loop"),
        "start_image": tr("Start image"),
        "end_image": tr("End image"),
        "first_frame": tr("First frame"),
        "video_id": tr("Goes on from"),
        "video_url": tr("Goes on from"),
    }
    return names.get(name, name.replace("_", " ").capitalize())


def _shown(name: str, value: str) -> str:
    if name == "video_url":
        return tr("a video by its link")  # the address may be signed
    if name in ("enhancement", "loop"):
        return tr("on") if value == "true" else tr("off")
    return inert.code(value)
