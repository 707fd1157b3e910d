"""Fetch, look at and keep the clips that go in and the videos that come out."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile as copy_file

from jobs.errors import BeyondUsError, DiskFullError, MediaError, SourceUnavailableError, UnusableClipError
from jobs.job import OUR_FAULT, TOO_LARGE, ClipSource, Job, Picture, Prepared, Remark, Result
from jobs.ports import Fitted
from jobs.result_ports import BEFORE_AFTER
from jobs.services import Abilities, TemporaryLink
from media.answer import NO_SUCH_NAME, RefusedLinkError
from media.children import ChildFailedError
from media.edit import Editor, OnProgress
from media.fetch import Fetcher
from media.images import ShelfPictures
from media.plans import InputPlan, check_abilities, plan_input, sound_agrees
from media.probe import ClipDetails, Prober
from media.shelf import Shelf, ShelfKind
from media.sources import RenewSource, SourceFetcher

log = logging.getLogger(__name__)

MADE_SUFFIX = ".made"
SOUND_LAID = Remark("sound_laid")
_SUFFIXES = {"matroska": "mkv"}
# What we do not take of a stranger, though it plays elsewhere.
_UNREAD_RULES = frozenset({"codec", "fps", "link_encoding", "link_length", "packets", "size", "streams", "videos"})

# Hears how much of the work on a job's video is done, from 0 to 1: None while it waits, 1 once it has ended.
TellProgress = Callable[[Job, float | None], None]


@dataclass(frozen=True, slots=True)
class ClipLimits:
    """Limit what is fetched and looked at, whatever a service would take."""

    max_bytes: int = 500_000_000
    max_seconds: float = 600.0


class ShelfClips:
    """Work on clips with a fetcher, a prober and a shelf; this is the `Clips` port."""

    def __init__(
        self,
        fetcher: Fetcher,
        prober: Prober,
        shelf: Shelf,
        *,
        limits: ClipLimits,
        renew: RenewSource | None = None,
        editor: Editor | None = None,
        lay_sound: bool = True,
        on_progress: TellProgress | None = None,
        pictures: ShelfPictures | None = None,
    ) -> None:
        self._fetcher = fetcher
        self._prober = prober
        self._shelf = shelf
        self._limits = limits
        self._sources = SourceFetcher(fetcher, renew)
        self._editor = editor
        self._lay_sound = lay_sound
        self._on_progress = on_progress
        self._pictures = pictures

    async def prepare(self, job: Job, abilities: Abilities) -> Prepared:
        """Fetch the clip of a job, look at it, and keep what the service will get."""
        source = job.request.clip
        if source is None:
            raise UnusableClipError("There is no clip.", rule="clip")
        await self._shelf.ensure_room(source.size_bytes or 0)
        path = self._shelf.new_incoming(job.id, ShelfKind.CLIP)
        made = path.with_suffix(MADE_SUFFIX)
        try:
            kept = await self._take_kept(source, path)
            if not kept:
                await self._sources.fetch(source, path, limit_bytes=self._limits.max_bytes)
            details = await self._prober.probe(path)
            # What lay on the shelf has been cut already.
            plan = self._plan(details, abilities, 0.0 if kept else job.request.start_seconds)
            if plan is None or self._editor is None:
                return Prepared(await self._place(job, ShelfKind.CLIP, path, details), details.facts)
            told = self._told(job)
            await self._editor.convert(path, plan, made, max_bytes=abilities.max_bytes, on_progress=told)
            details = await self._prober.probe(made)
            return Prepared(await self._place(job, ShelfKind.CLIP, made, details), details.facts, plan.notes)
        finally:
            self._tell_end(job)
            await _remove(path, made)

    async def prepare_picture(self, job: Job, name: str, abilities: Abilities) -> Picture:
        """Fetch a picture of a job's request, look at it, and keep it."""
        if self._pictures is None:
            raise UnusableClipError("No pictures are taken here.", rule="picture")
        return await self._pictures.prepare(job, name, abilities)

    def public_link(self, file: str) -> TemporaryLink | None:
        """Return a signed address of a shelf file and when it ends; None without a public address."""
        url = self._shelf.signed_url(file)
        return None if url is None else TemporaryLink(url, self._shelf.kept_until_ms(file))

    def path(self, file: str) -> Path:
        """Return where a shelf file lies."""
        return self._shelf.path(file)

    async def fetch_result(self, job: Job, link: TemporaryLink) -> Result:
        """Fetch a finished video and look at it like at any stranger's file."""
        await self._shelf.ensure_room()
        path = self._shelf.new_incoming(job.id, ShelfKind.RESULT)
        try:
            await self._fetcher.fetch(link.url, path, limit_bytes=self._limits.max_bytes)
            details = await self._prober.probe(path)
            file, details, notes = await self._keep_playable(job, path, details)
        except UnusableClipError as error:
            raise _result_error(error, self._limits.max_bytes) from error
        finally:
            await _remove(path)
        return Result(link.url, file, details.facts, notes=notes)

    async def fit(self, job: Job, result: Result, limit_bytes: int) -> Fitted | None:
        """Return the result if it is within the limit, else a smaller encode; None where only a link will do."""
        path = self._shelf.path(result.file)
        size = await _size(path)
        if size is None:
            raise MediaError("the result is no longer kept")
        if size <= limit_bytes:
            return Fitted(path, size, shrunk=False)
        if self._editor is None:
            return None
        for small in await self._shelf.find(job.id, ShelfKind.SMALL):
            if limit_bytes // 2 <= small.size_bytes <= limit_bytes:
                return Fitted(small.path, small.size_bytes, shrunk=True)  # an earlier try to post it made this
        return await self._shrink(job, path, limit_bytes)

    async def poster(self, job: Job, result: Result) -> str:
        """Make a still picture of a result; return its name on the shelf."""
        path, made = self._shelf.path(result.file), self._shelf.new_incoming(job.id, ShelfKind.POSTER)
        try:
            await self._need_editor().poster(path, await self._prober.probe(path), made)
            return (await self._shelf.place(job.id, ShelfKind.POSTER, made, "jpg")).name
        finally:
            await _remove(made)

    async def compare(self, job: Job, before: str, after: str, names: tuple[str, str] = BEFORE_AFTER) -> str:
        """Make one video of two shelf files, before and after; return its name on the shelf."""
        paths = [self._shelf.path(name) for name in (before, after)]
        made = self._shelf.new_incoming(job.id, ShelfKind.COMPARE)
        try:
            left, right = [await self._prober.probe(path) for path in paths]
            await self._need_editor().compare(
                paths[0], left, paths[1], right, made, names=names, on_progress=self._told(job)
            )
            return (await self._shelf.place(job.id, ShelfKind.COMPARE, made)).name
        finally:
            self._tell_end(job)
            await _remove(made)

    async def keeps(self, file: str) -> bool:
        """Tell whether a file is on the shelf; False for an empty name."""
        return bool(file) and await asyncio.to_thread(self._shelf.path(file).is_file)

    async def discard(self, file: str) -> None:
        """Delete a shelf file; a missing one is fine."""
        await self._shelf.discard(file)

    async def discard_all(self, job_id: str) -> None:
        """Delete every file that is kept for a job, those made from its result too."""
        await self._shelf.discard_all(job_id)

    async def close(self) -> None:
        """End the child processes."""
        await self._prober.close()

    async def _take_kept(self, source: ClipSource, path: Path) -> bool:
        """Take a clip that lies on the shelf already; False where it is no longer kept."""
        if not source.file:
            return False
        try:
            await asyncio.to_thread(copy_file, self._shelf.path(source.file), path)
        except FileNotFoundError:
            return False
        return True

    def _plan(self, details: ClipDetails, abilities: Abilities, start_seconds: float) -> InputPlan | None:
        if self._editor is None:
            check_abilities(details, abilities, self._limits.max_seconds)
            return None
        return plan_input(details, abilities, start_seconds, self._limits.max_seconds)

    async def _keep_playable(
        self, job: Job, path: Path, details: ClipDetails
    ) -> tuple[str, ClipDetails, tuple[Remark, ...]]:
        made, silent = path.with_suffix(MADE_SUFFIX), not details.audio_codec
        try:
            if self._editor is not None and await self._editor.make_playable(
                path, details, made, sound_of=self._own_sound(job, details), on_progress=self._told(job)
            ):
                path, details = made, await self._prober.probe(made)
        except DiskFullError:
            raise
        except (MediaError, UnusableClipError) as error:
            log.warning("job=%s a result could not be made playable: %s", job.code, error)
        try:
            notes = (SOUND_LAID,) if silent and details.audio_codec else ()
            return await self._place(job, ShelfKind.RESULT, path, details), details, notes
        finally:
            self._tell_end(job)
            await _remove(made)

    def _own_sound(self, job: Job, details: ClipDetails) -> Path | None:
        clip = job.clip
        if clip is None or not self._lay_sound or not sound_agrees(details.facts, clip.facts):
            return None
        path = self._shelf.path(clip.file)
        return path if path.is_file() else None

    async def _shrink(self, job: Job, path: Path, limit_bytes: int) -> Fitted | None:
        made = self._shelf.new_incoming(job.id, ShelfKind.SMALL)
        try:
            details, told = await self._prober.probe(path), self._told(job)
            if not await self._need_editor().fit_to_bytes(path, details, made, limit_bytes, on_progress=told):
                return None
            small = await self._shelf.place(job.id, ShelfKind.SMALL, made)
        except UnusableClipError as error:
            raise MediaError(f"the result cannot be read any more ({error.rule})") from error
        finally:
            self._tell_end(job)
            await _remove(made)
        return Fitted(small.path, small.size_bytes, shrunk=True)

    async def _place(self, job: Job, kind: ShelfKind, path: Path, details: ClipDetails) -> str:
        suffix = _SUFFIXES.get(details.container, details.container)
        return (await self._shelf.place(job.id, kind, path, suffix)).name

    def _need_editor(self) -> Editor:
        if self._editor is None:
            raise MediaError("editing is switched off")
        return self._editor

    def _told(self, job: Job) -> OnProgress | None:
        tell = self._on_progress
        return None if tell is None else lambda done: tell(job, None if done is None else min(done, 0.99))

    def _tell_end(self, job: Job) -> None:
        if self._on_progress is not None:
            self._on_progress(job, 1.0)


