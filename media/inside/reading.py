"""Decode the pictures and the sound of a clip from one moment to another, both counted from the first picture."""

from __future__ import annotations  # Packet is generic for mypy only

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from media.inside.answers import Refusal
from media.inside.opening import AUDIO_CODECS, choose_video, codec_of, displayed_aspect, open_clip

THREADS = 2
_SEEK_LEAD = Fraction(1, 2)
_HALF_TICK = Fraction(1, 2000)


class Pictures:
    """Decode pictures from `start` for `seconds` (None: to the end); `began` is the file's time of the first one.

    A picture belongs to the cut when it is first shown inside of it. Iterating gives (time, picture), the time in
    seconds after the first picture.
    """

    def __init__(self, path: Path, start: Fraction = Fraction(0), seconds: Fraction | None = None) -> None:
        self._container = open_clip(path)
        self.stream = choose_video(self._container)
        self.stream.codec_context.thread_count = THREADS
        self.stream.thread_type = "AUTO"
        self.aspect = displayed_aspect(self.stream)
        self._seconds = seconds
        self._frames = self._decode(start)
        self._first = next(self._frames, None)
        if self._first is None:
            self.close()
            raise Refusal("start")
        self.began = self._first[0]

    def __iter__(self) -> Iterator[tuple[Fraction, VideoFrame]]:
        assert self._first is not None
        yield Fraction(0), self._first[1]
        last = Fraction(0)
        for at, frame in self._frames:
            time = at - self.began
            if self._seconds is not None and time > self._seconds - _HALF_TICK:
                return
            if time > last:  # a clock that stands or runs backwards would stop the filters
                last = time
                yield time, frame

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _decode(self, start: Fraction) -> Iterator[tuple[Fraction, VideoFrame]]:
        base = Fraction(self.stream.time_base or Fraction(1, 1000))
        origin = (self.stream.start_time or 0) * base
        wanted = origin + start
        if start > 2 * _SEEK_LEAD:
            _seek(self._container, wanted - _SEEK_LEAD, self.stream, base)
        guess = origin
        for frame in _decode(self._container, self.stream):
            assert isinstance(frame, VideoFrame)
            time = frame.pts * base if frame.pts is not None else guess
            guess = time + (frame.duration or 1) * base
            if time >= wanted - _HALF_TICK:
                yield time, frame


def open_sound(path: Path) -> Sound | None:
    """Open a clip's sound; None when it has none that we can read."""
    container = open_clip(path)
    stream = next(iter(container.streams.audio), None)
    if stream is None or codec_of(stream) not in AUDIO_CODECS:
        container.close()
        return None
    return Sound(container, stream)


class Sound:
    """Decode sound; `origin` is the file's time of its first picture."""

    def __init__(self, container: InputContainer, stream: AudioStream) -> None:
        self._container = container
        self.stream = stream
        video = next(iter(container.streams.video), None)
        self.origin = Fraction(0)
        if video is not None and video.start_time is not None and video.time_base is not None:
            self.origin = video.start_time * Fraction(video.time_base)

    def read(self, start: Fraction, seconds: Fraction) -> Iterator[AudioFrame]:
        """Give the frames that touch the time from `start` on; their pts count samples of their rate from there."""
        base = Fraction(self.stream.time_base or Fraction(1, 48_000))
        if start > 2 * _SEEK_LEAD:
            _seek(self._container, start - _SEEK_LEAD, self.stream, base)
        guess: Fraction | None = None
        for frame in _decode(self._container, self.stream):
            assert isinstance(frame, AudioFrame)
            time = frame.pts * Fraction(frame.time_base or base) if frame.pts is not None else guess or start
            guess = time + Fraction(frame.samples, frame.sample_rate)
            if time >= start + seconds:
                return
            if guess > start:
                frame.time_base = Fraction(1, frame.sample_rate)
                frame.pts = round((time - start) * frame.sample_rate)
                yield frame

    def close(self) -> None:
        """Close the file."""
        self._container.close()


def _seek(container: InputContainer, time: Fraction, stream: VideoStream | AudioStream, base: Fraction) -> None:
    try:
        container.seek(int(time / base), stream=stream, backward=True)
    except av.FFmpegError:
        container.seek(0)  # no index: decode from the beginning


def _decode(container: InputContainer, stream: VideoStream | AudioStream) -> Iterator[VideoFrame | AudioFrame]:
    packets = container.demux(stream)
    while True:
        try:
            packet: Packet[Any] | None = next(packets, None)
        except (av.FFmpegError, ValueError):
            packet = None  # cut in the middle: the decoder still holds pictures
        try:
            yield from stream.codec_context.decode(packet)
        except av.EOFError:
            return
        except (av.FFmpegError, ValueError):
            pass  # one broken picture is left out
        if packet is None:
            return
