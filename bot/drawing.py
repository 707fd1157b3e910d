"""Draw posters of edits: a line of versions, and a page of a history. Blocking: call it off the loop.

The pictures carry their own background and hold no words of ours, so that they read the same on Discord's dark and
light themes, on a phone, and in every language.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from jobs.job import State

Color = tuple[int, int, int]
BACKGROUND, CARD, INK, FAINT = (30, 31, 38), (43, 45, 54), (242, 243, 245), (148, 155, 168)
HERE = (91, 140, 255)
_DOTS: dict[State, Color] = {
    State.DELIVERED: (87, 242, 135),
    State.FAILED: (237, 66, 69),
    State.CANCELLED: (153, 170, 181),
}
_WORKING: Color = (254, 231, 92)
WIDTH = 1000
_MARGIN, _LANE, _ROW, _FRAME = 24, 64, 204, (320, 180)
_CELL, _CELL_FRAME = (464, 348), (432, 243)
_LINES, _MOST_CHARS = 3, 300
_LIBRARY = find_spec("matplotlib")  # found, not loaded: of it we need the fonts alone
_FONTS = Path(_LIBRARY.origin if _LIBRARY and _LIBRARY.origin else "").parent / "mpl-data" / "fonts" / "ttf"


@dataclass(frozen=True, slots=True)
class Tile:
    """Show one edit: `mark` and `words` are inert text, `poster` our JPEG; `number` and `parent` in its line.

    `dot` is the colour of its dot where the state does not say it.
    """

    mark: str
    words: str
    state: State
    poster: Path | None = None
    number: int = 0
    parent: int = 0
    is_here: bool = False
    is_deleted: bool = False
    dot: Color | None = None


def draw_line(tiles: Sequence[Tile]) -> bytes:
    """Return a line of versions from top to bottom as JPEG, each joined to what it was made from."""
    picture = Image.new("RGB", (WIDTH, 2 * _MARGIN + max(1, len(tiles)) * _ROW - 24), BACKGROUND)
    pen = ImageDraw.Draw(picture)
    places = {tile.number: index for index, tile in enumerate(tiles)}
    lanes = _lanes(tiles)
    for index, tile in enumerate(tiles):
        _draw_joint(pen, index, tile, places, lanes)
    for index, tile in enumerate(tiles):
        _draw_row(picture, pen, index, tile)
        x, y = _node(index, lanes[tile.number])
        pen.ellipse((x - 11, y - 11, x + 11, y + 11), fill=_dot(tile), outline=BACKGROUND, width=3)
    return _jpeg(picture)


def _lanes(tiles: Sequence[Tile]) -> dict[int, int]:
    """Return the lane of each version: the last child of a version goes on in its lane, the others branch off.

    So does what comes from above the window, but for the first.
    """
    last_child = {tile.parent: tile.number for tile in tiles if tile.parent}
    lanes: dict[int, int] = {}
    widest = 0
    for tile in tiles:
        if tile.parent in lanes and last_child.get(tile.parent) == tile.number:
            lanes[tile.number] = lanes[tile.parent]
        elif not lanes:
            lanes[tile.number] = 0
        else:
            widest = min(widest + 1, 2)
            lanes[tile.number] = widest
    return lanes


def _node(index: int, lane: int) -> tuple[int, int]:
    return _MARGIN + 12 + lane * 20, _MARGIN + index * _ROW + _FRAME[1] // 2


def _draw_joint(
    pen: ImageDraw.ImageDraw, index: int, tile: Tile, places: dict[int, int], lanes: dict[int, int]
) -> None:
    if not tile.parent:
        return
    x, y = _node(index, lanes[tile.number])
    if tile.parent not in places:
        pen.line((x, 0, x, y), fill=FAINT, width=4)  # from above the window
        return
    from_x, from_y = _node(places[tile.parent], lanes[tile.parent])
    pen.line((from_x, from_y, x, from_y + 40, x, y), fill=FAINT, width=4, joint="curve")


def _draw_row(picture: Image.Image, pen: ImageDraw.ImageDraw, index: int, tile: Tile) -> None:
    left, top = _MARGIN + _LANE, _MARGIN + index * _ROW
    right, bottom = WIDTH - _MARGIN, top + _FRAME[1]
    pen.rounded_rectangle((left, top, right, bottom), 14, fill=CARD)
    _paste_poster(picture, tile, (left, top, *_FRAME))
    if tile.is_here:
        pen.rounded_rectangle((left, top, right, bottom), 14, outline=HERE, width=6)
    x, number = left + _FRAME[0] + 24, f"v{tile.number}"
    pen.text((x, top + 14), number, font=_font(34, bold=True), fill=INK)
    pen.text((x + _font(34, bold=True).getlength(number) + 20, top + 21), tile.mark, font=_font(26), fill=FAINT)
    _write(pen, tile.words, (x, top + 66), right - x - 16)


def draw_page(tiles: Sequence[Tile]) -> bytes:
    """Return a page of posters, two beside each other (one alone is half as wide), as JPEG."""
    rows = max(1, -(-len(tiles) // 2))
    width = WIDTH if len(tiles) > 1 else 2 * _MARGIN + _CELL[0]
    picture = Image.new("RGB", (width, 2 * _MARGIN + rows * (_CELL[1] + 24) - 24), BACKGROUND)
    pen = ImageDraw.Draw(picture)
    for index, tile in enumerate(tiles):
        left = _MARGIN + (index % 2) * (_CELL[0] + 24)
        top = _MARGIN + (index // 2) * (_CELL[1] + 24)
        pen.rounded_rectangle((left, top, left + _CELL[0], top + _CELL[1]), 14, fill=CARD)
        _paste_poster(picture, tile, (left + 16, top + 16, *_CELL_FRAME))
        y = top + 16 + _CELL_FRAME[1] + 12
        pen.ellipse((left + 18, y + 7, left + 38, y + 27), fill=_dot(tile))
        pen.text((left + 50, y), tile.mark, font=_font(27, bold=True), fill=INK)
        words = _cut(tile.words, _font(24), _CELL[0] - 32)
        pen.text((left + 16, y + 36), words, font=_font(24), fill=FAINT)
    return _jpeg(picture)


def _paste_poster(picture: Image.Image, tile: Tile, box: tuple[int, int, int, int]) -> None:
    left, top, width, height = box
    frame = _load(tile.poster, (width, height)) if tile.poster and not tile.is_deleted else None
    if frame is None:
        frame = _placeholder((width, height), tile)
    mask = Image.new("L", (width, height), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, width - 1, height - 1), 12, fill=255)
    picture.paste(frame, (left, top), mask)


def _load(path: Path, size: tuple[int, int]) -> Image.Image | None:
    try:
        with Image.open(path, formats=["JPEG"]) as poster:
            whole = ImageOps.contain(poster.convert("RGB"), size)
    except (OSError, ValueError, Image.DecompressionBombError):
        return None  # swept away meanwhile: the words stand without it
    frame = Image.new("RGB", size, (20, 21, 26))
    frame.paste(whole, ((size[0] - whole.width) // 2, (size[1] - whole.height) // 2))
    return frame


def _placeholder(size: tuple[int, int], tile: Tile) -> Image.Image:
    """Return a frame with a sign: crossed for deleted, dots for one in work, else a strip of film."""
    frame = Image.new("RGB", size, (20, 21, 26))
    pen, (x, y) = ImageDraw.Draw(frame), (size[0] // 2, size[1] // 2)
    if tile.is_deleted:
        for dx in (-1, 1):
            pen.line((x - 28 * dx, y - 28, x + 28 * dx, y + 28), fill=FAINT, width=7)
    elif not tile.state.is_final:
        for dx in (-40, 0, 40):
            pen.ellipse((x + dx - 9, y - 9, x + dx + 9, y + 9), fill=_WORKING)
    else:
        pen.rounded_rectangle((x - 52, y - 36, x + 52, y + 36), 8, outline=FAINT, width=5)
        pen.polygon(((x - 14, y - 20), (x - 14, y + 20), (x + 22, y)), fill=FAINT)
    return frame


def _dot(tile: Tile) -> Color:
    return tile.dot or (FAINT if tile.is_deleted else _DOTS.get(tile.state, _WORKING))


def _write(pen: ImageDraw.ImageDraw, words: str, at: tuple[int, int], width: int) -> None:
    font = _font(27)
    rest = words[:_MOST_CHARS].split()
    for number in range(_LINES):
        count = len(rest) if number == _LINES - 1 else _fitting(rest, font, width)
        line = _cut(" ".join(rest[:count]), font, width)
        pen.text((at[0], at[1] + number * 36), line, font=font, fill=INK)
        rest = rest[count:]


def _fitting(words: list[str], font: ImageFont.FreeTypeFont, width: int) -> int:
    """Return how many of the first words fit on a line, at least one."""
    count = 1
    while count < len(words) and font.getlength(" ".join(words[: count + 1])) <= width:
        count += 1
    return count


def _cut(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    text = text[:_MOST_CHARS]
    if font.getlength(text) <= width:
        return text
    length = bisect_right(range(len(text)), width, key=lambda end: int(font.getlength(text[:end] + "…"))) - 1
    return text[: max(0, length)].rstrip() + "…"


@cache
def _font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    file = _FONTS / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")
    # The other engine fails on some of what people write.
    return ImageFont.truetype(file, size, layout_engine=ImageFont.Layout.BASIC)


def _jpeg(picture: Image.Image) -> bytes:
    out = BytesIO()
    # Posters are photographs: as JPEG a page is ten times smaller.
    picture.save(out, "JPEG", quality=88)
    return out.getvalue()
