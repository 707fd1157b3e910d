"""Turn what a person gave to `/luma modify`, the message menu or a form into an edit, checked in the fixed order."""

from dataclasses import dataclass, replace
from typing import Any

import discord

from bot.client import LumaBot
from bot.clip_claims import attached_clip, check_claim, clip_in, find_video, find_video_link, has_expired
from bot.entry import enter
from bot.intake import Ask, take_in
from bot.language import tr
from bot.message_links import find_linked_file, read_message_link, resolve_message_link
from bot.options import LINK_CHARS, START_CHARS, read_prompt, read_start
from bot.pictures import NOTHING, Given, read_pictures
from bot.presses import Form, build_checks_field, build_prompt_field, build_text_field
from bot.refusals import link_expired
from bot.service_options import Value, check_offered, read_options, wants_of
from bot.styles import build_style_field, read_style
from jobs.errors import InvalidRequestError, UnusableClipError
from jobs.job import ClipSource, Kind, Request


@dataclass(frozen=True, slots=True)
class Wish:
    """Hold the options of a modify command as they were given."""

    prompt: str
    clip: discord.Attachment | None = None
    link: str | None = None
    watermark: str | None = None
    spoiler: bool = False
    private: bool = False
    strength: str | None = None
    model: str | None = None
    first_frame: Given = NOTHING
    style: str | None = None
    start: str | None = None

    @property
    def options(self) -> dict[str, Value]:
        """Return the options that not every service has."""
        return {"watermark": self.watermark, "strength": self.strength, "model": self.model}

    @property
    def wants(self) -> frozenset[str]:
        """Name those of them that were given, and the picture."""
        return wants_of(self.options, () if self.first_frame.is_empty else ("first_frame",))


async def modify(interaction: discord.Interaction[LumaBot], wish: Wish, origin: ClipSource | None = None) -> None:
    """Check a wish and take it in; `origin` is the message a link was taken from, if it was."""
    await enter(interaction)
    abilities = interaction.client.desk.lifecycle.choose_service(Kind.MODIFY, wish.wants)
    prompt = read_prompt(wish.prompt, abilities)
    check_offered(wish.wants, abilities)
    style = await read_style(interaction, wish.style)
    request = Request(
        Kind.MODIFY,
        prompt,
        style=style.name if style else "",
        style_text=style.text if style else "",
        clip=await _clip(interaction, wish, origin),
        start_seconds=read_start(wish.start),
        spoiler=wish.spoiler,
        private=wish.private,
        options=read_options(wish.options, abilities),
        images=read_pictures(interaction.client, {"first_frame": wish.first_frame}, abilities),
    )
    await take_in(interaction, Ask(request, abilities.name))


async def _clip(interaction: discord.Interaction[LumaBot], wish: Wish, origin: ClipSource | None) -> ClipSource:
    max_bytes = interaction.client.desk.max_clip_bytes
    if wish.clip is None and not wish.link:
        raise InvalidRequestError(
            "Give exactly one of `clip` (a file) and `link` (a link to a video); you gave neither.", rule="clip"
        )
    if wish.clip is not None and wish.link:
        raise InvalidRequestError(
            "Give exactly one of `clip` (a file) and `link` (a link to a video); you gave both.", rule="clip"
        )
    if wish.clip is not None:
        check_claim(wish.clip, max_bytes)
        return attached_clip(wish.clip)
    link = (wish.link or "").strip()
    message_link = read_message_link(link)
    if message_link is not None:
        return await resolve_message_link(interaction, message_link, max_bytes)
    interaction.client.desk.check_link(link)
    clip = replace(origin, url=link) if origin is not None else ClipSource(link)
    if not has_expired(clip, interaction.client.desk.clock.now_ms()):
        return clip
    renewed = await find_linked_file(interaction, link)
    if renewed is None:
        raise link_expired()
    return renewed


async def ask_for_prompt(interaction: discord.Interaction[LumaBot], message: discord.Message) -> None:
    """Open the form of **Modify with Luma** for a message's video; raises UserError where there is none."""
    await enter(interaction)
    abilities = interaction.client.desk.lifecycle.choose_service(Kind.MODIFY)
    attachment = find_video(message)
    link = find_video_link(message) if attachment is None else None
    if attachment is not None:
        check_claim(attachment, interaction.client.desk.max_clip_bytes)
        link = clip_in(message, attachment).url
    if not link:
        raise UnusableClipError("There is no video in that message. Choose one with a video file.", rule="clip")
    subject = f"{message.channel.id}.{message.id}.{attachment.id if attachment else 0}"
    await interaction.response.send_modal(
        Form("modify", subject, tr("Modify with Luma"), *await _fields(interaction, abilities.prompt_chars, link))
    )


async def _fields(
    interaction: discord.Interaction[LumaBot], prompt_chars: int, link: str
) -> list[discord.ui.Label[Any]]:
    """Return as many of the command's options as a form can have: five."""
    how = [
        discord.CheckboxGroupOption(label=tr("Hide the video behind a spoiler"), value="spoiler"),
        discord.CheckboxGroupOption(label=tr("Only for you: in your direct messages with me"), value="private"),
    ]
    return [
        build_prompt_field(
            tr("How should the clip look?"),
            prompt_chars,
            description=tr("In English, for example: turn it into a rainy night with neon lights"),
        ),
        await build_style_field(interaction),
        build_text_field(
            "start",
            tr("Start"),
            description=tr("Where to cut a longer clip from: seconds, or minutes:seconds"),
            max_length=START_CHARS,
            required=False,
        ),
        build_checks_field("how", tr("The result"), how),
        build_text_field(
            "link",
            tr("The video"),
            description=tr("Filled in from the message; leave it as it is"),
            value=link,
            max_length=LINK_CHARS,
        ),
    ]


def read_origin(subject: str, link: str, here: int | None) -> ClipSource | None:
    """Return the message a form was opened on, while its link is still the one of that message's file.

    Its sender must be in the message's channel (`here`): a forged id would have the bot read any other for them.
    """
    channel_id, message_id, attachment_id = (int(number) for number in subject.split("."))
    if channel_id != here or not attachment_id or f"/{attachment_id}/" not in link:
        return None
    filename = link.partition("?")[0].rpartition("/")[2]
    return ClipSource(link, filename, channel_id=channel_id, message_id=message_id, attachment_id=attachment_id)
