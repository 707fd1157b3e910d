"""List the looks a prompt can ask for: the words that mean them and the FFmpeg filters that make them."""

import re
from dataclasses import dataclass

Step = tuple[str, str]
"""One FFmpeg filter: its name and its arguments."""


@dataclass(frozen=True, slots=True)
class Look:
    """Describe one look; `text` is what the ledger says was done."""

    name: str
    text: str
    words: re.Pattern[str]
    steps: tuple[Step, ...]


def _look(name: str, text: str, words: str, *steps: Step) -> Look:
    return Look(name, text, re.compile(rf"\b(?:{words})"), steps)


def _curve(points: str) -> Step:
    return "curves", f"master='{points}'"


_LESS = r"(?:reduc\w*|lower\w*|decreas\w*|less|soften\w*|drop)(?: the| its| overall)?"
_MORE = r"(?:rais\w*|increas\w*|more|boost\w*|add|enhanc\w*|higher|adjust\w*|improv\w*)(?: the| its| overall| some)?"
_DROP = r"(?:remov\w*|reduc\w*|clean\w*(?: up)?|less|eliminat\w*|suppress\w*)(?: the| any| all| digital| video| image)*"

COLOUR: tuple[Look, ...] = (
    _look(
        "black and white",
        "black and white",
        r"black[- ]?(?:and|&|n)[- ]?white|b ?& ?w\b|bw\b|monochrome|gr[ae]y ?scale|noir\b|remove (?:the )?colou?rs?\b",
        ("hue", "s=0"),
        _curve("0/0 0.25/0.22 0.75/0.8 1/1"),
    ),
    _look(
        "vintage",
        "vintage grade: faded blacks, muted colours, a soft vignette and grain",
        r"vintage|retro|old[- ]film|nostalgic|super ?8|70s|1970s|faded (?:look|colou?rs?|film)|analog(?:ue)?\b",
        ("curves", "r='0/0.11 0.42/0.51 1/0.95':g='0/0 0.5/0.48 1/1':b='0/0.22 0.49/0.44 1/0.8'"),
        ("hue", "s=0.7"),
        ("vignette", "angle=PI/6"),
        ("noise", "alls=6:allf=t"),
    ),
    _look("sepia", "sepia tone", r"sepia", ("hue", "s=0"), ("colorbalance", "rm=0.2:gm=0.05:bm=-0.2:rh=0.1:bh=-0.15")),
    _look(
        "cinematic",
        "cinematic grade: deeper contrast, cool shadows, warm highlights",
        r"cinematic|film[- ]?(?:look|ic)|movie[- ]?(?:look|like)|blockbuster|professional (?:colou?r )?grad\w+",
        _curve("0/0 0.25/0.18 0.5/0.5 0.75/0.81 1/0.97"),
        ("colorbalance", "rs=-0.08:bs=0.1:rh=0.09:bh=-0.09"),
        ("hue", "s=0.92"),
    ),
    _look(
        "orange and teal",
        "orange highlights and teal shadows",
        r"orange[- ](?:and|&)[- ]teal|teal[- ](?:and|&)[- ]orange",
        ("colorbalance", "rs=-0.2:gs=0.05:bs=0.16:rm=0.08:bm=-0.08:rh=0.2:gh=0.03:bh=-0.2"),
        ("hue", "s=1.15"),
    ),
    _look(
        "warm",
        "warm grade",
        r"warm\w*|golden[- ]hour|sunset|sunrise|sunny",
        ("colorbalance", "rs=0.08:bs=-0.08:rm=0.16:gm=0.02:bm=-0.16:rh=0.08:bh=-0.1"),
    ),
    _look(
        "cool",
        "cool grade",
        r"cool(?:er|ing)?\b|cold(?:er)?\b|icy|blue[- ]ish|bluish|frosty|wintry",
        ("colorbalance", "rs=-0.08:bs=0.08:rm=-0.16:bm=0.16:rh=-0.1:bh=0.08"),
    ),
    _look(
        "night",
        "day for night: darker, bluer, less colour",
        r"(?:in)?to (?:the )?night|night[- ]?time|at night|moonlit|midnight",
        _curve("0/0 0.5/0.28 1/0.7"),
        ("colorbalance", "rm=-0.15:bm=0.2:bs=0.1"),
        ("hue", "s=0.7"),
    ),
    _look(
        "neon",
        "neon colours: magenta and cyan, strong saturation",
        r"neon|cyberpunk|synthwave|vaporwave|futuristic",
        ("colorbalance", "rs=0.1:gs=-0.12:bs=0.2:rh=0.05:gh=-0.06:bh=0.15"),
        ("hue", "s=1.6"),
    ),
    _look(
        "cartoon",
        "cartoon: edges drawn over flattened colours",
        r"cartoon\w*|anime\b|comic|animated style|sketch\w*|painting|painted|watercolou?r",
        ("edgedetect", "mode=colormix:low=0.08:high=0.2"),
        _curve("0/0 0.25/0.5 1/1"),
        ("hue", "s=1.3"),
    ),
    _look(
        "desaturate",
        "less saturation",
        rf"desaturat\w*|muted|{_LESS} (?:colou?r )?saturat(?:ion|ed)",
        ("hue", "s=0.6"),
    ),
    _look(
        "saturate",
        "more saturation",
        rf"vivid|vibran\w*|colou?rful|saturated|{_MORE} (?:colou?r )?saturation|more colou?rs?\b|punchy",
        ("hue", "s=1.45"),
    ),
    _look(
        "lift shadows",
        "shadows lifted",
        r"lift(?:ed|ing)? (?:the |up )?(?:shadows|blacks)|open(?:ing)? up (?:the )?shadows",
        _curve("0/0.05 0.2/0.28 0.5/0.54 1/1"),
    ),
    _look(
        "crush blacks",
        "blacks crushed",
        r"crush(?:ed|ing)? (?:the )?(?:blacks|shadows)|deep(?:er)? blacks",
        _curve("0/0 0.1/0.01 0.28/0.22 0.6/0.6 1/1"),
    ),
    _look("vignette", "vignette", r"vignett\w*", ("vignette", "angle=PI/5")),
)

