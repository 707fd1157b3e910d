"""Draw one picture of a scene at a given moment; everything returns to its place after a whole turn."""

import random
from math import cos, pi, sin

from sandbox.video.canvas import Canvas, Colour, gradient, mix
from sandbox.video.scenes import Scene


class Scenery:
    """Draw a scene at a size in pixels; `picture(0.0)` and `picture(1.0)` are the same picture."""

    def __init__(self, scene: Scene, width: int, height: int) -> None:
        self._scene = scene
        self._width = width
        self._height = height
        self._sky = gradient(width, height, scene.palette.top, scene.palette.bottom)
        chance = random.Random(scene.seed)
        self._dots = [(chance.random(), chance.random(), chance.random()) for _ in range(70)]
        self._heights = [chance.random() for _ in range(6)]

    def picture(self, turn: float) -> Canvas:
        """Return the picture at `turn`, 0..1 of the whole movement."""
        canvas = Canvas(self._width, self._height, self._sky)
        canvas.zoom, canvas.pan, canvas.lift = self._camera(turn)
        if "stars" in self._scene.things:
            self._stars(canvas, turn)
        self._light(canvas, turn)
        self._ground(canvas, turn)
        for thing in ("towers", "waves", "traveller", "snowfall", "rain", "embers"):
            if thing in self._scene.things:
                getattr(self, f"_{thing}")(canvas, turn)
        return canvas

    def _camera(self, turn: float) -> tuple[float, float, float]:
        """Return zoom factor, shift to the right and shift down in pixels."""
        swing = (1 - cos(2 * pi * turn)) / 2
        match self._scene.motion:
            case "zoom in":
                return 1 + 0.35 * swing, 0.0, 0.0
            case "zoom out":
                return 1.35 - 0.35 * swing, 0.0, 0.0
            case "rise":
                return 1.0, 0.0, 0.12 * self._height * swing
        return 1.0, 0.0, 0.0

    def _drift(self, turn: float) -> float:
        return -turn if self._scene.motion != "pan left" else turn

    def _stars(self, canvas: Canvas, turn: float) -> None:
        size = max(1, self._height // 180)
        for x, y, phase in self._dots:
            glow = 0.6 + 0.4 * sin(2 * pi * (turn * 2 + phase))
            colour = mix(self._scene.palette.top, (255, 255, 245), glow)
            canvas.box(x * self._width, y * self._height * 0.7, size, size, colour)

    def _light(self, canvas: Canvas, turn: float) -> None:
        x = self._width * (0.5 + 0.22 * cos(2 * pi * (turn + 0.6)))
        y = self._height * (0.3 + 0.1 * sin(2 * pi * (turn + 0.6)))
        halo = mix(self._scene.palette.bottom, self._scene.palette.light, 0.35)
        canvas.circle(x, y, self._height * 0.15, halo)
        canvas.circle(x, y, self._height * 0.11, self._scene.palette.light)

    def _ground(self, canvas: Canvas, turn: float) -> None:
        palette = self._scene.palette
        for layer, share in enumerate((0.45, 0.85)):
            colour = mix(palette.bottom, palette.ground, share)
            step = self._width / 4
            # each layer moves by whole hills in a turn, the near one further
            shift = self._drift(turn) * step * (1 + layer) * 1.0
            base = self._height * (0.78 + 0.1 * layer)
            for number in range(-3, 8):
                tall = self._height * (0.22 + 0.05 * layer)
                canvas.hill(number * step + shift, base, step * 1.6, tall, colour)
            canvas.box(-self._width, base - 1, self._width * 3, self._height, colour)

    def _towers(self, canvas: Canvas, turn: float) -> None:
        palette = self._scene.palette
        count = len(self._heights)
        step = self._width / 6
        for number in range(-count, 2 * count):
            tall = self._height * (0.25 + 0.3 * self._heights[number % count])
            x = (number + self._drift(turn) * count) * step
            if not -step < x < self._width + step:
                continue
            canvas.box(x, self._height * 0.9 - tall, step * 0.7, tall, mix(palette.ground, (0, 0, 0), 0.35))
            for row in range(1, int(tall / (self._height * 0.06))):
                lit = (number * 7 + row * 5) % 3
                if lit:
                    y = self._height * (0.9 - 0.06 * row)
                    size = self._height * 0.025
                    canvas.box(x + step * 0.1 * (1 + lit * 2), y, size, size, palette.light)

    def _waves(self, canvas: Canvas, turn: float) -> None:
        palette = self._scene.palette
        for row in range(7):
            y = self._height * (0.76 + 0.035 * row + 0.008 * sin(2 * pi * (turn * 2 + row / 3)))
            canvas.box(-self._width, y, 3 * self._width, self._height, mix(palette.ground, palette.light, 0.05 * row))
            x = self._width * (0.5 + 0.4 * sin(2 * pi * (turn + row * 0.37)))
            canvas.box(x, y, self._width * 0.12, max(1, self._height // 160), palette.light)

    def _traveller(self, canvas: Canvas, turn: float) -> None:
        x = self._width * (0.5 + 0.33 * sin(2 * pi * turn))
        y = self._height * (0.5 + 0.12 * sin(4 * pi * turn + 1))
        size = self._height * 0.055
        ahead = 1 if cos(2 * pi * turn) >= 0 else -1
        canvas.box(x - size * (2.6 if ahead > 0 else -1), y - size * 0.35, size * 1.6, size * 0.7, (225, 120, 80))
        canvas.circle(x, y, size, (240, 240, 245))
        canvas.circle(x + ahead * size * 0.35, y - size * 0.15, size * 0.5, (60, 90, 140))

    def _snowfall(self, canvas: Canvas, turn: float) -> None:
        self._fall(canvas, turn, 1, 0.011, (255, 255, 255))

    def _rain(self, canvas: Canvas, turn: float) -> None:
        self._fall(canvas, turn, 5, 0.004, (190, 205, 225), tall=8)

    def _embers(self, canvas: Canvas, turn: float) -> None:
        self._fall(canvas, turn, -2, 0.01, (255, 170, 60))

    def _fall(self, canvas: Canvas, turn: float, speed: int, size: float, colour: Colour, tall: int = 1) -> None:
        side = max(1.0, size * self._height)
        for x, y, phase in self._dots:
            sway = 0.01 * sin(2 * pi * (turn + phase))
            canvas.box((x + sway) * self._width, (y + turn * speed) % 1 * self._height, side, side * tall, colour)
