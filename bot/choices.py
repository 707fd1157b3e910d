"""Offer what an option may be while a person types it."""

from collections.abc import Iterable

from discord import app_commands

MOST_CHOICES = 25  # Discord shows no more


def build_choices(named: Iterable[tuple[str, str]], typed: str) -> list[app_commands.Choice[str]]:
    """Return the first of these names and values whose name holds what was typed, in any letter case."""
    wanted = typed.casefold()
    fitting = [app_commands.Choice(name=name, value=value) for name, value in named if wanted in name.casefold()]
    return fitting[:MOST_CHOICES]
