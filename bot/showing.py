"""Show a member one of their edits: card, line of versions, buttons; and post its result again."""

import discord

from bot import inert, refusals, replies
from bot.cards import build_card, read_card
from bot.client import LumaBot
from bot.copies import CopyMessage, find_standing, post_copy
from bot.entry import enter
from bot.language import tr
from bot.places import open_dm
from bot.posters import add_picture
from bot.pressing import find_own, find_own_result, is_here, one_at_a_time, say_done, start_work
from bot.result_buttons import result_buttons, shown_buttons
from bot.result_messages import find_message
from bot.versions import IN_TEXT, build_text, compare_menu, draw_versions, name_version
from jobs.errors import DeliveryError, UserError
from jobs.job import Job
from jobs.ports import VideoPost
from jobs.result_ports import Copy, CopyKind, Line, Pair

FIELD_CHARS = 1024
_AGAIN_MS = 10 * 60_000


async def show(interaction: discord.Interaction[LumaBot], job: Job) -> None:
    """Answer with an edit at once, for its member's eyes only; its picture comes after."""
    if not is_here(interaction, job):  # its buttons would lead nowhere
        raise refusals.made_elsewhere(job.code)
    bot = interaction.client
    line = await bot.desk.results.store.line(job.id, IN_TEXT)
    embed = build_card(await read_card(bot.desk, bot.typical_durations, job))
    _add_line(embed, line, job)
    buttons = shown_buttons(bot, job)
    menu = compare_menu(line, job)
    if menu is not None:
        buttons.add_item(menu)
    await interaction.response.send_message(embed=embed, view=buttons, ephemeral=True)
    await add_picture(interaction, embed, await draw_versions(bot, line, job.id))


def _add_line(embed: discord.Embed, line: Line, job: Job) -> None:
    name = name_version(line, job)
    if not name:
        return
    text = build_text(line, job.id)
    while inert.length(text) > FIELD_CHARS:
        text = text.partition("\n")[2]  # the oldest go first
    embed.add_field(name=name, value=text, inline=False)


async def press_show(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Show one of the presser's own edits; raises UserError."""
    job = await find_own(interaction, job_id, or_deleted=True)
    await show(interaction, job)


async def show_prompt(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Show the prompt alone, to be copied; raises UserError."""
    job = await find_own(interaction, job_id, or_deleted=True)
    text = inert.code_block(job.request.prompt, 1900)
    await interaction.response.send_message(text, ephemeral=True)


async def post_again(interaction: discord.Interaction[LumaBot], job_id: str) -> None:
    """Post a result once more where the presser is, or, of a private edit, to them alone; raises UserError."""
    job = await find_own_result(interaction, job_id)
    await enter(interaction)
    await start_work(interaction)
    channel_id = await _channel_of(interaction, job)
    async with one_at_a_time(f"post:{job.id}:{channel_id}"):
        url = await _find_recent(interaction, job, channel_id) or await _post(interaction, job, channel_id)
    await say_done(interaction, tr("Here it is: {link}", link=url))


async def _channel_of(interaction: discord.Interaction[LumaBot], job: Job) -> int:
    if not job.request.private or interaction.guild_id is None:
        return interaction.channel_id or 0
    try:
        return await open_dm(interaction.client, job.user_id)
    except DeliveryError as error:
        raise UserError("I may not send you direct messages. Allow them, and press again.", rule="dm") from error


async def _find_recent(interaction: discord.Interaction[LumaBot], job: Job, channel_id: int) -> str | None:
    copy = await find_standing(interaction, CopyKind.AGAIN, Pair(job.id), channel_id)
    if copy is None or interaction.client.desk.clock.now_ms() - copy.posted_at_ms > _AGAIN_MS:
        return None
    return _url_of(interaction, job, copy)


async def _post(interaction: discord.Interaction[LumaBot], job: Job, channel_id: int) -> str:
    bot, results = interaction.client, interaction.client.desk.results
    assert job.result is not None
    # What was never fetched is still at its service, which gives a new link; what was, may have been kept too long ago.
    if job.result.file and not await results.gallery.keeps(job.result.file):
        return await _find_message(interaction, job)
    outgoing = CopyMessage(CopyKind.AGAIN, Pair(job.id), job, lambda video: _text(job, video), result_buttons(bot, job))
    copy = await post_copy(bot, channel_id, outgoing, job.result, results.provider_of(job.service))
    return _url_of(interaction, job, copy)


async def _find_message(interaction: discord.Interaction[LumaBot], job: Job) -> str:
    """Return where a result that is kept no longer still stands; raises UserError where it does not."""
    message = await find_message(interaction, job)
    if message is None:
        raise refusals.result_gone()
    url = replies.result_url(job) or message.jump_url
    if not message.attachments:
        raise refusals.only_link(url)
    return url


def _url_of(interaction: discord.Interaction[LumaBot], job: Job, copy: Copy) -> str:
    """Return the address of what was posted here, or, of a private edit, in direct messages."""
    guild_id = None if job.request.private else interaction.guild_id
    return replies.message_url(guild_id, copy.channel_id, copy.message_id)


def _text(job: Job, video: VideoPost) -> str:
    said = tr("Edit `{code}` by {member}, shown again.", code=job.code, member=f"<@{job.user_id}>")
    asked = inert.code_block(job.request.prompt, 800)
    return "\n".join(line for line in (said, asked, *replies.link_lines(job, video)) if line)
