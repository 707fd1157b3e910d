"""Speak the reader's language: English stands in the code, every other language is one file in bot/locale."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from jobs.errors import UserError

ENGLISH = "en"
FOLDER = Path(__file__).parent / "locale"

_language: ContextVar[str] = ContextVar("language", default=ENGLISH)


def languages() -> list[str]:
    """Return the languages there are, by Discord's codes."""
    return [ENGLISH, *sorted(path.stem for path in FOLDER.glob("*.po"))]


def choose_language(locale: str) -> str:
    """Return the language that fits a Discord locale best: itself, else the same language, else English."""
    known = languages()
    same = [code for code in known if code.split("-")[0] == locale.split("-", maxsplit=1)[0]]
    return locale if locale in known else next(iter(same), ENGLISH)


def speak(locale: str) -> None:
    """Speak this locale's language from now on in this task and those it starts."""
    _language.set(choose_language(locale))


@contextmanager
def speaking(locale: str) -> Iterator[None]:
    """Speak this locale's language inside the block."""
    token = _language.set(choose_language(locale))
    try:
        yield
    finally:
        _language.reset(token)


def tr(message: str, /, **values: object) -> str:
    """Return a message in the language spoken now; `{name}` stands for a value."""
    text = _catalogue(_language.get()).gettext(message)
    return text.format(**values) if values else text


def trn(one: str, many: str, count: int, /, **values: object) -> str:
    """Return a message for a number of things; `{count}` is the number."""
    return _catalogue(_language.get()).ngettext(one, many, count).format(count=count, **values)


def tr_error(error: UserError) -> str:
    """Return what an error tells the person, in the language spoken now."""
    return tr(error.template, **error.values)


@cache
def _catalogue(language: str) -> NullTranslations:
    if language == ENGLISH:
        return NullTranslations()
    with (FOLDER / f"{language}.po").open("rb") as source:
        catalogue = read_po(source, locale=language.replace("-", "_"))
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)
