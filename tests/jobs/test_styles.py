"""Hold the rules of styles: how a prompt is put together, how names are found and ranked."""

import pytest

from jobs.errors import InvalidRequestError
from jobs.prompts import combine
from jobs.styles import BUILT_IN, NAME_CHARS, TEXT_CHARS, Origin, Style, Taste, find_style, rank, visible


@pytest.mark.parametrize(
    ("prompt", "text", "whole"),
    [
        ("make it rain", "", "make it rain"),
        ("make it rain", "In black and white", "make it rain. In black and white"),
        ("make it rain!", "In black and white", "make it rain! In black and white"),
        ("make it rain.", "A painting of {prompt}, soft edges", "A painting of make it rain, soft edges"),
        ("a {prompt} of {prompt}", "{prompt}, twice {prompt}", "a {prompt} of {prompt}, twice {prompt}"),
        ("{0} %s {style}", "after {x}", "{0} %s {style}. after {x}"),
    ],
)
def test_prompt_and_style_are_put_together(prompt: str, text: str, whole: str) -> None:
    assert combine(prompt, text) == whole


def test_the_built_in_styles_are_a_dozen_and_keep_the_limits() -> None:
    assert len(BUILT_IN) == 12
    assert len({style.key for style in BUILT_IN}) == 12
    assert all(len(style.name) <= NAME_CHARS and len(style.text) <= TEXT_CHARS for style in BUILT_IN)
    assert all(style.origin is Origin.BUILT_IN for style in BUILT_IN)


def test_a_servers_own_style_hides_the_built_in_one_of_its_name() -> None:
    styles = visible([Style("WARM", "our own warm")])
    assert find_style(styles, " warm ").text == "our own warm"
    assert len(styles) == 12


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(InvalidRequestError):
        find_style(visible([]), "nothing of the kind")


def test_recent_ones_come_first_then_favourites_then_the_servers_then_the_built_in() -> None:
    styles = visible([Style("House look", "h"), Style("Launch", "l")])
    taste = Taste(frozenset({"cool", "warm"}), ("vintage", "launch", "cool"))
    names = [style.name for style in rank(styles, taste, "")]
    assert names[:5] == ["Vintage", "Launch", "Cool", "Warm", "House look"]
    assert len(names) == 14


def test_what_is_typed_is_looked_for_anywhere_in_the_name() -> None:
    assert [style.name for style in rank(visible([]), Taste(), "  NIGHT ")] == ["Neon night"]
