"""Measure videos: brightness, colour, sharpness, movement, and when something is seen or heard."""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """Hold a decoded video: `frames` is count x height x width x RGB in 0..255, times in seconds."""

    frames: Pixels
    times: list[float]
    sound: Pixels
    seconds: float
    sound_seconds: float
    width: int
    height: int
    pix_fmt: str
    codecs: tuple[str, ...]

    @property
    def luma(self) -> Pixels:
        """Return the brightness of every pixel."""
        weighted: Pixels = self.frames @ np.array([0.299, 0.587, 0.114])
        return weighted

    @property
    def brightness(self) -> float:
        return float(self.luma.mean())

    @property
    def contrast(self) -> float:
        return float(self.luma.std(axis=(1, 2)).mean())

    @property
    def saturation(self) -> float:
        return float((self.frames.max(axis=3) - self.frames.min(axis=3)).mean())

    @property
    def rgb(self) -> tuple[float, float, float]:
        red, green, blue = self.frames.mean(axis=(0, 1, 2))
        return float(red), float(green), float(blue)

    @property
    def warmth(self) -> float:
        return self.rgb[0] - self.rgb[2]

    @property
    def sharpness(self) -> float:
        luma = self.luma
        return float(np.abs(luma[:, :, 1:] - luma[:, :, :-1]).mean() + np.abs(luma[:, 1:] - luma[:, :-1]).mean())

    @property
    def flicker(self) -> float:
        """Return how much a pixel changes from one picture to the next, in the half that changes least."""
        change = np.abs(np.diff(self.luma, axis=0)).mean(axis=0)
        return float(np.sort(change.ravel())[: change.size // 2].mean())

    def share(self, low: float, high: float) -> float:
        """Return the share of pixels whose brightness lies in a range."""
        return float(((self.luma >= low) & (self.luma < high)).mean())

    def tone(self, low: float, high: float) -> tuple[float, float, float]:
        """Return the mean colour of the pixels whose brightness lies in a range."""
        chosen = self.frames[(self.luma >= low) & (self.luma < high)]
        red, green, blue = chosen.mean(axis=0)
        return float(red), float(green), float(blue)

    def magenta(self, low: float, high: float) -> float:
        """Return how far red and blue are above green among the pixels of a brightness."""
        red, green, blue = self.tone(low, high)
        return min(red, blue) - green

    def seen_at(self) -> float:
        """Return when the picture is first nearly white."""
        bright = self.luma.mean(axis=(1, 2))
        return self.times[int(np.argmax(bright > 200))]

    def heard_at(self) -> float:
        """Return when the sound first rises."""
        return int(np.argmax(np.abs(self.sound) > 0.05)) / 48_000


def measure(path: Path, width: int = 160, height: int = 90) -> Measured:
    """Decode a whole video; pictures are scaled to width x height for measuring."""
    frames, times, sound = [], [], []
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        codecs = tuple(stream.codec_context.name for stream in container.streams if stream.type in {"video", "audio"})
        seconds = float((video.duration or 0) * (video.time_base or 0))
        audio = container.streams.audio[0] if container.streams.audio else None
        sound_seconds = float((audio.duration or 0) * (audio.time_base or 0)) if audio else 0.0
        for frame in container.decode(video=0):
            frames.append(frame.reformat(width=width, height=height, format="rgb24").to_ndarray())
            times.append(float(frame.time or 0))
        size = (video.codec_context.width, video.codec_context.height)
        pix_fmt = str(video.codec_context.pix_fmt)
    if audio:
        with av.open(str(path)) as container:
            sound = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    heard = np.concatenate(sound).astype(np.float64) if sound else np.zeros(1)
    pictures = np.stack(frames).astype(np.float64)
    return Measured(pictures, times, heard, seconds, sound_seconds, *size, pix_fmt, codecs)
