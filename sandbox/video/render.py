"""Edit one clip with FFmpeg: decode, filter, encode; blocking, meant for a worker thread."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import av.filter
from av.filter.context import FilterContext

from sandbox.video.edits import Plan, read_prompt
from sandbox.video.examine import Clip, examine, find_cuts, open_clip
from sandbox.video.film import Film
from sandbox.video.filters import Source, length, picture_graph, size_after, sound_graph
from sandbox.video.lettering import draw_watermark
from sandbox.video.stills import add_still, feed_still, lay_over, put_mark


class StoppedError(Exception):
    """Say that the server stops and the edit was given up."""


@dataclass(frozen=True, slots=True)
class Edited:
    """Tell what an edit made: what was done in words, pixels, seconds."""

    applied: tuple[str, ...]
    width: int
    height: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Extras:
    """Say what a request asks for beside its prompt.

    `strength` is the share of the looks that is kept, 0..1; `first_frame` a picture the result starts with;
    `watermark` a text in its lower right corner.
    """

    strength: float = 1.0
    first_frame: av.VideoFrame | None = None
    watermark: str = ""


_NOTHING_MORE = Extras()


def render(
    clip_path: Path,
    prompt: str,
    result_path: Path,
    extras: Extras = _NOTHING_MORE,
    stopped: Callable[[], bool] = lambda: False,
) -> Edited:
    """Edit `clip_path` as prompt and extras say and write an MP4 to `result_path`."""
    clip = examine(clip_path)
    plan = replace(read_prompt(prompt), strength=extras.strength)
    source = _source(clip_path, clip, plan)
    with open_clip(clip_path) as container, Film(result_path, sound=clip.sound) as film:
        _run(_Cutter(container, film, source, plan, clip.sound, extras), stopped)
    return Edited(_applied(plan, source, extras), *size_after(source, plan), length(source, plan))


def _source(path: Path, clip: Clip, plan: Plan) -> Source:
    cuts = find_cuts(path, clip) if plan.transition is not None else ()
    width, height = (clip.height, clip.width) if clip.rotation % 180 else (clip.width, clip.height)
    even = (max(2, width // 2 * 2), max(2, height // 2 * 2))
    return Source(*even, min(clip.rate, Fraction(60)), clip.seconds, clip.start, clip.rotation, cuts)


def _applied(plan: Plan, source: Source, extras: Extras) -> tuple[str, ...]:
    told = list(plan.applied)
    if plan.transition is not None and not source.cuts:
        words = f"{plan.transition[1]} between scenes"
        told[told.index(words)] = "no scene cut found: fade in and fade out"
    if plan.strength < 1:
        told.append(f"at {plan.strength:.0%} strength")
    if extras.first_frame is not None:
        told.append("starts with the picture given")
    if extras.watermark:
        told.append("watermark")
    return tuple(told)


class _Cutter:
    """Push packets of one clip through both graphs into the film."""

    def __init__(
        self,
        container: av.container.InputContainer,
        film: Film,
        source: Source,
        plan: Plan,
        sound: bool,
        extras: Extras,
    ) -> None:
        self.container = container
        self.streams: list[av.VideoStream | av.AudioStream] = [container.streams.video[0]]
        container.streams.video[0].thread_type = "AUTO"
        self._film = film
        self._rate = source.rate
        self._picture = _picture(container.streams.video[0], source, plan, extras)
        self._sound: av.filter.Graph | None = None
        if sound:
            self.streams.append(container.streams.audio[0])
            self._sound = sound_graph(container.streams.audio[0], source, plan)

    def push(self, frame: av.VideoFrame | av.AudioFrame | None, *, picture: bool) -> None:
        """Push one frame, or None for the end, and encode what comes out."""
        if picture:
            self._picture.vpush(frame if isinstance(frame, av.VideoFrame) else None, at=0)
            with suppress(BlockingIOError, EOFError):
                while True:
                    self._film.add_frame(self._picture.vpull(), self._rate)
        elif self._sound is not None:
            self._sound.push(frame)
            with suppress(BlockingIOError, EOFError):
                while True:
                    made = self._sound.pull()
                    assert isinstance(made, av.AudioFrame)
                    self._film.add_sound(made)


def _picture(video: av.VideoStream, source: Source, plan: Plan, extras: Extras) -> av.filter.Graph:
    size, seconds = size_after(source, plan), length(source, plan)
    stills = [] if extras.first_frame is None else [extras.first_frame]
    marks = [draw_watermark(extras.watermark, size[1])] if extras.watermark else []

    def finish(graph: av.filter.Graph, head: FilterContext) -> FilterContext:
        for still in stills:
            head = lay_over(graph, head, add_still(graph, still), size, source.rate, seconds, end=False)
        for mark in marks:
            head = put_mark(graph, head, add_still(graph, mark))
        return head

    graph = picture_graph(video, source, plan, finish)
    for at, still in enumerate(stills + marks, start=1):
        feed_still(graph, still, at)
    return graph


def _run(cutter: _Cutter, stopped: Callable[[], bool]) -> None:
    for packet in cutter.container.demux(cutter.streams):
        if stopped():
            raise StoppedError
        picture = packet.stream is cutter.streams[0] or packet.stream.type == "video"
        with suppress(av.InvalidDataError):
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame | av.AudioFrame):
                    cutter.push(frame, picture=picture)
    cutter.push(None, picture=True)
    cutter.push(None, picture=False)
