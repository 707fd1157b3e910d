"""Make an edit again from its row, through the same checks as a new one, with the same prompt or another."""

from dataclasses import replace

import discord

from bot import replies
from bot.client import LumaBot
from bot.clip_claims import has_expired
from bot.entry import enter
from bot.intake import Ask, take_in
from bot.options import read_prompt, read_watermark
from bot.own_jobs import find_by_id, is_own
from bot.presses import Form, build_text_field, read_fields
from jobs.errors import UnusableClipError, UserError
from jobs.job import Job

PROMPT_CHARS = 4000  # Discord's own limit of a form's field


async def make_again(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Take in a job's request as a new job of the same member; raises UserError."""
    job = await _own_job(interaction, job_id)
    await _take_in(interaction, job, job.request.prompt)


async def ask_for_words(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Open a form with a job's prompt in it, to be changed; raises UserError."""
    job = await _own_job(interaction, job_id)
    abilities = interaction.client.desk.lifecycle.choose_service(job.kind)
    field = build_text_field(
        "prompt",
        "How should the clip look?",
        value=job.request.prompt,
        max_length=min(abilities.prompt_chars, PROMPT_CHARS),
        long=True,
    )
    await interaction.response.send_modal(Form("reworded", job.id, "Edit the prompt", field))


async def make_reworded(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Take in a job's request with the prompt of the form as a new job; raises UserError."""
    job = await _own_job(interaction, job_id)
    await _take_in(interaction, job, read_fields(interaction).get("prompt", ""))


async def _own_job(interaction: discord.Interaction[LumaBot], job_id: str) -> Job:
    job = await find_by_id(interaction, job_id)
    if not is_own(interaction, job):
        raise UserError(replies.NOT_YOURS)
    await enter(interaction)
    if job.request.clip is not None and has_expired(job.request.clip, interaction.client.desk.clock.now_ms()):
        raise UnusableClipError(replies.CLIP_EXPIRED, rule="clip")
    return job


async def _take_in(interaction: discord.Interaction[LumaBot], job: Job, prompt: str) -> None:
    abilities = interaction.client.desk.lifecycle.choose_service(job.kind)
    read_watermark(job.request.options.get("watermark"), abilities)
    request = replace(job.request, prompt=read_prompt(prompt, abilities))
    await take_in(interaction, Ask(request, abilities.name, job.id))
