"""Look at a clip: can it be read, how long and large is it, where are its scene cuts."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median

import av
import av.container

_APART_SECONDS = 0.6
# a picture that comes back this soon was a flash, not a scene
_FLASH_SECONDS = 0.3
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,avi"
_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": FORMATS}


class UnreadableClipError(Exception):
    """Say that a file is no video this service reads."""


@dataclass(frozen=True, slots=True)
class Clip:
    """Hold what was read: coded pixels, frames per second, seconds, start in seconds, turn in degrees."""

    width: int
    height: int
    rate: Fraction
    seconds: float
    start: float
    rotation: int
    sound: bool


def open_clip(path: Path, options: dict[str, str] | None = None) -> av.container.InputContainer:
    """Open a local file as MP4, MOV or AVI and as nothing else."""
    return av.open(str(path), "r", options=_OPTIONS | (options or {}))


def examine(path: Path) -> Clip:
    """Read a clip's facts and decode its first picture; raise UnreadableClipError when that fails."""
    try:
        with open_clip(path) as container:
            return _read(container)
    except (av.FFmpegError, ValueError, OverflowError, IndexError, StopIteration) as error:
        raise UnreadableClipError(str(error) or type(error).__name__) from error


def _read(container: av.container.InputContainer) -> Clip:
    if not container.streams.video:
        raise UnreadableClipError("no video stream")
    video = container.streams.video[0]
    frame = next(container.decode(video))
    if video.duration and video.time_base:
        seconds = float(video.duration * video.time_base)
    else:
        seconds = (container.duration or 0) / 1_000_000
    rate = Fraction(video.average_rate or video.guessed_rate or 25)
    if not 1 <= rate <= 120:
        rate = Fraction(25)
    start = float((video.start_time or 0) * (video.time_base or 0))
    sound = bool(container.streams.audio) and container.streams.audio[0].codec_context is not None
    return Clip(frame.width, frame.height, rate.limit_denominator(1001), seconds, start, frame.rotation, sound)


def find_cuts(path: Path, clip: Clip) -> tuple[float, ...]:
    """Return the times in seconds at which a new scene begins, at least 0.6 s apart and from the ends."""
    times: list[float] = []
    thumbs: list[bytes] = []
    with open_clip(path) as container:
        video = container.streams.video[0]
        video.thread_type = "AUTO"
        for frame in container.decode(video):
            times.append(float(frame.time or 0) - clip.start)
            thumbs.append(bytes(frame.reformat(width=32, height=18, format="rgb24").planes[0]))
    changes = [_difference(before, after) for before, after in pairwise(thumbs)]
    limit = max(14.0, 5 * median(changes)) if changes else 0.0
    cuts: list[float] = []
    number = 0
    while number < len(changes):
        number += 1
        if changes[number - 1] <= limit:
            continue
        later = min(number + max(2, int(clip.rate * _FLASH_SECONDS)), len(thumbs) - 1)
        if _difference(thumbs[number - 1], thumbs[later]) <= limit:
            number = later
        elif times[number] - (cuts[-1] if cuts else 0) >= _APART_SECONDS <= clip.seconds - times[number]:
            cuts.append(times[number])
    return tuple(cuts)


def _difference(first: bytes, second: bytes) -> float:
    """Return how far two small pictures are apart, 0..255 a colour value on average."""
    return sum(abs(a - b) for a, b in zip(first, second, strict=True)) / len(first)
