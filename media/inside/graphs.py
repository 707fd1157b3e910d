"""Shape pictures and sound with FFmpeg's filters: upright, even, steady, in standard colours; one kind of sound."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

import av
from av.audio.frame import AudioFrame
from av.filter import Graph
from av.video.frame import VideoFrame

from media.inside.hdr import HDR_TRANSFERS, write_table

SAMPLE_RATE = 48_000
_UNKNOWN = 2
_HD_HEIGHT = 720


@dataclass(frozen=True, slots=True)
class Shape:
    """Say how pictures leave: even sizes in pixels, so many a second; `boxed` keeps their proportions inside of it."""

    width: int
    height: int
    fps: Fraction
    boxed: bool = False


class PictureGraph:
    """Turn pictures of any kind into pictures of one shape, numbered from 0; a change in the middle is followed."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._graph: Graph | None = None
        self._kind: tuple[object, ...] = ()
        self._base = Fraction(1, 90_000)

    def run(self, pictures: Iterable[tuple[Fraction, VideoFrame]]) -> Iterator[VideoFrame]:
        """Shape all pictures."""
        number, last = 0, None
        for time, frame in pictures:
            last = (time, frame)
            for shaped in self._push(time, frame):
                yield _number(shaped, number, self._shape.fps)
                number += 1
        if last is not None:
            for shaped in self._finish(*last):
                yield _number(shaped, number, self._shape.fps)
                number += 1

    def _push(self, time: Fraction, frame: VideoFrame) -> list[VideoFrame]:
        kind = (frame.width, frame.height, frame.format.name, frame.rotation, frame.color_trc, frame.colorspace)
        done: list[VideoFrame] = []
        if kind != self._kind:
            done = self._drain()
            self._graph, self._kind = self._build(frame, time), kind
        assert self._graph is not None
        duration = Fraction(frame.duration or 0) * Fraction(frame.time_base or 1)
        frame.time_base, frame.pts = self._base, round(time / self._base)
        # Where nobody says how long a picture stays, the filter would leave the last one out.
        frame.duration = round((duration or 1 / self._shape.fps) / self._base)
        self._graph.vpush(frame)
        return done + _pull(self._graph)

    def _finish(self, time: Fraction, frame: VideoFrame) -> list[VideoFrame]:
        # The filter does not know how long the last picture stays: show it again where that is long.
        stays = frame.duration * self._base
        if stays <= 3 / (2 * self._shape.fps):
            return self._drain()
        return self._push(time + stays - 1 / self._shape.fps, frame) + self._drain()

    def _drain(self) -> list[VideoFrame]:
        if self._graph is None:
            return []
        self._graph.vpush(None)
        return _pull(self._graph)

    def _build(self, frame: VideoFrame, time: Fraction) -> Graph:
        graph = Graph()
        graph.threads = 2
        nodes = [graph.add("buffer", _buffer_arguments(frame, self._base))]
        # Smaller first: turning and recolouring then touch fewer pixels.
        nodes.append(graph.add("scale", _size_arguments(frame, self._shape)))
        nodes += [graph.add(name, arguments) for name, arguments in _turns(frame.rotation)]
        nodes += [graph.add(name, arguments) for name, arguments in _colours(frame)]
        nodes.append(graph.add("format", "pix_fmts=yuv420p"))
        if self._shape.boxed:
            nodes.append(graph.add("pad", f"w={self._shape.width}:h={self._shape.height}:x=(ow-iw)/2:y=(oh-ih)/2"))
        nodes.append(graph.add("setsar", "sar=1"))
        nodes.append(graph.add("fps", f"fps={self._shape.fps}:start_time={float(time):.6f}"))
        nodes.append(graph.add("buffersink"))
        graph.link_nodes(*nodes).configure()
        return graph


def _buffer_arguments(frame: VideoFrame, base: Fraction) -> str:
    return (
        f"width={frame.width}:height={frame.height}:pix_fmt={frame.format.name}:time_base={base}:pixel_aspect=1/1"
        f":colorspace={int(frame.colorspace)}:range={int(frame.color_range)}"
    )


