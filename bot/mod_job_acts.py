"""Let moderators cancel, retry and deliver members' edits; each act is kept in the log."""

import discord

from bot import inert, replies
from bot.admin import build_act, role_ids_of
from bot.again import fit_to_service, read_again
from bot.client import LumaBot
from bot.copies import remove_message
from bot.entry import find_blocked
from bot.faults import DISCORD_FAULTS, say
from bot.language import tr
from bot.mod_jobs import find_by_code
from bot.pressing import one_at_a_time
from bot.quota_replies import limit_words
from bot.refused_places import say_refusals
from bot.rights import check_above
from jobs.admin import Act, Deed, LogNote, job_of
from jobs.errors import DeliveryError, LimitReachedError, UserError
from jobs.job import Job, NewJob, Request, State
from jobs.ports import Posted
from jobs.result_ports import Copy, CopyKind, Pair


async def cancel_job(interaction: discord.Interaction[LumaBot], code: str, reason: str) -> None:
    """Cancel a member's edit."""
    job = await find_by_code(interaction, code)
    await interaction.response.defer(ephemeral=True, thinking=True)
    check_above_owner(interaction, job, await _owner(interaction, job))
    act = build_act(interaction, reason)
    cancelled, charge = await interaction.client.desk.lifecycle.cancel(job.id, interaction.user.id, act)
    await say(interaction, replies.cancelled(cancelled, charge))


def check_above_owner(
    interaction: discord.Interaction[LumaBot], job: Job, owner: discord.Member | discord.User | None
) -> None:
    """Raise UserError unless the person stands above the member whose edit it is; one's own is one's own."""
    if owner is not None and job.user_id != interaction.user.id:
        check_above(interaction, owner)


async def retry_job(interaction: discord.Interaction[LumaBot], code: str, reason: str) -> None:
    """Try an open edit now; ask a failed or cancelled one again, for its member and by their quota."""
    job = await find_by_code(interaction, code)
    await interaction.response.defer(ephemeral=True, thinking=True)
    if not job.state.is_final:
        await interaction.client.desk.lifecycle.hurry(job.id, build_act(interaction, reason))
        await say(interaction, tr("`{code}` is tried again now.", code=job.code))
        return
    if job.state is State.DELIVERED:
        raise UserError("This edit is done; deliver it again with `/luma-mod job redeliver`.")
    again = await _ask_again(interaction, job, build_act(interaction, reason))
    text = tr(
        "`{code}` is asked again for {member} as `{again}`.", code=job.code, member=_member(job), again=again.code
    )
    await say(interaction, text)


async def _ask_again(interaction: discord.Interaction[LumaBot], job: Job, act: Act) -> Job:
    desk, owner = interaction.client.desk, await _owner(interaction, job)
    await desk.room.check()
    request = await read_again(interaction.client, job, job.request.prompt)
    request, service = fit_to_service(interaction.client, request, job)
    await _check_words(interaction, job, request)
    in_thread = job.thread_id is not None and not job.request.private
    new = NewJob(
        kind=job.kind,
        user_id=job.user_id,
        guild_id=job.guild_id,
        channel_id=job.channel_id,
        interaction_id=interaction.id,
        locale=job.locale,
        request=request,
        service=service,
        thread_id=job.thread_id if in_thread else None,
        parent_job_id=job.id,
        role_ids=role_ids_of(owner) if owner else frozenset(),
        parent_channel_id=await _parent_of(interaction, job),
    )
    try:
        note = LogNote(act, Deed.RETRY_JOB, job_of(job.code, job.user_id), {"state": job.state})
        again, _ = await desk.lifecycle.queue(new, note)
    except LimitReachedError as error:
        if error.decision is None:
            raise
        raise UserError(
            "{member} can't have another edit now. They would read: {why}",
            member=_member(job),
            why=limit_words(error.decision),
        ) from error
    return await desk.lifecycle.place(again, None, again.thread_id)


