"""Read from a prompt what to draw: colours, things, and how the camera moves."""

import re
import zlib
from dataclasses import dataclass

from sandbox.video.canvas import Colour


@dataclass(frozen=True, slots=True)
class Palette:
    """Hold the colours of a scene."""

    top: Colour
    bottom: Colour
    ground: Colour
    light: Colour


@dataclass(frozen=True, slots=True)
class Scene:
    """Say what a scene shows; `told` names it in words for the ledger."""

    palette: Palette
    things: frozenset[str]
    motion: str
    seed: int
    told: tuple[str, ...]


_PALETTES: dict[str, tuple[str, Palette]] = {
    "volcano": (
        r"volcan\w*|lava|fire|flame\w*|burning|inferno",
        Palette((60, 10, 20), (230, 90, 30), (45, 20, 25), (255, 190, 70)),
    ),
    "space": (
        r"space|galax\w*|cosmos|planet\w*|stars?\b|starry|astronaut\w*|nebula|orbit",
        Palette((6, 6, 24), (40, 24, 70), (30, 28, 52), (240, 235, 200)),
    ),
    "neon": (
        r"neon|cyberpunk|futuristic|synthwave",
        Palette((30, 8, 60), (190, 40, 150), (24, 14, 48), (90, 240, 240)),
    ),
    "night": (r"night|midnight|moon\w*|dark", Palette((10, 14, 40), (40, 50, 90), (18, 24, 40), (235, 235, 210))),
    "sunset": (
        r"sunset|sunrise|dusk|dawn|golden|warm",
        Palette((70, 50, 110), (250, 150, 80), (70, 45, 60), (255, 225, 130)),
    ),
    "ocean": (
        r"ocean|seas?\b|beach|waves?\b|water|lake|underwater|fish",
        Palette((120, 190, 230), (200, 230, 235), (30, 100, 140), (255, 240, 190)),
    ),
    "snow": (
        r"snow\w*|winter|ice|icy|arctic|frozen|glacier",
        Palette((150, 180, 210), (230, 240, 248), (205, 216, 230), (255, 255, 245)),
    ),
    "desert": (
        r"desert|sand|dunes?|sahara|mars",
        Palette((110, 170, 220), (240, 210, 160), (210, 160, 95), (255, 245, 200)),
    ),
    "forest": (
        r"forest|jungle|trees?\b|woods?|green|meadow|garden",
        Palette((120, 180, 190), (200, 225, 180), (40, 95, 55), (255, 245, 190)),
    ),
}
_PLAIN = Palette((90, 140, 200), (215, 215, 200), (85, 110, 85), (255, 240, 180))

_TRAVELLERS = (
    r"astronaut\w*|rocket|spaceship|plane|bird|car|train|shuttl\w+|fl(?:y|ies|ying)|runs?|running|walk\w*"
    r"|cat|dog|horse|dragon|ship|boat|balloon|fish"
)
_THINGS: tuple[tuple[str, str], ...] = (
    ("stars", r"space|galax\w*|stars?\b|starry|astronaut\w*|nebula|night"),
    ("towers", r"cit(?:y|ies)|street|skyscraper\w*|towers?|urban|building\w*|tokyo|new york|neon"),
    ("waves", r"ocean|seas?\b|beach|waves?\b|water|lake|river|boat|ship"),
    ("snowfall", r"snow\w*|winter|blizzard"),
    ("rain", r"rain\w*|storm\w*|thunder"),
    ("embers", r"volcan\w*|lava|fire|flame\w*|sparks?|firework\w*|explo\w+"),
    ("traveller", _TRAVELLERS),
)
_MOTIONS: tuple[tuple[str, str], ...] = (
    ("zoom in", r"zoom\w* in|push in|dolly in|closer|towards"),
    ("zoom out", r"zoom\w* out|pull (?:back|out)|dolly out"),
    ("pan left", r"pan\w* left|left"),
    ("rise", r"rise|rising|crane|upwards?|tilt up|drone"),
)


def read_scene(prompt: str) -> Scene:
    """Return the scene a prompt asks for; the same prompt always gives the same one."""
    text = prompt.lower()
    name, palette = next(
        ((name, palette) for name, (words, palette) in _PALETTES.items() if re.search(rf"\b(?:{words})", text)),
        ("day", _PLAIN),
    )
    things = [thing for thing, words in _THINGS if re.search(rf"\b(?:{words})\b", text)]
    motion = next((motion for motion, words in _MOTIONS if re.search(rf"\b(?:{words})\b", text)), "pan right")
    told = (f"a drawn scene in {name} colours", *things, f"camera: {motion}")
    return Scene(palette, frozenset(things), motion, zlib.crc32(prompt.encode()), told)
