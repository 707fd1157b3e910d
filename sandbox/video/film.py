"""Write MP4 files the way every player likes them: H.264 yuv420p, AAC, index in front."""

from array import array
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av

SAMPLE_RATE = 48_000
MICROSECONDS = Fraction(1, 1_000_000)


class Film:
    """Encode frames and sound into one MP4 at `path`; use as a context manager.

    Frames may have any size and format the encoder can convert, but even width and height;
    sound frames must be stereo fltp at 48 kHz. Frame times are kept as they are.
    """

    def __init__(self, path: Path, *, sound: bool, preset: str = "veryfast", quality: int = 20) -> None:
        self._output = av.open(path, "w", format="mp4", options={"movflags": "+faststart"})
        self._options = {"preset": preset, "crf": str(quality)}
        self._video: av.VideoStream | None = None
        self._audio: av.AudioStream | None = None
        self._waiting: list[av.AudioFrame] = []
        self._sound = sound
        self.frames = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        self._output.close()

    def add_frame(self, frame: av.VideoFrame, rate: Fraction) -> None:
        """Encode one picture; `rate` (frames per second) is taken from the first call."""
        if self._video is None:
            self._video = self._start(frame, rate)
        frame.pict_type = av.video.frame.PictureType.NONE
        self._output.mux(self._video.encode(frame.reformat(format="yuv420p")))
        self.frames += 1
        for early in self._take_waiting():
            self.add_sound(early)

    def add_sound(self, frame: av.AudioFrame) -> None:
        """Encode sound; what comes before the first picture is kept until then."""
        if self._audio is None:
            self._waiting.append(frame)
        else:
            self._output.mux(self._audio.encode(frame))

    def _start(self, frame: av.VideoFrame, rate: Fraction) -> av.VideoStream:
        video = self._output.add_stream("libx264", rate=rate, options=self._options)
        video.width, video.height, video.pix_fmt = frame.width, frame.height, "yuv420p"
        video.codec_context.time_base = frame.time_base or MICROSECONDS
        video.codec_context.thread_count = 2
        if self._sound:
            self._audio = self._output.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
        return video

    def _take_waiting(self) -> Iterable[av.AudioFrame]:
        waiting, self._waiting = self._waiting, []
        return waiting

    def _flush(self) -> None:
        for stream in (self._video, self._audio):
            if stream is not None:
                self._output.mux(stream.encode(None))


def add_tone(film: Film, seconds: float, level: Callable[[float], float]) -> None:
    """Add mono-like stereo sound whose sample at time t (seconds) is `level(t)` in -1..1."""
    size = 1024
    for start in range(0, round(seconds * SAMPLE_RATE), size):
        samples = [level((start + index) / SAMPLE_RATE) for index in range(size)]
        film.add_sound(sound_frame(samples, start))


def sound_frame(samples: list[float], start: int) -> av.AudioFrame:
    """Return a stereo fltp frame at 48 kHz with the same samples on both sides; `start` is its first sample."""
    frame = av.AudioFrame(format="fltp", layout="stereo", samples=len(samples))
    data = array("f", samples).tobytes()
    for plane in frame.planes:
        plane.update(data.ljust(plane.buffer_size, b"\0"))
    frame.sample_rate = SAMPLE_RATE
    frame.pts = start
    frame.time_base = Fraction(1, SAMPLE_RATE)
    return frame
