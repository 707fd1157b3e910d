"""Speak the reader's language: English stands in the code, every other language is one file in bot/locale."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from jobs.errors import UserError
from jobs.phrases import Phrase

ENGLISH = "en"
FOLDER = Path(__file__).parent / "locale"

_language: ContextVar[str] = ContextVar("language", default=ENGLISH)


@cache
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
    """Return a message in the language spoken now; `{name}` stands for a value, a Phrase among them is translated."""
    text = _catalogue(_language.get()).gettext(message) if message else ""
    return text.format(**_said(values)) if values else text


def trn(one: str, many: str, count: int, /, **values: object) -> str:
    """Return a message for a number of things; `{count}` is the number."""
    text = _catalogue(_language.get()).ngettext(one, many, count)
    return text.format(**_said({"count": count, **values}))


def tr_known(text: str, /, **values: object) -> str:
    """Return a text that was kept, in the language spoken now if the catalogue knows it, else as it stands."""
    return tr(text, **values)


def tr_error(error: UserError) -> str:
    """Return what an error tells the person, in the language spoken now."""
    return tr(error.template, **error.values)


def tr_name(context: str, name: str, language: str | None = None) -> str:
    """Return what a command, option or choice (the context) is called: in a language, or the one spoken now."""
    return _catalogue(language or _language.get()).pgettext(context, name)


def tr_in(language: str, message: str) -> str:
    """Return a message without values in a language."""
    return _catalogue(language).gettext(message)


def _said(values: Mapping[str, object]) -> dict[str, object]:
    return {name: tr(value) if isinstance(value, Phrase) else value for name, value in values.items()}


@cache
def _catalogue(language: str) -> NullTranslations:
    if language == ENGLISH:
        return NullTranslations()
    # Slow to import, and of no use to who speaks English only.
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import read_po  # noqa: PLC0415

    with (FOLDER / f"{language}.po").open("rb") as source:
        catalogue = read_po(source, locale=language.replace("-", "_"))
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
