# ruff: noqa: RUF001 - look-alikes are what this module is about
"""Read letters behind their look-alikes: other scripts, accents, full width, emoji letters, digits and signs.

Letters that look alike fold into one, in blocked words as in texts. What may be read as several letters, `1` as i or l,
keeps all of its readings; `shape` is the same for everything that could be read as the same letter.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache


class Sort(Enum):
    """Name what a character is to a reader of letters."""

    LETTER = "letter"
    DIGIT = "digit"
    SIGN = "sign"  # stands for a letter in some places and for itself in others
    MASK = "mask"  # hides a letter
    MARK = "mark"  # stands between letters of one word
    SPACE = "space"


@dataclass(frozen=True, slots=True)
class Glyph:
    """Hold one character as it may be read; `readings` has its own letter, digit or sign first."""

    sort: Sort
    readings: str

    @property
    def shape(self) -> str:
        """Return the letter that stands for all that look alike."""
        return _SHAPES.get(self.readings[0], self.readings[0])


# Each pair: what is seen, what it is read as. Cyrillic, Greek, Armenian, Cherokee (as casefold gives it), Lisu,
# Canadian syllables, and letters whose Unicode names do not tell.
_SEEN_AS = (
    "аa вb сc еe єe нh кk мm оo рp тt уy хx ѕs іi јj ԁd ԛq ԝw һh ӏl гr пn иu яr ьb зe шw үy өo қk ңh ғf "
    "αa βb γy εe ηn ιi κk μu νv οo ρp σo ςs τt υu χx ωw ϲc "
    "օo սu ոn հh զq ցg յj ռn "
    "Ꭺa Ᏼb Ꮯc Ꭰd Ꭼe Ꮐg Ꮋh Ꭵi Ꭻj Ꮶk Ꮮl Ꮇm Ꮲp Ꮢr Ꮪs Ꭲt Ꮩv Ꮤw Ꮃw Ꮓz "
    "ꓲi ꓳo ꓮa ꓰe ꓢs ꓔt ᗩa ᗷb ᑕc ᗪd ᗴe ᖴf ᕼh ᗰm ᑎn ᑭp ᖇr ᑌu ᐯv ᗯw "
    "ɑa ɛe əe ʃs ŋn ðd ɪi ʊu ǃi ǀl ʟl"
)
_FOLDED: Mapping[str, str] = {pair[0]: pair[1] for pair in _SEEN_AS.split()}
_PAIRS: Mapping[str, str] = {"æ": "ae", "œ": "oe", "ß": "ss", "þ": "th", "ĳ": "ij", "ю": "io"}
_READINGS: Mapping[str, str] = {
    "0": "0o", "1": "1il", "2": "2z", "3": "3e", "4": "4a", "5": "5s", "6": "6gb", "7": "7t", "8": "8b", "9": "9g",
    "@": "@a", "$": "$s", "!": "!i", "|": "|il", "+": "+t", "€": "€e", "£": "£l", "¢": "¢c", "©": "©c", "×": "×x",
}  # fmt: skip
_SHAPES: Mapping[str, str] = {
    "0": "o", "1": "i", "l": "i", "!": "i", "|": "i", "£": "i", "2": "z", "3": "e", "€": "e", "4": "a", "@": "a",
    "5": "s", "$": "s", "6": "b", "g": "b", "8": "b", "9": "b", "7": "t", "+": "t", "¢": "c", "©": "c", "×": "x",
}  # fmt: skip
_MASKS = frozenset("*#•●■█▇░▒▓✱∗％%")
_TURNERS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800")
# "LATIN SMALL LETTER O WITH STROKE", "LATIN LETTER SMALL CAPITAL B", "REGIONAL INDICATOR SYMBOL LETTER A"
_NAMED = re.compile(
    r"(?:.*LATIN|REGIONAL INDICATOR SYMBOL) (?:SMALL |CAPITAL )?LETTER "
    r"(?:SMALL CAPITAL |SMALL |CAPITAL |DOTLESS |TURNED |REVERSED |SCRIPT |INVERTED |SIDEWAYS |LONG |OPEN |CLOSED )*"
    r"([A-Z])(?: WITH .*)?"
)


def read_glyphs(text: str) -> Iterator[tuple[int, Glyph]]:
    """Yield what a text shows, each with its place in the text; what nobody sees is left out."""
    for place, character in enumerate(text):
        for glyph in _glyphs(character):
            yield place, glyph


@lru_cache(maxsize=8192)
def _glyphs(character: str) -> tuple[Glyph, ...]:
    if character.isspace():
        return (Glyph(Sort.SPACE, " "),)
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return tuple(glyph for each in plain for glyph in _seen(each))


def _seen(character: str) -> tuple[Glyph, ...]:
    if character in _TURNERS:
        return (Glyph(Sort.MARK, character),)
    category = unicodedata.category(character)
    if character in _INVISIBLE or category in ("Mn", "Me", "Cf", "Cc", "Cn", "Co", "Cs"):
        return ()
    if character in _MASKS:
        return (Glyph(Sort.MASK, character),)
    if character in _PAIRS:
        return tuple(Glyph(Sort.LETTER, each) for each in _PAIRS[character])
    if character in _READINGS:
        return (Glyph(Sort.DIGIT if character.isdigit() else Sort.SIGN, _READINGS[character]),)
    letter = _letter(character)
    if letter is not None:
        return (Glyph(Sort.LETTER, letter),)
    return (Glyph(Sort.SPACE if category.startswith("Z") else Sort.MARK, character),)


def _letter(character: str) -> str | None:
    if character in _FOLDED:
        return _FOLDED[character]
    if character.isascii():
        return character if character.isalpha() else None
    named = _NAMED.fullmatch(unicodedata.name(character, ""))
    if named is not None:
        return named[1].lower()
    return character if character.isalnum() else None
