"""Keep every REST exchange in memory and, if wanted, as JSON lines; tokens in paths are blotted out."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from sandbox.discord.events import Event, EventHub

_TOKEN = re.compile(r"^(/(?:interactions|webhooks)/\d+/)[^/?]+")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer; `files` are name and size in bytes, `status` 0 when the connection was dropped."""

    method: str
    path: str
    request: Any
    files: list[dict[str, Any]]
    status: int
    response: Any

    def line(self) -> str:
        """Return this as one line of JSON."""
        return json.dumps(
            {
                "method": self.method,
                "path": self.path,
                "request": self.request,
                "files": self.files,
                "status": self.status,
                "response": self.response,
            },
            ensure_ascii=False,
        )


class Recorder:
    """The list of exchanges, and the file they also go to."""

    def __init__(self, hub: EventHub, file: Path | None = None) -> None:
        self.exchanges: list[Exchange] = []
        self._hub = hub
        self._path = file
        self._out: TextIO | None = None

    def open(self) -> None:
        """Open the file, emptying it."""
        if self._path is not None:
            self._out = self._path.open("w", encoding="utf-8")

    def close(self) -> None:
        """Close the file."""
        if self._out is not None:
            self._out.close()
            self._out = None

    def add(self, exchange: Exchange) -> None:
        """Keep one exchange and announce it."""
        self.exchanges.append(exchange)
        if self._out is not None:
            self._out.write(exchange.line() + "\n")
            self._out.flush()
        self._hub.publish(Event("EXCHANGE", exchange))

    def find(self, method: str, path: str) -> list[Exchange]:
        """Return the exchanges of a method whose path matches a regular expression, oldest first."""
        return [one for one in self.exchanges if one.method == method and re.search(path, one.path)]


def redact(path: str) -> str:
    """Return a path without its interaction or webhook token."""
    return _TOKEN.sub(r"\1[token]", path)
