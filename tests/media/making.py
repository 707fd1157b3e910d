"""Make real video files: every picture carries its number, and a flash and a beep begin at one moment."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

BITS = 10
RATE = 48_000
ENCODERS = {
    "h264": "libx264",
    "hevc": "libx265",
    "vp8": "libvpx",
    "vp9": "libvpx-vp9",
    "av1": "libsvtav1",
    "mpeg4": "mpeg4",
    "h263": "h263",
    "prores": "prores_ks",
    "gif": "gif",
}
SOUNDS = {"webm": "libopus", "avi": "libmp3lame"}
# The shortest frames there are, in milliseconds; an encoder that calls itself unfinished.
VOICES = {"libopus": {"frame_duration": "2.5"}, "vorbis": {"strict": "experimental"}}
# What is made at another rate than the rest: a telephone's voice.
VOICE_RATES = {"libopencore_amrnb": 8_000}
FORMATS = {"mkv": "matroska"}
QUICK: dict[str, dict[str, str]] = {
    "h264": {"preset": "ultrafast"},
    "hevc": {"preset": "ultrafast", "x265-params": "log-level=none"},
    "vp8": {"deadline": "realtime", "cpu-used": "8", "auto-alt-ref": "0"},
    "vp9": {"deadline": "realtime", "cpu-used": "8"},
    "av1": {"preset": "12"},
    "prores": {"profile": "0"},
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """Say how a clip is made; `times_ms` instead of a steady rate makes it vary, `flash` is in seconds."""

    codec: str = "h264"
    width: int = 160
    height: int = 96
    fps: int = 25
    frames: int = 20
    sound: bool = True
    voice: str = ""
    rotation: int = 0
    pix_fmt: str = ""
    times_ms: tuple[int, ...] = ()
    flash: float | None = None
    hdr: bool = False
    gop: int = 10
    movflags: str = ""
    options: dict[str, str] = field(default_factory=dict)


def make_clip(path: Path, recipe: Recipe = Recipe()) -> Path:
    """Make a clip; the file's name says the container."""
    suffix = path.suffix.lstrip(".")
    options = {"movflags": recipe.movflags} if recipe.movflags else {}
    with av.open(str(path), "w", format=FORMATS.get(suffix, suffix), options=options) as container:
        _add_pictures(
            container, recipe, recipe.voice or SOUNDS.get(suffix, "aac") if recipe.sound and suffix != "gif" else ""
        )
    return path


def draw_picture(recipe: Recipe, number: int, seconds: float) -> NDArray[np.uint8]:
    """Draw one picture: its number in bits along the top, a moving bar, white below during the flash."""
    picture = np.full((recipe.height, recipe.width, 3), 40, np.uint8)
    top, step = recipe.height // 4, recipe.width // BITS
    for bit in range(BITS):
        if number >> bit & 1:
            picture[:top, bit * step : (bit + 1) * step] = 220
    x = number * 5 % (recipe.width - 16)
    picture[top * 2 :, x : x + 16] = (200, 60, 60)
    if recipe.flash is not None and recipe.flash <= seconds < recipe.flash + 0.2:
        picture[top:] = 235
    return picture


def read_number(frame: VideoFrame) -> int:
    """Read the number off a picture."""
    picture = frame.to_ndarray(format="gray")
    top, step = picture.shape[0] // 4, picture.shape[1] // BITS
    return sum(
        1 << bit
        for bit in range(BITS)
        if picture[top // 4 : top * 3 // 4, bit * step + step // 4 : bit * step + step * 3 // 4].mean() > 128
    )


def _add_pictures(container: OutputContainer, recipe: Recipe, sound: str) -> None:
    options = QUICK.get(recipe.codec, {}) | recipe.options
    video = container.add_stream(ENCODERS[recipe.codec], rate=recipe.fps, options=options)
    assert isinstance(video, VideoStream)
    video.width, video.height = recipe.width, recipe.height
    defaults = {"prores": "yuv422p10le", "gif": "rgb8"}
    video.pix_fmt = recipe.pix_fmt or defaults.get(recipe.codec, "yuv420p")
    if recipe.codec in {"vp8", "vp9"}:
        video.codec_context.thread_count = 1  # libvpx's threads may wait for each other for ever
    if recipe.codec not in {"gif", "prores"}:
        video.codec_context.gop_size = recipe.gop
    base = Fraction(1, 1000) if recipe.times_ms else Fraction(1, recipe.fps)
    video.codec_context.time_base = base
    if recipe.hdr:
        video.codec_context.color_trc = 16
        video.codec_context.color_primaries = 9
        video.codec_context.colorspace = 9
    if recipe.rotation:
        video.set_display_rotation(recipe.rotation)
    audio = None
    if sound:
        layout = "stereo" if sound == "vorbis" else "mono"
        rate = VOICE_RATES.get(sound, RATE)
        audio = container.add_stream(sound, rate=rate, layout=layout, options=VOICES.get(recipe.voice, {}))
    assert audio is None or isinstance(audio, AudioStream)
    ends = Fraction(0)
    for number, pts in enumerate(recipe.times_ms or range(recipe.frames)):
        drawn = VideoFrame.from_ndarray(draw_picture(recipe, number, float(pts * base)), format="rgb24")
        frame = drawn.reformat(format=video.pix_fmt)
        frame.pts, frame.time_base = pts, base
        container.mux(video.encode(frame))
        ends = (pts + 1) * base if not recipe.times_ms else pts * base + Fraction(1, recipe.fps)
    container.mux(video.encode(None))
    if audio is not None:
        for block in _sound(float(ends), recipe.flash):
            container.mux(audio.encode(block))
        container.mux(audio.encode(None))


def _sound(seconds: float, flash: float | None) -> list[AudioFrame]:
    times = np.arange(int(seconds * RATE)) / RATE
    wave = 0.3 * np.sin(2 * np.pi * 440 * times)
    if flash is not None:
        wave *= (times >= flash) & (times < flash + 0.2)
    samples = (wave * 32767).astype(np.int16).reshape(1, -1)
    frame = AudioFrame.from_ndarray(samples, format="s16", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
    return [frame]
