"""Describe what a job was asked for, field by field, in words for people."""

from bot import inert, replies
from bot.language import tr
from bot.remarks import clock
from jobs.job import Job


def describe_request(job: Job) -> list[tuple[str, str]]:
    """Return name and inert value of everything that was asked for beside the prompt."""
    request = job.request
    fields = [(tr("Clip"), replies.name_clip(request.clip))] if request.clip is not None else []
    if request.start_seconds:
        fields.append((tr("From"), clock(round(request.start_seconds * 1000))))
    if request.style:
        fields.append((tr("Style"), inert.code(request.style)))
    fields += [(name_option(name), _shown(name, value)) for name, value in request.options.items()]
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
