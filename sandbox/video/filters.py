"""Build FFmpeg filter graphs for a plan: one for the picture, one for the sound, equally long."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import av
import av.filter
from av.filter.context import FilterContext

from sandbox.video.edits import Plan
from sandbox.video.looks import Step

LARGEST_SIDE = 3840
_TRANSITION_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Source:
    """Describe the clip to edit: pixels as shown, frames per second, times in seconds, turn in degrees."""

    width: int
    height: int
    rate: Fraction
    seconds: float
    start: float = 0.0
    rotation: int = 0
    cuts: tuple[float, ...] = ()


def overlap(source: Source, plan: Plan) -> float:
    """Return how long a transition takes in this clip, in seconds; 0 when there is none."""
    if plan.transition is None or not source.cuts:
        return 0.0
    edges = (0.0, *source.cuts, source.seconds)
    shortest = min(after - before for before, after in pairwise(edges))
    return min(_TRANSITION_SECONDS, shortest / 2.5)


def length(source: Source, plan: Plan) -> float:
    """Return how long the edited clip will be, in seconds."""
    return (source.seconds - len(source.cuts) * overlap(source, plan)) / plan.speed


def connect(graph: av.filter.Graph, head: FilterContext, steps: Sequence[Step]) -> FilterContext:
    """Append filters to `head` one after the other and return the last."""
    for name, arguments in steps:
        step = graph.add(name, arguments) if arguments else graph.add(name)
        head.link_to(step)
        head = step
    return head


def size_after(source: Source, plan: Plan) -> tuple[int, int]:
    """Return width and height of the edited clip in even pixels."""
    longest = max(source.width, source.height)
    target = longest
    if plan.upscale is not None:
        target = max(longest, min(LARGEST_SIDE, plan.upscale or longest * 2))
    factor = target / longest
    return max(2, round(source.width * factor / 2) * 2), max(2, round(source.height * factor / 2) * 2)


Finish = Callable[[av.filter.Graph, FilterContext], FilterContext]
"""Something that is added to the end of the picture's graph."""


def picture_graph(video: av.VideoStream, source: Source, plan: Plan, finish: Finish | None = None) -> av.filter.Graph:
    """Build the picture's graph, ready for push (at 0) and pull; frames come out as yuv420p from time 0."""
    graph = av.filter.Graph()
    graph.threads = 2
    head = connect(graph, graph.add_buffer(template=video), _upright(source))
    head = connect(graph, head, [step for look in plan.repairs for step in look.steps])
    lap = overlap(source, plan)
    if lap and plan.transition is not None:
        head = _cross(graph, head, source, lap, plan.transition[0])
    head = _look(graph, connect(graph, head, _time(source, plan)), plan)
    head = connect(graph, head, [*_size(source, plan), *_fades(source, plan)])
    if finish is not None:
        head = finish(graph, head)
    head.link_to(graph.add("buffersink"))
    graph.configure()
    return graph


def _upright(source: Source) -> list[Step]:
    turns = {90: [("transpose", "cclock")], 180: [("hflip", ""), ("vflip", "")], 270: [("transpose", "clock")]}
    start: list[Step] = [
        ("setpts", f"PTS-{source.start:.6f}/TB"),
        ("fps", f"{source.rate}:start_time=0"),
        ("settb", "AVTB"),
    ]
    size: list[Step] = [("scale", f"{source.width}:{source.height}"), ("setsar", "1"), ("format", "yuv420p")]
    return [*start, *turns.get(source.rotation % 360, []), *size]


def _time(source: Source, plan: Plan) -> list[Step]:
    steps: list[Step] = []
    if plan.speed != 1:
        steps.append(("setpts", f"PTS/{plan.speed:.6f}"))
        if plan.speed < 1:
            # minterpolate keeps its last picture to itself: hold it, then cut to the right length
            steps += [("tpad", "stop_mode=clone:stop_duration=1"), ("minterpolate", f"fps={source.rate}:mi_mode=blend")]
        steps += [("fps", str(source.rate)), ("trim", f"end={length(source, plan):.6f}")]
    if plan.motion_blur:
        steps.append(("tmix", "frames=5:weights='1 2 3 2 1'"))
    return steps


def _look(graph: av.filter.Graph, head: FilterContext, plan: Plan) -> FilterContext:
    steps = [step for look in plan.looks + plan.details for step in look.steps]
    if plan.strength >= 1 or not steps:
        return connect(graph, head, steps)
    split = graph.add("split", "2")
    head.link_to(split)
    first = graph.add("null")
    split.link_to(first, 0)
    looked = connect(graph, first, [*steps, ("format", "yuv420p")])
    blend = graph.add("blend", f"all_mode=normal:all_opacity={plan.strength:.3f}")
    looked.link_to(blend, 0, 0)
    split.link_to(blend, 1, 1)
    return blend


