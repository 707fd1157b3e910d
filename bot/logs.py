"""Write the log: one line per record as text or JSON, with every secret hidden."""

import hashlib
import json
import logging
import re
import sys
import traceback
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TextIO
from urllib.parse import quote, urlsplit

HIDDEN = "[hidden]"
SHORTEST_SECRET = 4  # hiding shorter ones would blot out half of every line

_PATTERNS = (
    # Discord bot tokens: user id, time, HMAC, each base64
    (re.compile(r"[A-Za-z0-9_-]{23,28}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,}"), HIDDEN),
    # webhook and interaction tokens in paths of Discord's API
    (re.compile(r"(/(?:webhooks|interactions)/\d+/)[A-Za-z0-9_.~%=-]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(/callbacks/[^/\s]+/)[^/\s\"'?#]+"), rf"\1{HIDDEN}"),
    (re.compile(r"\b(Bearer|Bot|Basic) [A-Za-z0-9._~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    # what signs an address, also where only the query is logged
    (
        re.compile(
            r"\b((?:x-amz-[a-z-]+|sig|signature|hm|ex|is|exp|token|policy|key|key-pair-id|expires)=)[^&\s\"'<>\]]+",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
)
_URL = re.compile(r"\b(?:https?|wss?)://[^\s\"'<>\\]+", re.IGNORECASE)
_API_PATH = re.compile(r"/api/v\d+(?:/|$)")
_OWN_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "job"}


class Redactor:
    """Hide exact secrets and whatever has the shape of one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets if len(secret) >= SHORTEST_SECRET for form in (secret, quote(secret, ""))}
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        self._exact = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def clean(self, text: str) -> str:
        """Return the text with secrets hidden; addresses keep their host and a short hash of the rest."""
        if self._exact:
            text = self._exact.sub(HIDDEN, text)
        text = _URL.sub(_shorten, text)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text

    def clean_value(self, value: Any) -> Any:
        """Return a log field as it may be written: plain numbers as they are, everything else as clean text."""
        return value if isinstance(value, bool | int | float | None) else self.clean(str(value))


def _shorten(found: re.Match[str]) -> str:
    """Keep scheme and host; paths of REST APIs stay readable, any other may be as good as a key."""
    address = found[0]
    try:
        parts = urlsplit(address)
        host = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    except ValueError:
        return HIDDEN
    if parts.path in ("", "/") and not parts.query:
        return f"{parts.scheme}://{host}{parts.path}"
    if _API_PATH.match(parts.path):
        return f"{parts.scheme}://{host}{parts.path}" + (f"?{HIDDEN}" if parts.query else "")
    return f"{parts.scheme}://{host}/[{hashlib.sha256(address.encode()).hexdigest()[:8]}]"


class CleanFormatter(logging.Formatter):
    """Turn a record into one clean line; `form` is text or json."""

    def __init__(self, form: Literal["text", "json"], redactor: Redactor) -> None:
        super().__init__()
        self._form = form
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; in text form a traceback follows on lines of its own."""
        clean = self._redactor.clean_value
        fields = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            **({"job": clean(record.__dict__["job"])} if record.__dict__.get("job") else {}),
            "message": clean(_message_of(record)),
            **{name: clean(value) for name, value in vars(record).items() if name not in _OWN_FIELDS},
        }
        trace = self._redactor.clean(_trace_of(record))
        if self._form == "json":
            return json.dumps({**fields, **({"traceback": trace} if trace else {})}, ensure_ascii=False)
        return _text_of(fields) + (f"\n{trace}" if trace else "")


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        # logging would print the arguments in full to stderr, past every filter
        return f"{record.msg} (its arguments do not fit)"


def _trace_of(record: logging.LogRecord) -> str:
    parts = []
    if record.exc_info and record.exc_info[1] is not None:
        parts.append("".join(traceback.format_exception(*record.exc_info)).rstrip())
    elif record.exc_text:
        parts.append(record.exc_text)
    if record.stack_info:
        parts.append(record.stack_info)
    return "\n".join(parts)


def _text_of(fields: Mapping[str, Any]) -> str:
    head = f"{fields['at']} {fields['level']:<7} {fields['logger']}"
    rest = [f"{name}={_one_line(value)}" for name, value in fields.items() if name not in _TEXT_HEAD]
    job = [f"job={_one_line(fields['job'])}"] if "job" in fields else []
    return " ".join([head, *job, _one_line(fields["message"]), *rest])


_TEXT_HEAD = ("at", "level", "logger", "job", "message")


def _one_line(value: Any) -> str:
    """Escape control characters, so that nobody's text can pretend to be a line of the log."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in str(value)
    )


def set_up_logs(
    level: str, form: Literal["text", "json"], secrets: Iterable[str] = (), stream: TextIO | None = None
) -> logging.Handler:
    """Make the root logger write clean lines to `stream` (standard error) and nothing else; return its handler."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(CleanFormatter(form, Redactor(secrets)))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    # at DEBUG these write whole payloads, or a line for every event of the loop
    for name in ("discord", "aiohttp", "asyncio"):
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLevelName(level)))
    logging.captureWarnings(True)
    logging.raiseExceptions = False
    return handler
