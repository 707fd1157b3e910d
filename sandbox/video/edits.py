"""Read a prompt: which of the edits this stand-in knows does it ask for, and how strongly."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sandbox.video import looks
from sandbox.video.looks import Look

_NEGATED = re.compile(
    r"\b(?:(?:without|no|not|don'?t|never|avoid|instead of|rather than|skip)\b(?:\W+\w+){0,3}"
    r"|(?:remov|reduc|eliminat)\w*(?:\W+\w+){0,2}|less)\W*$"
)
_CLAUSE_END = re.compile(r"[,;.!?\n]|\b(?:and|but|then|with)\b")

_SLOW = re.compile(r"\bslow(?:[- ]?mo(?:tion)?\b|\w*\b)|\bhalf[- ](?:the )?speed|\bhalf as fast")
_FAST = re.compile(
    r"\bspeed(?:s|ed|ing)?(?: \w+){0,3}? up\b|\bspeed[- ]?up\b|\bfast(?:er|[- ]forward|[- ]motion)\b|\bsped up\b"
    r"|\b(?:time|hyper)[- ]?lapse|\bdouble[- ](?:the )?speed|\btwice (?:as fast|the speed)"
    r"|\bquick(?:en|er)\w*|\baccelerat\w*"
)
_FACTOR = re.compile(r"(?<![\w.])(\d{1,2}(?:\.\d+)?)\s?(x|times|%)(?![\w])(?P<after>[^,;.]{0,24})")
_RESOLUTION = re.compile(r"up-?scal|up-?res|resolution|zoom|larger|bigger")
_MOTION_BLUR = re.compile(r"\bmotion[- ]blur")
_UPSCALE = re.compile(
    r"\bup-?(?:scal|sampl|res)\w*|\bsuper[- ]?resolution"
    r"|\b(?:higher|increas\w+|improv\w+|enhanc\w+|better)(?: the| its| video)* resolution"
    r"|\b(?:to|in|at|into) (?:full )?(?:8k|4k|2k|uhd|qhd|hd|1080p?|1440p?|2160p?|720p)\b"
)
_TARGETS = {"8k": 3840, "4k": 3840, "uhd": 3840, "2160": 3840, "2k": 2560, "1440": 2560, "qhd": 2560,
            "1080": 1920, "full hd": 1920, "720": 1280, "hd": 1280}  # fmt: skip
_FADE = r"\bfad(?:e|es|ing)"
_PLAIN_FADE = r"\bfades?\b(?![- ]?(?:in|out|to|from|between|through))"
_FADE_IN = re.compile(rf"{_FADE}[- ]?in\b|{_FADE} from (?:black|white)|{_PLAIN_FADE}")
_FADE_OUT = re.compile(rf"{_FADE}[- ]?(?:in[- ](?:and|&)[- ])?out\b|{_FADE} to (?:black|white)|{_PLAIN_FADE}")
_TRANSITION = re.compile(
    rf"\btransitions?\b|\bcross[- ]?(?:fad|dissolv)\w*|\bdissolv\w*|\bwip(?:e|es|ing)\b"
    rf"|{_FADE} (?:between|through)|\bdip to (?:black|white)"
)
_TRANSITIONS = (
    (r"wip(?:e|es|ing)", "wipeleft", "wipe"),
    (r"slid(?:e|es|ing)|push", "slideleft", "slide"),
    (r"circ\w+|iris", "circleopen", "opening circle"),
    (r"pixel\w*|glitch\w*", "pixelize", "pixelate"),
    (r"zoom\w*", "zoomin", "zoom"),
    (r"(?:fade|dip|flash)\w* (?:through|to) white|white flash", "fadewhite", "dip to white"),
    (r"(?:fade|dip)\w* (?:through|to) black", "fadeblack", "dip to black"),
    (r".", "fade", "crossfade"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Say what to do with a clip; `applied` tells it in words, in the order it is done.

    speed is a factor (0.5 is half speed), upscale the wanted long side in pixels (0: twice the size),
    strength the share of the looks that is kept, 0..1.
    """

    looks: tuple[Look, ...] = ()
    repairs: tuple[Look, ...] = ()
    details: tuple[Look, ...] = ()
    speed: float = 1.0
    motion_blur: bool = False
    upscale: int | None = None
    transition: tuple[str, str] | None = None
    fade_in: bool = False
    fade_out: bool = False
    strength: float = 1.0
    applied: tuple[str, ...] = ()


