"""Show the log of who did what, and hand it over as a file."""

import asyncio
import io
import zipfile
from typing import Any

import discord

from bot import inert, refusals
from bot.admin import build_act, guild_id_of
from bot.client import LumaBot
from bot.colours import BLURPLE
from bot.language import tr
from bot.log_replies import entry_words
from bot.pages import page_words, read_turn, turn_buttons
from bot.presses import build_button
from jobs.admin import SERVER, Deed, LogEntry
from jobs.errors import UserError
from jobs.log_table import build_log_table

PAGE_ENTRIES = 8
PLAIN_BYTES = 4 * 1024 * 1024  # a larger log is packed


async def show_log(
    interaction: discord.Interaction[LumaBot], member_id: int | None = None, moderator_id: int | None = None
) -> None:
    """Show the latest entries, about one member or by one moderator where they are named."""
    await interaction.response.send_message(**await _parts(interaction, 0, member_id, moderator_id), ephemeral=True)


async def turn_log(interaction: discord.Interaction[LumaBot], subject: str) -> None:
    """Show another page of the log."""
    page, rest = read_turn(subject)
    ids = [int(number) if number.isascii() and number.isdecimal() else -1 for number in rest.split(".")]
    if len(ids) != 2 or -1 in ids:
        raise refusals.old_button()
    await interaction.response.edit_message(**await _parts(interaction, page, ids[0] or None, ids[1] or None))


async def _parts(
    interaction: discord.Interaction[LumaBot], page: int, member_id: int | None, moderator_id: int | None
) -> dict[str, Any]:
    entries = await interaction.client.desk.admin.log.entries(
        guild_id_of(interaction),
        user_id=member_id,
        actor_id=moderator_id,
        offset=page * PAGE_ENTRIES,
        limit=PAGE_ENTRIES,
    )
    lines = [entry_words(entry) for entry in entries.items] or [tr("Nothing has been done yet.")]
    panel = discord.Embed(title=tr("Log"), description=inert.join_within(lines, 4096), color=BLURPLE)
    panel.set_footer(text=page_words(page, size=PAGE_ENTRIES, total=entries.total))
    rest = f"{member_id or 0}.{moderator_id or 0}"
    buttons = turn_buttons("log", page, size=PAGE_ENTRIES, total=entries.total, rest=rest)
    buttons.add_item(build_button("logfile", "all", tr("Export")))
    return {"embed": panel, "view": buttons}


async def export_log(interaction: discord.Interaction[LumaBot], _subject: str) -> None:
    """Hand the whole log over as a CSV file, and keep in it that this was done."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    log, act = interaction.client.desk.admin.log, build_act(interaction)
    await log.note(act, Deed.EXPORT_LOG, SERVER)
    entries = [entry async for entry in log.export(act.guild_id)]
    name, content = await asyncio.to_thread(pack_log, entries)
    if len(content) > interaction.filesize_limit:
        raise UserError("The log is too large to be sent here; the operator can read it from the database.")
    await interaction.followup.send(
        tr("The whole log, {count} entries.", count=len(entries)),
        file=discord.File(io.BytesIO(content), name),
        ephemeral=True,
    )


def pack_log(entries: list[LogEntry]) -> tuple[str, bytes]:
    """Return a file's name and content: a CSV table, in a ZIP when it is large."""
    table = build_log_table(entries)
    if len(table) <= PLAIN_BYTES:
        return "luma-log.csv", table
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("luma-log.csv", table)
    return "luma-log.zip", packed.getvalue()
