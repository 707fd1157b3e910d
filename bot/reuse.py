"""Give a prompt of one's own another clip: a form with the prompt in it and a place for a file."""

import discord

from bot.client import LumaBot
from bot.entry import enter
from bot.language import tr
from bot.modify import Wish, modify
from bot.presses import Form, build_file_field, build_prompt_field, read_fields, read_files
from bot.pressing import find_own
from jobs.errors import InvalidRequestError
from jobs.job import Kind


async def ask_for_clip(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Open the form; raises UserError."""
    job = await find_own(interaction, job_id, or_deleted=True)
    await enter(interaction)
    abilities = interaction.client.desk.lifecycle.choose_service(Kind.MODIFY)
    await interaction.response.send_modal(
        Form(
            "reuse_with",
            job.id,
            tr("Use this prompt"),
            build_prompt_field(tr("How should the clip look?"), abilities.prompt_chars, value=job.request.prompt),
            build_file_field("clip", tr("The clip"), description=tr("A video file")),
        )
    )


async def make_with_clip(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Take in an edit of the form's clip with its prompt; raises UserError."""
    await find_own(interaction, job_id, or_deleted=True)
    await enter(interaction)
    clip = next(iter(read_files(interaction)), None)
    if clip is None:
        raise InvalidRequestError("There is no clip in the form. Please open it again and add one.", rule="clip")
    await modify(interaction, Wish(read_fields(interaction).get("prompt", ""), clip))
