"""Hold that what people typed cannot ping, link or format its way out, wherever we echo it."""

import re
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from bot import inert

PAYLOADS = [
    # mentions
    "@everyone",
    "@here",
    "<@123456789012345678>",
    "<@!123456789012345678>",
    "<@&123456789012345678>",
    "<#123456789012345678>",
    "@\u200beveryone",
    "\uff20everyone <@\u2060123456789012345678>",
    # masked links
    "[click](https://evil.example)",
    "[https://good.example](https://evil.example)",
    "[x](<https://evil.example>)",
    "[x](https://evil.example 'title')",
    "![x](https://evil.example/i.png)",
    # breaking out of code
    "``` ```",
    "```\n@everyone\n```",
    "`` ` ``",
    "\u1fef\u1fef\u1fef @everyone",
    # headings, quotes, lists, subtext
    "# big",
    ">>> quote",
    "> quote",
    "-# small",
    "* a\n* b",
    # invites and links
    "discord.gg/abcdef",
    "https://discord.com/invite/abcdef",
    "http://evil.example",
    "<https://evil.example>",
    # unseen
    "abc\u202edcba",
    "\u2066abc\u2069",
    "a\u0000b\u0007c",
    "\x1b[31mred\x1b[0m",
    "z" + "\u0301\u0302\u0303\u0304" * 1300,
    "x" * 4000,
    "\n" * 500 + "end",
    "a\r\nb\u2028c\x85d",
    # Discord's own tags
    "</modify:123456789012345678>",
    "<t:0:R>",
    "<id:customize>",
    "<:name:123456789012345678>",
    "<a:name:123456789012345678>",
    "ansi\n\x1b[2;31mred",
    "\U000e0041\U000e0042 tags",
    "\ud800 half",
    "",
    "   ",
]
LIVE = re.compile(r"@everyone|@here|<(?:@[!&]?|#|:|a:|/|t:|id:)|https?://|`")
FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn"}


def test_the_payloads_are_forty_at_least() -> None:
    assert len(PAYLOADS) >= 40


def test_a_code_block_keeps_everything_inside() -> None:
    for payload in PAYLOADS:
        block = inert.code_block(payload, 1000)
        assert block.startswith("```\n"), payload
        assert block.endswith("\n```"), payload
        assert "`" not in block[4:-4], payload
        assert inert.length(block) <= 1008
        assert block.count("\n") <= 14


def test_inline_code_keeps_everything_inside() -> None:
    for payload in PAYLOADS:
        text = inert.code(payload, 60)
        assert (text[0], text[-1]) == ("`", "`"), payload
        assert len(text) > 2
        assert not {"`", "\n"} & set(text[1:-1]), payload


def test_names_hold_no_live_mention_link_or_code() -> None:
    for payload in PAYLOADS:
        assert not LIVE.search(inert.plain(payload, 100)), payload


def test_prose_holds_no_live_mention_link_or_formatting() -> None:
    for payload in PAYLOADS:
        text = inert.prose(payload, 100)
        assert not LIVE.search(text), payload
        assert not re.search(r"(?<!\\)[*_~|#\[\]()]", text), payload


def test_thread_names_fit_and_end_in_the_code() -> None:
    for payload in PAYLOADS:
        name = inert.thread_name(payload, "AB2CD")
        assert 0 < inert.length(name) <= 100, payload
        assert name.endswith(" · AB2CD"), payload
        assert not LIVE.search(name), payload


def test_ordinary_texts_stay_as_they_are() -> None:
    for text in (
        "make it warm",
        "Café at night, 50 % darker!",
        "two\nlines",
        "日本語 prompts",
        "it's 3 < 4 & so on 🎬",
    ):
        assert inert.clean(text) == text


def test_towers_of_marks_are_thinned_and_accents_kept() -> None:
    assert inert.clean("e\u0301") == "é"
    assert len(inert.clean("z" + "\u0301\u0317\u0323\u0330\u0333\u0300" * 50)) <= 5


def test_a_cut_never_ends_in_half_a_letter() -> None:
    assert inert.cut("🎬🎬🎬", 4) == "🎬…"
    assert inert.cut("abcde\u0301x", 6) == "abcd…"
    assert inert.cut("abc", 3) == "abc"
    assert inert.cut("abc", 0) == ""


@settings(max_examples=10_000)
@given(st.text(alphabet=st.characters(exclude_categories=[]), max_size=120), st.integers(20, 80))
def test_any_text_at_all_becomes_clean(text: str, limit: int) -> None:
    cleaned = inert.clean(text)
    assert not {unicodedata.category(character) for character in cleaned if character != "\n"} & FORBIDDEN
    assert inert.clean(cleaned) == cleaned
    for made in (inert.one_line(text, limit), inert.plain(text, limit), inert.cut(cleaned, limit)):
        assert inert.length(made) <= limit
    assert inert.plain(inert.plain(text, limit), limit) == inert.plain(text, limit)
    assert inert.length(inert.code_block(text, limit)) <= limit + 8
    assert inert.length(inert.thread_name(text, "AB2CD")) <= 100
