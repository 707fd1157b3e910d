"""Read a callback for the one thing it is believed: which task it speaks of."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from jobs.errors import CallbackError
from providers.answers import as_object
from providers.signing import TASK_ID


def read_body(body: bytes) -> Mapping[str, object]:
    """Return a callback's JSON object; raises CallbackError 400 for anything less than strict UTF-8 JSON."""
    try:
        value = json.loads(
            body.decode("utf-8"), parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_without_repeats
        )
    except (ValueError, RecursionError):
        raise CallbackError(400, "the body is not strict JSON") from None
    if not isinstance(value, dict):
        raise CallbackError(400, "the body is not a JSON object")
    return value


def read_task_id(body: Mapping[str, object], *places: Sequence[str]) -> str | None:
    """Return the task id that stands in any of the places, or None when it stands in none.

    Raises CallbackError 400 when a place holds something that is no id, or when two places differ.
    """
    found = {value for value in (_at(body, place) for place in places) if value is not None and value != ""}
    if not found:
        return None
    if len(found) > 1:
        raise CallbackError(400, "two task ids that differ")
    task_id = found.pop()
    if not TASK_ID.fullmatch(task_id):
        raise CallbackError(400, "a task id of an impossible shape")
    return task_id


def _at(body: Mapping[str, object], place: Sequence[str]) -> str | None:
    holder: Mapping[str, object] = body
    for name in place[:-1]:
        holder = as_object(holder.get(name))
    value = holder.get(place[-1])
    if value is not None and not isinstance(value, str):
        raise CallbackError(400, "a task id that is no text")
    return value


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number beyond what can be held")
    return number


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name stands twice")
    return value
