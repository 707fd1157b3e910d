"""Read loosely typed JSON: every function takes anything and gives a value of one type, or an empty one."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

MAX_TEXT = 300
MAX_URL = 8192
YEAR_10000_MS = 253_402_300_800_000

# Also as an answer may quote one: with escaped slashes, or percent-encoded.
_URL = re.compile(r"https?(?::|%3A)(?:\\*/|%2F){2}[^\s\"'<>]*", re.IGNORECASE)
_TASK_ID = re.compile(r"[!-~]{1,200}")


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold what came back: the HTTP status, the body (cut at a limit), and the seconds to wait if it named them."""

    status: int
    body: bytes = field(repr=False)
    retry_after_seconds: float | None = None

    def excerpt(self) -> bytes:
        """Return the first 500 bytes without web addresses: an echoed request holds signed ones."""
        return hide_urls(self.body[:4096].decode("utf-8", "backslashreplace")).encode()[:500]

    def read(self) -> Mapping[str, object] | None:
        """Return the JSON object of the body, or None when it is anything else."""
        try:
            text = self.body.decode("utf-8-sig")
        except UnicodeDecodeError:
            return None
        value = _load(text)
        return value if isinstance(value, dict) else None


def hide_urls(text: str) -> str:
    """Return a text with every web address replaced."""
    return _URL.sub("[link]", text)


def as_object(value: object) -> Mapping[str, object]:
    """Return a JSON object, also one that came as JSON text; empty when it is none."""
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        value = _load(value)
    return value if isinstance(value, dict) else {}


def as_text(value: object) -> str:
    """Return a string or a number as text without spaces around; empty when it is neither."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    try:
        return str(value).strip()
    except ValueError:  # an integer with more digits than Python prints
        return ""


def as_number(value: object) -> float | None:
    """Return a finite number, also one that came as text; None when it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def as_time_ms(value: object) -> int | None:
    """Return Unix milliseconds from milliseconds, seconds or ISO 8601; None when it is no time from 1970 to 9999."""
    number = as_number(value)
    if number is None:
        try:
            moment = datetime.fromisoformat(as_text(value))
            number = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000
        except (ValueError, OverflowError):
            return None
    elif number <= 1e11:
        number *= 1000
    return int(number) if 0 < number < YEAR_10000_MS else None


def as_links(value: object) -> tuple[str, ...]:
    """Return the web addresses of a list, of a list that came as JSON text, or of one string."""
    if isinstance(value, str) and value.lstrip()[:1] == "[":
        value = _load(value)
    each = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(link for link in map(as_link, each) if link))


def as_link(value: object) -> str:
    """Return an http or https address; empty when it is none."""
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > MAX_URL or not text.isprintable() or " " in text:
        return ""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return ""
    return text if parts.scheme in ("http", "https") and host else ""


def as_task_id(value: object) -> str:
    """Return a task's id as the service wrote it, up to 200 visible ASCII characters; empty when it is none."""
    text = as_text(value)
    return text if _TASK_ID.fullmatch(text) else ""


def safe_text(value: object, limit: int = MAX_TEXT) -> str:
    """Return a service's own words fit for people and logs: one line, no web address, at most `limit` characters."""
    text = hide_urls(as_text(value)[: MAX_TEXT * 10])
    words = "".join(character if character.isprintable() else " " for character in text).split()
    return " ".join(words)[:limit]


def safe_code(value: object) -> str:
    """Return a service's own code for something, at most 64 characters."""
    return safe_text(value, 64)


def first_text(*values: object) -> str:
    """Return the first of the values that has words, fit for people and logs."""
    return next((text for text in map(safe_text, values) if text), "")


def first_time_ms(*values: object) -> int | None:
    """Return the first of the values that is a time, in Unix milliseconds."""
    return next((moment for moment in map(as_time_ms, values) if moment is not None), None)


def first_task_id(*values: object) -> str:
    """Return the first of the values that is a task's id; empty when none is."""
    return next((task_id for task_id in map(as_task_id, values) if task_id), "")


def _load(text: str) -> object:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value
