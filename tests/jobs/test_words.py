# ruff: noqa: RUF001 - look-alikes are what these tests are about
"""Hold the word filter to finding words behind disguises and to leaving innocent texts alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import InvalidRequestError
from jobs.words import Hit, WordFilter, build_filter, check_word

WORDS = WordFilter(["spam", "ass", "fuck", "shit*", "*porn*", "bad word", "1488", "毒品", "c?t", "сука", "cunt"])

DISGUISES = {
    "spam": [
        "spam", "SPAM", "SpAm!", "(spam)", "spaaaam", "s p a m", "s.p.a.m", "s-p_a m", "s*p*a*m", "s|p|a|m",
        "ѕрам", "ＳＰＡＭ", "ｓｐａｍ", "s\u200bp\u200ca\u200dm", "s\u00adpam", "sp\ufeffam", "s\u034fpam",
        "śpåm", "sp\u0336a\u0336m", "𝓼𝓹𝓪𝓶", "𝚜𝚙𝚊𝚖", "ⓢⓟⓐⓜ", "🅂🄿🄰🄼", "🇸🇵🇦🇲", "ꜱᴘᴀᴍ", "ЅΡᎪⅯ", "5p4m", "$p@m",
        "s\u3000p\u3000a\u3000m", "s\npam s p\ta\nm", "\u202emaps", "sp\u202eam", "s pa m", "**spam**", "`spam`",
        "~~s~~p~~a~~m", "#spam", "@spam", "s\u0300\u0301\u0302\u0303pam", "sp*m", "s🙂p🙂a🙂m", "s\u2060pam", "sp4m",
        "||spam||", "I s p a m", "ꓢpam",
    ],
    "ass": ["a$$", "a55", "a$s!", "asss", "@ss", "4ss", "а\u0455\u0455", "a s s", "a-s-s", "ª$$", "ₐss", "ᗩss"],
    "fuck": ["f*ck", "f**k", "fu#k", "fu©k", "fυck", "ƒuck", "f u c k", "fuuuuck", "ｆuсk", "f%ck", "ғuck"],
    "shit*": ["shit", "shitty", "$hit", "sh1t", "sh!t", "shits.", "sh|tty"],
    "*porn*": ["porn", "foodporn", "p0rnography", "food-porn-pic", "рorn"],
    "bad word": ["bad word", "BAD   word", "bad-word", "badword", "b4d w0rd", "b a d w o r d", "bad\u200b word"],
    "1488": ["1488", "14-88", "l488", "I488"],
    "毒品": ["毒品", "请画毒品吧", "毒 品", "毒-品", "毒\u200b品"],
    "c?t": ["cat", "cut", "CÖT", "c4t"],
    "сука": ["сука", "СУКА", "cyka", "сyка"],
    "cunt": ["cunt!!!", "<cunt>", "¢unt", "cu_nt"],
}  # fmt: skip

INNOCENT = [
    "Scunthorpe", "class assess assassin pass grass", "spaam", "spamalot", "a clip of 455 people", "mode 4 cars",
    "such as S. Smith", "as so", "the cast coat", "f***", "*** ###", "bad, wordless", "the rapid prawn", "14 88 people",
    "it is a fun cup", "s p a d", "a black cat\u2019s", "c t", "品毒", "", " ", "!!!", "\u202e", "1", "Bad Worden",
    "hips a must", "what is hi to", "$5.50 @home", "https://example.com/assets/class",
]  # fmt: skip


def words_of(text: str) -> set[str]:
    """Return the words a text hits."""
    return {hit.word for hit in WORDS.find(text)}


@pytest.mark.parametrize("word", DISGUISES)
def test_a_word_is_found_behind_every_disguise(word: str) -> None:
    missed = [text for text in DISGUISES[word] if word not in words_of(text)]
    assert missed == []


@pytest.mark.parametrize("word", DISGUISES)
def test_a_disguise_is_found_amid_other_text(word: str) -> None:
    missed = [text for text in DISGUISES[word] if word not in words_of(f"Make the sky blue, {text} and calm; thanks")]
    assert missed == []


def test_innocent_texts_are_left_alone() -> None:
    hit = {text: words_of(text) - {"c?t"} for text in INNOCENT}
    assert {text: words for text, words in hit.items() if words} == {}


def test_a_hit_shows_the_piece_of_the_text() -> None:
    assert WORDS.find("Show ѕ\u200bрам, then f*ck it") == (Hit("spam", "ѕ\u200bрам"), Hit("fuck", "f*ck"))
    assert WORDS.find("make it a s s !") == (Hit("ass", "a s s"),)


def test_a_filter_without_words_finds_nothing() -> None:
    assert WordFilter([]).find("spam") == ()
    assert build_filter(("a b",)) is build_filter(("a b",))


@pytest.mark.parametrize("word", ["*", "?*?", "a", "a*", "  ", "", "!", "*1*", "毒*", "x" * 61, "\u200b\u200b", "- -"])
def test_words_that_would_hit_everything_or_nothing_are_refused(word: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check_word(word)
    assert caught.value.rule == "word"


@pytest.mark.parametrize(
    ("word", "kept"), [("  Bad \n WORD", "bad word"), ("Spam*", "spam*"), ("毒", "毒"), ("ß!", "ss!"), ("42", "42")]
)
def test_words_are_kept_in_one_spelling(word: str, kept: str) -> None:
    assert check_word(word) == kept
    assert check_word(kept) == kept


LETTERS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=12)


@given(LETTERS, st.randoms())
@settings(max_examples=300, deadline=None)
def test_any_word_is_found_with_anything_invisible_between_its_letters(word: str, chance: object) -> None:
    found = WordFilter([check_word(word)])
    for between in ("", "\u200b", "\u0301", "\u2064", "\ufe0f", ".", "_", "🙂"):
        assert [hit.word for hit in found.find(f"so {between.join(word)}, then")] == [word]
    if len(word) > 2:
        assert word in [hit.word for hit in found.find("so, " + " ".join(word) + ", then")]


@given(st.text(max_size=300), st.lists(st.text(min_size=1, max_size=60), max_size=8))
@settings(max_examples=300, deadline=None)
def test_no_text_and_no_word_breaks_the_filter(text: str, words: list[str]) -> None:
    kept = []
    for word in words:
        try:
            kept.append(check_word(word))
        except InvalidRequestError:
            continue
    for hit in WordFilter(kept).find(text):
        assert hit.word in kept
        assert hit.found in text
        assert hit.found


@given(LETTERS)
@settings(max_examples=200, deadline=None)
def test_a_word_is_found_in_itself_and_not_inside_a_longer_one(word: str) -> None:
    found = WordFilter([word])
    assert [hit.found for hit in found.find(word)] == [word]
    assert found.find(f"{word}q{word}x") == ()


def test_many_words_and_a_hostile_text_take_little_time() -> None:
    words = [f"word{number:03}xyz" for number in range(300)] + [f"*wi{number}*ld*" for number in range(100)]
    found = WordFilter([*words, "a*b*c*d*e*f*g*h*i*j", "ilililililililililil1l1l1l1l1l"])
    texts = ["a b c d ", "f*ck ", "ab ", "i1l|!", "a!b+", "aaaa", "wi1 wi2ldwi3", "毒品", "\u0301a", "s.p.a.m "]
    for text in texts:
        found.find((text * 4000)[:4000])  # a search that explodes runs into the test's own time limit
