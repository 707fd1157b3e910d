"""Know the styles a member may use where they are, from memory, and suggest them."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import discord
from discord import app_commands

from bot import inert
from bot.choices import MOST_CHOICES
from bot.language import tr
from bot.presses import build_choice_field
from bot.recent_cache import RecentCache
from jobs.styles import BUILT_IN, Origin, Style, StyleStore, Taste, find_style, rank, visible

_SERVERS = 1000
_MEMBERS = 10_000
DIRECT = 0  # stands for a server in direct messages
T = TypeVar("T")


class StyleShelf:
    """Keep servers' styles and members' taste in memory above the store; only it may change them."""

    def __init__(self, store: StyleStore) -> None:
        self.store = store
        self._own: RecentCache[int, tuple[Style, ...]] = RecentCache(self._read_own, _SERVERS)
        self._tastes: RecentCache[tuple[int, int], Taste] = RecentCache(self._read_taste, _MEMBERS)

    async def _read_own(self, guild_id: int) -> tuple[Style, ...]:
        return tuple(await self.store.styles(guild_id))

    async def _read_taste(self, key: tuple[int, int]) -> Taste:
        return await self.store.taste(*key)

    async def own(self, guild_id: int) -> tuple[Style, ...]:
        """Return a server's own styles in their order."""
        return await self._own.get(guild_id)

    async def all(self, guild_id: int | None) -> tuple[Style, ...]:
        """Return the styles to choose from in a server, or (None) in direct messages."""
        return visible(await self.own(guild_id)) if guild_id else BUILT_IN

    async def taste(self, user_id: int, guild_id: int | None) -> Taste:
        """Return what a member likes and used last."""
        return await self._tastes.get((user_id, guild_id or DIRECT))

    async def find(self, guild_id: int | None, name: str) -> Style:
        """Return the style of a name; raises InvalidRequestError."""
        return find_style(await self.all(guild_id), name)

    async def change(self, guild_id: int, act: Callable[[StyleStore], Awaitable[T]]) -> T:
        """Change a server's styles."""
        try:
            return await act(self.store)
        finally:
            self._own.forget(guild_id)

    async def set_favourite(
        self, user_id: int, guild_id: int | None, style: Style, *, liked: bool, now_ms: int
    ) -> None:
        """Make a style a member's favourite, or one no more."""
        key = (user_id, guild_id or DIRECT)
        try:
            await self.store.set_favourite(*key, style.key, liked=liked, now_ms=now_ms)
        finally:
            self._tastes.forget(key)

    def note_use(self, user_id: int, guild_id: int | None) -> None:
        """Note that a member has asked for an edit with a style: their last used ones are others now."""
        self._tastes.forget((user_id, guild_id or DIRECT))

    def forget_all(self) -> None:
        """Read everything anew: somebody was erased."""
        self._own.clear()
        self._tastes.clear()


async def suggest_styles(interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
    """Suggest styles by name: recent ones first, then favourites, the server's, the built-in ones."""
    shelf: StyleShelf = interaction.client.desk.styles
    taste = await shelf.taste(interaction.user.id, interaction.guild_id)
    ranked = rank(await shelf.all(interaction.guild_id), taste, typed)
    return [app_commands.Choice(name=shown_name(style, taste), value=style.name) for style in ranked[:MOST_CHOICES]]


def shown_name(style: Style, taste: Taste) -> str:
    """Return a style's name with the sign of what it is to the member."""
    sign = "⭐ " if style.key in taste.favourites else "🕘 " if style.key in taste.recent else ""
    return sign + inert.plain(style.name, 60)


async def suggest_own_styles(interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
    """Suggest the server's own styles, for those who change them."""
    own = await interaction.client.desk.styles.own(interaction.guild_id or DIRECT)
    ranked = rank(own, Taste(), typed)
    return [app_commands.Choice(name=inert.plain(style.name, 60), value=style.name) for style in ranked[:MOST_CHOICES]]


async def build_style_field(interaction: discord.Interaction[Any]) -> discord.ui.Label[Any]:
    """Return the field of a form where one of the styles may be chosen, those first that suggestions begin with."""
    shelf: StyleShelf = interaction.client.desk.styles
    taste = await shelf.taste(interaction.user.id, interaction.guild_id)
    ranked = rank(await shelf.all(interaction.guild_id), taste, "")[:MOST_CHOICES]
    options = [discord.SelectOption(label=shown_name(style, taste), value=style.name) for style in ranked]
    return build_choice_field("style", tr("Style"), options, placeholder=tr("None"))


async def read_style(interaction: discord.Interaction[Any], name: str | None) -> Style | None:
    """Return the style of an option, None for no option; raises InvalidRequestError."""
    if not name or not name.strip():
        return None
    style: Style = await interaction.client.desk.styles.find(interaction.guild_id, name)
    return style


def origin_word(style: Style) -> str:
    """Return the sign of whose a style is."""
    return "🏠" if style.origin is Origin.SERVER else "🎨"
