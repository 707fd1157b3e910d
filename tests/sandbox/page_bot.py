"""A bot with one of everything a page must show: options, cards, buttons, lists, forms, the newer layout."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from sandbox.discord.server import DiscordServer

BOUGHT = "<t:1790000000:R>"


class PageBot(discord.Client):
    """A bot on the local Discord."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True), allowed_mentions=discord.AllowedMentions.none())
        self.tree = app_commands.CommandTree(self)
        self.tree.add_command(group)
        self.tree.add_command(menu)
        self.tree.add_command(moderate)
        self.tree.add_command(silent)

    async def setup_hook(self) -> None:
        """Tell Discord of the commands."""
        await self.tree.sync()


group = app_commands.Group(name="luma", description="Edits")


async def _suggest(_interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    names = {"Golden hour": "golden", "Noir": "noir", "Vintage film": "vintage"}
    return [
        app_commands.Choice(name=name, value=value) for name, value in names.items() if current.lower() in name.lower()
    ]


@group.command(name="modify", description="Edit a clip")
@app_commands.describe(prompt="What to change", clip="The clip", style="A preset", start="Where to begin")
@app_commands.autocomplete(style=_suggest)
@app_commands.choices(quality=[app_commands.Choice(name="Draft", value=1), app_commands.Choice(name="Best", value=2)])
async def modify(
    interaction: discord.Interaction,
    prompt: app_commands.Range[str, 1, 800],
    clip: discord.Attachment,
    style: str = "",
    start: app_commands.Range[int, 0, 60] = 0,
    strength: app_commands.Range[float, 0, 1] = 0.5,
    quality: int = 1,
    spoiler: bool = False,
    place: discord.TextChannel | None = None,
    friend: discord.Member | None = None,
    role: discord.Role | None = None,
) -> None:
    """Answer with a card, then a thread with the clip in it."""
    card = discord.Embed(title="🎬 Your edit", description=f"**{prompt}** {BOUGHT}", color=0x5865F2)
    card.add_field(name="Style", value=style or "none").add_field(name="Start", value=str(start))
    shown = [f"strength={strength}", f"quality={quality}", f"spoiler={spoiler}"]
    shown += [f"place={place}", f"friend={friend}", f"role={role}"]
    card.add_field(name="Options", value=discord.utils.escape_markdown(" ".join(shown)), inline=False)
    card.set_footer(text=f"Luma · {interaction.locale}")
    await interaction.response.send_message(embed=card, view=Buttons())
    message = await interaction.original_response()
    assert isinstance(interaction.channel, discord.TextChannel)
    thread = await interaction.channel.get_partial_message(message.id).create_thread(name=f"{prompt[:40]} · K7Q2M")
    data = await clip.read()
    await thread.send(
        f"{interaction.user.mention} here it is: ||a secret||",
        file=discord.File(io.BytesIO(data), "luma-K7Q2M.mp4", spoiler=spoiler),
        allowed_mentions=discord.AllowedMentions(users=True),
    )


class Buttons(discord.ui.View):
    """Two live buttons and a dead one."""

    @discord.ui.button(label="Cancel", style=discord.ButtonStyle.danger)
    async def cancel(self, interaction: discord.Interaction, _button: discord.ui.Button[Any]) -> None:
        """Answer for the presser's eyes only."""
        await interaction.response.send_message("Not **yours** to cancel.", ephemeral=True)

    @discord.ui.button(label="Edit prompt", emoji="✏️")
    async def refine(self, interaction: discord.Interaction, _button: discord.ui.Button[Any]) -> None:
        """Open a form."""
        await interaction.response.send_modal(PromptForm())

    @discord.ui.button(label="Sold out", disabled=True)
    async def dead(self, interaction: discord.Interaction, _button: discord.ui.Button[Any]) -> None:
        """Never be pressed."""


class PromptForm(discord.ui.Modal, title="Edit the prompt"):
    """A form of the newer kind."""

    prompt: discord.ui.Label[Any] = discord.ui.Label(
        text="Prompt",
        description="In English",
        component=discord.ui.TextInput(style=discord.TextStyle.paragraph, default="warmer", max_length=100),
    )
    style: discord.ui.Label[Any] = discord.ui.Label(
        text="Style",
        component=discord.ui.Select(options=[discord.SelectOption(label="Noir"), discord.SelectOption(label="Warm")]),
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Show what was filled in."""
        assert isinstance(self.prompt.component, discord.ui.TextInput)
        assert isinstance(self.style.component, discord.ui.Select)
        await interaction.response.send_message(f"{self.prompt.component.value} / {self.style.component.values[0]}")


@app_commands.context_menu(name="Modify with Luma")
async def menu(interaction: discord.Interaction, message: discord.Message) -> None:
    """Answer with a message in the newer layout about the chosen one."""
    await interaction.response.send_message(view=layout(message.content or "(no words)"))


def layout(text: str) -> discord.ui.LayoutView:
    """Return sections, a list and a separator in a container."""
    view = discord.ui.LayoutView()
    select: discord.ui.Select[Any] = discord.ui.Select(options=[discord.SelectOption(label=name) for name in "ABC"])

    async def chosen(interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"chose {select.values[0]}", ephemeral=True)

    select.callback = chosen  # type: ignore[method-assign]  # discord.py documents this way of setting it
    view.add_item(
        discord.ui.Container(
            discord.ui.TextDisplay(f"## About that message\n> {text}"),
            discord.ui.Separator(),
            discord.ui.ActionRow(select),
            accent_color=0x57F287,
        )
    )
    return view


@app_commands.command(name="moderate", description="For moderators")
@app_commands.default_permissions(moderate_members=True)
async def moderate(interaction: discord.Interaction, user: discord.Member) -> None:
    """Think first, then answer."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await interaction.followup.send(f"{user.mention} behaves.")


@app_commands.command(name="silent", description="Never answers")
async def silent(_interaction: discord.Interaction) -> None:
    """Say nothing."""


@asynccontextmanager
async def running_bot(server: DiscordServer) -> AsyncIterator[PageBot]:
    """Connect a bot to a server until the context ends; it is ready when the context begins."""
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = server.api_url, URL(server.gateway_url)
    bot = PageBot()
    task = asyncio.create_task(bot.start(server.token))
    try:
        await server.actor.wait_for(lambda: server.actor.commands("Mia", "edits"))
        await bot.wait_until_ready()
        yield bot
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway
        await bot.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
