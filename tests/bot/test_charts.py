"""Draw real pictures in a child process: they are PNG, legible, and cost the loop nothing."""

import asyncio
import io
from pathlib import Path

import matplotlib as mpl
import matplotlib.image
import numpy as np
import pytest

from bot import chart_painter
from bot.charts import ChartError, Charts, DaysChart, MembersChart
from tests.environment import ROOT

DAYS = DaysChart(tuple(f"11-{day:02d}" for day in range(1, 31)), (3,) * 30, (0,) * 29 + (2,), (1,) * 30, 15)
NAMES = ("1  Mia", "2  小明", "3  $a_b$ \u202e`@everyone` the very very long", "4  ", "5  Ада", "6  \U0001f600")


@pytest.fixture
def charts(tmp_path: Path) -> Charts:
    return Charts(tmp_path / "charts")


def pixels(png: bytes) -> np.ndarray:
    image: np.ndarray = matplotlib.image.imread(io.BytesIO(png), format="png")
    return image


def luminance(color: np.ndarray) -> float:
    """Return the relative luminance of sRGB in 0..1 (WCAG 2.2)."""
    linear = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))


async def test_a_chart_of_days_carries_its_own_ground_and_readable_ink(charts: Charts) -> None:
    image = pixels(await charts.draw(DAYS))
    assert image.shape[1] == 1000
    flat = image[..., :3].reshape(-1, 3)
    assert image.shape[2] == 3 or (image[..., 3] == 1).all()
    ground = luminance(image[0, 0, :3])
    brightest = luminance(flat[flat.sum(axis=1).argmax()])
    assert (brightest + 0.05) / (ground + 0.05) >= 7


async def test_bars_of_members_grow_with_their_number(charts: Charts) -> None:
    small = pixels(await charts.draw(MembersChart(NAMES[:1], (3,), (1,))))
    large = pixels(await charts.draw(MembersChart(NAMES, (9, 8, 3, 2, 1, 0), (0, 1, 0, 0, 2, 0))))
    assert small.shape[1] == large.shape[1] == 1000
    assert large.shape[0] > small.shape[0]


def test_the_image_brings_letters_for_names_that_the_charts_own_font_lacks() -> None:
    assert "fonts-wqy-microhei" in (ROOT / "Dockerfile").read_text()
    assert "WenQuanYi Micro Hei" in chart_painter._WIDE_FONTS


def test_what_no_font_can_draw_leaves_the_rank_and_no_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chart_painter, "_WIDE_FONTS", ("DejaVu Sans",))
    with mpl.rc_context():
        chart_painter._use_fonts()
        assert chart_painter._shown_name("2  小明") == "2\N{LEFT-TO-RIGHT MARK}  "
        assert chart_painter._shown_name("3  Ada 小明") == "3\N{LEFT-TO-RIGHT MARK}  Ada"


async def test_nothing_used_is_drawn_too(charts: Charts) -> None:
    for chart in (DaysChart(("11-01",), (0,), (0,), (0,)), MembersChart(("1  ",), (0,), (0,))):
        assert (await charts.draw(chart)).startswith(b"\x89PNG")


async def test_the_loop_turns_while_a_chart_is_drawn(charts: Charts) -> None:
    drawing = asyncio.create_task(charts.draw(DAYS))
    turns = 0
    while not drawing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 100


async def test_a_painter_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    with pytest.raises(ChartError):
        await Charts(tmp_path, seconds=0.01).draw(DAYS)


async def test_an_order_that_cannot_be_painted_is_said(charts: Charts) -> None:
    with pytest.raises(ChartError):
        await charts.draw(DaysChart(("11-01",), (1, 2), (0,), (0,)))


async def test_a_place_that_cannot_be_written_is_said() -> None:
    with pytest.raises(ChartError):
        await Charts(Path("/proc/nowhere")).draw(DAYS)
