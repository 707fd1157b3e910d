"""Cut a text into the pieces that may be words: between spaces, between marks, and put together again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from jobs.look_alikes import Glyph, Sort

# Between letters a sign may be one; at a word's edge these are mostly punctuation.
_EDGES = frozenset("!|+\u00d7")
_SHORT = 2  # letters of a piece that may be part of a word spread out
_SPREAD = 3  # pieces that a word must be spread over, at least
_LONGEST_SPREAD = 120
_WIDEST_SPREAD = 30


@dataclass(frozen=True, slots=True)
class Piece:
    """Hold glyphs that stand together, each with its place in the text."""

    glyphs: tuple[tuple[int, Glyph], ...]

    @property
    def letters(self) -> tuple[Glyph, ...]:
        """Return the glyphs alone."""
        return tuple(glyph for _, glyph in self.glyphs)

    @property
    def first(self) -> int:
        """Return where it begins in the text."""
        return self.glyphs[0][0]

    @property
    def last(self) -> int:
        """Return where its last character stands."""
        return self.glyphs[-1][0]


def split(glyphs: Sequence[tuple[int, Glyph]]) -> list[list[Piece]]:
    """Return what stands between spaces, each as the pieces between its marks."""
    runs = []
    for is_space, run in groupby(glyphs, key=lambda each: each[1].sort is Sort.SPACE):
        if not is_space:
            parts = groupby(run, key=lambda each: each[1].sort is Sort.MARK)
            runs.append([Piece(tuple(part)) for is_mark, part in parts if not is_mark])
    return [run for run in runs if run]


def candidates(runs: Sequence[Sequence[Piece]]) -> Iterator[Piece]:
    """Yield each piece that may be a word, in every way its signs may be read."""
    for run in runs:
        for piece in run:
            yield from _readings(piece)
        if len(run) > 1:
            yield from _readings(join(run))


def spread(pieces: Sequence[Piece], longest: int) -> Iterator[Piece]:
    """Yield what short pieces in a row spell together, of no more than `longest` letters and some drawn out."""
    for is_short, group in groupby(pieces, key=lambda piece: len(piece.glyphs) <= _SHORT):
        row = list(group)[:_LONGEST_SPREAD] if is_short else []
        for begin in range(len(row) - _SPREAD + 1):
            for end in range(begin + _SPREAD, min(len(row), begin + min(2 * longest, _WIDEST_SPREAD)) + 1):
                yield join(row[begin:end])


def join(pieces: Sequence[Piece]) -> Piece:
    """Put pieces together."""
    return Piece(tuple(each for piece in pieces for each in piece.glyphs))


def _readings(piece: Piece) -> Iterator[Piece]:
    """Yield a piece with its signs as letters, without those at its edges, and without any."""
    yield piece
    if all(glyph.sort in (Sort.LETTER, Sort.DIGIT) for _, glyph in piece.glyphs):
        return
    seen = {piece.glyphs}
    for glyphs in (
        _strip(piece.glyphs, _is_edge),
        _strip(piece.glyphs, _is_sign),
        tuple(each for each in piece.glyphs if not _is_sign(each[1])),
    ):
        if glyphs and glyphs not in seen:
            seen.add(glyphs)
            yield Piece(glyphs)


def _strip(glyphs: tuple[tuple[int, Glyph], ...], is_outside: Callable[[Glyph], bool]) -> tuple[tuple[int, Glyph], ...]:
    inside = [number for number, (_, glyph) in enumerate(glyphs) if not is_outside(glyph)]
    return glyphs[inside[0] : inside[-1] + 1] if inside else ()


def _is_sign(glyph: Glyph) -> bool:
    return glyph.sort in (Sort.SIGN, Sort.MASK)


def _is_edge(glyph: Glyph) -> bool:
    return glyph.sort is Sort.MASK or glyph.readings[0] in _EDGES
