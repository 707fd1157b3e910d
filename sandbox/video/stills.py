"""Lay still pictures over the beginning and the end of a video, so that it starts or ends with exactly them."""

from fractions import Fraction
from pathlib import Path

import av
import av.filter
from av.filter.context import FilterContext

from sandbox.video.examine import UnreadableClipError, open_clip
from sandbox.video.filters import connect
from sandbox.video.looks import Step

_IMAGES = "png_pipe,jpeg_pipe,webp_pipe,bmp_pipe,gif,image2,mjpeg"
_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": _IMAGES}
_MAX_SIDE = 8192
DISSOLVE_SECONDS = 1.0


class UnreadableImageError(Exception):
    """Say that a file is no picture."""


def read_image(path: Path) -> av.VideoFrame:
    """Decode a PNG, JPEG, WebP, BMP or GIF file; raise UnreadableImageError."""
    try:
        with av.open(str(path), "r", options=_OPTIONS) as container:
            frame = next(container.decode(container.streams.video[0]))
    except (av.FFmpegError, ValueError, OverflowError, IndexError, StopIteration) as error:
        raise UnreadableImageError(str(error) or type(error).__name__) from error
    if max(frame.width, frame.height) > _MAX_SIDE:
        raise UnreadableImageError(f"{frame.width}x{frame.height} pixels are too many")
    return frame


def read_last_frame(path: Path) -> av.VideoFrame:
    """Decode the last picture of a video; raise UnreadableClipError."""
    last = None
    try:
        with open_clip(path) as container:
            for frame in container.decode(container.streams.video[0]):
                last = frame
    except (av.FFmpegError, ValueError, IndexError) as error:
        raise UnreadableClipError(str(error)) from error
    if last is None:
        raise UnreadableClipError("no pictures")
    return last


def save_first_frame(video: Path, path: Path) -> tuple[int, int]:
    """Write the first picture of a video as JPEG to `path`; return its width and height in pixels."""
    with open_clip(video) as container:
        frame = next(container.decode(container.streams.video[0]))
        frame.save(str(path))
        return frame.width, frame.height


def add_still(graph: av.filter.Graph, still: av.VideoFrame) -> FilterContext:
    """Add a source for one picture to a graph; feed it with `feed_still` once the graph is configured."""
    return graph.add_buffer(width=still.width, height=still.height, format=still.format, time_base=Fraction(1, 1000))


def feed_still(graph: av.filter.Graph, still: av.VideoFrame, at: int) -> None:
    """Push a picture and its end into the source number `at`."""
    still.pts, still.time_base = 0, Fraction(1, 1000)
    graph.vpush(still, at=at)
    graph.vpush(None, at=at)


def lay_over(
    graph: av.filter.Graph,
    head: FilterContext,
    source: FilterContext,
    size: tuple[int, int],
    rate: Fraction,
    seconds: float,
    *,
    end: bool,
) -> FilterContext:
    """Let a still dissolve away at the start of a video, or appear towards its end; it fills the frame, cropped."""
    lap = min(DISSOLVE_SECONDS, seconds / 3)
    frames = round(lap * rate) + (3 if end else 0)
    begin = seconds - lap if end else 0.0
    fade = f"t=in:st=0:d={max(0.04, lap - 2 / float(rate)):.3f}" if end else f"t=out:st=0:d={lap:.3f}"
    cover: list[Step] = [
        ("scale", f"{size[0]}:{size[1]}:force_original_aspect_ratio=increase:flags=lanczos"),
        ("crop", f"{size[0]}:{size[1]}"),
        ("setsar", "1"),
        ("format", "yuva420p"),
        ("loop", f"loop={frames}:size=1:start=0"),
        ("setpts", f"N/({rate})/TB"),
        ("fade", f"{fade}:alpha=1"),
        ("setpts", f"PTS+{begin:.6f}/TB"),
    ]
    image = connect(graph, source, cover)
    overlay = graph.add("overlay", "eof_action=repeat" if end else "eof_action=pass")
    head.link_to(overlay, 0, 0)
    image.link_to(overlay, 0, 1)
    # the still may outlast the video by a few frames
    return connect(graph, overlay, [("format", "yuv420p"), ("trim", f"end={seconds:.6f}")])


def put_mark(graph: av.filter.Graph, head: FilterContext, source: FilterContext) -> FilterContext:
    """Lay a small picture over the lower right corner for the whole length."""
    mark = connect(graph, source, [("format", "yuva420p")])
    overlay = graph.add("overlay", "x=W-w-H/30:y=H-h-H/30:eof_action=repeat")
    head.link_to(overlay, 0, 0)
    mark.link_to(overlay, 0, 1)
    return connect(graph, overlay, [("format", "yuv420p")])
