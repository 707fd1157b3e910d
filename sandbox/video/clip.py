"""Draw a short sample clip with moving shapes and a tone, for the demo and the tests."""

from fractions import Fraction
from math import pi, sin
from pathlib import Path

from sandbox.video.canvas import Canvas, Colour, gradient
from sandbox.video.film import Film, add_tone

_SCENES: tuple[tuple[Colour, Colour, Colour, Colour], ...] = (
    ((70, 120, 190), (190, 170, 140), (60, 110, 70), (225, 90, 70)),
    ((60, 45, 90), (170, 90, 110), (70, 60, 120), (240, 200, 90)),
    ((30, 90, 90), (130, 190, 170), (40, 70, 60), (235, 130, 190)),
)


def draw_clip(
    path: str | Path,
    seconds: float = 3,
    width: int = 640,
    height: int = 360,
    fps: int = 24,
    *,
    sound: bool = True,
    tone_hz: float = 330,
    scenes: int = 1,
    shake_px: float = 0,
    flash_at: float | None = None,
) -> Path:
    """Write an H.264 + AAC MP4 and return its path.

    width and height are even pixels. `scenes` cuts the clip into so many differently coloured parts,
    `shake_px` lets the camera tremble, `flash_at` whitens a tenth of a second and is the only moment with sound.
    """
    path = Path(path)
    frames = max(1, round(seconds * fps))
    with Film(path, sound=sound) as film:
        for number in range(frames):
            share = number / frames
            canvas = _picture(share, min(scenes - 1, int(share * scenes)), width, height, _shake(number, shake_px))
            if _in_flash(number / fps, flash_at):
                canvas.box(0, 0, width, height, (255, 255, 255))
            frame = canvas.frame()
            frame.pts, frame.time_base = number, Fraction(1, fps)
            film.add_frame(frame, Fraction(fps))
        if sound:
            add_tone(film, frames / fps, lambda moment: _level(moment, tone_hz, flash_at))
    return path


def _shake(number: int, amount: float) -> tuple[float, float]:
    return amount * sin(number * 2.3), amount * sin(number * 3.1 + 1)


def _in_flash(moment: float, flash_at: float | None) -> bool:
    return flash_at is not None and flash_at <= moment + 1e-6 < flash_at + 0.1


def _level(moment: float, tone_hz: float, flash_at: float | None) -> float:
    if flash_at is not None and not _in_flash(moment, flash_at):
        return 0.0
    return 0.25 * sin(2 * pi * tone_hz * moment)


def _picture(share: float, scene: int, width: int, height: int, shake: tuple[float, float]) -> Canvas:
    top, bottom, ground, ball = _SCENES[scene % len(_SCENES)]
    canvas = Canvas(width, height, gradient(width, height, top, bottom))
    dx, dy = shake
    for hill in range(4):
        canvas.hill(width * (0.1 + 0.3 * hill) + dx, height * 0.86 + dy, width * 0.4, height * 0.3, ground)
    canvas.box(-width, height * 0.84 + dy, 3 * width, height, ground)
    size = height * 0.14
    canvas.circle(width * (0.15 + 0.7 * share) + dx, height * (0.62 - 0.3 * abs(sin(share * 2 * pi))) + dy, size, ball)
    canvas.box(width * (0.8 - 0.6 * share) + dx, height * 0.7 + dy, size, size, (245, 245, 240))
    for step in range(9):
        grey = round(255 * step / 8)
        canvas.box(width * (0.05 + 0.05 * step) + dx, height * 0.08 + dy, width * 0.05, size / 2, (grey, grey, grey))
    return canvas
