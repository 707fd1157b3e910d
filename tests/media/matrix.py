"""Hold the table of every kind of clip there is: containers, codecs and variants, and what of it does not exist."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.media.making import Recipe

FRAMES, FPS = 13, 25
LENGTH_MS = FRAMES * 1000 // FPS
# On average as many pictures a second as the others have, and the flash begins with one of them.
_VARYING = tuple(number * 40 + number % 3 * 13 for number in range(FRAMES))
_FLASH = 0.24

CONTAINERS = ("mp4", "mov", "mkv", "webm", "avi", "3gp", "gif")
CODECS = ("h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "h263", "prores", "gif")
_PLAIN = Recipe(width=128, height=96, fps=FPS, frames=FRAMES, flash=_FLASH, movflags="faststart")
VARIANTS = {
    "landscape": _PLAIN,
    "portrait": replace(_PLAIN, width=96, height=128),
    "turned 90": replace(_PLAIN, rotation=90),
    "turned 180": replace(_PLAIN, rotation=180),
    "turned 270": replace(_PLAIN, rotation=270),
    "varying": replace(_PLAIN, times_ms=_VARYING),
    "silent": replace(_PLAIN, sound=False),
    "10 bit": replace(_PLAIN, pix_fmt="yuv420p10le"),
    "odd": replace(_PLAIN, width=129, height=97),
    "fragmented": replace(_PLAIN, movflags="frag_keyframe+empty_moov+delay_moov"),
    "late index": replace(_PLAIN, movflags=""),
}
# Which codecs a container cannot hold: its muxer refuses them.
NOT_HELD = {
    "mp4": {"vp8", "prores", "gif", "h263"},
    "mov": {"vp8", "vp9", "av1"},
    "mkv": {"gif", "h263"},
    "webm": {"h264", "hevc", "mpeg4", "h263", "prores", "gif"},
    "avi": {"hevc", "prores", "gif"},
    "3gp": {"hevc", "vp8", "vp9", "av1", "prores", "gif"},
    "gif": {"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "h263", "prores"},
}
# Which variants a codec does not have: its encoder refuses them.
NOT_ENCODED = {
    "vp8": {"10 bit"},
    "vp9": {"10 bit"},  # the format has it, our build's encoder has not
    "mpeg4": {"10 bit"},
    "h263": {"10 bit", "portrait", "odd"},  # it knows five sizes
    "gif": {"10 bit"},
}
# What a container has no place for: its muxer leaves it out.
NOT_WRITTEN = {
    "mkv": {"fragmented", "late index"},
    "webm": {"fragmented", "late index"},
    "avi": {"fragmented", "late index", "turned 90", "turned 180", "turned 270"},
    "gif": {"fragmented", "late index", "turned 90", "turned 180", "turned 270"},
}


@dataclass(frozen=True, slots=True)
class Case:
    """Name one kind of clip and how it is made."""

    container: str
    codec: str
    variant: str

    @property
    def name(self) -> str:
        """Return a name that can be a file's."""
        return f"{self.codec} {self.variant}.{self.container}"

    @property
    def recipe(self) -> Recipe:
        """Return how it is made, in the form of the variant that the codec has."""
        recipe = replace(VARIANTS[self.variant], codec=self.codec)
        if self.codec == "prores" and self.variant == "10 bit":
            return replace(recipe, pix_fmt="yuv422p10le")
        if self.codec in {"h264", "hevc"} and self.variant == "odd":
            return replace(recipe, pix_fmt="yuv444p")  # halved colours want even sizes there
        return recipe

    @property
    def shown_size(self) -> tuple[int, int]:
        """Return width and height of what is made of it: upright, its pixels square, both even."""
        width, height = self.recipe.width, self.recipe.height
        if self.codec == "h263":
            width = width * 12 // 11  # the shape of its pixels
        even = (width // 2 * 2, height // 2 * 2)
        return (even[1], even[0]) if self.recipe.rotation in {90, 270} else even

    @property
    def sounds(self) -> bool:
        """Say whether it has sound."""
        return self.variant != "silent" and self.container != "gif"


def cases(container: str) -> Iterator[Case]:
    """Yield every kind of clip that a container can be."""
    for codec in CODECS:
        if codec in NOT_HELD[container]:
            continue
        for variant in VARIANTS:
            if variant not in NOT_ENCODED.get(codec, set()) | NOT_WRITTEN.get(container, set()):
                yield Case(container, codec, variant)
