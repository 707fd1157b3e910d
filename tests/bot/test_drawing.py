"""Draw lines and pages from whatever people wrote, with posters that are there, broken or gone."""

import io
from pathlib import Path

import pytest
from PIL import Image

from bot.drawing import BACKGROUND, FAINT, HERE, WIDTH, Tile, draw_line, draw_page
from jobs.job import State
from tests.bot.test_inert import PAYLOADS
from tests.fakes import POSTER

MARGIN, ROW, ALONE = 24, 204, 512


def opened(picture: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(picture))
    image.load()
    return image


@pytest.fixture
def posters(tmp_path: Path) -> list[Path]:
    """Return posters: wide, tall, of one pixel, broken off, no picture at all, gone."""
    paths = [tmp_path / f"{number}.jpg" for number in range(6)]
    Image.new("RGB", (1280, 720), (200, 30, 30)).save(paths[0])
    Image.new("RGB", (720, 1280), (30, 200, 30)).save(paths[1])
    paths[2].write_bytes(POSTER)
    paths[3].write_bytes(paths[0].read_bytes()[:500])
    paths[4].write_bytes(b"<html>")
    return paths


def tiles_of(posters: list[Path], words: str = "make it warm") -> list[Tile]:
    return [
        Tile(f"AB{n}CD", words, state, posters[n % len(posters)], number=n + 1, parent=n, is_here=n == 2)
        for n, state in enumerate(State)
    ]


def test_a_line_and_a_page_fit_discord(posters: list[Path]) -> None:
    for draw in (draw_line, draw_page):
        for count in (0, 1, 2, 7):
            picture = draw(tiles_of(posters)[:count])
            image = opened(picture)
            assert image.width == (ALONE if draw is draw_page and count < 2 else WIDTH)
            assert 100 < image.height < 3000
            assert len(picture) < 2_000_000


def test_posters_and_the_version_looked_at_are_seen(posters: list[Path]) -> None:
    image = opened(draw_line(tiles_of(posters)[:3])).convert("RGB")
    assert near(image.getpixel((240, 110)), (200, 30, 30))
    assert near(image.getpixel((240, 315)), (30, 200, 30))
    assert near(image.getpixel((600, 24 + 2 * 204 + 2)), HERE)


def test_whatever_is_written_is_drawn(posters: list[Path]) -> None:
    for words in (*PAYLOADS, "W" * 5000, "word " * 1000, "", "雨の夜", "\n" * 50):
        for draw in (draw_line, draw_page):
            assert opened(draw(tiles_of(posters, words)[:2])).width == WIDTH


def test_branches_and_unseen_parents_are_joined(posters: list[Path]) -> None:
    parents = (0, 1, 1, 1, 2, 40, 999_999)
    tiles = [Tile("AB2CD", "x", State.DELIVERED, number=n + 1, parent=parent) for n, parent in enumerate(parents)]
    assert opened(draw_line(tiles)).height > 7 * 200


def test_what_was_made_from_above_the_window_hangs_on_nothing_in_it(posters: list[Path]) -> None:
    parents = {3: 2, 4: 3, 5: 4, 6: 1}
    tiles = [Tile("AB2CD", "x", State.DELIVERED, number=number, parent=parent) for number, parent in parents.items()]
    image = opened(draw_line(tiles)).convert("RGB")
    below_the_fifth = MARGIN + 3 * ROW - 30
    assert near(image.getpixel((MARGIN + 12, below_the_fifth)), BACKGROUND)
    assert near(image.getpixel((MARGIN + 32, below_the_fifth)), FAINT)
    assert near(image.getpixel((MARGIN + 12, below_the_fifth - ROW)), FAINT)


def near(found: object, wanted: tuple[int, int, int]) -> bool:
    """Tell whether a pixel has a colour, as far as JPEG keeps it."""
    assert isinstance(found, tuple)
    return all(abs(a - b) < 40 for a, b in zip(found, wanted, strict=True))
