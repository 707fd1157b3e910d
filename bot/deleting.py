"""Take a result back: asked once more, then its messages, files and shares go, and the log keeps that it happened."""

import logging

import discord

from bot import refusals
from bot.client import LumaBot
from bot.copies import remove_message
from bot.language import tr
from bot.office import build_act
from bot.presses import Buttons, build_button
from bot.pressing import check_result, check_steward, find_here, is_own, say_done, start_work
from jobs.errors import LumaBotError
from jobs.job import Job
from jobs.office import Deed, job_of
from jobs.result_ports import Deleted

_log = logging.getLogger(__name__)


async def ask_delete(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Ask whether a result is really to go; raises UserError."""
    job = await _find(interaction, job_id)
    await interaction.response.send_message(
        tr(
            "Delete the result of `{code}` for good? Its message, its files and what was shared of it go; "
            "it still counts as made.",
            code=job.code,
        ),
        view=Buttons(build_button("deletion", job.id, tr("Delete for good"), discord.ButtonStyle.danger)),
        ephemeral=True,
    )


async def delete_result(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Delete a result; raises UserError."""
    job = await _find(interaction, job_id)
    await start_work(interaction)
    bot = interaction.client
    deleted = await bot.desk.results.store.delete(job.id, interaction.user.id, now_ms=bot.desk.clock.now_ms())
    if deleted is None:
        raise refusals.deleted()
    await _note(interaction, job)
    await _say(interaction, deleted, await clear_away(bot, deleted))


async def clear_away(bot: LumaBot, deleted: Deleted) -> int:
    """Delete the files, messages and shares of a result; returns how many messages could not be deleted."""
    job, results = deleted.job, bot.desk.results
    for file_id in (job.id, *(pair.file_id for pair in deleted.pairs)):
        await results.gallery.discard_all(file_id)
    results.show_card(job)
    messages = [(copy.channel_id, copy.message_id) for copy in deleted.copies]
    if job.result_channel_id is not None and job.result_message_id is not None:
        messages.insert(0, (job.result_channel_id, job.result_message_id))
    left = sum([not await remove_message(bot, *message) for message in messages])
    for withdraw in bot.on_deleted:
        try:
            await withdraw(job)
        except LumaBotError as error:
            _log.warning("job=%s: its shares could not all be withdrawn (%s)", job.code, error)
    return left


async def _find(interaction: discord.Interaction[LumaBot], job_id: str) -> Job:
    job = await find_here(interaction, job_id)
    await check_steward(interaction, job, refusals.not_yours_to_delete())
    return check_result(job)


async def _note(interaction: discord.Interaction[LumaBot], job: Job) -> None:
    """Write a deletion into the server's log; the job's own events have it in any case."""
    if interaction.guild_id is None:
        return
    try:
        await interaction.client.desk.office.log.note(
            build_act(interaction),
            Deed.DELETE_RESULT,
            job_of(job.code, job.user_id),
            before={"own": is_own(interaction, job)},
        )
    except LumaBotError as error:
        _log.error("job=%s: its deletion is not in the server's log (%s)", job.code, error)


async def _say(interaction: discord.Interaction[LumaBot], deleted: Deleted, left: int) -> None:
    code = deleted.job.code
    if left:
        text = tr("The files of `{code}` are deleted, but Discord did not let me delete every message.", code=code)
    else:
        text = tr("The result of `{code}` is deleted.", code=code)
    await say_done(interaction, text)
