"""Let a creator share a result, and take it back: every press is decided from the database."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import discord

from bot.bot_permissions import is_moderator
from bot.client import LumaBot
from bot.entry import check_words
from bot.faults import DISCORD_FAULTS, say
from bot.language import tr, tr_error
from bot.presses import Buttons, build_button, read_values
from bot.pressing import find_own_result
from bot.replies import message_url
from bot.share_preview import Draft, build_preview, read_draft, read_job_id
from bot.showcase_place import Stage, open_stage
from bot.showcase_post import WITHDRAW
from jobs.access import Asker, Barrier
from jobs.admin import Act, Deed, job_of
from jobs.errors import DeliveryRetryError, LimitReachedError, UserError
from jobs.job import Job
from jobs.shares import Choices, Share, ShareState


async def preview(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Show the creator, and nobody else, how a result would stand in the showcase."""
    job = await _shareable(interaction, job_id)
    shared = await interaction.client.desk.showcase.store.of_job(job.id)
    if shared is not None and (shared.is_live or shared.withdrawn_by not in (None, shared.user_id)):
        await interaction.response.send_message(_shared_words(shared), view=_own_buttons(shared), ephemeral=True)
        return
    stage = await _stage(interaction, job)
    draft = Draft(job.id, Choices(spoiler=job.request.spoiler), stage.stamp)
    parts = build_preview(job, draft, stage, may_compare=await _may_compare(interaction, job))
    await interaction.response.send_message(**parts, ephemeral=True)


async def change(interaction: discord.Interaction[LumaBot], subject: str) -> None:
    """Show the preview with another choice."""
    job = await _shareable(interaction, read_job_id(subject))
    stage = await _stage(interaction, job)
    await _show(interaction, job, read_draft(subject, stage), stage)


async def choose_tags(interaction: discord.Interaction[LumaBot], subject: str) -> None:
    """Show the preview with the chosen tags."""
    job = await _shareable(interaction, read_job_id(subject))
    stage = await _stage(interaction, job)
    draft = read_draft(subject, stage)
    chosen = read_values(interaction)
    tags = tuple(tag.id for tag in stage.tags if str(tag.id) in chosen)
    await _show(interaction, job, replace(draft, choices=replace(draft.choices, tags=tags)), stage)


async def cancel(interaction: discord.Interaction[LumaBot], _subject: str) -> None:
    """Put the preview away."""
    await interaction.response.edit_message(content=tr("Nothing was shared."), embed=None, view=None)


async def post(interaction: discord.Interaction[LumaBot], subject: str) -> None:
    """Share a result as its preview shows it, once, however often this is pressed."""
    job = await _shareable(interaction, read_job_id(subject))
    stage = await _stage(interaction, job)
    draft = read_draft(subject, stage)
    if draft.stamp != stage.stamp or (stage.requires_tag and not draft.choices.tags):
        note = tr("The showcase has changed since: please look again.")
        await _show(interaction, job, draft, stage, note=note)
        return
    if draft.choices.prompt:
        await check_words(interaction, job.request)
    showcase = interaction.client.desk.showcase
    share = await showcase.begin(job, stage, draft.choices)
    if share is None:
        shared = await showcase.store.of_job(job.id)
        await say(interaction, tr_error(_gone()) if shared is None else _shared_words(shared))
        return
    await interaction.response.edit_message(content=tr("It is being shared."), embed=None, view=None)
    try:
        kept = await showcase.post(share, job, stage)
    except DeliveryRetryError:
        await _tell(interaction, tr("Discord is not answering; it will be shared by itself as soon as it does."))
    except UserError as error:
        await _tell(interaction, tr_error(error))
    else:
        if kept is not None:
            await _note(interaction, kept, Deed.SHARE_RESULT)
        await _tell(interaction, tr_error(_gone()) if kept is None else _shared_words(kept), kept)


async def _tell(interaction: discord.Interaction[LumaBot], text: str, share: Share | None = None) -> None:
    with suppress(*DISCORD_FAULTS):  # the preview may be gone; what was done stands in the database
        await interaction.edit_original_response(content=text, view=_own_buttons(share) if share else None)


