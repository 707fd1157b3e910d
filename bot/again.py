"""Make an edit from an earlier one, through the same checks as a new one: again, with other words, from its result."""

import asyncio
from dataclasses import replace
from typing import Any

import discord

from bot import refusals
from bot.client import LumaBot
from bot.clip_claims import has_expired
from bot.entry import enter
from bot.faults import DISCORD_FAULTS
from bot.intake import Ask, take_in
from bot.language import tr
from bot.options import read_prompt
from bot.pictures import keep_pictures
from bot.presses import Form, build_prompt_field, read_fields
from bot.pressing import find_own, find_own_result
from bot.result_messages import find_attachment
from bot.service_options import check_offered, read_options
from jobs.job import ClipSource, Job, Kind, Request
from jobs.services import Abilities

_THREAD_SECONDS = 0.8  # one of two looks before an answer that is due in 3 s


async def make_again(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Take in a job's request as a new job of the same member; raises UserError."""
    job = await find_own(interaction, job_id)
    await _take_in(interaction, job, await _repeat(interaction, job, job.request.prompt))


async def ask_for_words(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Open a form with a job's prompt in it, to be changed; raises UserError."""
    job = await find_own(interaction, job_id)
    abilities = _choose(interaction.client, job.request, job)
    await _repeat(interaction, job, job.request.prompt)
    await interaction.response.send_modal(
        Form("reworded", job.id, tr("Edit the prompt"), _prompt_field(abilities, job.request.prompt))
    )


async def make_reworded(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Take in a job's request with the prompt of the form as a new job; raises UserError."""
    job = await find_own(interaction, job_id)
    await _take_in(interaction, job, await _repeat(interaction, job, read_fields(interaction).get("prompt", "")))


async def ask_what_next(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Open a form that asks how a result should be edited further; raises UserError."""
    job = await find_own_result(interaction, job_id)
    request = await _go_on(interaction, job, "")
    abilities = _choose(interaction.client, request, job)
    await interaction.response.send_modal(Form("onward", job.id, tr("Edit this result"), _prompt_field(abilities, "")))


async def make_onward(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Take in an edit whose clip is a job's result; raises UserError."""
    job = await find_own_result(interaction, job_id)
    await _take_in(interaction, job, await _go_on(interaction, job, read_fields(interaction).get("prompt", "")))


async def _repeat(interaction: discord.Interaction[LumaBot], job: Job, prompt: str) -> Request:
    await enter(interaction)
    return await read_again(interaction.client, job, prompt)


async def read_again(bot: LumaBot, job: Job, prompt: str) -> Request:
    """Return a job's request as a new one can have it; raises UserError where clip or picture are gone."""
    images = await keep_pictures(bot, job)
    return replace(job.request, prompt=prompt, clip=await _own_clip(bot, job), images=images)


async def _own_clip(bot: LumaBot, job: Job) -> ClipSource | None:
    """Return the clip of a job as a new one can have it: as it was made ready, else from where it came."""
    desk, source = bot.desk, job.request.clip
    if source is None:
        return None
    if source.job_id is not None:
        origin = await desk.store.get(source.job_id)
        if origin is None or origin.deleted_at_ms is not None:
            raise refusals.source_deleted()
    for file in (job.clip.file if job.clip else "", source.file):
        if await desk.results.gallery.keeps(file):
            return replace(source, file=file)
    if not source.url and source.message_id is None:
        raise refusals.result_gone()
    if has_expired(source, desk.clock.now_ms()):
        raise refusals.clip_expired()
    return replace(source, file="")


async def _go_on(interaction: discord.Interaction[LumaBot], job: Job, prompt: str) -> Request:
    await enter(interaction)
    clip = await _result_clip(interaction, job)
    return Request(Kind.MODIFY, prompt, clip=clip, spoiler=job.request.spoiler, private=job.request.private)


async def _result_clip(interaction: discord.Interaction[LumaBot], job: Job) -> ClipSource:
    """Return a result as a clip: from our shelf while it is kept, else from the message it hangs on."""
    assert job.result is not None
    facts, file = job.result.facts, job.result.file
    clip = ClipSource("", f"luma-{job.code}.mp4", facts.size_bytes if facts else None, job_id=job.id)
    if await interaction.client.desk.results.gallery.keeps(file):
        return replace(clip, file=file)
    message, attachment = await find_attachment(interaction, job)
    # Without its address, which is another each time: a second press must be known as the same.
    return replace(
        clip,
        size_bytes=attachment.size,
        channel_id=message.channel.id,
        message_id=message.id,
        attachment_id=attachment.id,
    )


async def _take_in(interaction: discord.Interaction[LumaBot], job: Job, request: Request) -> None:
    request, service = fit_to_service(interaction.client, request, job)
    await take_in(interaction, Ask(request, service, job.id, thread=await _find_thread(interaction, job)))


def fit_to_service(bot: LumaBot, request: Request, job: Job) -> tuple[Request, str]:
    """Return a request made from a job's, and the service that takes it now; raises UserError where none does."""
    abilities = _choose(bot, request, job)
    check_offered(request.wants, abilities)
    options = read_options(request.options, abilities)
    return replace(request, prompt=read_prompt(request.prompt, abilities), options=options), abilities.name


def _choose(bot: LumaBot, request: Request, job: Job) -> Abilities:
    # What is extended lies at the service that made it.
    only = job.service if request.kind is Kind.EXTEND else ""
    return bot.desk.lifecycle.choose_service(request.kind, request.wants, only=only)


async def _find_thread(interaction: discord.Interaction[LumaBot], job: Job) -> discord.Thread | None:
    """Return the thread in which a line of versions goes on; None for here: it is the one, or it is gone or closed."""
    is_elsewhere = job.thread_id is not None and job.thread_id != interaction.channel_id
    if not is_elsewhere or job.request.private or job.guild_id != interaction.guild_id:
        return None
    assert job.thread_id is not None
    try:
        async with asyncio.timeout(_THREAD_SECONDS):
            thread = await interaction.client.fetch_channel(job.thread_id)
    except DISCORD_FAULTS:
        return None
    if not isinstance(thread, discord.Thread) or thread.locked or thread.parent is None:
        return None
    member = interaction.user
    return thread if isinstance(member, discord.Member) and thread.permissions_for(member).view_channel else None


def _prompt_field(abilities: Abilities, prompt: str) -> discord.ui.Label[Any]:
    return build_prompt_field(tr("How should the clip look?"), abilities.prompt_chars, value=prompt)
