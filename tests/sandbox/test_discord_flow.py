"""The unmodified discord.py against the local Discord: the whole way of a command, and everything around it."""

import io
from typing import Any

import discord
from discord import app_commands

from sandbox.discord.clock import SystemClock
from sandbox.discord.default_world import build_world
from sandbox.discord.server import DiscordServer
from sandbox.discord.views import as_json
from tests.environment import need_openapi
from tests.sandbox.discord_bot import CommandBot, running_client

CLIP = ("my clip.mp4", bytes(range(256)) * 64)


class RefineModal(discord.ui.Modal, title="Refine"):
    """A form of one text and one file."""

    prompt: discord.ui.TextInput["RefineModal"] = discord.ui.TextInput(
        label="Prompt", default="old", custom_id="prompt", max_length=20
    )
    file: discord.ui.Label["RefineModal"] = discord.ui.Label(
        text="Clip", component=discord.ui.FileUpload(custom_id="file", required=False)
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Say what was filled in."""
        upload = self.file.component
        assert isinstance(upload, discord.ui.FileUpload)
        sizes = [len(await one.read()) for one in upload.values]
        await interaction.response.send_message(f"{self.prompt.value} {sizes}", ephemeral=True)


class ResultView(discord.ui.View):
    """Buttons and a menu that live for ever."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Refine", custom_id="refine")
    async def refine(self, interaction: discord.Interaction, _: discord.ui.Button["ResultView"]) -> None:
        """Open the form."""
        await interaction.response.send_modal(RefineModal())

    @discord.ui.button(label="Done", custom_id="done")
    async def done(self, interaction: discord.Interaction, _: discord.ui.Button["ResultView"]) -> None:
        """Change the message."""
        await interaction.response.edit_message(content="changed", view=None)

    @discord.ui.select(custom_id="pick", options=[discord.SelectOption(label="A"), discord.SelectOption(label="B")])
    async def pick(self, interaction: discord.Interaction, select: discord.ui.Select["ResultView"]) -> None:
        """Repeat the choice."""
        await interaction.response.send_message(select.values[0], ephemeral=True)


async def modify(interaction: discord.Interaction, prompt: str, clip: discord.Attachment, style: str = "") -> None:
    """Defer, read the clip, answer, open a thread, post into it."""
    await interaction.response.defer()
    data = await clip.read()
    message = await interaction.edit_original_response(content=f"{prompt}{style}", view=ResultView())
    thread = await message.create_thread(name=prompt)
    await thread.send("result", file=discord.File(io.BytesIO(data[::-1]), "result.mp4"))


async def on_message_menu(interaction: discord.Interaction, message: discord.Message) -> None:
    """Say what was clicked on."""
    names = [one.filename for one in message.attachments]
    await interaction.response.send_message(f"{message.content} {names}", ephemeral=True)


async def layout(interaction: discord.Interaction) -> None:
    """Show a container with text and a file."""
    view = discord.ui.LayoutView()
    gallery: discord.ui.MediaGallery[discord.ui.LayoutView] = discord.ui.MediaGallery()
    gallery.add_item(media="attachment://a.mp4")
    view.add_item(discord.ui.Container(discord.ui.TextDisplay("# Title"), gallery))
    await interaction.response.send_message(view=view, file=discord.File(io.BytesIO(b"1"), "a.mp4"))


class FlowBot(CommandBot):
    """A small bot that does what ours does."""

    def __init__(self) -> None:
        super().__init__()
        group = app_commands.Group(name="luma", description="Edit clips")
        group.command(name="modify", description="Edit a clip")(modify)
        self.tree.add_command(group)
        self.tree.context_menu(name="Modify with Luma")(on_message_menu)
        self.tree.command(name="layout", description="Components V2")(layout)

    async def setup_hook(self) -> None:
        """Send the commands and take up old buttons."""
        await super().setup_hook()
        self.add_view(ResultView())


def flow_server() -> DiscordServer:
    return DiscordServer(build_world(SystemClock()), openapi=need_openapi())


async def run_modify(server: DiscordServer) -> Any:
    actor = server.actor
    started = await actor.slash("Mia", "edits", "luma modify", {"prompt": "warm"}, {"clip": CLIP})
    assert started.message is not None
    card_id = started.message.id

    def finished() -> Any:
        thread = actor.message("Mia", card_id).thread
        found = actor.messages("Mia", thread.id) if thread else []
        return [one for one in found if one.attachments]

    await actor.wait_for(finished)
    return actor.message("Mia", card_id)


