"""Bring what goes to a service onto our shelf, and give the service addresses from which it can read it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from jobs.errors import ServerLeftError, UnusableClipError
from jobs.job import ClipSource, Job, Request
from jobs.outside import Outside
from jobs.services import Provider


@dataclass(frozen=True, slots=True)
class Links:
    """Hold the addresses (secrets) a service reads a job's clip and pictures from."""

    clip: str | None
    images: Mapping[str, str]

    def fill(self, request: Request) -> Request:
        """Return the request as it is sent: the style in the prompt, each picture's address in `<name>_url`."""
        return replace(request, prompt=request.full_prompt, options={**request.options, **self.images})


def check_server(job: Job, out: Outside) -> None:
    """Raise ServerLeftError where nobody who was there could see what is about to be paid for."""
    if out.delivery.has_left(job):
        raise ServerLeftError("the bot was removed from the server")


async def stage(job: Job, out: Outside) -> Job:
    """Return the job with its clip and pictures fetched, looked at and kept: nothing is spent yet."""
    check_server(job, out)
    abilities = out.provider(job.service).abilities.for_request(job.request)
    images = dict(job.request.images)
    for name, picture in images.items():
        if not picture.file:
            images[name] = await out.clips.prepare_picture(job, name, abilities)
    job = replace(job, request=replace(job.request, images=images))
    if job.request.clip is None or job.clip is not None:
        return job
    return replace(job, clip=await out.clips.prepare(job, abilities))


async def drop_staged(before: Job, staged: Job, out: Outside) -> None:
    """Throw away what was staged for a job that has moved on meanwhile, cancelled mostly: no row names it."""
    for file in _staged_files(staged) - _staged_files(before):
        await out.clips.discard(file)


def _staged_files(job: Job) -> set[str]:
    files = {picture.file for picture in job.request.images.values()}
    return (files | {job.clip.file} if job.clip is not None else files) - {""}


async def open_links(job: Job, out: Outside) -> Links:
    """Return addresses of what was staged: hosted by us, else uploaded to the service, else the original ones."""
    check_server(job, out)
    provider = out.provider(job.service)
    clip = None
    if job.clip is not None:
        # Where it was cut or converted, the original is another clip than the one that was promised.
        original = None if job.clip.notes else job.request.clip
        clip = await _address(job.clip.file, original, out, provider)
    images = {
        f"{name}_url": await _address(picture.file, picture.source, out, provider)
        for name, picture in job.request.images.items()
    }
    return Links(clip, images)


async def _address(file: str, source: ClipSource | None, out: Outside, provider: Provider) -> str:
    hosted = out.clips.public_link(file)
    if hosted is not None:
        return hosted.url
    if provider.abilities.uploads:
        path = out.clips.path(file)
        return (await provider.upload(path, path.name)).url
    if source is None or not source.url:
        raise UnusableClipError(
            "{title} reads videos from an address only, and this one, made or changed here, has none. Attach a video "
            "that fits as it is: an MP4 in H.264, upright, of at most {seconds} s.",
            rule="address",
            title=provider.abilities.title,
            seconds=f"{provider.abilities.max_seconds:g}",
        )
    return source.url
