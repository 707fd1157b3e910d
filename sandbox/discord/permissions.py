"""Compute what somebody may do (https://discord.com/developers/docs/topics/permissions)."""

from sandbox.discord.model import THREAD_KINDS, Channel, Guild, Member

KICK_MEMBERS = 1 << 1
BAN_MEMBERS = 1 << 2
ADMINISTRATOR = 1 << 3
MANAGE_CHANNELS = 1 << 4
MANAGE_GUILD = 1 << 5
ADD_REACTIONS = 1 << 6
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
MANAGE_MESSAGES = 1 << 13
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_MESSAGE_HISTORY = 1 << 16
MENTION_EVERYONE = 1 << 17
MANAGE_ROLES = 1 << 28
USE_APPLICATION_COMMANDS = 1 << 31
MANAGE_THREADS = 1 << 34
CREATE_PUBLIC_THREADS = 1 << 35
CREATE_PRIVATE_THREADS = 1 << 36
SEND_MESSAGES_IN_THREADS = 1 << 38
MODERATE_MEMBERS = 1 << 40
PIN_MESSAGES = 1 << 51
ALL = (1 << 53) - 1

BOT_PERMS = (
    VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | CREATE_PUBLIC_THREADS
    | SEND_MESSAGES_IN_THREADS
)
DM_PERMS = BOT_PERMS & ~(CREATE_PUBLIC_THREADS | SEND_MESSAGES_IN_THREADS) | ADD_REACTIONS | USE_APPLICATION_COMMANDS
TIMED_OUT_PERMS = VIEW_CHANNEL | READ_MESSAGE_HISTORY


def guild_permissions(guild: Guild, member: Member) -> int:
    """Return a member's bits in the whole guild."""
    if member.user.id == guild.owner_id:
        return ALL
    bits = guild.roles[guild.id].permissions
    for role_id in member.roles:
        bits |= guild.roles[role_id].permissions
    return ALL if bits & ADMINISTRATOR else bits


def channel_permissions(guild: Guild, member: Member, channel: Channel, now: float) -> int:
    """Return a member's bits in a channel (a thread's parent, for a thread), implicit denials applied.

    `now` in Unix seconds: somebody in a timeout may only look and read.
    """
    bits = guild_permissions(guild, member)
    if bits & ADMINISTRATOR:
        return bits
    bits = _apply_overwrites(bits, guild, member, channel)
    if member.timeout_until is not None and member.timeout_until > now:
        bits &= TIMED_OUT_PERMS
    if not bits & VIEW_CHANNEL:
        return 0
    if channel.kind not in THREAD_KINDS and not bits & SEND_MESSAGES:
        bits &= ~(EMBED_LINKS | ATTACH_FILES | MENTION_EVERYONE)
    return bits


def _apply_overwrites(bits: int, guild: Guild, member: Member, channel: Channel) -> int:
    by_id = {overwrite.id: overwrite for overwrite in channel.overwrites}
    everyone = by_id.get(guild.id)
    if everyone:
        bits = bits & ~everyone.deny | everyone.allow
    allow = deny = 0
    for role_id in member.roles:
        if overwrite := by_id.get(role_id):
            allow |= overwrite.allow
            deny |= overwrite.deny
    bits = bits & ~deny | allow
    if own := by_id.get(member.user.id):
        bits = bits & ~own.deny | own.allow
    return bits


def top_position(guild: Guild, member: Member) -> int:
    """Return the position of a member's highest role; the owner stands above all."""
    if member.user.id == guild.owner_id:
        return 1 << 30
    return max((guild.roles[role_id].position for role_id in member.roles), default=0)
