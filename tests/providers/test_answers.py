"""Read loosely typed values."""

import pytest

from providers.answers import as_link, as_links, as_number, as_object, as_task_id, as_text, as_time_ms, safe_text


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, 1.0),
        (812.5, 812.5),
        ("812.5", 812.5),
        (" 7 ", 7.0),
        (0, 0.0),
        (True, None),
        (None, None),
        ("", None),
        ("many", None),
        ("nan", None),
        (float("inf"), None),
        (10**400, None),
        ([1], None),
    ],
)
def test_numbers(value: object, number: float | None) -> None:
    assert as_number(value) == number


@pytest.mark.parametrize(
    ("value", "moment_ms"),
    [
        (1_760_000_000_000, 1_760_000_000_000),
        ("1760000000000", 1_760_000_000_000),
        (1_760_000_000, 1_760_000_000_000),
        (1_760_000_000.5, 1_760_000_000_500),
        ("2025-11-15T14:05:30Z", 1_763_215_530_000),
        ("2025-11-15T14:05:30", 1_763_215_530_000),
        ("2025-11-15T15:05:30+01:00", 1_763_215_530_000),
        (0, None),
        (-5, None),
        ("", None),
        ("yesterday", None),
        (None, None),
        ({}, None),
        (1e300, None),
        ("9" * 20, None),
        ("0001-01-01T00:00:00+23:59", None),
    ],
)
def test_times(value: object, moment_ms: int | None) -> None:
    assert as_time_ms(value) == moment_ms


def test_links() -> None:
    good = "https://tempfile.example/a.mp4?x=1"
    assert as_links([good, good, "http://b.example/"]) == (good, "http://b.example/")
    assert as_links(f'["{good}"]') == (good,)
    assert as_links(f" {good}\n") == (good,)
    assert as_links([None, 1, {}, [good], ""]) == ()
    for bad in (
        "ftp://a.example/",
        "//a.example/",
        "https://",
        "https://a b",
        "https://[::1",
        "https://a/\x00",
        "x" * 9000,
    ):
        assert as_link(bad) == "", bad


def test_texts_and_ids() -> None:
    texts: list[object] = [" a ", 7, 1.5, True, None, [], 10**5000]
    assert [as_text(value) for value in texts] == ["a", "7", "1.5", "", "", "", ""]
    ids: list[object] = ["luma_1", 42, "a b", "", "\u00e9", "a" * 201]
    assert [as_task_id(value) for value in ids] == ["luma_1", "42", "", "", "", ""]
    assert as_object('{"a": 1}') == {"a": 1}
    assert as_object('{"a": ') == as_object("[1]") == as_object(3) == as_object(None) == {}


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("could not fetch https://bot.example/f?sig=1 today", "could not fetch [link] today"),
        ("see http:\\/\\/a.example\\/b", "see [link]"),
        ("see https%3A%2F%2Fa.example%2Fb", "see [link]"),
        ("two\nlines\tand\x00more\u202e", "two lines and more"),
        ("a" * 1_000, "a" * 300),
        ("x" * 290 + " https://bot.example/secret", "x" * 290 + " [link]"),
        (None, ""),
        ({"msg": "x"}, ""),
    ],
)
def test_a_services_words_are_made_fit_to_show(words: object, shown: str) -> None:
    assert safe_text(words) == shown