def _size(source: Source, plan: Plan) -> list[Step]:
    width, height = size_after(source, plan)
    steps: list[Step] = [("scale", f"{width}:{height}:flags=lanczos"), ("setsar", "1"), ("format", "yuv420p")]
    if plan.upscale is not None and width > source.width:
        steps.append(("unsharp", "lx=3:ly=3:la=0.4"))
    return steps


def _fades(source: Source, plan: Plan, name: str = "fade") -> list[Step]:
    seconds = length(source, plan)
    fade = min(1.0, seconds / 3)
    steps: list[Step] = []
    if _fade_in(source, plan):
        steps.append((name, f"t=in:st=0:d={fade:.3f}"))
    if _fade_out(source, plan):
        steps.append((name, f"t=out:st={seconds - fade:.3f}:d={fade:.3f}"))
    return steps


def _fade_in(source: Source, plan: Plan) -> bool:
    return plan.fade_in or (plan.transition is not None and not source.cuts)


def _fade_out(source: Source, plan: Plan) -> bool:
    return plan.fade_out or (plan.transition is not None and not source.cuts)


def _cross(graph: av.filter.Graph, head: FilterContext, source: Source, lap: float, kind: str) -> FilterContext:
    edges = (0.0, *source.cuts, source.seconds + 1)
    split = graph.add("split", str(len(edges) - 1))
    head.link_to(split)
    parts = []
    for index, (first, last) in enumerate(pairwise(edges)):
        part = graph.add("trim", f"start={first:.6f}:end={last:.6f}")
        split.link_to(part, index)
        parts.append(connect(graph, part, [("setpts", "PTS-STARTPTS"), ("fps", str(source.rate)), ("settb", "AVTB")]))
    joined = parts[0]
    for index, part in enumerate(parts[1:]):
        offset = source.cuts[index] - (index + 1) * lap
        fade = graph.add("xfade", f"transition={kind}:duration={lap:.6f}:offset={offset:.6f}")
        joined.link_to(fade, 0, 0)
        part.link_to(fade, 0, 1)
        joined = fade
    return connect(graph, joined, [("fps", str(source.rate)), ("settb", "AVTB")])


def sound_graph(audio: av.AudioStream, source: Source, plan: Plan) -> av.filter.Graph:
    """Build the sound's graph: 48 kHz stereo fltp in blocks of 1,024 samples, as long as the picture."""
    graph = av.filter.Graph()
    start: list[Step] = [
        ("asetpts", f"PTS-{source.start:.6f}/TB"),
        ("aresample", "48000:async=1:first_pts=0"),
        ("aformat", "sample_fmts=fltp:sample_rates=48000:channel_layouts=stereo"),
    ]
    head = connect(graph, graph.add_abuffer(template=audio), start)
    lap = overlap(source, plan)
    if lap:
        head = _cross_sound(graph, head, source, lap)
    seconds = f"{length(source, plan):.6f}"
    steps: list[Step] = [
        *_tempo(plan.speed),
        # atempo keeps its last window to itself
        ("apad", f"whole_dur={seconds}"),
        *_fades(source, plan, "afade"),
        ("atrim", f"end={seconds}"),
        ("asetpts", "N/SR/TB"),
        ("asetnsamples", "1024:p=0"),
    ]
    connect(graph, head, steps).link_to(graph.add("abuffersink"))
    graph.configure()
    return graph


def _tempo(speed: float) -> list[Step]:
    if speed == 1:
        return []
    if speed < 0.5:
        return [("atempo", "0.5"), ("atempo", f"{speed / 0.5:.6f}")]
    return [("atempo", f"{speed:.6f}")]


def _cross_sound(graph: av.filter.Graph, head: FilterContext, source: Source, lap: float) -> FilterContext:
    edges = (0.0, *source.cuts, source.seconds)
    split = graph.add("asplit", str(len(edges) - 1))
    head.link_to(split)
    parts = []
    for index, (first, last) in enumerate(pairwise(edges)):
        part = graph.add("atrim", f"start={first:.6f}:end={last:.6f}")
        split.link_to(part, index)
        parts.append(connect(graph, part, [("asetpts", "PTS-STARTPTS")]))
    joined = parts[0]
    for part in parts[1:]:
        fade = graph.add("acrossfade", f"d={lap:.6f}")
        joined.link_to(fade, 0, 0)
        part.link_to(fade, 0, 1)
        joined = fade
    return joined
