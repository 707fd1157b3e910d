"""Draw a member's edits, page by page: a picture of posters, a line each, menus to choose one and to filter."""

from dataclasses import dataclass

import discord

from bot import inert, refusals, replies
from bot.client import LumaBot
from bot.drawing import draw_page
from bot.job_filters import FILTERS, filter_name
from bot.language import tr
from bot.posters import add_picture, build_tile, draw, find_posters
from bot.presses import Buttons, build_button, build_menu, read_values
from bot.showing import press_show
from jobs.job import Job
from jobs.result_ports import Search

PAGE_JOBS = 8
TEXT_CHARS = 40
_MOST_PAGES = 100_000


@dataclass(frozen=True, slots=True)
class View:
    """Say which page of which edits is looked at; a button's id carries it as `page.only.text`."""

    page: int = 0
    only: str = "all"
    text: str = ""

    @property
    def subject(self) -> str:
        """Return what a button's id carries."""
        return f"{self.page}.{self.only}.{self.text}"


@dataclass(frozen=True, slots=True)
class Page:
    """Hold one page's edits."""

    view: View
    jobs: tuple[Job, ...]
    more: bool


def read_view(subject: str) -> View:
    """Return the page of a press; raises UserError for an id that is not ours."""
    number, _, rest = subject.partition(".")
    only, _, text = rest.partition(".")
    if only not in FILTERS or not number.isascii() or not number.isdecimal() or int(number[:7]) > _MOST_PAGES:
        raise refusals.old_button()
    return View(int(number), only, text[:TEXT_CHARS])


async def open_history(interaction: discord.Interaction[LumaBot], only: str, text: str) -> None:
    """Answer with the first page, for the member's eyes only; its picture comes after."""
    view = View(0, only, inert.one_line(text, TEXT_CHARS))
    page = await read_page(interaction, view)
    embed = build_page(page)
    await interaction.response.send_message(embed=embed, view=page_parts(page), ephemeral=True)
    await _add_posters(interaction, page, embed)


async def turn_page(interaction: discord.Interaction[LumaBot], subject: str) -> None:
    """Show another page in place of the one that is shown."""
    await _turn(interaction, read_view(subject))


async def filter_page(interaction: discord.Interaction[LumaBot], subject: str) -> None:
    """Show the first page of other edits in place of the one that is shown."""
    chosen = next(iter(read_values(interaction)), "")
    await _turn(interaction, read_view(f"0.{chosen}.{subject.partition('.')[2]}"))


async def choose_job(interaction: discord.Interaction[LumaBot], _subject: str) -> None:
    """Show the edit that was chosen."""
    await press_show(interaction, next(iter(read_values(interaction)), ""))


async def _turn(interaction: discord.Interaction[LumaBot], view: View) -> None:
    page = await read_page(interaction, view)
    embed = build_page(page)
    await interaction.response.edit_message(embed=embed, view=page_parts(page), attachments=[])
    await _add_posters(interaction, page, embed)


async def read_page(interaction: discord.Interaction[LumaBot], view: View) -> Page:
    """Return one page (from 0) of the asking member's own edits here."""
    search = Search(interaction.user.id, interaction.guild_id, FILTERS[view.only], view.text)
    jobs = await interaction.client.desk.results.store.search(search, offset=view.page * PAGE_JOBS, limit=PAGE_JOBS + 1)
    return Page(view, tuple(jobs[:PAGE_JOBS]), len(jobs) > PAGE_JOBS)


async def _add_posters(interaction: discord.Interaction[LumaBot], page: Page, embed: discord.Embed) -> None:
    posters = await find_posters(interaction.client, page.jobs)
    if posters:
        tiles = [build_tile(job, posters) for job in page.jobs]
        await add_picture(interaction, embed, await draw(draw_page, tiles))


def build_page(page: Page) -> discord.Embed:
    """Return a page as text."""
    lines = [_line(job) for job in page.jobs] or [_nothing(page.view)]
    embed = discord.Embed(title=_title(page.view), description="\n".join(lines))
    return embed.set_footer(text=tr("Page {number}", number=page.view.page + 1))


def _title(view: View) -> str:
    if view.text:
        return tr("Your edits with “{text}”", text=inert.plain(view.text, TEXT_CHARS))
    return tr("Your edits") if view.only == "all" else tr("Your edits: {only}", only=filter_name(view.only))


def _nothing(view: View) -> str:
    if view == View():
        return tr("Nothing here yet. Make your first edit with `/luma modify`.")
    return tr("Nothing here.")


def _line(job: Job) -> str:
    when = replies.relative_time(job.created_at_ms)
    url = replies.result_url(job) if job.deleted_at_ms is None else None
    word = tr("deleted") if job.deleted_at_ms is not None else replies.state_word(job.state)
    place = f" · {url}" if url else ""
    return f"{replies.state_sign(job)} `{job.code}` {when} · {word}{place}\n{inert.code(job.request.prompt, 90)}"


def page_parts(page: Page) -> Buttons:
    """Return the menus and buttons of a page."""
    parts = Buttons()
    view = page.view
    if page.jobs:
        options = [
            discord.SelectOption(
                label=f"{job.code} · {replies.state_word(job.state)}",
                value=job.id,
                description=inert.plain(job.request.prompt, 90) or None,
            )
            for job in page.jobs
        ]
        parts.add_item(build_menu("pick", view.subject, tr("Open an edit"), options))
    filters = [discord.SelectOption(label=filter_name(each), value=each, default=each == view.only) for each in FILTERS]
    parts.add_item(build_menu("filter", view.subject.partition(".")[2], tr("Which edits"), filters))
    if view.page > 0:
        parts.add_item(build_button("history", View(view.page - 1, view.only, view.text).subject, tr("Newer")))
    if page.more:
        parts.add_item(build_button("history", View(view.page + 1, view.only, view.text).subject, tr("Older")))
    return parts
