"""Draw a member's edits, page by page."""

import discord

from bot import inert, replies
from bot.client import LumaBot
from bot.presses import Buttons, build_button
from jobs.job import OPEN_STATES, Job, State

PAGE_JOBS = 8
FILTERS: dict[str, frozenset[State] | None] = {
    "all": None,
    "open": OPEN_STATES,
    "done": frozenset({State.DELIVERED}),
    "failed": frozenset({State.FAILED}),
    "cancelled": frozenset({State.CANCELLED}),
}
_SIGNS = {State.DELIVERED: "✅", State.FAILED: "⚠️", State.CANCELLED: "🚫"}


async def read_page(
    interaction: discord.Interaction[LumaBot], page: int, only: str
) -> tuple[discord.Embed, Buttons | None]:
    """Return one page (from 0) of the asking member's own edits here."""
    jobs = await interaction.client.desk.store.history(
        interaction.user.id,
        interaction.guild_id,
        states=FILTERS[only],
        offset=page * PAGE_JOBS,
        limit=PAGE_JOBS + 1,
    )
    return build_page(jobs[:PAGE_JOBS], page, only), page_buttons(page, only, more=len(jobs) > PAGE_JOBS)


def build_page(jobs: list[Job], page: int, only: str) -> discord.Embed:
    """Return a page."""
    lines = [_line(job) for job in jobs] or [
        "Nothing here yet. Make your first edit with `/luma modify`." if only == "all" and not page else "Nothing here."
    ]
    title = "Your edits" if only == "all" else f"Your edits: {only}"
    return discord.Embed(title=title, description="\n".join(lines)).set_footer(text=f"Page {page + 1}")


def _line(job: Job) -> str:
    sign = _SIGNS.get(job.state, "⏳")
    when = replies.relative_time(job.created_at_ms)
    url = replies.result_url(job)
    place = f" · {url}" if url else ""
    return f"{sign} `{job.code}` {when} · {replies.state_word(job.state)}{place}\n{inert.code(job.request.prompt, 90)}"


def page_buttons(page: int, only: str, *, more: bool) -> Buttons | None:
    """Return the buttons that turn pages; None where there is only one."""
    buttons = []
    if page > 0:
        buttons.append(build_button("history", f"{page - 1}.{only}", "Newer"))
    if more:
        buttons.append(build_button("history", f"{page + 1}.{only}", "Older"))
    return Buttons(*buttons) if buttons else None


def read_subject(subject: str) -> tuple[int, str] | None:
    """Return page and filter of a press; None for one that is not ours."""
    number, _, only = subject.partition(".")
    if only not in FILTERS or not number.isascii() or not number.isdecimal() or len(number) > 6:
        return None
    return int(number), only
