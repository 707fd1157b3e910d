"""Walk down the size ladder: the video as it is, a smaller one that fits, a link."""

from dataclasses import replace
from typing import Protocol

from jobs.errors import MediaError, ProviderError, TooLargeError, UserError
from jobs.job import Job, Result
from jobs.ports import Clips, Posted, VideoPost
from jobs.services import Provider, TemporaryLink

SMALLEST_FILE_BYTES = 1024 * 1024  # a file of this size that is refused for its size becomes a link


class Destination(Protocol):
    """Post a video somewhere; raises DeliveryError."""

    async def upload_limit(self, job: Job) -> int:
        """Return how many bytes a file may have there."""

    async def post_result(self, job: Job, video: VideoPost) -> Posted:
        """Post it; raises TooLargeError when the file will not go."""


async def post_within_limit(
    job: Job, result: Result, clips: Clips, destination: Destination, provider: Provider | None
) -> Posted:
    """Post a result, each rung of the ladder once; Discord's own refusal for size leads to the next rung."""
    limit_bytes = await destination.upload_limit(job)
    while result.file and limit_bytes >= SMALLEST_FILE_BYTES:
        video = await _fitting(job, result, limit_bytes, clips, provider)
        if video is None:
            break
        try:
            return await destination.post_result(job, video)
        except TooLargeError:
            size_bytes = video.path.stat().st_size if video.path and video.path.exists() else limit_bytes
            limit_bytes = min(limit_bytes, size_bytes) // 2
    link = await _link(result, clips, provider)
    video = VideoPost(None, _filename(job), link.url, link.expires_at_ms, notes=result.notes)
    return await _post_link(job, result, video, clips, destination)


async def _post_link(job: Job, result: Result, video: VideoPost, clips: Clips, destination: Destination) -> Posted:
    """Post a link, with a picture of what it leads to where one can be made."""
    try:
        poster = await clips.poster(job, result) if result.file else ""
    except (MediaError, UserError, OSError):
        poster = ""
    if not poster:
        return await destination.post_result(job, video)
    try:
        return await destination.post_result(job, replace(video, poster=clips.path(poster)))
    except TooLargeError:
        return await destination.post_result(job, video)
    finally:
        await clips.discard(poster)


async def _fitting(
    job: Job, result: Result, limit_bytes: int, clips: Clips, provider: Provider | None
) -> VideoPost | None:
    try:
        fitted = await clips.fit(job, result, limit_bytes)
    except (MediaError, OSError):
        return None  # an encode that fails must not cost the person the video: the link does it
    if fitted is None:
        return None
    if not fitted.shrunk:
        return VideoPost(fitted.path, _filename(job), notes=result.notes)
    link = await _link(result, clips, provider)
    return VideoPost(fitted.path, _filename(job), link.url, link.expires_at_ms, shrunk=True, notes=result.notes)


async def _link(result: Result, clips: Clips, provider: Provider | None) -> TemporaryLink:
    hosted = clips.public_link(result.file) if result.file else None
    if hosted is not None:
        return hosted
    if provider is None:
        return TemporaryLink(result.url)
    try:
        return await provider.link(result.url)
    except ProviderError:
        return TemporaryLink(result.url)


def _filename(job: Job) -> str:
    return f"luma-{job.code}.mp4"
