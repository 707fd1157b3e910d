"""Read the pictures of a command, each a file or a link, by what Discord says of them; the truth is probed later."""

from collections.abc import Mapping
from dataclasses import dataclass

import discord

from bot import inert, replies
from bot.client import LumaBot
from bot.clip_claims import has_expired
from bot.language import tr, tr_name
from bot.refusals import link_expired
from jobs.errors import InvalidRequestError, UnusableClipError
from jobs.job import ClipSource, Job, Picture
from jobs.services import Abilities

TYPES = frozenset({"image/png", "image/jpeg", "image/webp"})
ENDINGS = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True, slots=True)
class Given:
    """Hold a picture as it was given: as a file, as a link, or not at all."""

    file: discord.Attachment | None = None
    link: str | None = None

    @property
    def is_empty(self) -> bool:
        """Tell whether there is no picture."""
        return self.file is None and not (self.link or "").strip()


NOTHING = Given()


def read_pictures(bot: LumaBot, given: Mapping[str, Given], abilities: Abilities) -> dict[str, Picture]:
    """Return the pictures that were given, by name; raises UserError for one that will not do."""
    return {name: Picture(_read(bot, name, each, abilities)) for name, each in given.items() if not each.is_empty}


async def keep_pictures(bot: LumaBot, job: Job) -> dict[str, Picture]:
    """Return the pictures of a job as a new one can have them: as they were looked at, else from where they came."""
    return {name: await _keep(bot, name, each) for name, each in job.request.images.items()}


async def _keep(bot: LumaBot, name: str, picture: Picture) -> Picture:
    if picture.file and await bot.desk.results.gallery.keeps(picture.file):
        return picture
    if has_expired(picture.source, bot.desk.clock.now_ms()):
        raise UnusableClipError(
            "I can't read the picture of `{name}` any more: its link has expired. Please run the command again with "
            "it.",
            rule=name,
            name=tr_name("option", name),
        )
    return Picture(picture.source)


def _read(bot: LumaBot, name: str, given: Given, abilities: Abilities) -> ClipSource:
    if given.file is not None and given.link:
        raise InvalidRequestError(
            "Give either `{name}` (a file) or `{link}` (a link), not both.",
            rule=name,
            name=tr_name("option", name),
            link=tr_name("option", f"{name}_url"),
        )
    if given.file is not None:
        _check_claim(given.file, abilities)
        file = given.file
        return ClipSource(file.url, file.filename, file.size, attachment_id=file.id)
    link = (given.link or "").strip()
    bot.desk.check_link(link)
    source = ClipSource(link)
    if has_expired(source, bot.desk.clock.now_ms()):
        raise link_expired()
    return source


def _check_claim(file: discord.Attachment, abilities: Abilities) -> None:
    shown = inert.code(file.filename, 60)
    kind = (file.content_type or "").split(";")[0].strip().lower()
    if kind not in TYPES and not (kind == "" and file.filename.lower().endswith(ENDINGS)):
        raise UnusableClipError(
            "{name} is no picture the video service takes (its type is {type}). Attach a PNG, JPEG or WebP file.",
            rule="picture_type",
            name=shown,
            type=inert.code(kind or tr("unknown"), 60),
        )
    if not 0 < file.size <= abilities.image_bytes:
        raise UnusableClipError(
            "{name} has {size}; {title} takes pictures of up to {limit}. Please make it smaller.",
            rule="picture_bytes",
            name=shown,
            size=replies.size(file.size),
            title=abilities.title,
            limit=replies.size(abilities.image_bytes),
        )
