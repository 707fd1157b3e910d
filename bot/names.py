"""Ask Discord what members are called: over the gateway and by id, which needs no privileged intent."""

import asyncio
from collections.abc import Mapping, Sequence

import discord

from bot import inert
from bot.faults import DISCORD_FAULTS

ASK_SECONDS = 1.5
NAME_CHARS = 40


async def read_names(guild: discord.Guild | None, user_ids: Sequence[int]) -> Mapping[int, str]:
    """Return the names, on one line, of those who are in a server; of none when Discord does not answer in time."""
    if guild is None or not user_ids:
        return {}
    try:
        async with asyncio.timeout(ASK_SECONDS):
            members = await guild.query_members(user_ids=list(user_ids), limit=len(user_ids), cache=False)
    except (*DISCORD_FAULTS, TimeoutError):
        return {}
    return {member.id: inert.one_line(member.display_name, NAME_CHARS) for member in members}
