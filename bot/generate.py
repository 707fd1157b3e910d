"""Turn what a person gave to `/luma generate` and `/luma extend` into a job, checked in the fixed order."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import discord

from bot import replies
from bot.client import LumaBot
from bot.entry import enter
from bot.intake import Ask, take_in
from bot.language import tr
from bot.options import read_prompt
from bot.own_jobs import find_own_by_code
from bot.pictures import Given, read_pictures
from bot.presses import Form, build_prompt_field
from bot.pressing import find_here, is_own
from bot.refusals import job_gone
from bot.service_options import Value, check_offered, read_options, wants_of
from bot.styles import read_style
from jobs.errors import InvalidRequestError, UnusableClipError
from jobs.job import Job, Kind, Request, State

GENERATIONS = frozenset({Kind.GENERATE, Kind.EXTEND})
_VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wish:
    """Hold the options of a command as they were given; `options` are those that not every service has."""

    prompt: str
    options: Mapping[str, Value] = field(default_factory=dict)
    pictures: Mapping[str, Given] = field(default_factory=dict)
    spoiler: bool = False
    private: bool = False
    style: str | None = None

    @property
    def wants(self) -> frozenset[str]:
        """Name the options and pictures that were given."""
        return wants_of(self.options, (name for name, each in self.pictures.items() if not each.is_empty))


async def generate(interaction: discord.Interaction[LumaBot], wish: Wish) -> None:
    """Check a wish for a new video and take it in."""
    await enter(interaction)
    await _take_in(interaction, Kind.GENERATE, wish)


async def extend(interaction: discord.Interaction[LumaBot], wish: Wish, code: str | None) -> None:
    """Check a wish to go on with a video, named by a job's code, by its id or by its address, and take it in."""
    await enter(interaction)
    video_id, video_url = (str(wish.options.get(name) or "").strip() for name in ("video_id", "video_url"))
    given = [name for name, value in (("job", code), ("video_id", video_id), ("video_url", video_url)) if value]
    if len(given) != 1:
        raise InvalidRequestError(
            "Give exactly one of `job` (one of your own finished videos), `video_id` and `video_url`.", rule="video"
        )
    if code:
        await extend_job(interaction, await find_own_by_code(interaction, code), wish)
        return
    if video_id and not _VIDEO_ID.fullmatch(video_id):
        raise InvalidRequestError(
            "That `video_id` can't be one: it has letters, digits and dashes, at most 64.", rule="video_id"
        )
    if video_url:
        interaction.client.desk.check_link(video_url)
    named = {"video_id": video_id} if video_id else {"video_url": video_url}
    await _take_in(interaction, Kind.EXTEND, _naming(wish, named))


async def extend_job(interaction: discord.Interaction[LumaBot], job: Job, wish: Wish) -> None:
    """Take in a wish to go on with the video of a job, at the service that made it."""
    if not is_extendable(job) or job.result is None:
        raise InvalidRequestError(
            "`{code}` can't be extended: only a finished video of `/luma generate` or `/luma extend` can.",
            rule="job",
            code=job.code,
        )
    named = {"video_id": job.result.video_id} if job.result.video_id else {"video_url": job.result.url}
    await _take_in(interaction, Kind.EXTEND, _naming(wish, named), job)


def _naming(wish: Wish, named: Mapping[str, Value]) -> Wish:
    kept = {name: value for name, value in wish.options.items() if name not in ("video_id", "video_url")}
    return replace(wish, options={**kept, **named})


async def _take_in(
    interaction: discord.Interaction[LumaBot], kind: Kind, wish: Wish, parent: Job | None = None
) -> None:
    bot = interaction.client
    abilities = bot.desk.lifecycle.choose_service(kind, wish.wants, only=parent.service if parent else "")
    prompt = read_prompt(wish.prompt, abilities)
    check_offered(wish.wants, abilities)
    style = await read_style(interaction, wish.style)
    request = Request(
        kind,
        prompt,
        style=style.name if style else "",
        style_text=style.text if style else "",
        options=read_options(wish.options, abilities),
        images=read_pictures(bot, wish.pictures, abilities),
        spoiler=wish.spoiler,
        private=wish.private,
    )
    await take_in(interaction, Ask(request, abilities.name, parent.id if parent else None))


def is_extendable(job: Job) -> bool:
    """Tell whether a job's video can be gone on with: a finished generation that nobody deleted."""
    return job.kind in GENERATIONS and job.state is State.DELIVERED and job.result is not None and not job.deleted_at_ms


async def ask_to_extend(interaction: discord.Interaction[LumaBot], message: discord.Message) -> None:
    """Open the form of **Extend with Luma** for a message of ours with a finished generation."""
    await enter(interaction)
    job = await _job_of(interaction, message)
    if job is None or not is_extendable(job):
        raise UnusableClipError(
            "There is no video in that message that I can extend. Choose one of mine with a finished video of "
            "`/luma generate` or `/luma extend`.",
            rule="message",
        )
    abilities = interaction.client.desk.lifecycle.choose_service(Kind.EXTEND, only=job.service)
    prompt = build_prompt_field(
        tr("How should the video go on?"),
        abilities.prompt_chars,
        description=tr("In English, for example: the camera rises above the clouds"),
    )
    await interaction.response.send_modal(Form("extend", job.id, tr("Extend with Luma"), prompt))


async def find_extendable(interaction: discord.Interaction[LumaBot], job_id: str) -> Job:
    """Return the job of a form, if the person may go on with its video: their own, or one posted in this server."""
    job = await find_here(interaction, job_id)
    if is_own(interaction, job) or _is_public_here(interaction, job):
        return job
    raise job_gone()


async def _job_of(interaction: discord.Interaction[LumaBot], message: discord.Message) -> Job | None:
    code = replies.read_ending_code(message.content)
    if code is None or message.author.id != interaction.client.application_id:
        return None
    job = await interaction.client.desk.store.find(code)
    if job is None or not (is_own(interaction, job) or _is_public_here(interaction, job)):
        return None
    return job


def _is_public_here(interaction: discord.Interaction[LumaBot], job: Job) -> bool:
    return interaction.guild_id is not None and job.guild_id == interaction.guild_id and not job.request.private