def read_prompt(prompt: str) -> Plan:
    """Return the plan for a prompt; a prompt with nothing known in it gets a small default grade that says so."""
    text = " ".join(prompt.lower().replace("\u2019", "'").split())
    transition = _transition(text)
    fades = text if transition is None else _TRANSITION.sub(" ", text)
    plan = Plan(
        looks=tuple(look for _, look in sorted(_colour(text), key=lambda found: found[0])),
        repairs=tuple(look for _, look in _wanted(looks.REPAIR, text)),
        details=tuple(look for _, look in _wanted(looks.DETAIL, text)),
        speed=_speed(text),
        motion_blur=_asked(_MOTION_BLUR, text) is not None,
        upscale=_upscale(text),
        transition=transition,
        fade_in=_asked(_FADE_IN, fades) is not None,
        fade_out=_asked(_FADE_OUT, fades) is not None,
    )
    if plan == Plan():
        plan = Plan(looks=(looks.DEFAULT,))
    return replace(plan, applied=tuple(_tell(plan)))


def _asked(words: re.Pattern[str], text: str) -> re.Match[str] | None:
    for found in words.finditer(text):
        clause = _CLAUSE_END.split(text[: found.start()])[-1]
        before = text[max(0, found.start() - 40) : found.start()]
        if not _NEGATED.search(clause) and not re.search(r"\bwithout\s+(?:any\s+)?$", before):
            return found
    return None


def _wanted(table: Iterable[Look], text: str) -> Iterator[tuple[int, Look]]:
    for look in table:
        found = _asked(look.words, text)
        if found is not None:
            yield found.start(), look


def _colour(text: str) -> Iterator[tuple[int, Look]]:
    yield from _wanted(looks.COLOUR + looks.LIGHT, text)
    if "orange and teal" in text or "teal and orange" in text:
        text = re.sub(r"orange and teal|teal and orange", " ", text)
    found = _asked(looks.TINT, text)
    if found is not None:
        yield found.start(), looks.read_tint(found)


def _speed(text: str) -> float:
    slow, fast = _asked(_SLOW, text), _asked(_FAST, text)
    slower = slow is not None and (fast is None or slow.start() <= fast.start())
    for found in _FACTOR.finditer(text):
        near = text[max(0, found.start() - 24) : found.end()] + found["after"]
        number = float(found[1]) / (100 if found[2] == "%" else 1)
        about_speed = slow or fast or "speed" in near
        if _RESOLUTION.search(near) or number <= 0 or not about_speed:
            continue
        if found[2] == "%" and "speed" not in near:
            continue
        slowed = slower and number > 1
        return min(4.0, max(0.25, 1 / number if slowed else number))
    if slower:
        return 0.5
    if fast is None:
        return 1.0
    return 4.0 if "lapse" in fast[0] else 2.0


def _upscale(text: str) -> int | None:
    found = _asked(_UPSCALE, text)
    if found is None:
        return None
    return next((size for word, size in _TARGETS.items() if re.search(rf"\b{word}", text)), 0)


def _transition(text: str) -> tuple[str, str] | None:
    if _asked(_TRANSITION, text) is None:
        return None
    return next((kind, words) for pattern, kind, words in _TRANSITIONS if re.search(pattern, text))


def _tell(plan: Plan) -> Iterator[str]:
    yield from (look.text for look in plan.repairs)
    if plan.transition is not None:
        yield f"{plan.transition[1]} between scenes"
    if plan.speed != 1:
        yield f"{'slow motion' if plan.speed < 1 else 'sped up'}, {plan.speed:g}x"
    if plan.motion_blur:
        yield "motion blur"
    yield from (look.text for look in plan.looks + plan.details)
    if plan.upscale is not None:
        yield f"upscaled to {plan.upscale} pixels" if plan.upscale else "upscaled to twice the size"
    if plan.fade_in:
        yield "fade in"
    if plan.fade_out:
        yield "fade out"