def _result_error(error: UnusableClipError, most_bytes: int) -> MediaError:
    """Return what a refusal says of a paid result: it may do later, its link alone must do, or it is no video."""
    if _may_pass(error):
        return SourceUnavailableError(f"a result could not be fetched or looked at ({error.rule})")
    if error.rule == "bytes":
        return BeyondUsError("it is larger than what is fetched", Remark(TOO_LARGE, {"bytes": most_bytes}))
    if error.rule in _UNREAD_RULES:
        return BeyondUsError(f"it is not read here ({error.rule})")
    if isinstance(error, RefusedLinkError):  # people may open what we must not follow
        return BeyondUsError(f"its address is not followed here ({error.reason})", Remark(OUR_FAULT))
    return MediaError(f"the result cannot be used ({error.rule})")


def _may_pass(error: UnusableClipError) -> bool:
    """Tell whether what keeps us from a paid result may be ours or pass: then its link alone must do in the end."""
    cut_off = isinstance(error.__cause__, ChildFailedError)
    unknown_name = isinstance(error, RefusedLinkError) and error.reason == NO_SUCH_NAME
    return cut_off or unknown_name or error.rule in {"link_gone", "link_status", "link_tls"}


async def _remove(*paths: Path) -> None:
    for path in paths:
        await asyncio.to_thread(path.unlink, missing_ok=True)


async def _size(path: Path) -> int | None:
    try:
        return (await asyncio.to_thread(path.stat)).st_size
    except FileNotFoundError:
        return None
