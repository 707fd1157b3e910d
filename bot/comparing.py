"""Put a result beside its clip or beside another version, in one video, once per pair."""

from dataclasses import dataclass, replace

import discord

from bot import refusals, replies
from bot.bot_permissions import is_moderator
from bot.client import LumaBot
from bot.copies import CopyMessage, find_standing, post_copy
from bot.entry import enter
from bot.language import tr
from bot.presses import read_values
from bot.pressing import check_result, find_here, find_own_result, is_own, one_at_a_time, say_done, start_work
from jobs.errors import MediaError, UserError
from jobs.job import Job, Result
from jobs.ports import VideoPost
from jobs.result_ports import BEFORE_AFTER, Copy, CopyKind, Keepsake, Pair


@dataclass(frozen=True, slots=True)
class Comparison:
    """Hold what is compared: `job` is the newer, `before` and `after` are shelf files, `older` is set for versions.

    `names` are the versions', where they are of one line.
    """

    job: Job
    before: str
    after: str
    older: Job | None = None
    names: tuple[str, str] | None = None

    @property
    def labels(self) -> tuple[str, str]:
        """Return what the two halves are lettered with."""
        if self.older is None:
            return BEFORE_AFTER
        older, newer = self.names or (self.older.code, self.job.code)
        return older.upper(), newer.upper()

    @property
    def pair(self) -> Pair:
        """Return the name of the comparison."""
        return Pair(self.job.id) if self.older is None else Pair(self.job.id, self.older.id, *self.labels)


async def press_compare(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Post a result beside its own clip, or say where that stands already; raises UserError."""
    job = check_result(await find_here(interaction, job_id))
    if job.request.private and not is_own(interaction, job):
        raise refusals.job_gone()
    if job.clip is None or job.result is None:
        raise UserError("This video was made from words alone: there is nothing to hold it against.", rule="clip")
    await _compare(interaction, Comparison(job, job.clip.file, job.result.file))


async def press_compare_two(interaction: discord.Interaction[LumaBot], _subject: str) -> None:
    """Post two chosen versions side by side, the older one first; raises UserError."""
    chosen = read_values(interaction)
    if len(set(chosen)) != 2:
        raise refusals.old_button()
    jobs = [await find_own_result(interaction, job_id) for job_id in chosen]
    older, newer = sorted(jobs, key=lambda job: (job.created_at_ms, job.id))
    assert older.result is not None
    assert newer.result is not None
    numbers = await interaction.client.desk.results.store.numbers(newer.id, [older.id, newer.id])
    names = (f"v{numbers[older.id]}", f"v{numbers[newer.id]}") if len(numbers) == 2 else None
    await _compare(interaction, Comparison(newer, older.result.file, newer.result.file, older, names))


async def _compare(interaction: discord.Interaction[LumaBot], wanted: Comparison) -> None:
    bot, pair = interaction.client, wanted.pair
    standing = await bot.desk.results.store.last_copy(CopyKind.COMPARE, pair)
    if not (is_own(interaction, wanted.job) or is_moderator(interaction)) and standing is None:
        raise refusals.not_yours()
    await enter(interaction)
    await start_work(interaction)
    async with one_at_a_time(f"compare:{pair.job_id}:{pair.other_job_id}"):
        copy = await find_standing(interaction, CopyKind.COMPARE, pair)
        if copy is None:
            copy = await _post(interaction, wanted)
    await say_done(
        interaction,
        tr("Side by side: {link}", link=replies.jump_url(wanted.job, copy.channel_id, copy.message_id)),
    )


async def _post(interaction: discord.Interaction[LumaBot], wanted: Comparison) -> Copy:
    bot = interaction.client
    if not is_own(interaction, wanted.job) and not is_moderator(interaction):
        raise refusals.not_yours()
    # One at a time for each member: any two of many versions may be compared, and nothing of it is counted.
    async with one_at_a_time(f"comparing:{interaction.user.id}"):
        file = await _make(bot, wanted)
    # Under a name of its own: smaller encodes are kept by job.
    job = replace(wanted.job, id=wanted.pair.file_id)
    outgoing = CopyMessage(CopyKind.COMPARE, wanted.pair, job, lambda video: _text(wanted, video))
    channel_id = wanted.job.result_channel_id or wanted.job.thread_id or interaction.channel_id or 0
    return await post_copy(bot, channel_id, outgoing, Result("", file))


async def _make(bot: LumaBot, wanted: Comparison) -> str:
    """Return the shelf file of a comparison, made now unless it is kept."""
    results, pair = bot.desk.results, wanted.pair
    kept = await results.store.comparison(pair)
    if kept is not None and await results.gallery.keeps(kept):
        return kept
    if not (await results.gallery.keeps(wanted.before) and await results.gallery.keeps(wanted.after)):
        raise refusals.not_comparable()
    await results.gallery.discard_all(pair.file_id)  # smaller encodes of an earlier one, which may show other names
    try:
        named = replace(wanted.job, id=pair.file_id)
        file = await results.gallery.compare(named, wanted.before, wanted.after, wanted.labels)
    except MediaError as error:
        raise UserError("These two videos can't be put side by side.", rule="media") from error
    if not await results.store.keep(pair, Keepsake.COMPARE, file):
        await results.gallery.discard(file)
        raise refusals.deleted()
    return file


def _text(wanted: Comparison, video: VideoPost) -> str:
    if wanted.older is None:
        said = tr("**Before and after** of edit `{code}`.", code=wanted.job.code)
    else:
        older, newer = f"`{wanted.older.code}`", f"`{wanted.job.code}`"
        if wanted.names is not None:
            older, newer = f"**{wanted.names[0]}** ({older})", f"**{wanted.names[1]}** ({newer})"
        said = tr("{older} and {newer} side by side.", older=older, newer=newer)
    link = video.link if video.link and video.path is None else ""
    return "\n".join(line for line in (said, link) if line)
