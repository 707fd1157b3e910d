"""Make what people typed inert: it cannot ping, link or format its way out of the place it is shown in.

Lengths are counted in UTF-16 units, the stricter of the two ways Discord's clients and servers count.
"""

import unicodedata
from collections.abc import Iterable

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_MAX_MARKS = 3  # combining marks in a row; more is a tower of them ("zalgo")
_MAX_LINES = 12
# Controls, formats (bidi, zero-width, tags), surrogates, private use, unassigned.
_DROPPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# Letters, marks and symbols that show as nothing.
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_LINE_BREAKS = str.maketrans(dict.fromkeys("\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", "\n") | {"\t": " "})
# Look-alikes that mean nothing to Discord.
_TICK = "\N{MODIFIER LETTER GRAVE ACCENT}"
_SLASHES = ":" + 2 * "\N{FRACTION SLASH}"
_BACKTICK = str.maketrans({"`": _TICK})
_PLAIN = str.maketrans(
    {
        "@": "\N{FULLWIDTH COMMERCIAL AT}",
        "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
        ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
        "`": _TICK,
    }
)
_MARKDOWN = str.maketrans({mark: "\\" + mark for mark in "\\*_~|`#[]()-"})


def clean(text: str) -> str:
    """Return the text in NFC without anything invisible, without towers of marks and without floods of lines."""
    if text.isascii() and text.isprintable():  # most of all texts: nothing in them can be one of these
        return _few_lines(text)
    text = text.replace("\r\n", "\n").translate(_LINE_BREAKS)
    text = "".join(_visible(character) for character in text)
    text = _thin_marks(unicodedata.normalize("NFC", text))
    return _few_lines(text)


def _visible(character: str) -> str:
    if character == "\n":
        return character
    category = unicodedata.category(character)
    if category in _DROPPED_CATEGORIES or character in _BLANKS:
        return ""
    return " " if category == "Zs" else character


def _thin_marks(text: str) -> str:
    kept, run = [], 0
    for character in text:
        run = run + 1 if _is_mark(character) else 0
        if run <= _MAX_MARKS:
            kept.append(character)
    return "".join(kept)


def _few_lines(text: str) -> str:
    lines = [line for line in (" ".join(line.split(" ")).strip() for line in text.split("\n")) if line]
    return "\n".join([*lines[: _MAX_LINES - 1], " ".join(lines[_MAX_LINES - 1 :])]).strip()


def length(text: str) -> int:
    """Return a text's length in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, limit: int) -> str:
    """Return at most `limit` UTF-16 units of a text, ending in an ellipsis where something is missing."""
    if length(text) <= limit:
        return text
    end = min(len(text) - 1, limit - 1)
    while end > 0 and (length(text[:end]) > limit - 1 or _is_mark(text[end])):
        end -= 1
    return (text[:end].rstrip() + ELLIPSIS) if limit > 0 else ""


def join_within(parts: Iterable[str], limit: int, separator: str = "\n") -> str:
    """Return as many whole parts as fit into `limit` UTF-16 units, ending in an ellipsis where some do not."""
    joined = ""
    for part in parts:
        longer = f"{joined}{separator}{part}" if joined else part
        if length(longer) + length(separator) + 1 > limit:
            return f"{joined}{separator}{ELLIPSIS}" if joined else ELLIPSIS
        joined = longer
    return joined


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me")


def one_line(text: str, limit: int) -> str:
    """Return clean text on one line, for logs and places that show no formatting at all."""
    return cut(" ".join(clean(text).split()), limit)


def code_block(text: str, limit: int = 1000) -> str:
    """Return a Markdown code block of at most `limit` units of text plus eight of fence."""
    # A line break after the fence, so that a first word is never read as a language ("ansi").
    return f"```\n{cut(clean(text).translate(_BACKTICK), limit) or '-'}\n```"


def code(text: str, limit: int = 200) -> str:
    """Return one line of inline code: for a service's words, file names, single values."""
    return f"`{one_line(text, limit).translate(_BACKTICK) or '-'}`"


def plain(text: str, limit: int) -> str:
    """Return one line for names (threads, choices, footers): no mention, no link, no code."""
    return cut(one_line(text, limit).translate(_PLAIN).replace("://", _SLASHES), limit)


def prose(text: str, limit: int = 400) -> str:
    """Return one line that reads as a sentence among ours: formatting escaped, mentions and links broken."""
    return plain(text, limit).translate(_MARKDOWN)


def thread_name(prompt: str, job_code: str) -> str:
    """Return a thread's name, at most 100 units: the prompt's beginning and the job's code."""
    ending = f" · {job_code}"
    return (plain(prompt, 100 - length(ending)) or "Luma edit") + ending