async def withdraw(interaction: discord.Interaction[LumaBot], share_id: str) -> None:
    """Take a share out of the showcase, for its creator or a moderator."""
    showcase = interaction.client.desk.showcase
    share = await showcase.store.get(share_id)
    if share is None or not _is_here(interaction, share):
        raise _gone()
    own = share.user_id == interaction.user.id
    if not own and not is_moderator(interaction):
        raise UserError("Only its creator or a moderator can take this out of the showcase.")
    await interaction.response.defer(ephemeral=True, thinking=True)
    taken = await showcase.withdraw(share, interaction.user.id)
    if taken:
        await _note(interaction, share, Deed.WITHDRAW_SHARE)
    await interaction.followup.send(
        tr("It is out of the showcase, and its votes are gone.") if taken else tr_error(_gone()), ephemeral=True
    )


async def vote(interaction: discord.Interaction[LumaBot], share_id: str) -> None:
    """Give a member's vote to a share, or take it back."""
    showcase = interaction.client.desk.showcase
    share = await showcase.store.get(share_id)
    if share is None or share.guild_id != interaction.guild_id or share.state is not ShareState.POSTED:
        raise _gone()
    if share.user_id == interaction.user.id:
        raise UserError("This one is yours: the votes are for the others to give.")
    votes = await showcase.vote(share, interaction.user.id)
    if votes is None:
        raise _gone()
    given = tr("Your vote counts. Press again to take it back.")
    await interaction.response.send_message(given if votes.mine else tr("Your vote is taken back."), ephemeral=True)


async def _shareable(interaction: discord.Interaction[LumaBot], job_id: str) -> Job:
    job = await find_own_result(interaction, job_id)
    if job.guild_id is None:
        raise UserError("This edit was made in direct messages, and only a server has a showcase.", rule="share")
    desk = interaction.client.desk
    asker = Asker(interaction.user.id, job.guild_id)
    access = await desk.admin.quotas.access(asker, now_ms=desk.clock.now_ms())
    if access.barrier is Barrier.BLOCK:
        raise LimitReachedError("kept out", rule=access.barrier, decision=access)
    return job


async def _stage(interaction: discord.Interaction[LumaBot], job: Job) -> Stage:
    assert job.guild_id is not None
    settings = await interaction.client.desk.admin.settings.settings(job.guild_id)
    stage = await open_stage(interaction.client, job.guild_id, settings.showcase_channel_id)
    if not await interaction.client.desk.showcase.files.is_kept(job):
        raise UserError("This video isn't kept any more, so it can't be shared.", rule="share")
    return stage


async def _may_compare(interaction: discord.Interaction[LumaBot], job: Job) -> bool:
    return await interaction.client.desk.showcase.files.may_compare(job)


async def _show(
    interaction: discord.Interaction[LumaBot], job: Job, draft: Draft, stage: Stage, *, note: str = ""
) -> None:
    may_compare = await _may_compare(interaction, job)
    parts = build_preview(job, draft, stage, may_compare=may_compare, note=note)
    await interaction.response.edit_message(**parts)


async def _note(interaction: discord.Interaction[LumaBot], share: Share, deed: Deed) -> None:
    """Keep in the server's log that a result was shared or taken back."""
    act = Act(share.guild_id, interaction.user.id, interaction.client.desk.clock.now_ms())
    await interaction.client.desk.admin.log.note(act, deed, job_of(share.code, share.user_id))


def _gone() -> UserError:
    return UserError("This is not in the showcase any more.")


def _is_here(interaction: discord.Interaction[LumaBot], share: Share) -> bool:
    own_dm = interaction.guild_id is None and share.user_id == interaction.user.id
    return own_dm or share.guild_id == interaction.guild_id


def _shared_words(share: Share) -> str:
    if share.state is ShareState.POSTED and share.post is not None:
        url = message_url(share.guild_id, share.post.channel_id, share.post.message_id)
        return tr("`{code}` stands in the showcase: {url}", code=share.code, url=url)
    if share.state is ShareState.POSTING:
        return tr("`{code}` is being shared already.", code=share.code)
    if share.withdrawn_by != share.user_id:
        return tr("A moderator took `{code}` out of the showcase, so it can't be shared again.", code=share.code)
    return tr("`{code}` is being taken out of the showcase. Please press again in a moment.", code=share.code)


def _own_buttons(share: Share) -> Any:
    if not share.is_live:
        return discord.utils.MISSING
    return Buttons(build_button(WITHDRAW, share.id, tr("Withdraw")))
