"""Read when something ends: a span like `3d` or `12h`, or a day like `2026-12-24`."""

import re
from datetime import UTC, datetime

from discord import app_commands

from bot import inert
from bot.language import tr
from jobs.errors import InvalidRequestError

MINUTE_MS = 60_000
UNITS_MS = {"m": MINUTE_MS, "h": 60 * MINUTE_MS, "d": 24 * 60 * MINUTE_MS, "w": 7 * 24 * 60 * MINUTE_MS}
LONGEST_MS = 366 * UNITS_MS["d"]
_SPAN = re.compile(r"(?:\d{1,6}[mhdw])+", re.ASCII)
_PART = re.compile(r"(\d+)([mhdw])", re.ASCII)


def read_end(text: str | None, now_ms: int) -> int | None:
    """Return the Unix milliseconds a text ends at, at most a year ahead; None without a text.

    Days and times are in UTC. Raises InvalidRequestError.
    """
    if text is None or not text.strip():
        return None
    end_ms = _read_span(text, now_ms) or _read_day(text)
    if end_ms is None:
        raise InvalidRequestError(
            "I can't read {text} as a time. Write a span like `12h`, `3d` or `2w`, or a day like `2026-12-24`.",
            rule="time",
            text=inert.code(text, 40),
        )
    if not now_ms < end_ms <= now_ms + LONGEST_MS:
        raise InvalidRequestError(
            "{text} is not within the year ahead. Leave it out where there should be no end.",
            rule="time",
            text=inert.code(text, 40),
        )
    return end_ms


def _read_span(text: str, now_ms: int) -> int | None:
    compact = text.replace(" ", "").lower()
    if not _SPAN.fullmatch(compact):
        return None
    return now_ms + sum(int(number) * UNITS_MS[unit] for number, unit in _PART.findall(compact))


def _read_day(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return int(moment.timestamp() * 1000)
    except (OverflowError, ValueError):
        return None


def suggest_ends(typed: str) -> list[app_commands.Choice[str]]:
    """Return spans to choose from, what was typed first."""
    named = [
        (tr("1 hour"), "1h"),
        (tr("1 day"), "1d"),
        (tr("3 days"), "3d"),
        (tr("1 week"), "1w"),
        (tr("30 days"), "30d"),
    ]
    fitting = [app_commands.Choice(name=name, value=value) for name, value in named if _fits(typed, name, value)]
    own = [app_commands.Choice(name=typed[:100], value=typed[:100])] if typed.strip() and not fitting else []
    return own + fitting


def _fits(typed: str, name: str, value: str) -> bool:
    wanted = typed.casefold().strip()
    return wanted in name.casefold() or value.startswith(wanted)
