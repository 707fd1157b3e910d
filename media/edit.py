"""Cut, convert, fit and compare videos, each in a limited child process."""

import asyncio
import errno
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jobs.errors import DiskFullError, MediaError, UnusableClipError
from jobs.phrases import Phrase
from jobs.result_ports import BEFORE_AFTER
from media.children import ChildFailedError
from media.limited import ChildLimits, ChildRefusedError, Workshop, run_child
from media.plans import FitPlan, Frame, InputPlan, frame_of, how_to_play, plan_fit, plan_panes
from media.probe import ClipDetails

# Hears how much is done, from 0 to 1; None while the work waits for its turn.
OnProgress = Callable[[float | None], None]

NICENESS = 10  # minutes of encoding must not hold up answers that are due in 3 s
_MAKING = ChildLimits(
    memory_bytes=3 << 30,
    cpu_seconds=600,
    file_bytes=1 << 30,
    wall_seconds=300.0,
    open_files=64,
    niceness=NICENESS,
)
_FIT_TRIES = 2
_CLIP_CRF = 18.0
_RESULT_CRF = 20.0


@dataclass(frozen=True, slots=True)
class EditLimits:
    """Limit an edit: the child's whole life, and how bad a smaller video may look (bits per pixel).

    A video under `comfort` gets smaller pictures, one under `floor` is not made.
    """

    seconds: float = 300.0
    floor: float = 0.02
    comfort: float = 0.06

    def child(self) -> ChildLimits:
        """Return the limits of one child; two threads decode and two encode, all at once where there are processors."""
        return replace(_MAKING, wall_seconds=self.seconds, cpu_seconds=int(self.seconds * 4) + 1)


DEFAULT_LIMITS = EditLimits()


