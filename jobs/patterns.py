"""Match a blocked word, with its wildcards, against letters that may be read in several ways."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from jobs.look_alikes import Glyph, Sort, read_glyphs

# First and last character of scripts that put no spaces between words, or hang endings on them.
_SPACELESS = (
    ("\u0e00", "\u0eff"),
    ("\u1000", "\u109f"),
    ("\u1100", "\u11ff"),
    ("\u1780", "\u17ff"),
    ("\u3040", "\u30ff"),
    ("\u3400", "\u9fff"),
    ("\uac00", "\ud7af"),
    ("\U00020000", "\U0003ffff"),
)
DRAWN_OUT = 3  # as often as this a letter in a row counts as drawn out
LONGEST_PIECE = 1_000


@dataclass(frozen=True, slots=True)
class _Step:
    """Take letters: `count` like `glyph`, or more when drawn out; without a glyph any one, or any number."""

    glyph: Glyph | None
    count: int = 1
    any_number: bool = False


@dataclass(frozen=True, slots=True)
class Pattern:
    """Hold one word to be blocked.

    `shape` is what every spelling of it looks like, `core` a part of that which a word with wildcards must have.
    """

    steps: tuple[_Step, ...]
    shape: str
    core: str
    is_wild: bool

    @property
    def letters(self) -> int:
        """Return how many letters are given."""
        return sum(step.count for step in self.steps if step.glyph is not None)

    def may_match(self, shape: str) -> bool:
        """Tell whether letters of this shape could be a spelling of it."""
        return self.core in shape if self.is_wild else shape == self.shape

    def matches(self, letters: "Letters") -> bool:
        """Tell whether all these letters together can be read as the word."""
        places = 1
        for step in self.steps:
            places = _ends(step, letters, places)
            if not places:
                return False
        return bool(places >> len(letters.glyphs) & 1)


class Letters:
    """Hold glyphs that may be a word, and which of them can be read as a letter, as the bits of a number.

    Numbers as sets of places keep hostile patterns and texts from taking more than a moment together.
    """

    def __init__(self, glyphs: Sequence[Glyph]) -> None:
        self.glyphs = tuple(glyphs[:LONGEST_PIECE])
        self.shape = shape_of(self.glyphs)
        self.every = (1 << len(self.glyphs) + 1) - 1
        # Without one true letter, digits and signs are only themselves: 455 is a number.
        self._is_read = any(glyph.sort is Sort.LETTER for glyph in self.glyphs)
        self._places: dict[Glyph, int] = {}

    @property
    def is_masked(self) -> bool:
        """Tell whether some letter is hidden."""
        return any(glyph.sort is Sort.MASK for glyph in self.glyphs)

    @property
    def true_letters(self) -> int:
        """Count what is surely a letter."""
        return sum(glyph.sort is Sort.LETTER for glyph in self.glyphs)

    def places_of(self, wanted: Glyph) -> int:
        """Return the bits of the places where a letter can be read."""
        if wanted not in self._places:
            self._places[wanted] = sum(
                1 << place for place, seen in enumerate(self.glyphs) if _is_like(wanted, seen, self._is_read)
            )
        return self._places[wanted]


def read_pattern(word: str) -> Pattern:
    """Return the pattern of a word without spaces; `*` stands for any letters, `?` for one."""
    steps: list[_Step] = []
    for character in word:
        if character in "*?":
            steps.append(_Step(None, any_number=character == "*"))
        else:
            steps.extend(_Step(glyph) for _, glyph in read_glyphs(character) if glyph.sort in _SPELT)
    merged = tuple(_merge(steps))
    literals = [
        shape_of(step.glyph for step in group if step.glyph) for is_literal, group in _parts(merged) if is_literal
    ]
    core = max(literals, key=len, default="")
    return Pattern(merged, "".join(literals), core, is_wild=any(step.glyph is None for step in merged))


_SPELT = (Sort.LETTER, Sort.DIGIT, Sort.SIGN)


def shape_of(glyphs: Iterable[Glyph]) -> str:
    """Return what glyphs look like, a row of the same written once."""
    return "".join(shape for shape, _ in groupby(glyph.shape for glyph in glyphs))


def has_spaceless(word: str) -> bool:
    """Tell whether a word is of a script in which words run together."""
    return any(first <= character <= last for character in word for first, last in _SPACELESS)


def _merge(steps: Iterable[_Step]) -> Iterable[_Step]:
    for step, group in groupby(steps):
        count = len(list(group))
        if step.glyph is not None:
            yield _Step(step.glyph, count)
        else:
            yield from (step,) * (1 if step.any_number else count)


def _parts(steps: Iterable[_Step]) -> Iterable[tuple[bool, Iterable[_Step]]]:
    return groupby(steps, key=lambda step: step.glyph is not None)


def _ends(step: _Step, letters: Letters, places: int) -> int:
    """Return where a step may end, all places at once, that begins at some of the given ones."""
    if step.any_number:
        return letters.every & -(places & -places)
    if step.glyph is None:
        return places << 1 & letters.every
    like = letters.places_of(step.glyph)
    ends = 0
    for count in range(1, max(DRAWN_OUT, step.count) + 1):
        places = (places & like) << 1
        ends |= places if count == step.count else 0
    while places & ~ends:  # drawn out further
        ends |= places
        places = (places & like) << 1
    return ends


def _is_like(wanted: Glyph, seen: Glyph, is_read: bool) -> bool:
    if seen.sort is Sort.MASK:
        return True
    if not is_read:
        return wanted.readings[0] == seen.readings[0]
    return not set(wanted.readings).isdisjoint(seen.readings)
