"""Draw simple pictures row by row in plain Python: gradients, circles and boxes in RGB."""

from math import sqrt

import av

Colour = tuple[int, int, int]


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Blend two colours; share 0 is the first, 1 the second."""
    share = min(1.0, max(0.0, share))
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def gradient(width: int, height: int, top: Colour, bottom: Colour) -> bytes:
    """Return rgb24 bytes of a vertical gradient, width x height pixels."""
    last = max(1, height - 1)
    return b"".join(bytes(mix(top, bottom, row / last)) * width for row in range(height))


class Canvas:
    """Hold one rgb24 picture that shapes are painted on; positions and sizes are pixels.

    `zoom`, `pan` and `lift` (pixels) move the camera for what is painted afterwards.
    """

    def __init__(self, width: int, height: int, background: bytes) -> None:
        self.width = width
        self.height = height
        self.zoom = 1.0
        self.pan = 0.0
        self.lift = 0.0
        self._pixels = bytearray(background)

    def _seen(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point lies in the picture: zoomed around its middle, then shifted."""
        across, down = self.width / 2, self.height / 2
        return across + (x - across) * self.zoom + self.pan, down + (y - down) * self.zoom + self.lift

    def _span(self, row: int, left: float, right: float, colour: Colour) -> None:
        first, last = max(0, round(left)), min(self.width, round(right))
        if 0 <= row < self.height and first < last:
            start = (row * self.width + first) * 3
            self._pixels[start : start + (last - first) * 3] = bytes(colour) * (last - first)

    def box(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """Fill an upright box whose upper left corner is at x, y."""
        (x, y), width, height = self._seen(x, y), width * self.zoom, height * self.zoom
        for row in range(max(0, round(y)), min(self.height, round(y + height))):
            self._span(row, x, x + width, colour)

    def circle(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Fill a circle around x, y."""
        (x, y), radius = self._seen(x, y), radius * self.zoom
        for row in range(max(0, round(y - radius)), min(self.height, round(y + radius) + 1)):
            half = sqrt(max(0.0, radius * radius - (row - y) ** 2))
            self._span(row, x - half, x + half, colour)

    def hill(self, x: float, base: float, width: float, height: float, colour: Colour) -> None:
        """Fill a triangle that stands on row `base` with its tip above x."""
        (x, base), width, height = self._seen(x, base), width * self.zoom, height * self.zoom
        for row in range(max(0, round(base - height)), min(self.height, round(base))):
            half = width / 2 * (1 - (base - row) / height)
            self._span(row, x - half, x + half, colour)

    def frame(self) -> av.VideoFrame:
        """Return the picture as an rgb24 frame of its own."""
        frame = av.VideoFrame(self.width, self.height, "rgb24")
        plane, row = frame.planes[0], self.width * 3
        if plane.line_size == row:
            plane.update(bytes(self._pixels))
        else:
            rows = (self._pixels[start : start + row] for start in range(0, len(self._pixels), row))
            plane.update(b"".join(bytes(data).ljust(plane.line_size, b"\0") for data in rows))
        return frame
