"""Measure the work on videos: beside the same work by a plain program, and what the bot's process grows by."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from media.edit import Editor
from media.limited import Workshop
from media.plans import FitPlan, InputPlan, frame_of, plan_fit
from media.probe import ClipDetails, Prober
from sandbox.video.clip import draw_clip
from tests.bench.crowd import Crowd
from tests.bench.local import open_local
from tests.bench.meter import read_memory
from tests.bench.plain_edits import Edit, name_program, run_plain
from tests.bench.report import Figure, percentile
from tests.media.making import Recipe, make_clip

PART = "media"
MIB = 1024 * 1024
TIMES = 3
HEAVY_BYTES = 100 * 1000 * 1000
BIG_RESULT_BYTES = 300 * 1000 * 1000
FILM = Recipe(width=1280, height=720, fps=30, frames=450, gop=60)
SECONDS = 10
WARM_UP = 20  # the first commands of a process take ten times as long, whatever else it does


class _Growth:
    """Watch how much this process grows while its children work."""

    def __init__(self) -> None:
        self.before = self.most = read_memory(os.getpid())

    async def during(self, work: Awaitable[object]) -> float:
        """Return how many seconds some work took."""
        started = time.perf_counter()
        watcher = asyncio.create_task(self._watch())
        try:
            await work
        finally:
            watcher.cancel()
        return time.perf_counter() - started

    async def _watch(self) -> None:
        while True:
            self.most = max(self.most, read_memory(os.getpid()))
            await asyncio.sleep(0.02)

    @property
    def mib(self) -> float:
        """Return the growth."""
        return (self.most - self.before) / MIB


async def measure_media(folder: Path) -> list[Figure]:
    """Probe a large file; cut, convert and shrink a film; pass on five results of 300 MB while people give commands."""
    workshop = Workshop(folder / "work")
    prober = Prober(workshop)
    try:
        figures = await _measure_probe(folder, prober)
        figures += await _measure_edits(folder, Editor(workshop), prober)
    finally:
        await prober.close()
    return figures + await _measure_crowd(folder)


async def _measure_probe(folder: Path, prober: Prober) -> list[Figure]:
    path = await asyncio.to_thread(_make_heavy, folder / "heavy.mp4")
    await prober.probe(path)  # starts the process that forks the others
    growth = _Growth()
    took = [await growth.during(prober.probe(path)) for _ in range(TIMES)]
    size = path.stat().st_size / 1e6
    return [
        Figure(PART, f"a probe of {size:.0f} MB, its index at the end, best of {TIMES}", min(took) * 1000, "ms"),
        _flat("a probe", growth),
    ]


async def _measure_edits(folder: Path, editor: Editor, prober: Prober) -> list[Figure]:
    film = await asyncio.to_thread(make_clip, folder / "film.mp4", FILM)
    other = await asyncio.to_thread(make_clip, folder / "film.mkv", replace(FILM, codec="hevc", frames=SECONDS * 30))
    details, others = await prober.probe(film), await prober.probe(other)
    out, plain = folder / "out.mp4", folder / "plain.mp4"
    limit = details.size_bytes // 3
    fit = plan_fit(details, limit, floor=0.0, comfort=0.0, steps=0)
    assert fit is not None
    return [
        *await _compare(
            "trim", lambda: editor.convert(film, _part(details, 4_300), out, max_bytes=1 << 40),
            _edit(film, plain, details, 4.3), folder,
        ),
        *await _compare(
            "convert", lambda: editor.convert(other, _part(others, 0), out, max_bytes=1 << 40),
            _edit(other, plain, others, 0.0), folder,
        ),
        *await _compare(
            "fit", lambda: editor.fit_to_bytes(film, details, out, limit), _fit(film, plain, details, fit), folder
        ),
    ]  # fmt: skip


async def _compare(what: str, ours: Callable[[], Awaitable[object]], edit: Edit, folder: Path) -> list[Figure]:
    growth, mine, others = _Growth(), [], []
    for _ in range(TIMES):  # in turn, so that a busy moment of the machine strikes both
        mine.append(await growth.during(ours()))
        others.append(await run_plain(edit, folder))
    ratio = min(mine) / min(others)
    return [
        Figure(PART, f"{what}, best of {TIMES}", min(mine), "s"),
        Figure(PART, f"{what} by {name_program()}", min(others), "s"),
        Figure(PART, f"{what} over {name_program()}", ratio, "times", "<= 1.15", ratio <= 1.15),
        _flat(f"a {what}", growth),
    ]


def _flat(what: str, growth: _Growth) -> Figure:
    return Figure(PART, f"growth of the bot's process during {what}", growth.mib, "MiB", "< 8", growth.mib < 8)


def _part(details: ClipDetails, start_ms: int) -> InputPlan:
    return InputPlan(frame_of(details), start_ms, SECONDS * 1000, ())


def _edit(path: Path, out: Path, details: ClipDetails, start: float) -> Edit:
    return Edit(str(path), str(out), start, SECONDS, details.width, details.height, FILM.fps)


def _fit(path: Path, out: Path, details: ClipDetails, plan: FitPlan) -> Edit:
    frame, seconds = plan.frame, details.duration_ms / 1000
    return Edit(
        str(path), str(out), 0.0, seconds, frame.width, frame.height, FILM.fps,
        preset="medium", kbps=plan.video_kbps, audio_kbps=plan.audio_kbps,
    )  # fmt: skip


async def _measure_crowd(folder: Path) -> list[Figure]:
    clip = folder / "clip.mp4"
    await asyncio.to_thread(draw_clip, clip, 1)
    async with open_local(folder, work_seconds=0.1, instant=True) as local:
        crowd = Crowd(local.discord, clip)
        await crowd.in_sequence(WARM_UP)
        await local.until(lambda: local.ended() >= WARM_UP, 60)
        local.video.faults.add("result-big", BIG_RESULT_BYTES, times=5)
        took = await crowd.at_once(5)
        took += await crowd.at_rate(5, 20)
        await local.until(lambda: local.ended() >= WARM_UP + len(took), 180)
    p99 = percentile(took, 0.99)
    return [
        Figure(PART, "a command's answer while five results of 300 MB pass, median", percentile(took, 0.5), "ms"),
        Figure(PART, "a command's answer while five results of 300 MB pass, p99", p99, "ms", "< 100", p99 < 100),
    ]


def _make_heavy(path: Path) -> Path:
    """Make a video of 100 MB in a moment: only noise is that large."""
    seed = np.random.default_rng(3)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "ultrafast", "crf": "0"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        while not path.exists() or path.stat().st_size < HEAVY_BYTES:
            picture = seed.integers(0, 255, (720, 1280, 3), np.uint8)
            container.mux(stream.encode(VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path
