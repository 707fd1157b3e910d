"""Name the groups of states by which lists of edits are filtered."""

from typing import Literal

from bot.language import tr
from jobs.job import OPEN_STATES, State

JobFilter = Literal["all", "open", "done", "failed", "cancelled"]
FILTERS: dict[str, frozenset[State] | None] = {
    "all": None,
    "open": OPEN_STATES,
    "done": frozenset({State.DELIVERED}),
    "failed": frozenset({State.FAILED}),
    "cancelled": frozenset({State.CANCELLED}),
}


def filter_name(only: str) -> str:
    """Return the word for a filter."""
    names = {
        "all": tr("all"), "open": tr("open"), "done": tr("done"), "failed": tr("failed"), "cancelled": tr("cancelled")
    }  # fmt: skip
    return names[only]
