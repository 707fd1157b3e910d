"""Look at what Discord says of a clip (name, type, size) before it is fetched; the truth is probed later."""

import re
from urllib.parse import parse_qs, urlsplit

import discord

from bot import inert, replies
from bot.language import tr
from jobs.errors import UnusableClipError
from jobs.job import ClipSource

# Container names by content type and by ending; what stands in neither is left to the probe.
_BY_TYPE = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/x-msvideo": "avi",
    "video/avi": "avi",
    "video/webm": "webm",
    "video/x-matroska": "mkv",
    "video/3gpp": "3gp",
    "image/gif": "gif",
}
_BY_ENDING = {
    "mp4": "mp4",
    "m4v": "mp4",
    "mov": "mov",
    "qt": "mov",
    "avi": "avi",
    "webm": "webm",
    "mkv": "mkv",
    "3gp": "3gp",
    "gif": "gif",
}
_DISCORD_PATH = re.compile(r"/(?:ephemeral-)?attachments/\d+/\d+/", re.ASCII)
_HEX = re.compile(r"[0-9a-fA-F]{1,12}")


def claimed_container(filename: str, content_type: str | None) -> str | None:
    """Return the container a file is said to be, by its type, else by its ending; None when neither tells."""
    by_type = _BY_TYPE.get((content_type or "").split(";")[0].strip().lower())
    return by_type or _BY_ENDING.get(filename.rpartition(".")[2].lower())


def is_video(attachment: discord.Attachment) -> bool:
    """Tell whether an attachment is said to be a moving picture."""
    type_ = attachment.content_type or ""
    return type_.startswith("video/") or claimed_container(attachment.filename, type_) is not None


def check_claim(attachment: discord.Attachment, max_bytes: int) -> None:
    """Raise UnusableClipError when what Discord says of a file rules it out; a video is cut and converted to fit."""
    if not is_video(attachment):
        raise UnusableClipError(
            "{name} is no video (its type is {type}). Attach one of these: MP4, MOV, WebM, MKV, AVI, 3GP, GIF.",
            rule="type",
            name=inert.code(attachment.filename, 60),
            type=inert.code(attachment.content_type or tr("unknown"), 60),
        )
    if attachment.size <= 0:
        raise UnusableClipError("That file is empty. Please attach the clip again.", rule="size")
    if attachment.size > max_bytes:
        raise UnusableClipError(
            "The clip has {size}; I take at most {most}. Please make it shorter or smaller.",
            rule="size",
            size=replies.size(attachment.size),
            most=replies.size(max_bytes),
        )


def attached_clip(attachment: discord.Attachment) -> ClipSource:
    """Return the source of a clip that came with a command: its address cannot be asked for again."""
    return ClipSource(attachment.url, attachment.filename, attachment.size, attachment_id=attachment.id)


def clip_in(message: discord.Message, attachment: discord.Attachment) -> ClipSource:
    """Return the source of a clip that hangs on a message: its address can be asked for again."""
    return ClipSource(
        attachment.url,
        attachment.filename,
        attachment.size,
        channel_id=message.channel.id,
        message_id=message.id,
        attachment_id=attachment.id,
    )


def attachments_of(message: discord.Message) -> list[discord.Attachment]:
    """Return the files of a message, of what it forwards too."""
    forwarded = [attachment for snapshot in message.message_snapshots for attachment in snapshot.attachments]
    return [*message.attachments, *forwarded]


def find_video(message: discord.Message) -> discord.Attachment | None:
    """Return the first video of a message."""
    return next((each for each in attachments_of(message) if is_video(each)), None)


def find_video_link(message: discord.Message) -> str | None:
    """Return the direct link of a video that Discord shows under a message."""
    for embed in message.embeds:
        if embed.type == "video" and embed.provider.name is None and embed.url:
            return embed.url
    return None


def has_expired(clip: ClipSource, now_ms: int) -> bool:
    """Tell whether a clip's signed Discord link has ended (its `ex`, hex Unix seconds) and can't be asked for again."""
    parts = urlsplit(clip.url)
    if clip.message_id is not None or not _DISCORD_PATH.match(parts.path):
        return False
    ends = parse_qs(parts.query).get("ex", [""])[0]
    return bool(_HEX.fullmatch(ends)) and int(ends, 16) * 1000 <= now_ms