async def _check_words(interaction: discord.Interaction[LumaBot], job: Job, request: Request) -> None:
    """Raise UserError for what holds a word that was blocked after it was let in: no news to moderators."""
    _, hits = await find_blocked(interaction, request)
    if hits:
        raise UserError(
            "The text of `{code}` has {found} in it, and this server has blocked {word} by now. It is not asked again.",
            rule="words",
            code=job.code,
            found=inert.code(hits[0].found, 60),
            word=inert.code(hits[0].word, 60),
        )


async def _parent_of(interaction: discord.Interaction[LumaBot], job: Job) -> int | None:
    """Return the channel of the thread that an edit was asked for in: where the rules of access may name that alone."""
    if job.thread_id != job.channel_id:
        return None
    try:
        thread = await interaction.client.fetch_channel(job.channel_id)
    except DISCORD_FAULTS:
        return None
    return thread.parent_id if isinstance(thread, discord.Thread) else None


async def redeliver_job(interaction: discord.Interaction[LumaBot], code: str, reason: str) -> None:
    """Post how an edit ended once more; who asks for it while another's is being posted is shown that one."""
    job = await find_by_code(interaction, code)
    await interaction.response.defer(ephemeral=True, thinking=True)
    async with one_at_a_time(f"redeliver {job.id}"):
        now = await find_by_code(interaction, code)
        url = replies.result_url(now)
        if url is not None and now.result_message_id != job.result_message_id:
            text = tr("Somebody else has just had it delivered again: {url}", url=url)
        else:
            text = tr("Delivered again: {url}", url=await _deliver_again(interaction, now, reason))
    await say(interaction, text)


async def _deliver_again(interaction: discord.Interaction[LumaBot], job: Job, reason: str) -> str:
    """Post how an edit ended once more, and return where it stands."""
    desk = interaction.client.desk
    if job.deleted_at_ms is not None:
        raise UserError("This result was deleted; it is not posted again.")
    if job.result is not None and job.result.file and not await desk.results.gallery.keeps(job.result.file):
        raise UserError("The video of this edit is not kept any more.")
    try:
        posted = await desk.admin.redelivery.tell_again(job, build_act(interaction, reason))
    except DeliveryError as error:
        why = say_refusals(str(error))
        raise UserError("Discord took the message in none of the edit's places. {why}", why=why) from error
    await _check_standing(interaction.client, job, posted)
    await _keep_earlier(interaction.client, job)
    return replies.jump_url(job, posted.channel_id, posted.message_id)


async def _check_standing(bot: LumaBot, job: Job, posted: Posted) -> None:
    """Take a message back, and raise UserError, whose result was deleted or erased while it was posted."""
    now = await bot.desk.store.get(job.id)
    if now is None or now.deleted_at_ms is not None or now.user_id != job.user_id:
        await remove_message(bot, posted.channel_id, posted.message_id)
        raise UserError("This result was deleted; it is not posted again.")


async def _keep_earlier(bot: LumaBot, job: Job) -> None:
    """Remember the ending that stood before as a copy, so that it goes too when the result goes."""
    if job.result is not None and job.result_channel_id is not None and job.result_message_id is not None:
        earlier = Copy(job.result_channel_id, job.result_message_id, job.finished_at_ms or job.created_at_ms)
        await bot.desk.results.store.note_copy(CopyKind.AGAIN, Pair(job.id), earlier)


async def _owner(interaction: discord.Interaction[LumaBot], job: Job) -> discord.Member | None:
    """Return the member whose edit it is; None when they have left."""
    if interaction.guild is None:
        return None
    try:
        return await interaction.guild.fetch_member(job.user_id)
    except discord.NotFound:
        return None
    except DISCORD_FAULTS as error:
        raise UserError("Discord is not answering; please try again in a moment.") from error


def _member(job: Job) -> str:
    return f"<@{job.user_id}>"