class Editor:
    """Make new files from old ones; every method writes `out` and raises MediaError when it cannot."""

    def __init__(self, workshop: Workshop, limits: EditLimits = DEFAULT_LIMITS) -> None:
        self._workshop = workshop
        self._limits = limits

    async def convert(
        self, path: Path, plan: InputPlan, out: Path, *, max_bytes: int, on_progress: OnProgress | None = None
    ) -> None:
        """Bring a clip into the planned form: H.264 and AAC in MP4, upright, steady, cut on exact pictures.

        Raises UnusableClipError when the clip itself is why it cannot be done.
        """
        cut = {"start_ms": plan.start_ms, "length_ms": plan.length_ms}
        arguments = {"cut": cut, "shape": _shape(plan.frame), "quality": {"crf": _CLIP_CRF}}
        try:
            size = await self._make("convert", {"clip": path}, arguments, out, on_progress)
            if size > max_bytes:
                # Far above what anyone needs to see: one pass at the rate that fits.
                kbps = int(max_bytes * 8 * 0.9 / plan.length_ms) - 160
                arguments["quality"] = {"video_kbps": max(kbps, 100)}
                size = await self._make("convert", {"clip": path}, arguments, out, on_progress)
        except DiskFullError:
            raise
        except MediaError as error:
            raise UnusableClipError(
                "This video can't be converted: it breaks off, or takes too long. Export it as H.264 and try again.",
                rule="convert",
            ) from error
        if size > max_bytes:
            raise UnusableClipError(
                "The clip can't be made smaller than {most} MB. Cut it and try again.",
                rule="bytes",
                most=f"{max_bytes / 1e6:.0f}",
            )

    async def make_playable(
        self,
        path: Path,
        details: ClipDetails,
        out: Path,
        *,
        sound_of: Path | None = None,
        on_progress: OnProgress | None = None,
    ) -> bool:
        """Make a video play inline everywhere, with another clip's sound under it if named; False: it does already."""
        how = how_to_play(details)
        if how == "nothing" and sound_of is None:
            return False
        files = {"clip": path} | ({"sound": sound_of} if sound_of is not None else {})
        arguments: dict[str, Any] = {"sound_file": "sound" if sound_of is not None else ""}
        if how == "encode":
            frame = frame_of(details)
            arguments |= {"shape": _shape(frame), "cut": {"length_ms": details.duration_ms + 1000 // 24}}
            await self._make("convert", files, arguments | {"quality": {"crf": _RESULT_CRF}}, out, on_progress)
        else:
            await self._make("remux", files, arguments | {"length_ms": details.duration_ms}, out, on_progress)
        return True

    async def fit_to_bytes(
        self,
        path: Path,
        details: ClipDetails,
        out: Path,
        limit_bytes: int,
        *,
        on_progress: OnProgress | None = None,
    ) -> bool:
        """Encode a video in two passes so that it fits; False when it would look too bad."""
        target = limit_bytes
        for attempt in range(1, _FIT_TRIES + 1):
            plan = plan_fit(details, target, floor=self._limits.floor, comfort=self._limits.comfort, steps=attempt)
            if plan is None:
                continue
            size = await self._two_passes(path, details, plan, out, on_progress)
            if size <= limit_bytes:
                return True
            target = int(target * limit_bytes / size * 0.97)
        await asyncio.to_thread(out.unlink, missing_ok=True)
        return False

    async def poster(self, path: Path, details: ClipDetails, out: Path, *, side: int = 1280) -> None:
        """Write a picture from a third of a video as a JPEG."""
        await self._make("poster", {"clip": path}, {"side": side, "at_ms": details.duration_ms // 3}, out, None)

    async def compare(
        self,
        before: Path,
        before_details: ClipDetails,
        after: Path,
        after_details: ClipDetails,
        out: Path,
        *,
        names: tuple[str, str] = BEFORE_AFTER,
        on_progress: OnProgress | None = None,
    ) -> None:
        """Put two videos into one: portraits side by side, landscapes stacked, each under its name (capitals, digits).

        Raises MediaError.
        """
        pane, stacked = plan_panes(before_details, after_details)
        sound_of = "after" if after_details.audio_usable else "before" if before_details.audio_usable else ""
        arguments = {
            "pane": _shape(pane) | {"boxed": True},
            "stacked": stacked,
            "names": names,
            "sound_of": sound_of,
            "quality": {"crf": 22.0},
        }
        named = {"before": "before", "after": "after"}
        await self._make("compare", {"before": before, "after": after}, named | arguments, out, on_progress)

    async def _two_passes(
        self, path: Path, details: ClipDetails, plan: FitPlan, out: Path, on_progress: OnProgress | None
    ) -> int:
        quality = {"video_kbps": plan.video_kbps, "audio_kbps": plan.audio_kbps, "preset": "medium"}
        arguments = {
            "file": "clip",
            "out": "made",
            "shape": _shape(plan.frame),
            "cut": {"length_ms": details.duration_ms + 1000 // 24},
        }
        passes = [arguments | {"quality": quality | {"pass_number": number}} for number in (1, 2)]
        return await self._run("convert", {"clip": path}, passes, out, on_progress)

    async def _make(
        self, task: str, files: dict[str, Path], arguments: dict[str, Any], out: Path, on_progress: OnProgress | None
    ) -> int:
        named = {"file": "clip"} if "clip" in files else {}
        return await self._run(task, files, [named | {"out": "made"} | arguments], out, on_progress)

    async def _run(
        self,
        task: str,
        files: dict[str, Path],
        runs: list[dict[str, Any]],
        out: Path,
        on_progress: OnProgress | None,
    ) -> int:
        """Run a task once or more on one bench, and move what it made to `out`; return its size in bytes."""
        limits = self._limits.child()
        if on_progress is not None:
            on_progress(None if self._workshop.working.locked() else 0.0)
        async with self._workshop.working, self._workshop.bench(**files) as folder:
            try:
                for number, arguments in enumerate(runs):
                    told = _part(on_progress, number, len(runs))
                    await run_child(self._workshop.children, task, arguments, limits, folder, on_progress=told)
                return await asyncio.to_thread(_move, folder / "made", out)
            except ChildRefusedError as refusal:
                if refusal.rule == "disk":
                    raise _full(task) from refusal
                raise MediaError(f"{task}: {refusal.rule}") from refusal
            except ChildFailedError as error:
                raise MediaError(f"{task}: the work did not end well") from error
            except OSError as error:
                if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                    raise _full(task) from error
                raise MediaError(f"{task}: {type(error).__name__}") from error


def _full(task: str) -> DiskFullError:
    return DiskFullError(Phrase("there is no room on my disk"), log=task)


def _move(made: Path, out: Path) -> int:
    size = made.stat().st_size
    made.replace(out)
    return size


def _part(on_progress: OnProgress | None, number: int, count: int) -> Callable[[float], None] | None:
    if on_progress is None:
        return None
    return lambda done: on_progress((number + done) / count)


def _shape(frame: Frame) -> dict[str, Any]:
    return {"width": frame.width, "height": frame.height, "fps": str(frame.fps)}
