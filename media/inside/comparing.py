"""Put a clip and its edit side by side, or one above the other, in one file."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from av.audio.frame import AudioFrame
from av.filter import Graph
from av.video.frame import VideoFrame

from media.inside.editing import read_shape, read_sound
from media.inside.graphs import PictureGraph, Shape
from media.inside.lettering import make_label
from media.inside.reading import Pictures, open_sound
from media.inside.writing import Quality, add_aac, add_h264, open_mp4, write


def compare(
    before: str,
    after: str,
    out: str,
    pane: dict[str, Any],
    stacked: bool,
    names: tuple[str, str],
    sound_of: str,
    quality: dict[str, Any],
) -> dict[str, Any]:
    """Write both as panes of one picture; the shorter one holds its last picture. `sound_of` is a file, or empty."""
    each, how = read_shape(pane), Quality(**quality)
    whole = Shape(each.width * (1 if stacked else 2), each.height * (2 if stacked else 1), each.fps)
    left, right = Pictures(Path(before)), Pictures(Path(after))
    sound = open_sound(Path(sound_of)) if sound_of else None
    expected = _expected(left, right, each.fps)
    try:
        with open_mp4(Path(out)) as container:
            video = add_h264(container, whole, how)
            audio = add_aac(container, how.audio_kbps) if sound is not None else None
            heard: Iterator[AudioFrame] = read_sound(sound, sound.origin if sound else Fraction(0), expected / each.fps)
            count = write(
                container, video, _pairs((left, right), each, names, stacked), audio, heard, expected=expected
            )
    finally:
        for source in (left, right, sound):
            if source is not None:
                source.close()
    return {"frames": count, "sound": sound is not None, "size_bytes": Path(out).stat().st_size}


def _expected(left: Pictures, right: Pictures, fps: Fraction) -> int:
    longest = max((stream.duration or 0) * Fraction(stream.time_base or 1) for stream in (left.stream, right.stream))
    return max(1, int(longest * fps))


def _pairs(
    sources: tuple[Pictures, Pictures], pane: Shape, names: tuple[str, str], stacked: bool
) -> Iterator[VideoFrame]:
    joined = _build(pane, stacked)
    panes = [_labelled(each, pane, name) for each, name in zip(sources, names, strict=True)]
    held: list[VideoFrame | None] = [None, None]
    number = 0
    while True:
        new = [next(each, None) for each in panes]
        if new == [None, None]:
            return
        held = [fresh or last for fresh, last in zip(new, held, strict=True)]
        for place, frame in enumerate(held):
            assert frame is not None
            frame.pts, frame.time_base = number, 1 / pane.fps
            joined.push(frame, place)
        whole = joined.vpull()
        whole.pts, whole.time_base = number, 1 / pane.fps
        number += 1
        yield whole


def _labelled(pictures: Pictures, pane: Shape, word: str) -> Iterator[VideoFrame]:
    label = make_label(word, pane.width, pane.height)
    for frame in PictureGraph(pane).run(pictures):
        if label is not None:
            label.draw(frame)
        yield frame


def _build(pane: Shape, stacked: bool) -> Graph:
    graph = Graph()
    kind = f"width={pane.width}:height={pane.height}:pix_fmt=yuv420p:time_base={1 / pane.fps}:colorspace=1:range=1"
    joined = graph.add("vstack" if stacked else "hstack", "inputs=2")
    for place in range(2):
        graph.add("buffer", f"{kind}:pixel_aspect=1/1").link_to(joined, 0, place)
    joined.link_to(graph.add("buffersink"))
    graph.configure()
    return graph
