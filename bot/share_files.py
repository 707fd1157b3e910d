"""Choose the file a shared result is posted with: the video or the comparison, within the upload limit."""

from dataclasses import dataclass, replace
from pathlib import Path

from bot.result_desk import ResultDesk
from jobs.errors import MediaError, UserError
from jobs.job import Job, Result
from jobs.result_ports import Keepsake, Pair
from jobs.shares import Choices

# Tried again below this size where Discord refuses what its own limit allows.
SMALL_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ShowFile:
    """Hold what is attached; `compared` tells whether it is the comparison."""

    path: Path
    filename: str
    compared: bool = False


class ShareFiles:
    """Find or make the files of shared results."""

    def __init__(self, results: ResultDesk) -> None:
        self._results = results

    async def is_kept(self, job: Job) -> bool:
        """Tell whether a result's video is still on the shelf."""
        return job.result is not None and await self._results.gallery.keeps(job.result.file)

    async def may_compare(self, job: Job) -> bool:
        """Tell whether a result can be shown beside its clip."""
        return job.clip is not None and await self._results.gallery.keeps(job.clip.file)

    async def choose(self, job: Job, choices: Choices, limit_bytes: int) -> ShowFile:
        """Return the file to post; raises UserError where there is none that fits."""
        if job.result is None or not await self.is_kept(job):
            raise UserError("This video isn't kept any more, so it can't be shared.", rule="share")
        try:
            if choices.compare and await self.may_compare(job):
                compared = await self._comparison(job, job.result, limit_bytes)
                if compared is not None:
                    return compared
            fitted = await self._results.gallery.fit(job, job.result, limit_bytes)
        except MediaError as error:
            raise UserError("This video can't be read any more, so it can't be shared.", rule="share") from error
        if fitted is None:
            raise UserError("This video is too large for the showcase, even made smaller.", rule="share")
        return ShowFile(fitted.path, f"luma-{job.code}.mp4")

    async def _comparison(self, job: Job, result: Result, limit_bytes: int) -> ShowFile | None:
        """Return the comparison with the job's own clip, made now where it is not kept; None where it is too large."""
        store, gallery, pair = self._results.store, self._results.gallery, Pair(job.id)
        # Under a name of its own: smaller encodes are kept by job.
        named = replace(job, id=f"{job.id[:40]}-show")
        file = await store.comparison(pair)
        if file is None or not await gallery.keeps(file):
            assert job.clip is not None
            file = await gallery.compare(named, job.clip.file, result.file)
            if not await store.keep(pair, Keepsake.COMPARE, file):
                await gallery.discard(file)
                raise UserError("This result was deleted.", rule="share")
        fitted = await gallery.fit(named, Result("", file), limit_bytes)
        return None if fitted is None else ShowFile(fitted.path, f"luma-{job.code}-compare.mp4", compared=True)
