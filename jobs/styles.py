"""Describe styles: a name for a text that goes to the service with the prompt; those built in, and how they rank."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

from jobs.admin import Act, LogEntry
from jobs.errors import InvalidRequestError

NAME_CHARS = 40
TEXT_CHARS = 500
SAMPLE_CHARS = 300
SERVER_STYLES = 500
RECENT = 5


class Origin(StrEnum):
    """Name whose style it is."""

    SERVER = "server"
    BUILT_IN = "built_in"


@dataclass(frozen=True, slots=True)
class Style:
    """Hold a style; `sample` is a word or link that shows what it does."""

    name: str
    text: str
    sample: str = ""
    origin: Origin = Origin.SERVER

    @property
    def key(self) -> str:
        """Return the name by which it is found, whatever the letter case."""
        return style_key(self.name)


@dataclass(frozen=True, slots=True)
class Taste:
    """Hold the keys of a member's favourites and of the styles they used last, newest first."""

    favourites: frozenset[str] = frozenset()
    recent: tuple[str, ...] = ()


@lru_cache(8192)
def style_key(name: str) -> str:
    """Return the name as it is compared."""
    return " ".join(name.split()).casefold()


def _built_in(name: str, text: str) -> Style:
    return Style(name, text, origin=Origin.BUILT_IN)


# From what the services name as their strengths: grading, light, effects, cleaning up.
BUILT_IN = (
    _built_in("Cinematic", "Grade it like a feature film: teal shadows, warm orange skin tones, soft contrast"),
    _built_in("Warm", "Give it the warm golden light of a late afternoon, gentle highlights and rich ambers"),
    _built_in("Cool", "Shift it to cool blue tones with crisp highlights, like an overcast winter morning"),
    _built_in("Vintage", "Make it look like old 8 mm film: faded colors, fine grain, slight vignette"),
    _built_in("Black and white", "Turn it into black and white with deep blacks, bright highlights and fine grain"),
    _built_in("Moody", "Lift the shadows a little, crush the blacks and add a hint of magenta to the highlights"),
    _built_in("Neon night", "Set it at night in a futuristic city: glass towers, blue and purple neon, wet streets"),
    _built_in("Bright", "Brighten the scene evenly, open up the shadows and keep the colors clean and natural"),
    _built_in("Slow motion", "Play it as smooth half-speed slow motion with natural motion blur"),
    _built_in("Steady", "Stabilize the shot so that the camera glides, keeping the framing as it is"),
    _built_in("Clean and sharp", "Remove noise, sharpen fine detail and bring out texture without changing colors"),
    _built_in("Dreamy", "Soften the light with a gentle glow, pastel colors and a shallow depth of field"),
)


def visible(own: Sequence[Style]) -> tuple[Style, ...]:
    """Return a server's styles and the built-in ones; a server's own hides a built-in one of its name."""
    names = {style.key for style in own}
    return (*own, *(style for style in BUILT_IN if style.key not in names))


def find_style(styles: Iterable[Style], name: str) -> Style:
    """Return the style of a name, in any letter case; raises InvalidRequestError."""
    key = style_key(name)
    found = next((style for style in styles if style.key == key), None)
    if found is None:
        raise InvalidRequestError(
            "There is no such style here. Choose one of the suggestions, or look through `/luma styles`.", rule="style"
        )
    return found


def rank(styles: Sequence[Style], taste: Taste, typed: str) -> list[Style]:
    """Return the styles whose name holds what was typed: recent ones, favourites, the server's, the built-in ones."""
    wanted = style_key(typed)
    fitting = [style for style in styles if wanted in style.key]
    places = {key: place for place, key in enumerate(taste.recent)}

    def place(style: Style) -> tuple[int, int]:
        if style.key in places:
            return (0, places[style.key])
        if style.key in taste.favourites:
            return (1, 0)
        return (2 if style.origin is Origin.SERVER else 3, 0)

    return sorted(fitting, key=place)  # a stable sort: within a group the moderators' order stays


class StyleStore(Protocol):
    """Keep servers' styles and members' favourites.

    Each change of a server's styles and its log entry are one transaction; raises StorageError, and
    InvalidRequestError where a name is taken or unknown, or the server has too many.
    """

    async def styles(self, guild_id: int) -> list[Style]:
        """Return a server's own styles in their order."""

    async def add(self, act: Act, style: Style) -> LogEntry:
        """Add a style behind the others."""

    async def edit(self, act: Act, name: str, after: Style) -> LogEntry | None:
        """Write a style anew in its place; None where nothing changes."""

    async def remove(self, act: Act, name: str) -> LogEntry:
        """Remove a style; jobs that use it keep its text."""

    async def put(self, act: Act, name: str, position: int) -> LogEntry | None:
        """Move a style to a position from 1; None where it stands there."""

    async def taste(self, user_id: int, guild_id: int) -> Taste:
        """Return a member's favourites and last used styles in a server."""

    async def set_favourite(self, user_id: int, guild_id: int, key: str, *, liked: bool, now_ms: int) -> None:
        """Make a style a member's favourite, or one no more."""
