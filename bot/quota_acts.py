"""Let moderators give and take back edits: bonuses and resets."""

import discord
from discord import app_commands

from bot import inert, replies
from bot.admin import build_act, guild_id_of
from bot.choices import build_choices
from bot.client import LumaBot
from bot.language import tr, trn
from bot.rights import Right, check_above, has_right
from bot.spans import read_end
from jobs.errors import InvalidRequestError
from jobs.quota import Bonus

Member = discord.Member | discord.User


async def grant_bonus(
    interaction: discord.Interaction[LumaBot], member: Member, count: int, reason: str, expires: str | None
) -> None:
    """Give a member extra edits and confirm it."""
    check_above(interaction, member)
    act = build_act(interaction, reason)
    ends_ms = read_end(expires, act.at_ms)
    await interaction.client.desk.admin.settings.grant_bonus(act, member.id, count, ends_ms)
    given = trn("{member} has {count} extra edit", "{member} has {count} extra edits", count, member=member.mention)
    ends = tr("until {when}", when=replies.relative_time(ends_ms)) if ends_ms else tr("without an end")
    await interaction.response.send_message(f"{given}, {ends}.", ephemeral=True)


async def revoke_bonus(interaction: discord.Interaction[LumaBot], member: Member, bonus_id: str, reason: str) -> None:
    """End a member's bonus now and confirm it."""
    check_above(interaction, member)
    admin, act = interaction.client.desk.admin, build_act(interaction, reason)
    own = {bonus.id for bonus in await admin.quotas.bonuses(act.guild_id, member.id)}
    entry = await admin.settings.revoke_bonus(act, bonus_id) if bonus_id in own else None
    if entry is None:
        raise InvalidRequestError(
            "{member} has no such bonus. Choose one of the list.", rule="bonus", member=member.mention
        )
    text = tr("The bonus of {member} has ended; what was used of it stays used.", member=member.mention)
    await interaction.response.send_message(text, ephemeral=True)


async def suggest_bonuses(interaction: discord.Interaction[LumaBot], typed: str) -> list[app_commands.Choice[str]]:
    """Return the living bonuses of the member chosen so far."""
    user_id = getattr(interaction.namespace.member, "id", None)
    if user_id is None or not has_right(interaction, Right.MODERATE):
        return []
    desk = interaction.client.desk
    bonuses = await desk.admin.quotas.bonuses(guild_id_of(interaction), int(user_id))
    now_ms = desk.clock.now_ms()
    alive = [bonus for bonus in bonuses if bonus.expires_at_ms is None or bonus.expires_at_ms > now_ms]
    return build_choices(((_bonus_name(bonus), bonus.id) for bonus in alive), typed)


def _bonus_name(bonus: Bonus) -> str:
    return tr("+{count}: {reason}", count=bonus.count, reason=inert.plain(bonus.reason, 80) or "-")


async def reset_use(interaction: discord.Interaction[LumaBot], member: Member, reason: str) -> None:
    """Let a member's use so far count no more and confirm it."""
    check_above(interaction, member)
    await interaction.client.desk.admin.settings.reset_use(build_act(interaction, reason), member.id)
    text = tr("The ended edits of {member} count no more. Open ones and bonuses stay.", member=member.mention)
    await interaction.response.send_message(text, ephemeral=True)
