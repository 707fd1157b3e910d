"""Make an edit again from its row, through the same checks as a new one."""

from urllib.parse import parse_qs, urlsplit

import discord

from bot import replies
from bot.client import LumaBot
from bot.here import check_here
from bot.intake import Ask, take_in
from bot.options import read_prompt
from bot.own_jobs import find_by_id, is_own
from jobs.errors import UnusableClipError, UserError
from jobs.job import ClipSource


async def make_again(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Take in a job's request as a new job of the same member; raises UserError."""
    job = await find_by_id(interaction, job_id)
    if not is_own(interaction, job):
        raise UserError(replies.NOT_YOURS)
    check_here(interaction)
    abilities = interaction.client.desk.lifecycle.choose_service(job.kind)
    read_prompt(job.request.prompt, abilities)
    if job.request.clip is not None and has_expired(job.request.clip, interaction.client.desk.clock.now_ms()):
        raise UnusableClipError(replies.CLIP_EXPIRED, rule="clip")
    await take_in(interaction, Ask(job.request, abilities.name, job.id))


def has_expired(clip: ClipSource, now_ms: int) -> bool:
    """Tell whether a clip's signed Discord link has ended (its `ex`, hex Unix seconds) and can't be asked for again."""
    if clip.message_id is not None:
        return False
    ends = parse_qs(urlsplit(clip.url).query).get("ex", [""])[0]
    try:
        return int(ends, 16) * 1000 <= now_ms
    except ValueError:
        return False
