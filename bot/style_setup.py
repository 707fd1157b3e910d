"""Let people with Manage Server add, edit, remove and order the server's styles; each change is kept in the log."""

from dataclasses import replace

import discord

from bot import inert
from bot.admin import build_act
from bot.client import LumaBot
from bot.entry import check_words
from bot.language import tr
from bot.options import find_foreign_word
from bot.setup_acts import confirm
from jobs.errors import InvalidRequestError
from jobs.job import Kind, Request
from jobs.prompts import PROMPT_MARK
from jobs.styles import NAME_CHARS, SAMPLE_CHARS, TEXT_CHARS, Style, find_style


async def add_style(interaction: discord.Interaction[LumaBot], name: str, text: str, sample: str) -> None:
    """Add a style."""
    style = await _checked(interaction, Style(_one_line(name), _text(text), _one_line(sample)))
    act = build_act(interaction)
    shelf = interaction.client.desk.styles
    await confirm(interaction, await shelf.change(act.guild_id, lambda store: store.add(act, style)))


async def edit_style(
    interaction: discord.Interaction[LumaBot], name: str, new: str | None, text: str | None, sample: str | None
) -> None:
    """Change a style's name, text or sample; what is not given stays."""
    if new is None and text is None and sample is None:
        raise InvalidRequestError("Say what is to change: the name, the text or the sample.", rule="style")
    act = build_act(interaction)
    shelf = interaction.client.desk.styles
    before = find_style(await shelf.own(act.guild_id), name)
    after = replace(
        before,
        name=before.name if new is None else _one_line(new),
        text=before.text if text is None else _text(text),
        sample=before.sample if sample is None else _one_line(sample.removeprefix("-")),
    )
    after = await _checked(interaction, after)
    await confirm(interaction, await shelf.change(act.guild_id, lambda store: store.edit(act, before.name, after)))


async def remove_style(interaction: discord.Interaction[LumaBot], name: str) -> None:
    """Remove a style."""
    act = build_act(interaction)
    shelf = interaction.client.desk.styles
    await confirm(interaction, await shelf.change(act.guild_id, lambda store: store.remove(act, name)))


async def order_style(interaction: discord.Interaction[LumaBot], name: str, position: int) -> None:
    """Move a style to another place in the list."""
    act = build_act(interaction)
    shelf = interaction.client.desk.styles
    await confirm(interaction, await shelf.change(act.guild_id, lambda store: store.put(act, name, position)))


def _one_line(text: str) -> str:
    return inert.one_line(text, 1000)


def _text(text: str) -> str:
    return inert.clean(text)


async def _checked(interaction: discord.Interaction[LumaBot], style: Style) -> Style:
    _check_lengths(style)
    if style.text.count(PROMPT_MARK) > 1:
        raise InvalidRequestError("The prompt can stand in a style's text only once.", rule="style")
    foreign = find_foreign_word(style.text)
    if foreign is not None:
        raise InvalidRequestError(
            "The video services understand English only, and {word} is in another script. "
            "Please write the style's text in English.",
            rule="style",
            word=inert.code(foreign, 40),
        )
    texts = Request(Kind.MODIFY, style.text, style=style.name, options={"sample": style.sample})
    await check_words(interaction, texts)
    return style


def _check_lengths(style: Style) -> None:
    if not style.name or not style.text:
        raise InvalidRequestError("A style needs a name and a text.", rule="style")
    for what, text, limit in (
        (tr("name"), style.name, NAME_CHARS),
        (tr("text"), style.text, TEXT_CHARS),
        (tr("sample"), style.sample, SAMPLE_CHARS),
    ):
        if len(text) > limit:
            raise InvalidRequestError(
                "The style's {what} has {count} characters; at most {limit} fit. Please shorten it.",
                rule="style",
                what=what,
                count=len(text),
                limit=limit,
            )
