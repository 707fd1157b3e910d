"""Show the line of versions an edit stands in: as text, as a picture, and with a menu to compare any two."""

from typing import Any

import discord

from bot import inert, replies
from bot.client import LumaBot
from bot.drawing import draw_line
from bot.language import tr
from bot.posters import build_tile, draw, find_posters
from bot.presses import build_menu
from bot.pressing import has_video
from jobs.job import Job
from jobs.result_ports import Line, Version

IN_TEXT = 25  # as many choices as one of Discord's menus has
IN_PICTURE = 6


def build_text(line: Line, here: str) -> str:
    """Return the window of a line as text, one version a line, the newest last."""
    shown = [_line(version, here) for version in line.versions]
    if line.hidden:
        shown.append(tr("… {hidden} more", hidden=line.hidden))
    return "\n".join(shown)


def _line(version: Version, here: str) -> str:
    job = version.job
    name = f"**v{version.number}**" if job.id == here else f"v{version.number}"
    source = f" ← v{version.parent}" if version.parent else ""
    return f"{replies.state_sign(job)} {name}{source} · `{job.code}` · {inert.code(job.request.prompt, 50)}"


async def draw_versions(bot: LumaBot, line: Line, here: str) -> discord.File:
    """Return the picture of a line about one version."""
    versions = window(line, here)
    posters = await find_posters(bot, [version.job for version in versions])
    return await draw(
        draw_line,
        [build_tile(each.job, posters, number=each.number, parent=each.parent, here=here) for each in versions],
    )


def window(line: Line, here: str) -> tuple[Version, ...]:
    """Return the versions that are drawn: as many as fit, about one."""
    index = next((index for index, each in enumerate(line.versions) if each.job.id == here), 0)
    first = max(0, min(index - IN_PICTURE // 2, len(line.versions) - IN_PICTURE))
    return line.versions[first : first + IN_PICTURE]


def compare_menu(line: Line, job: Job) -> discord.ui.Select[Any] | None:
    """Return a menu of which two versions are to be compared; None where there are no two."""
    done = [each for each in line.versions if is_comparable(each.job)]
    if len(done) < 2:
        return None
    options = [
        discord.SelectOption(
            label=f"v{each.number} · {each.job.code}",
            value=each.job.id,
            description=inert.plain(each.job.request.prompt, 90) or None,
        )
        for each in done
    ]
    return build_menu("compare_two", job.id, tr("Compare two versions"), options, count=2)


def is_comparable(job: Job) -> bool:
    """Tell whether a job has a result to hold against another."""
    return has_video(job) and job.deleted_at_ms is None and bool(job.result and job.result.file)


def name_version(line: Line, job: Job) -> str:
    """Return which version of its line a job is; empty where it stands alone."""
    version = line.find(job.id)
    if version is None or len(line.versions) < 2:
        return ""
    return tr("Version {number} of {total}", number=version.number, total=line.total)
