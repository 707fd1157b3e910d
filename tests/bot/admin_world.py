"""Act as moderator and member in the local server, through the commands of administration."""

from collections.abc import Mapping
from typing import Any

from jobs.admin import Act
from jobs.quota import Allowance, Defaults, Period
from sandbox.discord.views import InteractionView, MessageView
from tests.bot.world import BotWorld

SOME = Defaults(Allowance(2, Period.DAY, None), budget_day=None, open_jobs=None)


def guild_of(world: BotWorld) -> int:
    """Return the server's id."""
    return next(iter(world.server.world.guilds))


def member_id(world: BotWorld, name: str) -> int:
    """Return a member's id."""
    return world.server.world.find_user(name).id


def role_id(world: BotWorld, name: str) -> int:
    """Return a role's id."""
    roles = world.server.world.guilds[guild_of(world)].roles.values()
    return next(role.id for role in roles if role.name == name)


def act_of(world: BotWorld, actor: str = "Ada", reason: str = "") -> Act:
    """Return an act of somebody now."""
    return Act(guild_of(world), member_id(world, actor), world.clock.now_ms(), reason)


async def run(
    world: BotWorld,
    user: str,
    command: str,
    options: Mapping[str, Any] | None = None,
    where: str | int = "edits",
) -> MessageView:
    """Run a command and return its whole answer once the bot is done with it; it is for one person's eyes only."""
    view = await world.actor.slash(user, where, command, dict(options or {}))
    return await answer(world, view)


async def answer(world: BotWorld, view: InteractionView) -> MessageView:
    """Return the answer of an interaction once the bot is done with it."""
    await world.settled()
    message = world.actor.interaction(view.id).message
    assert message is not None, view
    assert message.ephemeral
    return message


def text_of(message: MessageView) -> str:
    """Return everything a message says, embeds included."""
    parts = [message.content]
    for embed in message.embeds:
        parts += [embed.get("title", ""), embed.get("description", "")]
        parts += [f"{field['name']}: {field['value']}" for field in embed.get("fields", [])]
        parts.append(embed.get("footer", {}).get("text", ""))
    return "\n".join(part for part in parts if part)


def buttons_of(message: MessageView) -> dict[str, str]:
    """Return a message's buttons, id by label."""
    return {button["label"]: button["custom_id"] for row in message.components for button in row["components"]}


async def say(world: BotWorld, user: str, command: str, options: Mapping[str, Any] | None = None) -> str:
    """Run a command and return what it says."""
    return text_of(await run(world, user, command, options))


async def press(world: BotWorld, user: str, message: MessageView, label: str) -> MessageView:
    """Press a button and return the answer: the message as it is now, or a new one."""
    view = await world.actor.press(user, message.id, buttons_of(message)[label])
    await world.settled()
    return world.actor.interaction(view.id).message or world.actor.message(user, message.id)


def show_all_commands(world: BotWorld) -> None:
    """Let Discord show every command to everybody, as a server's admins may."""
    world.server.parts.commands.show_to_everybody()