def _turns(rotation: float) -> list[tuple[str, str]]:
    """Return the filters that set a picture upright which is to be turned so many degrees counter-clockwise."""
    return {
        90: [("transpose", "dir=cclock")],
        180: [("hflip", ""), ("vflip", "")],
        270: [("transpose", "dir=clock")],
    }.get(round(rotation / 90) * 90 % 360, [])


def _size_arguments(frame: VideoFrame, shape: Shape) -> str:
    width, height = shape.width, shape.height
    if round(frame.rotation / 90) % 2:
        width, height = height, width
    arguments = f"w={width}:h={height}:flags=bicubic"
    return f"{arguments}:force_original_aspect_ratio=decrease:force_divisible_by=2" if shape.boxed else arguments


def _colours(frame: VideoFrame) -> list[tuple[str, str]]:
    arguments = "out_range=tv:out_color_matrix=bt709"
    if int(frame.color_trc) in HDR_TRANSFERS:
        table = f"file={write_table(int(frame.color_trc))}:interp=tetrahedral"
        ordinary = "color_primaries=bt709:color_trc=bt709"
        light = [("format", "pix_fmts=gbrp10le"), ("lut3d", table), ("setparams", ordinary)]
        return [*light, ("scale", arguments)]
    if int(frame.colorspace) == _UNKNOWN and frame.format.name.startswith("yuv"):
        # Untagged HD is BT.709 everywhere but in the scaler's default.
        arguments += f":in_color_matrix={'bt709' if min(frame.width, frame.height) >= _HD_HEIGHT else 'bt601'}"
    return [("scale", arguments)]


def _number(frame: VideoFrame, number: int, fps: Fraction) -> VideoFrame:
    frame.pts, frame.time_base, frame.duration = number, 1 / fps, 1
    return frame


def _pull(graph: Graph) -> list[VideoFrame]:
    pulled: list[VideoFrame] = []
    while True:
        try:
            pulled.append(graph.vpull())
        except (av.BlockingIOError, av.EOFError):
            return pulled


def shape_sound(frames: Iterable[AudioFrame], samples: int) -> Iterator[AudioFrame]:
    """Give exactly `samples` samples of 48 kHz stereo, with silence where the frames leave a gap or end early.

    Frames carry their pts in samples of their own rate; what comes before 0 is cut off.
    """
    graph: Graph | None = None
    kind: tuple[object, ...] = ()
    for frame in frames:
        this = (frame.format.name, frame.sample_rate, frame.layout.name)
        if graph is None:
            graph, kind = _build_sound(frame, samples), this
        if this == kind:
            try:
                graph.push(frame)
            except av.EOFError:
                break  # it has all it takes: some codecs' frames are so short that more of them follow
            yield from _pull_sound(graph)
    if graph is not None:
        with suppress(av.EOFError):
            graph.push(None)
        yield from _pull_sound(graph)


def _build_sound(frame: AudioFrame, samples: int) -> Graph:
    graph = Graph()
    kind = f"sample_rate={frame.sample_rate}:sample_fmt={frame.format.name}:channel_layout={frame.layout.name}"
    graph.link_nodes(
        graph.add("abuffer", f"{kind}:time_base=1/{frame.sample_rate}"),
        graph.add("aresample", f"{SAMPLE_RATE}:async=1:first_pts=0"),
        graph.add("aformat", f"sample_fmts=fltp:channel_layouts=stereo:sample_rates={SAMPLE_RATE}"),
        graph.add("apad", f"whole_len={samples}"),
        graph.add("atrim", f"end_sample={samples}"),
        graph.add("asetnsamples", "n=1024:p=0"),
        graph.add("abuffersink"),
    ).configure()
    return graph


def _pull_sound(graph: Graph) -> list[AudioFrame]:
    pulled: list[AudioFrame] = []
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return pulled
        assert isinstance(frame, AudioFrame)
        pulled.append(frame)
