"""Find out what a file really is: by its packets and decoded pictures, never by what its headers claim."""

from __future__ import annotations  # Packet is generic for mypy only

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from media.inside.answers import Refusal
from media.inside.boxes import read_outline
from media.inside.hdr import HDR_TRANSFERS
from media.inside.opening import (
    AUDIO_CODECS,
    check_size,
    choose_video,
    codec_of,
    displayed_aspect,
    open_clip,
    read_container,
    read_demuxer,
)

MAX_PACKETS = 300_000
MAX_FPS = 240
_FIRST_FRAMES = 3
_FIRST_PACKETS = 64
_TAIL_PACKETS = 12
_HEAD_BYTES = 16


@dataclass(slots=True)
class _Track:
    """Gather the times of one stream's packets, in seconds."""

    time_base: Fraction
    times: list[int] = field(default_factory=list)
    end: int = 0
    last_duration: int = 0

    def add(self, packet: Packet[Any]) -> None:
        time = packet.pts if packet.pts is not None else packet.dts
        if time is None:
            return
        self.times.append(time)
        self.last_duration = packet.duration or 0
        self.end = max(self.end, time + self.last_duration)

    def seconds(self) -> Fraction:
        """Return the time from the first packet's start to the last one's end."""
        if not self.times:
            return Fraction(0)
        end = self.end if self.last_duration else self.end + round(self.step())
        return (end - min(self.times)) * self.time_base

    def step(self) -> float:
        """Return the usual distance between pictures, in time-base units."""
        ordered = sorted(self.times)
        return median(b - a for a, b in pairwise(ordered)) if len(ordered) > 1 else 0

    def rate(self) -> float:
        """Return pictures per second over the whole track."""
        span = (max(self.times) - min(self.times)) * self.time_base if self.times else 0
        return float((len(self.times) - 1) / span) if span else 0.0

    def even_rate(self) -> float:
        """Return pictures per second by the distances that are alike: a picture lost here and there changes no rate."""
        steps = self._even_steps()
        return float(len(steps) / (sum(steps) * self.time_base)) if sum(steps) else self.rate()

    def varies(self) -> bool:
        """Say whether distances between pictures differ by a tenth and two milliseconds; one alone does not count."""
        odd = len(self.times) - 1 - len(self._even_steps())
        return odd > max(1, len(self.times) // 50)

    def _even_steps(self) -> list[int]:
        step = self.step()
        slack = max(step / 10, 1 + float(Fraction(2, 1000) / self.time_base))
        slack = min(slack, step / 2)  # a clock that ticks once a picture, as in AVI, has no smaller gaps
        return [b - a for a, b in pairwise(sorted(self.times)) if abs(b - a - step) <= slack]


@dataclass(slots=True)
class _Pictures:
    """Decode the first pictures while the packets pass, and keep the tail to decode at the end."""

    stream: VideoStream
    first: list[VideoFrame] = field(default_factory=list)
    tried: int = 0
    tails: list[list[Packet[Any]]] = field(default_factory=list)

    def add(self, packet: Packet[Any]) -> None:
        if packet.is_keyframe or not self.tails:
            self.tails = [*self.tails[-1:], []]
        if len(self.tails[-1]) < _TAIL_PACKETS:
            self.tails[-1].append(packet)
        if len(self.first) < _FIRST_FRAMES and self.tried < _FIRST_PACKETS:
            self.tried += 1
            self.first += self._decode(packet)

    def check(self, count: int) -> None:
        """Refuse a file whose first or last pictures do not decode."""
        if not count:
            raise Refusal("broken", "it holds no pictures")
        if len(self.first) < min(_FIRST_FRAMES, count):
            self.first += self._decode(None)
        if len(self.first) < min(_FIRST_FRAMES, count):
            raise Refusal("broken", "the first pictures do not decode")
        if not any(self._tail_decodes(tail) for tail in reversed(self.tails)):
            raise Refusal("broken", "the last pictures do not decode")

    def _tail_decodes(self, tail: list[Packet[Any]]) -> bool:
        self.stream.codec_context.flush_buffers()
        return any(self._decode(packet) for packet in [*tail, None])

    def _decode(self, packet: Packet[Any] | None) -> list[VideoFrame]:
        try:
            return [frame for frame in self.stream.codec_context.decode(packet) if not frame.is_corrupt]
        except (av.FFmpegError, ValueError):
            return []


def look(path: Path) -> dict[str, Any]:
    """Return the facts of a clip, times in milliseconds and sizes in pixels as displayed; raise Refusal."""
    demuxer = read_demuxer(path)
    with open_clip(path) as container:
        video = choose_video(container)
        video.codec_context.thread_count = 1
        audio = next(iter(container.streams.audio), None)
        track, sound, pictures = _walk(container, video, audio)
        pictures.check(len(track.times))
        if len(track.times) < 2:
            raise Refusal("still")
        facts = _read_picture(pictures.first[0], video)
        facts |= _read_times(track)
    faststart, fragmented = read_outline(path) if demuxer == "mov" else (False, False)
    codec = codec_of(audio) if audio is not None else ""
    return facts | {
        "container": read_container(path, demuxer),
        "audio_codec": codec if sound.times else "",
        "audio_usable": bool(sound.times) and codec in AUDIO_CODECS,
        "audio_ms": round(sound.seconds() * 1000),
        "size_bytes": path.stat().st_size,
        "faststart": faststart,
        "fragmented": fragmented,
    }


def _walk(container: InputContainer, video: VideoStream, audio: AudioStream | None) -> tuple[_Track, _Track, _Pictures]:
    tracks = {video.index: _Track(Fraction(video.time_base or 1))}
    if audio is not None:
        tracks[audio.index] = _Track(Fraction(audio.time_base or 1))
    pictures = _Pictures(video)
    count = 0
    try:
        for packet in container.demux([stream for stream in (video, audio) if stream is not None]):
            count += 1
            if count > MAX_PACKETS:
                raise Refusal("packets", str(MAX_PACKETS))
            if not packet.size or not any(memoryview(packet)[:_HEAD_BYTES]):
                continue  # nothing, or a hole of zeros where the data was lost
            if packet.stream_index == video.index:
                pictures.add(packet)
            if not packet.is_discard:
                tracks[packet.stream_index].add(packet)
    except (av.FFmpegError, ValueError):
        pass  # a file cut in the middle: what came before it counts
    return tracks[video.index], tracks[audio.index] if audio else _Track(Fraction(1)), pictures


def _read_times(track: _Track) -> dict[str, Any]:
    varies = track.varies()
    rate = track.rate() if varies else track.even_rate()
    if rate > MAX_FPS * 1.01:
        raise Refusal("fps", f"{rate:.0f}")
    return {
        "duration_ms": round(track.seconds() * 1000),
        "frames": len(track.times),
        "fps": round(rate, 3),
        "variable_frame_rate": varies,
    }


def _read_picture(frame: VideoFrame, stream: VideoStream) -> dict[str, Any]:
    width, height = frame.width, frame.height
    check_size(width, height)
    turn = round(frame.rotation / 90) * 90 % 360
    if turn in {90, 270}:
        width, height = height, width
    aspect = displayed_aspect(stream)
    return {
        "video_codec": codec_of(stream),
        "width": width,
        "height": height,
        "rotation": turn,
        "pix_fmt": frame.format.name,
        "bit_depth": max(component.bits for component in frame.format.components),
        "hdr": int(frame.color_trc) in HDR_TRANSFERS,
        "sample_aspect": [aspect.numerator, aspect.denominator],
        "profile": stream.codec_context.profile or "",
    }
