"""Letter a word into the corner of a picture, with an alphabet of our own: FFmpeg's needs a font on the machine."""

from collections.abc import Iterator
from dataclasses import dataclass

from av.video.frame import VideoFrame

# Five columns of seven dots, the rows from the top, the left dot the highest bit.
_LETTERS = {
    "A": (0x0E, 0x11, 0x11, 0x1F, 0x11, 0x11, 0x11),
    "B": (0x1E, 0x11, 0x11, 0x1E, 0x11, 0x11, 0x1E),
    "E": (0x1F, 0x10, 0x10, 0x1E, 0x10, 0x10, 0x1F),
    "F": (0x1F, 0x10, 0x10, 0x1E, 0x10, 0x10, 0x10),
    "O": (0x0E, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0E),
    "R": (0x1E, 0x11, 0x11, 0x1E, 0x14, 0x12, 0x11),
    "T": (0x1F, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04),
}
_ROWS = 7
_STEP = 6
_WHITE = 235
_BLACK = 16
_NEUTRAL = 128


@dataclass(frozen=True, slots=True)
class Label:
    """Hold the luma rows of a lettered box, ready to be laid over a 4:2:0 picture."""

    left: int
    top: int
    rows: tuple[bytes, ...]

    def draw(self, frame: VideoFrame) -> None:
        """Lay the box over a picture's top left corner."""
        frame.make_writable()
        luma, width = frame.planes[0], len(self.rows[0])
        view = memoryview(luma)
        for number, row in enumerate(self.rows):
            start = (self.top + number) * luma.line_size + self.left
            view[start : start + width] = row
        for plane in frame.planes[1:3]:
            view = memoryview(plane)
            for number in range(len(self.rows) // 2):
                start = (self.top // 2 + number) * plane.line_size + self.left // 2
                view[start : start + width // 2] = bytes([_NEUTRAL]) * (width // 2)


def make_label(word: str, width: int, height: int) -> Label | None:
    """Letter a word for pictures of this size; None where it would cover too much of them."""
    dot = max(2, min(width, height) // 160 * 2)
    rows = tuple(row for bits in _rows(word) for row in [_widen(bits, dot)] * dot)
    if len(rows[0]) > width * 2 // 3 or len(rows) > height // 3:
        return None
    return Label(dot * 2, dot * 2, rows)


def _rows(word: str) -> Iterator[list[int]]:
    """Give the rows of dots of a word, one dot of edge around it."""
    empty = [0] * (len(word) * _STEP + 1)
    yield empty
    for number in range(_ROWS):
        dots = [0]
        for letter in word:
            bits = _LETTERS[letter][number]
            dots += [bits >> place & 1 for place in (4, 3, 2, 1, 0)] + [0]
        yield dots
    yield empty


def _widen(dots: list[int], dot: int) -> bytes:
    return b"".join(bytes([_WHITE if on else _BLACK]) * dot for on in dots)
