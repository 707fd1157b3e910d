"""List the tasks a child process can be given, by name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import av.logging

from media.inside.comparing import compare
from media.inside.editing import convert, poster
from media.inside.look import look
from media.inside.picture import look_at_picture
from media.inside.repacking import remux

# FFmpeg's words go nowhere. At any other level PyAV takes Python's lock in whichever thread speaks, and a thread of the
# encoder waits for ever for the one that closes it.
av.logging.set_level(None)


def _look(file: str) -> dict[str, Any]:
    return look(Path(file))


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "look": _look,
    "picture": look_at_picture,
    "convert": convert,
    "remux": remux,
    "poster": poster,
    "compare": compare,
}
