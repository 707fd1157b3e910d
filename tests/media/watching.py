"""Watch a finished file as a strict player would: which pictures, when the flash, when the beep."""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from tests.media.making import read_number


@dataclass(frozen=True, slots=True)
class Watched:
    """Tell what was seen and heard; times in seconds, None for what never came."""

    numbers: list[int]
    times: list[float]
    flash: float | None
    beep: float | None
    sound_seconds: float
    errors: int


def watch(path: Path) -> Watched:
    """Decode a file whole, counting every error of the decoder."""
    numbers, times, flash, errors = [], [], None, 0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.options = {"err_detect": "explode"}
        for frame in container.decode(stream):
            assert isinstance(frame, VideoFrame)
            errors += frame.is_corrupt
            numbers.append(read_number(frame))
            times.append(float(frame.time or 0))
            if flash is None and np.median(frame.to_ndarray(format="gray")) > 180:
                flash = times[-1]
    beep, ends = _listen(path)
    return Watched(numbers, times, flash, beep, ends, errors)


def _listen(path: Path) -> tuple[float | None, float]:
    beep, ends = None, 0.0
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return None, 0.0
        for frame in container.decode(container.streams.audio[0]):
            assert isinstance(frame, AudioFrame)
            samples = np.abs(frame.to_ndarray().reshape(-1) if frame.format.is_packed else frame.to_ndarray()[0])
            loud = np.flatnonzero(samples > 0.05)
            start = float(frame.time or 0)
            if beep is None and len(loud):
                beep = start + loud[0] / frame.sample_rate
            ends = start + frame.samples / frame.sample_rate
    return beep, ends
