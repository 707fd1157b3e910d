"""Find blocked words in texts, through the usual disguises.

A word hits whole words only, so that "Scunthorpe" stays; `*` in it stands for any letters and `?` for one. It is found
behind look-alike letters, digits and signs, accents, invisible characters, letters drawn out (three or more) or masked
(`f*ck`), marks or spaces between its letters, and written backwards by a direction mark. Words of scripts that put no
spaces between words are found anywhere.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from jobs.errors import InvalidRequestError
from jobs.look_alikes import Glyph, Sort, read_glyphs
from jobs.patterns import Letters, Pattern, has_spaceless, read_pattern
from jobs.pieces import Piece, candidates, split, spread

MOST_WORDS = 500  # of one server
MOST_CHARS = 60
_LONGEST_TEXT = 4_000
_TURNERS = frozenset("\u202d\u202e\u2066\u2067")

_Found = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Hit:
    """Tell which blocked word a text would hit, and the piece of the text that does."""

    word: str
    found: str


def keep_word(word: str) -> str:
    """Return a word as it is kept: small letters, single spaces."""
    return " ".join(word.split()).casefold()


def check_word(word: str) -> str:
    """Return a word as it is kept; raises InvalidRequestError with the rule broken."""
    kept = keep_word(word)
    if len(kept) > MOST_CHARS:
        raise InvalidRequestError("A blocked word has at most {count} characters.", rule="word", count=MOST_CHARS)
    letters = sum(read_pattern(part).letters for part in kept.split())
    if has_spaceless(kept) and letters:
        if "*" in kept or "?" in kept:
            raise InvalidRequestError(
                "Words of this script are found anywhere in a text; they need no `*` or `?`.", rule="word"
            )
    elif letters < 2:
        raise InvalidRequestError(
            "A blocked word needs at least two letters beside `*` and `?`, or it would hit nearly everything.",
            rule="word",
        )
    return kept


class WordFilter:
    """Find a server's blocked words in texts; building it costs far more than asking it."""

    def __init__(self, words: Iterable[str]) -> None:
        self._by_shape: dict[str, list[tuple[str, Pattern]]] = {}
        self._wild: list[tuple[str, Pattern]] = []
        self._phrases: list[tuple[str, tuple[Pattern, ...]]] = []
        self._anywhere: list[tuple[str, str]] = []
        self._by_length: dict[int, list[tuple[str, Pattern]]] = {}
        self._longest = 0
        for word in words:
            self._add(word)

    def _add(self, word: str) -> None:
        whole = read_pattern(word.replace(" ", ""))
        if has_spaceless(word):
            self._anywhere.append((word, _shapes(glyph for _, glyph in read_glyphs(word))))
            return
        parts = tuple(map(read_pattern, word.split()))
        if len(parts) > 1:
            self._phrases.append((word, parts))
        if not whole.is_wild:
            self._by_shape.setdefault(whole.shape, []).append((word, whole))
            self._by_length.setdefault(whole.letters, []).append((word, whole))
        elif len(parts) == 1:
            self._wild.append((word, whole))
        self._longest = max(self._longest, whole.letters)

    def find(self, text: str) -> tuple[Hit, ...]:
        """Return the blocked words of a text in the order they stand, each once."""
        text = text[:_LONGEST_TEXT]
        glyphs = list(read_glyphs(text))
        orders = [glyphs, glyphs[::-1]] if _TURNERS & set(text) else [glyphs]
        first: dict[str, tuple[int, int]] = {}
        for word, begin, end in sorted(found for order in orders for found in self._search(order)):
            first.setdefault(word, (min(begin, end), max(begin, end)))
        ordered = sorted(first.items(), key=lambda item: item[1])
        return tuple(Hit(word, text[begin : end + 1]) for word, (begin, end) in ordered)

    def _search(self, glyphs: Sequence[tuple[int, Glyph]]) -> Iterator[_Found]:
        runs = split(glyphs)
        pieces = [piece for run in runs for piece in run]
        known: dict[tuple[Glyph, ...], tuple[str, ...]] = {}
        for piece in (*candidates(runs), *spread(pieces, self._longest)):
            if piece.letters not in known:
                known[piece.letters] = tuple(self._words_of(Letters(piece.letters)))
            for word in known[piece.letters]:
                yield word, piece.first, piece.last
        yield from self._phrases_in(pieces)
        yield from self._anywhere_in(pieces)

    def _words_of(self, letters: Letters) -> Iterator[str]:
        """Yield the words that these letters, all of them, can be read as."""
        if letters.is_masked:
            near = self._by_length.get(len(letters.glyphs), []) if letters.true_letters > 1 else []
        else:
            wild = [each for each in self._wild if each[1].may_match(letters.shape)]
            near = [*self._by_shape.get(letters.shape, ()), *wild]
        yield from (word for word, pattern in near if pattern.matches(letters))

    def _phrases_in(self, pieces: Sequence[Piece]) -> Iterator[_Found]:
        read = [Letters(piece.letters) for piece in pieces] if self._phrases else []
        for word, parts in self._phrases:
            for place in range(len(pieces) - len(parts) + 1):
                window = list(zip(parts, read[place : place + len(parts)], strict=True))
                if all(part.may_match(letters.shape) and part.matches(letters) for part, letters in window):
                    yield word, pieces[place].first, pieces[place + len(parts) - 1].last

    def _anywhere_in(self, pieces: Sequence[Piece]) -> Iterator[_Found]:
        glyphs = [each for piece in pieces for each in piece.glyphs] if self._anywhere else []
        shapes = _shapes(glyph for _, glyph in glyphs)
        for word, wanted in self._anywhere:
            place = shapes.find(wanted)
            if place >= 0:
                yield word, glyphs[place][0], glyphs[place + len(wanted) - 1][0]


def _shapes(glyphs: Iterable[Glyph]) -> str:
    """Return the shape of every letter, one character each."""
    return "".join(glyph.shape for glyph in glyphs if glyph.sort not in (Sort.SPACE, Sort.MARK))


@lru_cache(maxsize=256)
def build_filter(words: tuple[str, ...]) -> WordFilter:
    """Return the filter of these words, the same one for the same words."""
    return WordFilter(words)