LIGHT: tuple[Look, ...] = (
    _look(
        "brighten",
        "brightened",
        rf"bright(?:en\w*|er)\b|lighten\w*|{_MORE} (?:brightness|exposure|light)\b|overexpos\w*|bright and airy",
        _curve("0/0.02 0.5/0.66 1/1"),
    ),
    _look(
        "darken",
        "darkened",
        rf"dark(?:en\w*|er)\b|dim\b|dimm\w+|{_LESS} (?:brightness|exposure|light)\b|underexpos\w*|moody",
        _curve("0/0 0.5/0.34 1/0.94"),
    ),
    _look(
        "less contrast",
        "less contrast",
        rf"{_LESS} contrast|low[- ]contrast|flat(?:ter)? look",
        _curve("0/0.14 1/0.86"),
    ),
    _look(
        "more contrast",
        "more contrast",
        rf"{_MORE} contrast|high[- ]contrast|contrast(?:y|ed)\b|strong contrast|dramatic\b",
        _curve("0/0 0.25/0.15 0.75/0.85 1/1"),
    ),
)

REPAIR: tuple[Look, ...] = (
    _look(
        "stabilise",
        "stabilised",
        rf"stabili[sz]\w*|stead(?:y|i\w+)|{_DROP} (?:camera )?shak\w+|smooth (?:out )?(?:the )?camera",
        ("deshake", "rx=16:ry=16:blocksize=16:contrast=20:edge=mirror"),
    ),
    _look(
        "denoise",
        "noise reduced",
        rf"de-?nois\w*|{_DROP} (?:noise|grain)|noise[- ]reduction|noise[- ]free",
        ("atadenoise", "0a=0.08:0b=0.3:1a=0.08:1b=0.3:2a=0.08:2b=0.3:s=9"),
        ("bilateral", "sigmaS=1.5:sigmaR=0.06"),
    ),
    _look(
        "enhance",
        "levels evened out and details lifted",
        r"auto[- ]?enhanc\w*|(?:enhanc|improv)\w* (?:the |overall |video |image |picture )*quality",
        ("normalize", "smoothing=72:independence=0:strength=0.5"),
        ("cas", "0.5"),
    ),
)

DETAIL: tuple[Look, ...] = (
    _look(
        "sharpen",
        "sharpened",
        rf"sharp\w*|crisp\w*|{_MORE} details?\b|clarity|{_DROP} blur|de-?blur\w*",
        ("unsharp", "lx=5:ly=5:la=1.3:cx=3:cy=3:ca=0.3"),
    ),
    _look(
        "dreamy",
        "soft glow",
        r"dream(?:y|like)|soft[- ]focus|glow\w*",
        ("gblur", "sigma=1.6"),
        _curve("0/0.03 0.5/0.57 1/1"),
    ),
    _look(
        "blur",
        "blurred",
        r"(?<!motion )(?<!motion-)(?<!de)(?<!de-)blur(?:red|ry|ring|s)?\b|out of focus|defocus\w*",
        ("gblur", "sigma=5"),
    ),
    _look("grain", "film grain", r"grain(?:y|s)?\b", ("noise", "alls=14:allf=t")),
)

_TINTS: dict[str, tuple[float, float, float]] = {
    "magenta": (0.5, -0.5, 0.5),
    "purple": (0.3, -0.5, 0.6),
    "violet": (0.3, -0.5, 0.6),
    "pink": (0.6, -0.3, 0.3),
    "red": (0.7, -0.3, -0.3),
    "orange": (0.6, 0.1, -0.6),
    "yellow": (0.5, 0.4, -0.6),
    "green": (-0.4, 0.5, -0.4),
    "teal": (-0.5, 0.3, 0.4),
    "cyan": (-0.6, 0.3, 0.5),
    "blue": (-0.4, -0.2, 0.7),
}
_RANGES = {"highlight": "h", "shadow": "s", "midtone": "m"}
_COLOURS = "|".join(_TINTS)
TINT = re.compile(
    rf"\b(?P<first>{_COLOURS})(?:[- ]ish)?[- ](?:colou?r )?"
    r"(?P<range>highlights?|shadows?|midtones?|tint\w*|tones?|cast|hues?|wash)\b"
    rf"|\btint\w*(?: the)?(?: (?P<range2>highlights?|shadows?|midtones?))?(?: \w+){{0,3}}? (?P<second>{_COLOURS})\b"
)


def read_tint(found: re.Match[str]) -> Look:
    """Turn a match of TINT into a look: a colour, and the part of the tones it falls on."""
    colour = found["first"] or found["second"]
    where = (found["range"] or found["range2"] or "").rstrip("s")
    red, green, blue = _TINTS[colour]
    if where in _RANGES:
        letters, strength, text = _RANGES[where], 0.4, f"{colour} {where}s"
    else:
        letters, strength, text = "smh", 0.22, f"{colour} tint"
    values = ":".join(
        f"r{letter}={red * strength:.3f}:g{letter}={green * strength:.3f}:b{letter}={blue * strength:.3f}"
        for letter in letters
    )
    return Look(f"tint {colour}", text, TINT, (("colorbalance", values),))


DEFAULT = _look(
    "default grade",
    "a small default grade (nothing in the prompt was recognised)",
    r"$",
    _curve("0/0 0.25/0.22 0.75/0.79 1/1"),
    ("hue", "s=1.1"),
)
