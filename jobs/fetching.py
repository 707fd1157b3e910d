"""Fetch a finished video, or decide that the service's own link must do: none is lost to our limits."""

from dataclasses import replace

from jobs.errors import BeyondUsError, DiskFullError, MediaError, SourceUnavailableError
from jobs.job import OUR_FAULT, Job, Remark, Result, State
from jobs.outside import Outside
from jobs.retries import Timings, retry_at
from jobs.services import TemporaryLink


async def fetch_result(job: Job, result: Result, out: Outside, timings: Timings) -> Result:
    """Return the result with its file, else with the remark why it has none, else as it was: it may still be fetched.

    Raises what is to be tried again, and MediaError where there is no working video at all.
    """
    provider = out.providers.get(job.service)
    link = await provider.link(result.url) if provider else TemporaryLink(result.url)
    try:
        fetched = await out.clips.fetch_result(job, link)
    except (SourceUnavailableError, DiskFullError, BeyondUsError, OSError) as error:
        if retry_at(error, job, out.clock.now_ms(), timings) is not None:
            raise
        out.alarms.raise_alarm(f"a finished video of {job.service} could not be fetched: {error}", job=job)
        return replace(result, notes=(error.remark,)) if isinstance(error, BeyondUsError) else result
    # The service's own address stays: the link it was fetched from may end within minutes.
    return replace(fetched, url=result.url, video_id=result.video_id)


def left_there(job: Job, error: Exception) -> Result | None:
    """Return the result as one that stays at the service, where a fault of ours keeps us from it; else None."""
    waits = job.state is State.DELIVERING and job.failure is None and job.posting_at_ms is None
    if not waits or isinstance(error, MediaError) or job.result is None:
        return None
    if job.result.file or job.result.is_beyond_us:
        return None
    return replace(job.result, notes=(Remark(OUR_FAULT),))
