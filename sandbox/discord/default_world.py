"""Draw the world a newcomer sees: one guild, a few channels and people, and the bot with exactly what it needs."""

from sandbox.discord import permissions as can
from sandbox.discord.clock import Clock
from sandbox.discord.model import FORUM, TEXT, Overwrite
from sandbox.discord.world import World

_MEMBER_PERMS = (
    can.VIEW_CHANNEL
    | can.SEND_MESSAGES
    | can.EMBED_LINKS
    | can.ATTACH_FILES
    | can.READ_MESSAGE_HISTORY
    | can.ADD_REACTIONS
    | can.USE_APPLICATION_COMMANDS
    | can.CREATE_PUBLIC_THREADS
    | can.SEND_MESSAGES_IN_THREADS
)
_MOD_PERMS = can.MODERATE_MEMBERS | can.MANAGE_MESSAGES | can.KICK_MEMBERS | can.MANAGE_THREADS


def build_world(
    clock: Clock, *, token: str | None = None, boost_tier: int = 0, bot_permissions: int = can.BOT_PERMS
) -> World:
    """Return "Creators' corner": Ada owns it, Robin moderates, Mia (a @Creator) and Noah make clips.

    @everyone itself may only look and read, so the bot has `bot_permissions` and nothing more.
    """
    world = World(clock, token=token)
    ada = world.add_user("Ada")
    guild = world.add_guild("Creators' corner", ada, boost_tier)
    guild.roles[guild.id].permissions = can.VIEW_CHANNEL | can.READ_MESSAGE_HISTORY
    member = world.add_role(guild, "Member", _MEMBER_PERMS)
    creator = world.add_role(guild, "Creator", color=0x9B59B6)
    luma = world.add_role(guild, "Luma", bot_permissions, managed_by=world.bot_id)
    mod = world.add_role(guild, "Mod", _MOD_PERMS, color=0x2ECC71)
    admin = world.add_role(guild, "Admin", can.ADMINISTRATOR, color=0xE74C3C)
    guild.members[ada.id].roles |= {member.id, admin.id}
    world.add_member(guild, world.add_user("Robin"), [member, mod])
    world.add_member(guild, world.add_user("Mia"), [member, creator])
    world.add_member(guild, world.add_user("Noah"), [member])
    world.add_channel(guild, "edits", TEXT, topic="Edit your clips with /luma modify")
    world.add_channel(guild, "showcase", TEXT, topic="The best of them")
    world.add_channel(guild, "clip-help", FORUM, topic="One post per clip", tags=["question", "finished"])
    hidden = [Overwrite(guild.id, 0, deny=can.VIEW_CHANNEL), Overwrite(mod.id, 0, allow=can.VIEW_CHANNEL)]
    world.add_channel(guild, "mods", TEXT, topic="Moderators only", overwrites=hidden)
    world.add_member(guild, world.application.bot, [luma])
    return world
