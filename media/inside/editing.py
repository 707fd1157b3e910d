"""Cut, convert and repack clips; each function is a task of the child process and answers with what it made."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from media.inside.answers import Refusal
from media.inside.graphs import SAMPLE_RATE, PictureGraph, Shape, shape_sound
from media.inside.reading import Pictures, Sound, open_sound
from media.inside.writing import Quality, add_aac, add_h264, open_mp4, write

_AAC_FRAME = 1024


@dataclass(frozen=True, slots=True)
class Cut:
    """Say which part of a clip is taken, in milliseconds after its first picture."""

    start_ms: int = 0
    length_ms: int = 0

    def frames(self, fps: Fraction) -> int:
        """Return how many pictures fit into the part."""
        return max(1, int(Fraction(self.length_ms, 1000) * fps))


def convert(
    file: str, out: str, shape: dict[str, Any], cut: dict[str, Any], quality: dict[str, Any], sound_file: str = ""
) -> dict[str, Any]:
    """Encode a part of a clip as H.264 and AAC; sound comes from another file when one is named.

    With `quality.pass_number` 1 nothing is kept but the encoder's log.
    """
    wanted, part, how = read_shape(shape), Cut(**cut), Quality(**quality)
    length = Fraction(part.length_ms, 1000)
    pictures = Pictures(Path(file), Fraction(part.start_ms, 1000), length)
    sound = open_sound(Path(sound_file or file)) if how.pass_number != 1 and how.audio_kbps else None
    began = sound.origin if sound is not None and sound_file else pictures.began
    most = part.frames(wanted.fps)
    try:
        with open_mp4(Path(out)) as container:
            video = add_h264(container, wanted, how)
            audio = add_aac(container, how.audio_kbps) if sound is not None else None
            shaped = islice(PictureGraph(wanted).run(pictures), most)
            heard = read_sound(sound, began, most / wanted.fps)
            count = write(container, video, shaped, audio, heard, expected=most)
    finally:
        pictures.close()
        if sound is not None:
            sound.close()
    return {"frames": count, "sound": sound is not None, "size_bytes": Path(out).stat().st_size}


def read_shape(shape: dict[str, Any]) -> Shape:
    """Read a shape off a task's arguments."""
    return Shape(int(shape["width"]), int(shape["height"]), Fraction(shape["fps"]), bool(shape.get("boxed", False)))


def read_sound(sound: Sound | None, began: Fraction, seconds: Fraction) -> Iterator[AudioFrame]:
    """Give the sound of a clip from a moment on, in whole AAC frames that end no later than the pictures do."""
    if sound is None:
        return iter(())
    samples = max(1, int(seconds * SAMPLE_RATE) // _AAC_FRAME) * _AAC_FRAME
    return shape_sound(sound.read(began, seconds), samples)


def poster(file: str, out: str, side: int, at_ms: int) -> dict[str, Any]:
    """Write one picture as a JPEG no larger than `side` pixels."""
    pictures = Pictures(Path(file), Fraction(at_ms, 1000))
    try:
        _, frame = next(iter(pictures))
        width, height = _upright(frame, pictures.aspect)
        scale = min(Fraction(1), Fraction(side, max(width, height)))
        shape = Shape(even(width * scale), even(height * scale), Fraction(25))
        shaped = next(PictureGraph(shape).run([(Fraction(0), frame)]), None)
    finally:
        pictures.close()
    if shaped is None:
        raise Refusal("broken", "no picture")
    data = _encode_jpeg(shaped)
    Path(out).write_bytes(data)
    return {"width": shape.width, "height": shape.height, "size_bytes": len(data)}


def _upright(frame: VideoFrame, aspect: Fraction) -> tuple[Fraction, Fraction]:
    width, height = frame.width * aspect, Fraction(frame.height)
    return (height, width) if round(frame.rotation / 90) % 2 else (width, height)


def even(pixels: Fraction | float) -> int:
    """Return the even number of pixels nearest below, at least two."""
    return max(2, int(pixels) // 2 * 2)


def _encode_jpeg(frame: VideoFrame) -> bytes:
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"qmin": "3", "qmax": "5"}
    full = frame.reformat(
        format="yuvj420p",
        src_colorspace="ITU709",
        dst_colorspace="ITU601",
        src_color_range="MPEG",
        dst_color_range="JPEG",
    )
    full.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(full), *encoder.encode(None)])
