"""Write the log of who did what as a table that spreadsheets open."""

import csv
import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime

from jobs.admin import LogEntry

_COLUMNS = ("number", "time", "actor", "deed", "target_kind", "target", "member", "before", "after", "reason")


def build_log_table(entries: Iterable[LogEntry]) -> bytes:
    """Return the entries as CSV in UTF-8, times in UTC; ids are quoted as text, or spreadsheets would round them."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    writer.writerows(map(_row, entries))
    # The mark tells spreadsheets that this is UTF-8.
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _row(entry: LogEntry) -> tuple[str, ...]:
    time = datetime.fromtimestamp(entry.at_ms / 1000, UTC).isoformat(timespec="seconds")
    member = "" if entry.target.user_id is None else f"id {entry.target.user_id}"
    return (
        str(entry.number),
        time,
        f"id {entry.actor_id}",
        entry.deed,
        entry.target.kind,
        _inert(f"id {entry.target.name}" if entry.target.name.isdigit() else entry.target.name),
        member,
        _facts(entry.before),
        _facts(entry.after),
        _inert(entry.reason),
    )


def _facts(facts: object) -> str:
    return "" if facts is None else json.dumps(facts, ensure_ascii=False)


def _inert(text: str) -> str:
    """Keep a spreadsheet from running what a person typed: owasp.org/www-community/attacks/CSV_Injection."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
