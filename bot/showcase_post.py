"""Draw the post of a shared result: credit, what the creator chose to show, votes, and a way to take it back."""

from typing import Any

import discord

from bot import inert
from bot.language import tr
from bot.presses import Buttons, build_button, press_id
from bot.replies import result_url
from jobs.job import Job
from jobs.shares import Choices, Share

VOTE, WITHDRAW = "vote", "withdraw"
_COLOR = 0xEB459E


def build_post(job: Job, choices: Choices, *, compared: bool) -> discord.Embed:
    """Return the card of a shared result, as the preview shows it and the showcase gets it."""
    lines = [tr("Made by {creator}", creator=f"<@{job.user_id}>")]
    if choices.prompt:
        lines.append(inert.code_block(job.request.prompt))
    embed = discord.Embed(description="\n".join(lines), color=_COLOR)
    if choices.prompt and job.request.style:
        embed.add_field(name=tr("Style"), value=inert.code(job.request.style))
    if compared:
        embed.add_field(name=tr("Video"), value=tr("before and after"))
    embed.set_footer(text=f"Luma · {job.code}")
    return embed


def post_buttons(share: Share, votes: int) -> Buttons:
    """Return the buttons under a post."""
    label = f"👍 {votes}" if votes else "👍"
    vote = build_button(VOTE, share.id, label, discord.ButtonStyle.primary)
    return Buttons(vote, build_button(WITHDRAW, share.id, tr("Withdraw")))


def is_post_of(message: discord.Message, share: Share) -> bool:
    """Tell whether a message of ours is the post of a share: its vote button names it."""
    wanted = press_id(VOTE, share.id)
    return any(getattr(button, "custom_id", None) == wanted for row in message.components for button in _children(row))


def _children(row: Any) -> list[Any]:
    return list(getattr(row, "children", ()))


def post_title(job: Job, choices: Choices, creator: str) -> str:
    """Return the title of a forum's post, at most 100 units: the prompt where it is shown, else whose it is."""
    if choices.prompt:
        return inert.thread_name(job.request.prompt, job.code)
    ending = f" · {job.code}"
    name = inert.plain(creator, 60)
    return (tr("An edit by {name}", name=name) if name else tr("An edit")) + ending


def original_words(job: Job) -> str:
    """Say which result is meant, with a link where it stands."""
    url = result_url(job)
    return f"`{job.code}` {url}" if url else f"`{job.code}`"
