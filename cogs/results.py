"""Let members act on how an edit ended: the buttons under results and failures."""

from typing import cast

from discord.ext import commands

from bot.again import ask_for_words, ask_what_next, make_again, make_onward, make_reworded
from bot.client import LumaBot
from bot.comparing import press_compare, press_compare_two
from bot.deleting import ask_delete, delete_result
from bot.first_result import telling
from bot.rating import dislike, like
from bot.reuse import ask_for_clip, make_with_clip
from bot.showing import post_again, press_show, show_prompt


async def setup(bot: commands.Bot) -> None:
    """Add this area to the bot."""
    luma_bot = cast("LumaBot", bot)
    actions = {
        "again": telling(make_again),
        "reword": ask_for_words,
        "reworded": telling(make_reworded),
        "input": ask_what_next,
        "onward": telling(make_onward),
        "compare": telling(press_compare),
        "compare_two": telling(press_compare_two),
        "delete": ask_delete,
        "deletion": delete_result,
        "like": telling(like),
        "dislike": telling(dislike),
        "show": telling(press_show),
        "post": telling(post_again),
        "prompt": show_prompt,
        "reuse": ask_for_clip,
        "reuse_with": make_with_clip,
    }
    for name, action in actions.items():
        luma_bot.add_action(name, action)
