"""Decide what has to be done to a clip, from its details and what somebody takes; nothing here opens a file."""

from dataclasses import dataclass
from fractions import Fraction

from jobs.errors import UnusableClipError
from jobs.job import ClipFacts, Remark
from jobs.services import Abilities
from media.probe import ClipDetails

FRAME_RATES = tuple(
    Fraction(*rate) for rate in ((24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (48, 1), (50, 1))
)
MAX_RATE = Fraction(60)
MAX_INPUT_SIDE = 1920
PANE_SIDE = 1280
PLAIN_FORMATS = frozenset({"yuv420p", "yuvj420p"})
_SHORT_SIDES = (1440, 1080, 720, 540, 360)


@dataclass(frozen=True, slots=True)
class Frame:
    """Give the pictures a video is to have: even sizes in pixels, and so many a second."""

    width: int
    height: int
    fps: Fraction

    @property
    def pixel_rate(self) -> float:
        """Return pixels per second."""
        return float(self.width * self.height * self.fps)


@dataclass(frozen=True, slots=True)
class InputPlan:
    """Say how a clip is brought into a form a service takes; `notes` tell a person what is done."""

    frame: Frame
    start_ms: int
    length_ms: int
    notes: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class FitPlan:
    """Say how a video is encoded towards a size."""

    frame: Frame
    video_kbps: int
    audio_kbps: int


def steady_rate(details: ClipDetails) -> Fraction:
    """Return the constant rate a clip is given: its own where it has one, else the next usual one, at most 60."""
    fps = min(details.fps or 25.0, float(MAX_RATE))
    usual = (*FRAME_RATES, Fraction(60000, 1001), MAX_RATE)
    if details.variable_frame_rate:
        return next(rate for rate in usual if rate >= fps * 0.99)
    nearest = min(usual, key=lambda rate: abs(rate - fps))
    if abs(nearest - fps) <= nearest / 200:
        return nearest
    return max(Fraction(1), Fraction(round(fps * 1000), 1000).limit_denominator(1001))


def displayed_size(details: ClipDetails) -> tuple[float, float]:
    """Return width and height as they are to look, the shape of the pixels applied."""
    aspect = float(details.sample_aspect)
    if details.rotation in {90, 270}:
        return details.width, details.height * aspect
    return details.width * aspect, details.height


def frame_of(details: ClipDetails, side: float = float("inf"), rate: Fraction = MAX_RATE) -> Frame:
    """Return the pictures of a clip made upright, even, steady, and no longer than `side` pixels either way."""
    width, height = displayed_size(details)
    scale = min(1.0, side / max(width, height))
    return Frame(_even(width * scale), _even(height * scale), min(steady_rate(details), rate))


def plan_input(
    details: ClipDetails, abilities: Abilities, start_seconds: float, longest_seconds: float
) -> InputPlan | None:
    """Return what a clip needs before a service takes it; None when it may go as it is.

    Raises UnusableClipError when it begins after its end, or is longer than we look at.
    """
    whole_ms, start_ms = details.duration_ms, round(start_seconds * 1000)
    if whole_ms > longest_seconds * 1000:
        raise UnusableClipError(
            "The clip is {length} long; the most I take is {longest}. Cut it and try again.",
            rule="seconds",
            length=_clock(whole_ms),
            longest=_clock(round(longest_seconds * 1000)),
        )
    if start_ms and start_ms > whole_ms - 1000 / max(details.fps, 1.0):
        raise UnusableClipError(
            "The clip is {length} long, so it can't be cut from {start} on. Use an earlier start.",
            rule="start",
            length=_clock(whole_ms),
            start=_clock(start_ms),
        )
    length_ms = min(whole_ms - start_ms, round(abilities.max_seconds * 1000))
    notes = []
    if length_ms < whole_ms:
        notes.append(Remark("cut", {"start_ms": start_ms, "end_ms": start_ms + length_ms, "whole_ms": whole_ms}))
    changes = _changes(details, abilities)
    frame = frame_of(details, MAX_INPUT_SIDE)
    if (notes or changes) and max(displayed_size(details)) > MAX_INPUT_SIDE:
        changes.append(Remark("scaled", {"width": frame.width, "height": frame.height}))
    if (notes or changes) and details.audio_ms and not details.audio_usable:
        changes.append(Remark("silent", {"codec": details.audio_codec or "?"}))
    notes += changes
    return InputPlan(frame, start_ms, length_ms, tuple(notes)) if notes else None


def check_abilities(details: ClipDetails, abilities: Abilities, longest_seconds: float) -> None:
    """Refuse a clip that a service does not take: which rule, its value, what would do."""
    seconds = details.duration_ms / 1000
    longest = min(abilities.max_seconds, longest_seconds)
    if seconds > longest:
        raise UnusableClipError(
            "The clip is {seconds} s long; {service} takes {longest} s. Cut it and try again.",
            rule="seconds",
            seconds=f"{seconds:.1f}",
            service=abilities.title,
            longest=f"{longest:g}",
        )
    if details.size_bytes > abilities.max_bytes:
        raise UnusableClipError(
            "The clip is {size} MB large; {service} takes {most} MB. Export it smaller.",
            rule="bytes",
            size=f"{details.size_bytes / 1e6:.0f}",
            service=abilities.title,
            most=f"{abilities.max_bytes / 1e6:.0f}",
        )
    if details.container not in abilities.containers:
        raise UnusableClipError(
            "The clip is a {container} file; {service} takes {kinds}.",
            rule="container",
            container=details.container.upper(),
            service=abilities.title,
            kinds=", ".join(sorted(abilities.containers)).upper(),
        )
    if details.video_codec not in abilities.codecs:
        raise UnusableClipError(
            "The clip is encoded as {codec}; {service} takes {kinds}.",
            rule="codec",
            codec=details.video_codec.upper(),
            service=abilities.title,
            kinds=", ".join(sorted(abilities.codecs)).upper(),
        )


def _changes(details: ClipDetails, abilities: Abilities) -> list[Remark]:
    changes = []
    if details.container not in abilities.containers or details.video_codec not in abilities.codecs:
        changes.append(Remark("converted", {"container": details.container, "codec": details.video_codec}))
    elif details.fragmented or (details.pix_fmt not in PLAIN_FORMATS and not details.hdr):
        changes.append(Remark("plain", {"pix_fmt": details.pix_fmt}))
    if details.hdr:
        changes.append(Remark("sdr"))
    if details.rotation:
        changes.append(Remark("upright"))
    if details.variable_frame_rate:
        changes.append(Remark("steady", {"rate": round(float(steady_rate(details)), 3)}))
    if details.width % 2 or details.height % 2 or details.sample_aspect != 1:
        changes.append(Remark("even"))
    if details.size_bytes > abilities.max_bytes:
        changes.append(Remark("smaller", {"bytes": abilities.max_bytes}))
    return changes


def how_to_play(details: ClipDetails) -> str:
    """Say what makes a video play inline everywhere: "nothing", "remux" (pictures copied), or "encode"."""
    plain = details.video_codec == "h264" and details.pix_fmt in PLAIN_FORMATS and details.bit_depth == 8
    plain = plain and "4:4:4" not in details.profile  # of lossless videos, whatever their pictures are
    if not plain or details.container in {"avi", "gif"}:
        return "encode"
    sound_plays = details.audio_codec in {"", "aac"}
    if details.container == "mp4" and details.faststart and not details.fragmented and sound_plays:
        return "nothing"
    return "remux"


def sound_agrees(result: ClipFacts, source: ClipFacts) -> bool:
    """Say whether a silent result is as long as a source with sound, so that the sound fits under it."""
    apart = abs(result.duration_ms - source.duration_ms)
    return not result.audio_codec and bool(source.audio_codec) and apart <= max(100, source.duration_ms // 50)


def plan_fit(details: ClipDetails, limit_bytes: int, *, floor: float, comfort: float, steps: int) -> FitPlan | None:
    """Return how a video is encoded to fit; None when that would look too bad.

    `floor` and `comfort` are bits per pixel: below comfort the pictures get one size smaller, at most `steps` times;
    below the floor nothing is made. A video that has few bits itself needs few: half of its own are comfort.
    """
    seconds = max(details.duration_ms, 1) / 1000
    total_kbps = limit_bytes * 8 * 0.97 / seconds / 1000
    audio_kbps = 0 if not details.audio_codec else 128 if total_kbps > 900 else 64 if total_kbps > 200 else 48
    frame = frame_of(details)
    own = details.size_bytes * 8 / seconds / frame.pixel_rate
    floor, comfort = min(floor, own / 4), min(comfort, own / 2)
    video_kbps = int(total_kbps - audio_kbps - 5 - float(frame.fps) * 0.15)
    if video_kbps * 1000 < comfort * frame.pixel_rate and frame.fps > 30:
        frame = frame_of(details, rate=Fraction(30))
    for _ in range(steps):
        if video_kbps * 1000 < comfort * frame.pixel_rate:
            frame = _smaller(frame)
    if video_kbps < 24 or video_kbps * 1000 < floor * frame.pixel_rate:
        return None
    return FitPlan(frame, video_kbps, audio_kbps)


def _smaller(frame: Frame) -> Frame:
    short = min(frame.width, frame.height)
    target = next((side for side in _SHORT_SIDES if side < short), short)
    return Frame(_even(frame.width * target / short), _even(frame.height * target / short), frame.fps)


def plan_panes(before: ClipDetails, after: ClipDetails) -> tuple[Frame, bool]:
    """Return the size of one pane and whether panes are stacked: what is wider than high is."""
    rate = min(max(steady_rate(before), steady_rate(after)), Fraction(30))
    pane = frame_of(after, PANE_SIDE)
    return Frame(pane.width, pane.height, rate), pane.width > pane.height


def _even(pixels: float) -> int:
    return max(2, int(pixels + 1e-6) // 2 * 2)


def _clock(ms: int) -> str:
    seconds, rest = divmod(ms, 1000)
    tenths = f".{rest // 100}" if rest >= 100 else ""
    return f"{seconds // 60}:{seconds % 60:02d}{tenths}"
