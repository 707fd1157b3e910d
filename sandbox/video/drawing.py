"""Turn a scene into a video: frames, start and end picture, soft music; blocking, meant for a worker thread."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from math import pi, sin
from pathlib import Path

import av
import av.filter

from sandbox.video.film import Film, add_tone
from sandbox.video.filters import connect
from sandbox.video.render import Edited, StoppedError
from sandbox.video.scenery import Scenery
from sandbox.video.scenes import Scene, read_scene
from sandbox.video.stills import add_still, feed_still, lay_over

RATE = Fraction(24)
# a loop goes all the way round; anything else stops short of where it began
_ONE_WAY = 0.7
_CHORD_HZ = (220.0, 277.0, 330.0)


@dataclass(frozen=True, slots=True)
class Wish:
    """Say what to draw: even pixels, seconds, pictures it starts and ends with, whether it must loop."""

    prompt: str
    width: int
    height: int
    seconds: float
    start: av.VideoFrame | None = None
    end: av.VideoFrame | None = None
    loop: bool = False


def draw(wish: Wish, path: Path, stopped: Callable[[], bool] = lambda: False) -> Edited:
    """Draw a video and write it as MP4; say in words what is in it."""
    scene = read_scene(wish.prompt)
    end = wish.end or (wish.start if wish.loop else None)
    stills = [(still, late) for still, late in ((wish.start, False), (end, True)) if still is not None]
    frames = round(wish.seconds * RATE)
    with Film(path, sound=True) as film:
        graph = _graph(wish, stills)
        scenery = Scenery(scene, wish.width, wish.height)
        reach = 1.0 if wish.loop else _ONE_WAY
        for number in range(frames):
            if stopped():
                raise StoppedError
            frame = scenery.picture(number / frames * reach).frame()
            frame.pts, frame.time_base = number, 1 / RATE
            graph.vpush(frame, at=0)
            _pull(graph, film)
        graph.vpush(None, at=0)
        _pull(graph, film)
        add_tone(film, frames / float(RATE), lambda moment: _music(moment, wish.seconds))
    return Edited(_told(scene, wish), wish.width, wish.height, frames / float(RATE))


def _told(scene: Scene, wish: Wish) -> tuple[str, ...]:
    told = list(scene.told)
    if wish.start is not None:
        told.append("starts with the picture given")
    if wish.end is not None:
        told.append("ends with the picture given")
    if wish.loop:
        seamless = wish.end is None or wish.start is None
        told.append("loops" if seamless else "no loop: the end picture given is not the start picture")
    return tuple(told)


def _graph(wish: Wish, stills: list[tuple[av.VideoFrame, bool]]) -> av.filter.Graph:
    graph = av.filter.Graph()
    size = (wish.width, wish.height)
    source = graph.add_buffer(width=size[0], height=size[1], format=av.VideoFormat("rgb24"), time_base=1 / RATE)
    sources = [add_still(graph, still) for still, _ in stills]
    head = connect(graph, source, [("format", "yuv420p"), ("setsar", "1")])
    for feed, (_, late) in zip(sources, stills, strict=True):
        head = lay_over(graph, head, feed, size, RATE, wish.seconds, end=late)
    head.link_to(graph.add("buffersink"))
    graph.configure()
    for at, (still, _) in enumerate(stills, start=1):
        feed_still(graph, still, at)
    return graph


def _pull(graph: av.filter.Graph, film: Film) -> None:
    with suppress(BlockingIOError, EOFError):
        while True:
            film.add_frame(graph.vpull(), RATE)


def _music(moment: float, seconds: float) -> float:
    swell = sin(pi * moment / seconds)
    return 0.06 * swell * sum(sin(2 * pi * hertz * moment) for hertz in _CHORD_HZ)
