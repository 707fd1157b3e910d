"""Write an MP4 file that plays everywhere: H.264 and AAC, 4:2:0, its index in front."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from heapq import merge
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from media.inside.answers import say_progress
from media.inside.graphs import SAMPLE_RATE, Shape

_BT709 = 1
_LIMITED = 1


@dataclass(frozen=True, slots=True)
class Quality:
    """Say how H.264 is encoded: constant quality by `crf`, or towards `video_kbps`; `audio_kbps` for AAC.

    `pass_number` 1 only measures into `log`, 2 uses what was measured, 0 is one pass alone.
    """

    crf: float = 20.0
    video_kbps: int = 0
    audio_kbps: int = 160
    preset: str = "veryfast"
    pass_number: int = 0
    log: str = "pass"


def open_mp4(path: Path) -> OutputContainer:
    """Open a file for writing, its index in front."""
    return av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})


def add_h264(container: OutputContainer, shape: Shape, quality: Quality) -> VideoStream:
    """Add a video stream."""
    options = {"preset": quality.preset, "profile": "high"}
    if quality.video_kbps:
        options |= {"maxrate": f"{quality.video_kbps * 3 // 2}k", "bufsize": f"{quality.video_kbps * 2}k"}
    else:
        options["crf"] = str(quality.crf)
    if quality.pass_number:
        options["stats"] = quality.log
    stream = container.add_stream("libx264", rate=shape.fps, options=options)
    assert isinstance(stream, VideoStream)
    context = stream.codec_context
    context.width, context.height, context.pix_fmt = shape.width, shape.height, "yuv420p"
    context.time_base = 1 / shape.fps
    context.gop_size = max(1, round(shape.fps * 2))
    context.bit_rate = quality.video_kbps * 1000
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    context.color_range = _LIMITED
    context.thread_count = 2
    stream.thread_type = "AUTO"  # PyAV's own choice is slices, which cost time and bytes
    if quality.pass_number:
        context.flags |= Flags.pass1 if quality.pass_number == 1 else Flags.pass2
    return stream


def add_aac(container: OutputContainer, kbps: int) -> AudioStream:
    """Add an audio stream: 48 kHz stereo."""
    stream = container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
    assert isinstance(stream, AudioStream)
    stream.codec_context.bit_rate = kbps * 1000
    return stream


def write(
    container: OutputContainer,
    video: VideoStream,
    pictures: Iterable[VideoFrame],
    audio: AudioStream | None,
    sound: Iterable[AudioFrame],
    *,
    expected: int,
) -> int:
    """Encode and write both in the order of their times; return how many pictures were written.

    `expected` pictures are the whole of the progress told.
    """
    count = 0
    streams = merge(_timed(pictures, 0), _timed(sound, 1), key=lambda item: item[:2])
    for _, kind, frame in streams:
        if isinstance(frame, VideoFrame):
            count += 1
            container.mux(video.encode(frame))
            if count % 15 == 0:
                say_progress(count / max(expected, 1))
        elif audio is not None and kind:
            container.mux(audio.encode(frame))
    container.mux(video.encode(None))
    if audio is not None:
        container.mux(audio.encode(None))
    return count


def _timed(
    frames: Iterable[VideoFrame] | Iterable[AudioFrame], kind: int
) -> Iterator[tuple[Fraction, int, VideoFrame | AudioFrame]]:
    for frame in frames:
        yield (frame.pts or 0) * Fraction(frame.time_base or 1), kind, frame
