"""Find or make the poster frames of results, and draw pictures of them off the loop."""

import asyncio
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import discord

from bot import inert
from bot.client import LumaBot
from bot.drawing import Tile
from bot.faults import DISCORD_FAULTS
from bot.pressing import has_video, one_at_a_time
from jobs.errors import LumaBotError
from jobs.job import Job
from jobs.result_ports import Keepsake, Pair

PICTURE = "luma.jpg"
_drawing = asyncio.Semaphore(2)


async def find_posters(bot: LumaBot, jobs: Iterable[Job]) -> Mapping[str, Path]:
    """Return the posters of results by job, made now where the video is kept and none is; the others are left out."""
    wanted = [job for job in jobs if has_video(job) and job.deleted_at_ms is None]
    kept = await bot.desk.results.store.keepsakes([job.id for job in wanted], Keepsake.POSTER)
    files = await asyncio.gather(*(_find_or_make(bot, job, kept.get(job.id, "")) for job in wanted))
    return {job.id: bot.desk.results.gallery.path(file) for job, file in zip(wanted, files, strict=True) if file}


async def _find_or_make(bot: LumaBot, job: Job, kept: str) -> str:
    results = bot.desk.results
    if await results.gallery.keeps(kept):
        return kept
    if job.result is None or not await results.gallery.keeps(job.result.file):
        return ""
    async with one_at_a_time(f"poster:{job.id}"):
        made = await results.store.keepsakes([job.id], Keepsake.POSTER)
        if await results.gallery.keeps(made.get(job.id, "")):
            return made[job.id]
        try:
            file = await results.gallery.poster(job, job.result)
        except LumaBotError:
            return ""
        if await results.store.keep(Pair(job.id), Keepsake.POSTER, file):
            return file
        await results.gallery.discard(file)
        return ""


def build_tile(job: Job, posters: Mapping[str, Path], *, number: int = 0, parent: int = 0, here: str = "") -> Tile:
    """Return how an edit is drawn."""
    return Tile(
        job.code,
        inert.one_line(job.request.prompt, 300),
        job.state,
        posters.get(job.id),
        number=number,
        parent=parent,
        is_here=job.id == here,
        is_deleted=job.deleted_at_ms is not None,
    )


async def draw(paint: Callable[[Sequence[Tile]], bytes], tiles: Sequence[Tile]) -> discord.File:
    """Draw a picture in a thread of its own."""
    async with _drawing:
        picture = await asyncio.to_thread(paint, tiles)
    return discord.File(io.BytesIO(picture), PICTURE)


async def add_picture(interaction: discord.Interaction[LumaBot], embed: discord.Embed, file: discord.File) -> None:
    """Put a picture under an answer that stands already; one that has been dismissed is let go."""
    embed.set_image(url=f"attachment://{PICTURE}")
    try:
        await interaction.edit_original_response(embed=embed, attachments=[file])
    except DISCORD_FAULTS:
        pass
    finally:
        file.close()
