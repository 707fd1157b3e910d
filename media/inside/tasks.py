"""List the tasks a child process can be given, by name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import av.logging

from media.inside.look import look

av.logging.set_level(av.logging.PANIC)


def _look(file: str) -> dict[str, Any]:
    return look(Path(file))


TASKS: dict[str, Callable[..., dict[str, Any]]] = {"look": _look}
