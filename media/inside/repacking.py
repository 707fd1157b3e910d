"""Put encoded pictures into a fresh MP4 file as they are, and sound beside them."""

from __future__ import annotations  # Packet is generic for mypy only

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream

from media.inside.answers import say_progress
from media.inside.editing import read_sound
from media.inside.opening import choose_video, codec_of, open_clip
from media.inside.reading import open_sound
from media.inside.writing import add_aac, open_mp4


def remux(file: str, out: str, length_ms: int, sound_file: str = "", audio_kbps: int = 160) -> dict[str, Any]:
    """Repack a clip: pictures copied, AAC copied, other sound encoded; `sound_file` names another clip's sound."""
    length = Fraction(length_ms, 1000)
    with open_clip(Path(file)) as source, open_mp4(Path(out)) as target:
        own = next(iter(source.streams.audio), None)
        copied = own if own is not None and not sound_file and codec_of(own) == "aac" else None
        sound = open_sound(Path(sound_file or file)) if copied is None else None
        laid = add_aac(target, audio_kbps) if sound is not None else None
        heard = read_sound(sound, sound.origin if sound is not None and sound_file else Fraction(0), length)
        try:
            _copy(source, target, copied, laid, ((frame.time or 0.0, frame) for frame in heard), length)
        finally:
            if sound is not None:
                sound.close()
    return {"sound": copied is not None or laid is not None, "size_bytes": Path(out).stat().st_size}


def _copy(
    source: InputContainer,
    target: OutputContainer,
    copied: AudioStream | None,
    laid: AudioStream | None,
    heard: Iterator[tuple[float, Any]],
    length: Fraction,
) -> None:
    video = choose_video(source)
    streams: dict[int, Stream] = {video.index: target.add_stream_from_template(video)}
    if copied is not None:
        streams[copied.index] = target.add_stream_from_template(copied)
    following = next(heard, None)
    for number, packet in enumerate(_packets(source, [video] if copied is None else [video, copied])):
        time = float((packet.dts or 0) * packet.time_base)
        while following is not None and following[0] <= time and laid is not None:
            target.mux(laid.encode(following[1]))
            following = next(heard, None)
        packet.stream = streams[packet.stream_index]
        target.mux(packet)
        if number % 100 == 0:
            say_progress(time / max(float(length), 0.001))
    while following is not None and laid is not None:
        target.mux(laid.encode(following[1]))
        following = next(heard, None)
    if laid is not None:
        target.mux(laid.encode(None))


def _packets(source: InputContainer, streams: list[Any]) -> Iterator[Packet[Any]]:
    for packet in source.demux(streams):
        if packet.dts is not None and packet.size:
            yield packet
