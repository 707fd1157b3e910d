"""Guide through all that can be done, a chapter at a time, made from the commands themselves.

A command that no chapter names is not left out: it stands in the last one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands

from bot import refusals
from bot.client import LumaBot
from bot.command_words import name_of
from bot.language import tr, tr_known, tr_name
from bot.presses import Buttons, press_id, read_values
from bot.rights import Right, has_right
from jobs.job import Kind

HELP = "tour"  # as the buttons of earlier pages have it
Shown = app_commands.Command[Any, ..., Any] | app_commands.ContextMenu
_MENU_TYPES = (discord.AppCommandType.message, discord.AppCommandType.user)


@dataclass(frozen=True, slots=True)
class Chapter:
    """Hold one chapter: `names` are whole commands or beginnings of them; `right` who is shown it."""

    key: str
    names: tuple[str, ...]
    options: bool = False
    right: Right | None = None


# These always stand in the tree; those that generate and extend stand there where a service does it.
MODIFYING = frozenset({"luma modify", "Modify with Luma"})
CHAPTERS = (
    Chapter("edit", ("luma modify", "luma generate", "luma extend", "Modify with Luma", "Extend with Luma"), True),
    Chapter("results", ("luma history", "luma show", "luma cancel")),
    Chapter("share", ("luma styles", "luma top")),
    Chapter("limits", ("luma quota", "luma privacy", "luma help")),
    Chapter("moderate", ("luma-mod ",), right=Right.MODERATE),
    Chapter("setup", ("luma-setup ",), right=Right.SETUP),
    Chapter("more", ()),
)


def title_of(chapter: Chapter) -> str:
    """Return a chapter's title."""
    return {
        "edit": tr("Make an edit"),
        "results": tr("Your results"),
        "share": tr("Styles and showcase"),
        "limits": tr("What you have, what is stored"),
        "moderate": tr("For moderators"),
        "setup": tr("For who runs the server"),
        "more": tr("More"),
    }[chapter.key]


def intro_of(chapter: Chapter, *, modifies: bool) -> str:
    """Return what a chapter begins with; `modifies` tells whether a service here edits clips."""
    return {
        "edit": _edit_intro(modifies),
        "results": tr(
            "The buttons under a result work for ever: run it again, edit its prompt, use it as input, compare before "
            "and after, share it, rate it, delete it. Every version knows what it was made from."
        ),
        "share": tr(
            "A style goes along with your prompt. **Share** under a result shows you first how it will stand in the "
            "showcase; nothing is shared until you say so, and you can take it back at any time. Others vote."
        ),
        "limits": tr("What you may still make and why, and everything that is kept about you."),
        "moderate": tr("Watch over quotas, members and edits. Each act is kept in the log, with its reason."),
        "setup": tr("Set what members may have and where; every change is kept in the log."),
        "more": tr("What else there is."),
    }[chapter.key]


def _edit_intro(modifies: bool) -> str:
    if modifies:
        return tr(
            "Attach a clip, or right-click a message with a video and choose **Apps**. Say in English what should "
            "change and how: *turn the street into a rainy night with neon lights*. The video comes into a thread "
            "under your command, in a few minutes, and mentions you. An edit that fails is never counted."
        )
    return tr(
        "Say in English what the video should show: *a street on a rainy night with neon lights*. The video comes into "
        "a thread under your command, in a few minutes, and mentions you. One that fails is never counted. No service "
        "here edits clips."
    )


def _modifies(bot: LumaBot) -> bool:
    return bool(bot.desk.lifecycle.services(Kind.MODIFY))


def all_commands(bot: LumaBot) -> Iterator[Shown]:
    """Yield every command of the tree, groups opened, and every entry of the right-click menus."""
    for found in bot.tree.walk_commands(type=discord.AppCommandType.chat_input):
        if isinstance(found, app_commands.Command):
            yield found
    for kind in _MENU_TYPES:
        yield from (each for each in bot.tree.get_commands(type=kind) if isinstance(each, app_commands.ContextMenu))


def chapter_of(command: Shown) -> Chapter:
    """Return the chapter a command stands in."""
    name = command.qualified_name
    return next((each for each in CHAPTERS if name.startswith(each.names or ("\0",))), CHAPTERS[-1])


def open_chapters(interaction: discord.Interaction[LumaBot]) -> list[tuple[Chapter, list[Shown]]]:
    """Return the chapters for a person, each with its commands.

    Those of others' rights are left out, and the commands that edit clips where no service does.
    """
    commands = [
        each
        for each in all_commands(interaction.client)
        if each.qualified_name not in MODIFYING or _modifies(interaction.client)
    ]
    found = [(each, [one for one in commands if chapter_of(one) is each]) for each in CHAPTERS]
    return [
        (chapter, inside)
        for chapter, inside in found
        if inside and (chapter.right is None or has_right(interaction, chapter.right))
    ]


async def show_help(interaction: discord.Interaction[LumaBot]) -> None:
    """Answer with the first chapter."""
    embed, view = _page(interaction.client, open_chapters(interaction), CHAPTERS[0].key)
    await interaction.response.send_message(embed=embed, view=view, ephemeral=True)


async def turn_help_page(interaction: discord.Interaction[LumaBot], _subject: str) -> None:
    """Show the chapter chosen in the menu."""
    chosen = read_values(interaction)
    chapters = open_chapters(interaction)
    if len(chosen) != 1 or chosen[0] not in [chapter.key for chapter, _ in chapters]:
        raise refusals.old_button()
    embed, view = _page(interaction.client, chapters, chosen[0])
    await interaction.response.edit_message(embed=embed, view=view)


def _page(bot: LumaBot, chapters: Sequence[tuple[Chapter, list[Shown]]], key: str) -> tuple[discord.Embed, Buttons]:
    place, (chapter, commands) = next((index, each) for index, each in enumerate(chapters) if each[0].key == key)
    text = "\n".join([intro_of(chapter, modifies=_modifies(bot)), "", *_lines(chapter, commands)])
    embed = discord.Embed(title=title_of(chapter), description=text)
    embed.set_footer(text=tr("Chapter {place} of {count}", place=place + 1, count=len(chapters)))
    menu: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=press_id(HELP, "chapters"),
        options=[
            discord.SelectOption(label=title_of(each), value=each.key, default=each is chapter) for each, _ in chapters
        ],
    )
    view = Buttons()
    view.add_item(menu)
    return embed, view


def _lines(chapter: Chapter, commands: Iterable[Shown]) -> Iterator[str]:
    for command in commands:
        if isinstance(command, app_commands.ContextMenu):
            yield tr("**{name}**: right-click a message, then **Apps**", name=tr_name("command", command.name))
            continue
        yield f"**/{name_of(command.qualified_name)}** {tr_known(command.description)}"
        if chapter.options:
            for each in command.parameters:
                yield f"-# `{tr_name('option', each.name)}` {tr_known(str(each.description))}"
