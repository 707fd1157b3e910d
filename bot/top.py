"""Show the week's best of a server's showcase: a picture of their posters and votes, and links."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import discord

from bot import inert
from bot.client import LumaBot
from bot.drawing import FAINT, Tile, draw_page
from bot.language import tr, trn
from bot.posters import add_picture, draw, find_posters
from bot.replies import message_url
from jobs.errors import UserError
from jobs.shares import Ranked

SHOWN = 6
_LOOKED_AT = 50
WEEK_MS = 7 * 24 * 3600 * 1000
_MEDALS = ("🥇", "🥈", "🥉")
_METALS = ((255, 200, 60), (200, 205, 215), (205, 127, 50))


async def show_top(interaction: discord.Interaction[LumaBot]) -> None:
    """Answer with the week's best that the asking member may see; raises UserError where there is none."""
    if interaction.guild is None:
        raise UserError("Only a server has a showcase; use this in one.", rule="showcase")
    desk = interaction.client.desk
    since_ms = desk.clock.now_ms() - WEEK_MS
    best = await desk.showcase.store.best(interaction.guild.id, since_ms=since_ms, limit=_LOOKED_AT)
    shown = [ranked for ranked in best if _may_see(interaction, ranked)][:SHOWN]
    if not shown:
        raise UserError(
            "Nothing was shared to the showcase in the last seven days. Be the first: press **Share** under one of "
            "your results.",
            rule="showcase",
        )
    embed = discord.Embed(title=tr("The week's best"), description="\n".join(map(_line, range(len(shown)), shown)))
    await interaction.response.send_message(embed=embed, ephemeral=True)
    posters = await find_posters(interaction.client, [each.job for each in shown if not each.share.choices.spoiler])
    await add_picture(interaction, embed, await draw(draw_page, build_tiles(shown, posters)))


def _may_see(interaction: discord.Interaction[LumaBot], ranked: Ranked) -> bool:
    """Tell whether a member may look into the channel a share stands in: what is private stays it."""
    assert interaction.guild is not None
    channel = interaction.guild.get_channel_or_thread(ranked.share.channel_id)
    if channel is None or not isinstance(interaction.user, discord.Member):
        return False
    return channel.permissions_for(interaction.user).view_channel


def _line(index: int, ranked: Ranked) -> str:
    share = ranked.share
    assert share.post is not None
    sign = _MEDALS[index] if ranked.votes and index < len(_MEDALS) else f"**{index + 1}.**"
    votes = trn("{count} vote", "{count} votes", ranked.votes)
    url = message_url(share.guild_id, share.post.channel_id, share.post.message_id)
    return f"{sign} <@{share.user_id}> · {votes} · {url}"


def build_tiles(shown: Sequence[Ranked], posters: Mapping[str, Path]) -> list[Tile]:
    """Return how the best are drawn: place and votes, and the prompt only where its creator shows it."""
    return [
        Tile(
            f"{place}   \N{BLACK UP-POINTING TRIANGLE} {each.votes}",
            inert.one_line(each.job.request.prompt, 300) if each.share.choices.prompt else each.share.code,
            each.job.state,
            posters.get(each.job.id),
            dot=_METALS[place - 1] if each.votes and place <= len(_METALS) else FAINT,
        )
        for place, each in enumerate(shown, start=1)
    ]
