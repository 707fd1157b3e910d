"""Look at a still picture: one of three formats by its first bytes, decoded whole, of a size we take."""

from pathlib import Path
from typing import Any

import av
from av.video.frame import VideoFrame

from media.inside.answers import Refusal
from media.inside.picture_size import read_claimed_size

MAX_PIXELS = 40_000_000
MAX_SIDE = 8192
MIN_SIDE = 64
# FFmpeg's demuxer and decoder by the name people know.
_READERS = {"png": ("png_pipe", "png"), "jpg": ("jpeg_pipe", "mjpeg"), "webp": ("webp_pipe", "webp")}


def look_at_picture(file: str) -> dict[str, Any]:
    """Return format, width and height in pixels, and bytes of a picture; raise Refusal."""
    path = Path(file)
    kind = read_format(path)
    if claimed := read_claimed_size(path, kind):
        _check_size(*claimed)  # the decoder would call it broken
    demuxer, decoder = _READERS[kind]
    options = {
        "protocol_whitelist": "file",
        "format_whitelist": demuxer,
        "codec_whitelist": decoder,
        "max_pixels": str(MAX_PIXELS),
    }
    try:
        with av.open(str(path), format=demuxer, options=options, metadata_errors="ignore") as container:
            stream = container.streams.video[0]
            _check_size(stream.codec_context.width, stream.codec_context.height)
            stream.codec_context.thread_count = 1
            # The header may lie about the size: the decoder itself refuses larger pictures, too.
            stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
            frame = next(container.decode(stream))
    except (av.FFmpegError, ValueError, IndexError, StopIteration, MemoryError) as error:
        raise Refusal("broken", type(error).__name__) from error
    _check_frame(frame)
    return {"format": kind, "width": frame.width, "height": frame.height, "size_bytes": path.stat().st_size}


def read_format(path: Path) -> str:
    """Name the format the first bytes call for; refuse everything that is no picture of these."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if head[:3] == b"\xff\xd8\xff":
        return "jpg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    raise Refusal("not_picture")


def _check_frame(frame: VideoFrame) -> None:
    if frame.is_corrupt:
        raise Refusal("broken", "it does not decode")
    _check_size(frame.width, frame.height)
    if min(frame.width, frame.height) < MIN_SIDE:
        raise Refusal("small", f"{frame.width}x{frame.height}")


def _check_size(width: int, height: int) -> None:
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise Refusal("size", f"{width}x{height}")
