"""Check on every command, press and form what a person may do to a server and to its other members."""

from enum import StrEnum
from typing import Any

import discord
from discord import app_commands

from bot.presses import Action
from jobs.errors import UserError


class Right(StrEnum):
    """Name the permission of Discord's that an area of commands asks for."""

    MODERATE = "moderate_members"
    SETUP = "manage_guild"


class RightsGroup(app_commands.Group):
    """Hold commands that Discord shows only to people with a right, and check it again at each of them."""

    def __init__(self, right: Right, name: str, description: str) -> None:
        super().__init__(
            name=name,
            description=description,
            guild_only=True,
            default_permissions=discord.Permissions(**{right: True}),
        )
        self.right = right

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Let through who has the right."""
        return _check_in_tree(interaction, self.right)


class RightsSubgroup(app_commands.Group):
    """Hold commands below a RightsGroup; Discord shows them by the permission of the whole."""

    def __init__(self, right: Right, name: str, description: str) -> None:
        super().__init__(name=name, description=description)
        self.right = right

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Let through who has the right."""
        return _check_in_tree(interaction, self.right)


def _check_in_tree(interaction: discord.Interaction[Any], right: Right) -> bool:
    try:
        check_right(interaction, right)
    except UserError as error:
        assert isinstance(interaction.command, app_commands.Command)
        # The tree hands no other error than its own on to its error handler.
        raise app_commands.CommandInvokeError(interaction.command, error) from error
    return True


def has_right(interaction: discord.Interaction[Any], right: Right) -> bool:
    """Tell whether the person has a right in the server of an interaction, as Discord says at this moment."""
    return interaction.guild_id is not None and bool(getattr(interaction.permissions, right))


def check_right(interaction: discord.Interaction[Any], right: Right) -> None:
    """Raise UserError unless the person has a right in the server of an interaction."""
    if has_right(interaction, right):
        return
    if right is Right.SETUP:
        raise UserError("Only members with the permission **Manage Server** can do that.", rule="right")
    raise UserError("Only members with the permission **Timeout Members** can do that.", rule="right")


def rightly(right: Right, action: Action) -> Action:
    """Return an action of presses and forms that begins with the check of a right."""

    async def checked(interaction: discord.Interaction[Any], subject: str) -> None:
        check_right(interaction, right)
        await action(interaction, subject)

    return checked


def check_above(interaction: discord.Interaction[Any], target: discord.Member | discord.User) -> None:
    """Raise UserError unless the person stands above a member they act on: by roles, or as the server's owner.

    Nobody gives or takes from themselves but who may change the server's settings anyway; who has left the server
    stands below everybody.
    """
    guild, actor = interaction.guild, interaction.user
    if target.bot:
        raise UserError("Bots make no edits; choose a member.", rule="member")
    if target.id == actor.id:
        if not has_right(interaction, Right.SETUP):
            raise UserError("You can't do that to yourself; ask another moderator.", rule="rank")
        return
    if guild is not None and actor.id == guild.owner_id:
        return
    if guild is not None and target.id != guild.owner_id and _is_higher(actor, target):
        return
    raise UserError(
        "{member} stands as high as you or higher in this server's roles, so you can't do that to them.",
        rule="rank",
        member=target.mention,
    )


def _is_higher(actor: discord.Member | discord.User, target: discord.Member | discord.User) -> bool:
    if not isinstance(target, discord.Member):
        return True
    return isinstance(actor, discord.Member) and actor.top_role > target.top_role
