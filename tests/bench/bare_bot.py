"""Be the baseline: a discord.py bot whose only command defers, and nothing else."""

import os

import discord
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL


def main() -> None:
    """Run until killed."""
    Route.BASE = os.environ["DISCORD_API_URL"]
    DiscordWebSocket.DEFAULT_GATEWAY = URL(os.environ["DISCORD_GATEWAY_URL"])
    client = discord.Client(intents=discord.Intents(guilds=True), guild_ready_timeout=0.01)
    tree = app_commands.CommandTree(client)
    luma = app_commands.Group(name="luma", description="Do nothing")

    @luma.command(name="modify", description="Defer")
    async def modify(interaction: discord.Interaction, prompt: str, clip: discord.Attachment) -> None:
        await interaction.response.defer()

    tree.add_command(luma)

    async def sync() -> None:
        await tree.sync()

    client.setup_hook = sync  # type: ignore[method-assign]  # what the library documents for a small client
    client.run(os.environ["DISCORD_TOKEN"], log_handler=None)


if __name__ == "__main__":
    main()
