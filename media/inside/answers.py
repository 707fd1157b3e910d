"""Speak to the parent process: lines of JSON on stdout, at most one kilobyte each."""

import errno
import json
import sys
from typing import Any


class Refusal(Exception):  # noqa: N818 - an answer about the file, not a fault of this program
    """Say by which rule a file will not do, and the value that broke it."""

    def __init__(self, rule: str, value: str = "") -> None:
        super().__init__(rule, value)
        self.rule = rule
        self.value = value[:100]


def rule_of(error: Exception) -> str:
    """Return the rule an unexpected error stands for: of a full disk the file is innocent."""
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "disk" if full else "unreadable"


def say(answer: dict[str, Any]) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def say_progress(done: float) -> None:
    """Tell how much of the work is done, from 0 to 1."""
    say({"progress": round(min(max(done, 0.0), 1.0), 3)})
