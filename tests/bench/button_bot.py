"""Be a bot that posts results with all their buttons, one after another, and then waits to be killed."""

import asyncio
import os
from dataclasses import replace
from typing import Any

import discord

from bot.client import ClientOptions, LumaBot
from bot.result_buttons import SHARE, result_buttons
from jobs.job import ClipSource, Job, Kind, Request, State

_JOB = Job(
    id="0" * 32,
    code="ABCDE",
    kind=Kind.MODIFY,
    state=State.DELIVERED,
    user_id=1,
    guild_id=2,
    channel_id=3,
    interaction_id=4,
    locale="en-US",
    request=Request(Kind.MODIFY, "make it warm", clip=ClipSource("https://clips.example/clip.mp4")),
    service="kie",
    created_at_ms=0,
    due_at_ms=0,
)


async def ignore(_interaction: discord.Interaction[Any], _subject: str) -> None:
    """Do nothing: nobody presses here."""


async def main() -> None:
    """Post until told to stop."""
    options = ClientOptions(
        os.environ["DISCORD_API_URL"],
        os.environ["DISCORD_GATEWAY_URL"],
        rest_per_second=100_000,
        guild_ready_seconds=0.01,
    )
    async with LumaBot(options, ()) as bot:
        bot.add_action(SHARE, ignore)  # so that its button is there too
        await bot.login(os.environ["DISCORD_TOKEN"])
        connection = asyncio.create_task(bot.connect())
        await bot.wait_until_ready()
        channel = bot.get_partial_messageable(int(os.environ["CHANNEL_ID"]))
        for number in range(int(os.environ["RESULTS"])):
            job = replace(_JOB, id=f"{number:032x}")
            await channel.send("your edit is ready", view=result_buttons(bot, job))
        await connection


if __name__ == "__main__":
    asyncio.run(main())
