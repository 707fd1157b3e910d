"""Tell a member what is kept of them, hand it over as one archive, erase it once they confirm."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile

import discord

from bot.client import LumaBot
from bot.colours import BLURPLE
from bot.faults import DISCORD_FAULTS
from bot.language import tr, trn
from bot.presses import Buttons, build_button
from bot.pressing import one_at_a_time
from bot.replies import relative_time
from jobs.admin import Erased
from jobs.archive import write_archive
from jobs.errors import LumaBotError, MediaError, UserError

# Discord takes no larger request, whatever a file may have: developers/resources/message.mdx.
REQUEST_BYTES = 24 * 1024 * 1024
FILENAME = "luma-privacy.zip"
_log = logging.getLogger(__name__)


async def show_privacy(interaction: discord.Interaction[LumaBot]) -> None:
    """Say what is kept and how long."""
    panel = discord.Embed(title=tr("What I keep of you"), color=BLURPLE)
    for name, text in _sections(interaction.client.desk.admin.kept_days):
        panel.add_field(name=name, value=text, inline=False)
    buttons = Buttons(
        build_button("mydata", "all", tr("Send me everything"), discord.ButtonStyle.primary),
        build_button("forget", "ask", tr("Forget me"), discord.ButtonStyle.danger),
    )
    await interaction.response.send_message(embed=panel, view=buttons, ephemeral=True)


def _sections(days: float) -> list[tuple[str, str]]:
    return [
        (
            tr("Each edit"),
            tr(
                "Your prompt, style and options, where and when you asked, how it ended, and what it cost of your "
                "quota. It stays until you have it erased. The server's moderators can read it, also of private edits."
            ),
        ),
        (
            tr("Videos"),
            tr(
                "Your clip and the finished video for {days} days; then they are deleted here. The clip and the prompt "
                "go to the video service that makes the edit.",
                days=f"{days:g}",
            ),
        ),
        (
            tr("Sharing"),
            tr(
                "What you shared to a showcase and your votes there, your thumbs, your favourite styles, and that I "
                "told you once what the buttons do."
            ),
        ),
        (
            tr("What moderators did"),
            tr("Blocks, bonuses and your own quota, with the reason given. The server keeps them, also if you leave."),
        ),
        (
            tr("What I never keep"),
            tr("Other messages, your name, your address: I know you by your Discord id alone."),
        ),
    ]


async def send_records(interaction: discord.Interaction[LumaBot], _subject: str) -> None:
    """Send the asking member all their rows and files as one archive; raises UserError where they have had many."""
    archives, user_id = interaction.client.desk.bounds.archives, interaction.user.id
    spent = archives.look(user_id, None)
    if spent is not None and spent.is_own:  # what others have asked for is nobody's matter
        raise UserError(
            "I have sent you all I keep several times by now; the next archive can be made {when}.",
            rule="archive",
            when=relative_time(spent.again_at_ms),
        )
    archives.spend(user_id, None)
    await interaction.response.defer(ephemeral=True, thinking=True)
    # Each may take all the room there is for files that do not stay; and who asks over and over waits for themselves.
    async with one_at_a_time(f"archive:{interaction.user.id}"), one_at_a_time("archive"):
        await _send_archive(interaction)


async def _send_archive(interaction: discord.Interaction[LumaBot]) -> None:
    admin = interaction.client.desk.admin
    records = await admin.privacy.collect(interaction.user.id)
    files = _paths(interaction, records.files)
    room_bytes = min(interaction.filesize_limit, REQUEST_BYTES)
    with TemporaryFile() as target:  # it has no name, so that nothing of it stays after a kill
        report = await asyncio.to_thread(write_archive, target, records, files, room_bytes=room_bytes - 4096)
        if report.size_bytes > room_bytes:
            raise UserError("What I keep of you is larger than Discord lets me send; ask the operator of this bot.")
        rows = sum(len(each) for each in records.tables.values())
        text = trn("{count} record", "{count} records", rows)
        text += ", " + trn("{count} video", "{count} videos", len(files) - len(report.left_out))
        if report.left_out:
            text += ". " + trn(
                "{count} video is too large or gone; `/luma show` posts it.",
                "{count} videos are too large or gone; `/luma show` posts them.",
                len(report.left_out),
            )
        target.seek(0)
        await interaction.followup.send(text, file=discord.File(target, FILENAME), ephemeral=True)


def _paths(interaction: discord.Interaction[LumaBot], names: tuple[str, ...]) -> Mapping[str, Path]:
    paths = {}
    for name in names:
        try:
            paths[name] = interaction.client.desk.admin.files.path(name)
        except ValueError:
            _log.warning("a member's record names no file of the shelf")
    return paths


# --- forget ----------------------------------------------------------------------------------------------------------


async def forget(interaction: discord.Interaction[LumaBot], subject: str) -> None:
    """Ask whether to erase, and do it once that is confirmed."""
    if subject == "sure":
        await _erase(interaction)
        return
    text = tr(
        "This cancels your open edits and erases your prompts, options and videos here for good, in all servers. "
        "What you shared is taken out of the showcase, and your votes go. "
        "What else is posted in Discord stays; delete it there first, with **Delete** under a result. "
        "How many edits you made is kept until no quota counts them."
    )
    buttons = Buttons(build_button("forget", "sure", tr("Erase everything"), discord.ButtonStyle.danger))
    await interaction.response.send_message(text, view=buttons, ephemeral=True)


async def _erase(interaction: discord.Interaction[LumaBot]) -> None:
    await interaction.response.edit_message(content=tr("Erasing…"), view=None)
    await _cancel_open(interaction)
    desk, user_id = interaction.client.desk, interaction.user.id
    erased = await desk.admin.privacy.erase(user_id, now_ms=desk.clock.now_ms())
    if erased.open_codes:
        codes = ", ".join(f"`{code}`" for code in erased.open_codes)
        text = tr(
            "Nothing was erased yet: {codes} can't be cancelled at this moment. Please try again in a few minutes.",
            codes=codes,
        )
        await interaction.edit_original_response(content=text)
        return
    desk.styles.forget_all()
    for name in erased.files:
        try:
            await desk.admin.files.discard(name)
        except (OSError, ValueError, MediaError) as error:
            _log.warning("a file of an erased member could not be deleted: %s", type(error).__name__)
    try:
        await desk.showcase.tend()  # what was shared goes at once
    except (LumaBotError, *DISCORD_FAULTS) as error:
        _log.warning("what an erased member shared could not be withdrawn yet: %s", type(error).__name__)
    await interaction.edit_original_response(content=_erased_words(erased))


async def _cancel_open(interaction: discord.Interaction[LumaBot]) -> None:
    desk, user_id = interaction.client.desk, interaction.user.id
    for job in await desk.store.open_jobs(user_id):
        try:
            await desk.lifecycle.cancel(job.id, user_id)
        except UserError:
            continue  # the erasure names what is still open


def _erased_words(erased: Erased) -> str:
    text = trn("Erased: {count} edit is nobody's now.", "Erased: {count} edits are nobody's now.", erased.jobs)
    if erased.counts_until_ms is not None:
        text += " " + tr("Their number counts until {when}.", when=relative_time(erased.counts_until_ms))
    return text
