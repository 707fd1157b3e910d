"""Take a result back: asked once more, then its messages, files and shares go, and the log keeps that it happened."""

import logging

import discord

from bot import refusals
from bot.admin import build_act
from bot.client import LumaBot
from bot.copies import remove_message
from bot.language import tr
from bot.presses import Buttons, build_button
from bot.pressing import check_result, check_steward, find_here, is_arriving, say_done, start_work
from jobs.admin import Deed, job_of
from jobs.errors import LumaBotError, UserError
from jobs.job import Job
from jobs.result_ports import Deleted

_AT_ONCE = 20
# Doubling from a minute to a day, so that a closed channel costs a dozen refused requests in all.
_FIRST_PAUSE_MS = 60_000
_LONGEST_MS = 86_400_000
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
    await _say(interaction, deleted, is_clear=await clear_away(bot, deleted))


async def clear_the_rest(bot: LumaBot) -> None:
    """Go after what is left of deleted results: a press that was cut off, a Discord that was away."""
    desk = bot.desk
    for deleted in await desk.results.store.uncleared(now_ms=desk.clock.now_ms(), limit=_AT_ONCE):
        await clear_away(bot, deleted)


async def clear_away(bot: LumaBot, deleted: Deleted) -> bool:
    """Delete the files, messages and shares of a result; False where something is left, to be gone after later."""
    left = await _delete_all(bot, deleted)
    job, now_ms = deleted.job, bot.desk.clock.now_ms()
    age_ms = now_ms - (job.deleted_at_ms or 0)
    again_at_ms = now_ms + max(age_ms, _FIRST_PAUSE_MS) if left and age_ms < _LONGEST_MS else None
    await bot.desk.results.store.note_cleared(job.id, again_at_ms=again_at_ms)
    return not left


async def _delete_all(bot: LumaBot, deleted: Deleted) -> int:
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
            left += 1
    return left


async def _find(interaction: discord.Interaction[LumaBot], job_id: str) -> Job:
    job = await find_here(interaction, job_id)
    await check_steward(interaction, job, refusals.not_yours_to_delete())
    if is_arriving(check_result(job)):
        raise UserError("This result is just arriving. Please press again in a moment.", rule="state")
    return job


async def _note(interaction: discord.Interaction[LumaBot], job: Job) -> None:
    """Write a deletion into the server's log; the job's own events have it in any case."""
    if interaction.guild_id is None:
        return
    try:
        await interaction.client.desk.admin.log.note(
            build_act(interaction),
            Deed.DELETE_RESULT,
            job_of(job.code, job.user_id),
        )
    except LumaBotError as error:
        _log.error("job=%s: its deletion is not in the server's log (%s)", job.code, error)


async def _say(interaction: discord.Interaction[LumaBot], deleted: Deleted, *, is_clear: bool) -> None:
    code = deleted.job.code
    if not is_clear:
        text = tr(
            "The files of `{code}` are deleted, but Discord has not let me delete every message yet. I will try again.",
            code=code,
        )
    else:
        text = tr("The result of `{code}` is deleted.", code=code)
    await say_done(interaction, text)
