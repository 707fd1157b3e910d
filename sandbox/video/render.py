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
from sandbox.video.stills import add_still, feed_still, lay_over


class StoppedError(Exception):
    """Say that the server stops and the edit was given up."""


@dataclass(frozen=True, slots=True)
class Edited:
    """Tell what an edit made: what was done in words, pixels, seconds."""

    applied: tuple[str, ...]
    width: int
    height: int
    seconds: float


def render(
    clip_path: Path,
    prompt: str,
    result_path: Path,
    stopped: Callable[[], bool] = lambda: False,
    *,
    strength: float = 1.0,
    first_frame: av.VideoFrame | None = None,
) -> Edited:
    """Edit `clip_path` as the prompt says and write an MP4 to `result_path`.

    `strength` is the share of the looks that is kept, `first_frame` a picture the result starts with.
    """
    clip = examine(clip_path)
    plan = replace(read_prompt(prompt), strength=strength)
    source = _source(clip_path, clip, plan)
    with open_clip(clip_path) as container, Film(result_path, sound=clip.sound) as film:
        _run(_Cutter(container, film, source, plan, clip.sound, first_frame), stopped)
    return Edited(_applied(plan, source, first_frame), *size_after(source, plan), length(source, plan))


def _source(path: Path, clip: Clip, plan: Plan) -> Source:
    cuts = find_cuts(path, clip) if plan.transition is not None else ()
    width, height = (clip.height, clip.width) if clip.rotation % 180 else (clip.width, clip.height)
    even = (max(2, width // 2 * 2), max(2, height // 2 * 2))
    return Source(*even, min(clip.rate, Fraction(60)), clip.seconds, clip.start, clip.rotation, cuts)


def _applied(plan: Plan, source: Source, first_frame: av.VideoFrame | None) -> tuple[str, ...]:
    told = list(plan.applied)
    if plan.transition is not None and not source.cuts:
        words = f"{plan.transition[1]} between scenes"
        told[told.index(words)] = "no scene cut found: fade in and fade out"
    if plan.strength < 1:
        told.append(f"at {plan.strength:.0%} strength")
    if first_frame is not None:
        told.append("starts with the picture given")
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
        first: av.VideoFrame | None,
    ) -> None:
        self.container = container
        self.streams: list[av.VideoStream | av.AudioStream] = [container.streams.video[0]]
        container.streams.video[0].thread_type = "AUTO"
        self._film = film
        self._rate = source.rate
        self._picture = _picture(container.streams.video[0], source, plan, first)
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


def _picture(video: av.VideoStream, source: Source, plan: Plan, first: av.VideoFrame | None) -> av.filter.Graph:
    if first is None:
        return picture_graph(video, source, plan)

    def start_with(graph: av.filter.Graph, head: FilterContext) -> FilterContext:
        still = add_still(graph, first)
        return lay_over(graph, head, still, size_after(source, plan), source.rate, length(source, plan), end=False)

    graph = picture_graph(video, source, plan, start_with)
    feed_still(graph, first, at=1)
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
