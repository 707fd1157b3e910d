"""Let moderators keep members out and let them in again."""

from typing import Any

import discord

from bot.admin import build_act, guild_id_of
from bot.client import LumaBot
from bot.colours import BLURPLE
from bot.language import tr
from bot.pages import page_words, read_turn, turn_buttons
from bot.quota_replies import block_words
from bot.replies import relative_time
from bot.rights import check_above
from bot.spans import read_end

PAGE_BLOCKS = 10
LISTED_REASON_CHARS = 120  # so that a page of the longest reasons fits into an embed
Member = discord.Member | discord.User


async def block_member(
    interaction: discord.Interaction[LumaBot], member: Member, reason: str, until: str | None
) -> None:
    """Keep a member out and confirm it."""
    check_above(interaction, member)
    act = build_act(interaction, reason)
    until_ms = read_end(until, act.at_ms)
    await interaction.client.desk.admin.settings.block(act, member.id, until_ms)
    ends = tr("until {when}", when=relative_time(until_ms)) if until_ms else tr("for good")
    text = tr(
        "{member} may begin no new edits here, {ends}. Edits already begun go on; cancel them with `/luma-mod jobs`.",
        member=member.mention,
        ends=ends,
    )
    await interaction.response.send_message(text, ephemeral=True)


async def unblock_member(interaction: discord.Interaction[LumaBot], member: Member, reason: str | None) -> None:
    """Let a member in again and confirm it."""
    check_above(interaction, member)
    entry = await interaction.client.desk.admin.settings.unblock(build_act(interaction, reason), member.id)
    if entry is None:
        text = tr("{member} is not blocked.", member=member.mention)
    else:
        text = tr("{member} may edit again.", member=member.mention)
    await interaction.response.send_message(text, ephemeral=True)


async def show_blocks(interaction: discord.Interaction[LumaBot]) -> None:
    """List who is kept out."""
    await interaction.response.send_message(**await _parts(interaction, 0), ephemeral=True)


async def turn_blocks(interaction: discord.Interaction[LumaBot], subject: str) -> None:
    """Show another page of who is kept out."""
    page, _ = read_turn(subject)
    await interaction.response.edit_message(**await _parts(interaction, page))


async def _parts(interaction: discord.Interaction[LumaBot], page: int) -> dict[str, Any]:
    desk = interaction.client.desk
    blocks = await desk.admin.settings.blocks(
        guild_id_of(interaction), now_ms=desk.clock.now_ms(), offset=page * PAGE_BLOCKS, limit=PAGE_BLOCKS
    )
    lines = [f"<@{block.user_id}> · {block_words(block, LISTED_REASON_CHARS)}" for block in blocks.items]
    panel = discord.Embed(
        title=tr("Blocked members"), description="\n".join(lines) or tr("Nobody is blocked."), color=BLURPLE
    )
    panel.set_footer(text=page_words(page, size=PAGE_BLOCKS, total=blocks.total))
    return {"embed": panel, "view": turn_buttons("blocks", page, size=PAGE_BLOCKS, total=blocks.total)}