async def test_the_whole_way_of_a_command() -> None:
    async with flow_server() as server, running_client(server, FlowBot()) as client:
        card = await run_modify(server)
        result = server.actor.messages("Noah", card.thread.id)[-1]
        async with client.http._HTTPClient__session.get(result.attachments[0].url) as answer:  # type: ignore[attr-defined]  # name-mangled
            data = await answer.read()

        assert (card.content, card.loading, card.command_by.name) == ("warm", False, "Mia")
        assert (result.content, data) == ("result", CLIP[1][::-1])
        assert isinstance(as_json(card)["id"], str)
        job = [(one.method, one.status) for one in server.exchanges if one.method != "GET"][1:]
        assert job == [("POST", 200), ("PATCH", 200), ("POST", 201), ("POST", 200)]
        assert (server.violations, server.answer_violations) == ([], [])


async def test_a_button_opens_a_form_that_comes_back_with_a_file() -> None:
    async with flow_server() as server, running_client(server, FlowBot()):
        card = await run_modify(server)
        opened = await server.actor.press("Noah", card.id, "refine")
        assert opened.modal is not None
        assert opened.modal.title == "Refine"
        untouched = await server.actor.submit_modal(opened.id, {})
        opened = await server.actor.press("Noah", card.id, "refine")
        filled = await server.actor.submit_modal(opened.id, {"prompt": "new"}, {"file": [("b.mp4", b"123")]})

        assert untouched.message is not None
        assert filled.message is not None
        assert (untouched.message.content, filled.message.content) == ("old []", "new [3]")
        assert filled.message.ephemeral
        assert filled.message.id not in {one.id for one in server.actor.messages("Mia", "edits")}
        await server.actor.delete_message("Noah", filled.message.id)
        assert (server.violations, server.answer_violations) == ([], [])


async def test_old_buttons_work_after_a_restart() -> None:
    async with flow_server() as server:
        async with running_client(server, FlowBot()):
            card = await run_modify(server)
        async with running_client(server, FlowBot()):
            chosen = await server.actor.select("Mia", card.id, "pick", ["B"])
            pressed = await server.actor.press("Mia", card.id, "done")
        assert chosen.message is not None
        assert pressed.message is not None
        assert (chosen.message.content, pressed.message.content) == ("B", "changed")
        assert pressed.message.components == ()


async def test_a_context_menu_gets_the_message_in_full() -> None:
    async with flow_server() as server, running_client(server, FlowBot()):
        message = await server.actor.post("Mia", "edits", "look", [CLIP])
        view = await server.actor.context_menu("Noah", "Modify with Luma", message.id)
        assert view.message is not None
        assert view.message.content == "look ['my_clip.mp4']"
        assert (server.violations, server.answer_violations) == ([], [])


async def test_a_layout_shows_its_file() -> None:
    async with flow_server() as server, running_client(server, FlowBot()):
        view = await server.actor.slash("Mia", "edits", "layout")
        assert view.message is not None
        container = view.message.components[0]
        assert container["components"][0]["content"] == "# Title"
        assert container["components"][1]["items"][0]["media"]["url"] == view.message.attachments[0].url
        assert (server.violations, server.answer_violations) == ([], [])


async def test_a_command_in_a_forum_post_and_in_a_direct_conversation() -> None:
    async with flow_server() as server, running_client(server, FlowBot()):
        post = await server.actor.start_post("Mia", "clip-help", "How?", "my clip", [CLIP])
        dm = server.world.open_dm(server.world.find_user("Mia"))
        for place in (post.id, dm.id):
            view = await server.actor.slash("Mia", place, "layout")
            assert view.state == "answered"
            assert server.actor.messages("Mia", place)[-1].flags & 1 << 15


async def test_what_discord_py_is_told_of_permissions_and_limits() -> None:
    server = DiscordServer(build_world(SystemClock(), boost_tier=2))
    bot = CommandBot()
    told: list[Any] = []

    @bot.tree.command(description="Tell")
    async def tell(interaction: discord.Interaction) -> None:
        permissions = interaction.app_permissions
        told.extend([interaction.filesize_limit, permissions.send_messages, permissions.manage_messages])
        told.extend([interaction.guild and interaction.guild.filesize_limit, interaction.permissions.attach_files])
        await interaction.response.send_message("ok")

    async with server, running_client(server, bot):
        await server.actor.slash("Mia", "edits", "tell")
    assert told == [50 << 20, True, False, 50 << 20, True]
