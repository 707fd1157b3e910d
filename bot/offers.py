"""Leave out of a command what no video service here can do, and suggest the values of what one can."""

import copy
from collections.abc import Collection
from typing import Any

import discord
from discord import app_commands

from bot.choices import build_choices
from bot.client import LumaBot
from jobs.errors import LimitReachedError
from jobs.job import Kind
from jobs.service_choice import values_of

LINKED = "_url"  # a picture may come as a file or, by an option of this ending, as a link


def trim(
    command: app_commands.Command[Any, ..., Any], bot: LumaBot, kind: Kind, optional: Collection[str]
) -> app_commands.Command[Any, ..., Any]:
    """Return the command without those of the `optional` options that no service of this kind has."""
    offered = frozenset[str]().union(*(each.offers for each in bot.desk.lifecycle.services(kind)))
    missing = {name for name in optional if name.removesuffix(LINKED) not in offered}
    trimmed = copy.copy(command)
    # discord.py builds options from the callback's signature alone and has no other way to leave one out.
    options = trimmed._params
    trimmed._params = {name: option for name, option in options.items() if name not in missing}
    return trimmed


async def suggest_values(
    interaction: discord.Interaction[LumaBot], kind: Kind, option: str, typed: str
) -> list[app_commands.Choice[str]]:
    """Suggest what the service that would be chosen takes for an option; a space may stand for its underscore."""
    try:
        abilities = interaction.client.desk.lifecycle.choose_service(kind, frozenset({option}))
    except LimitReachedError:
        return []
    return build_choices(((value, value) for value in values_of(abilities, option)), typed.strip().replace(" ", "_"))
