"""Paint one chart: the order comes as JSON on standard input, the PNG leaves on standard output.

Run as a program of its own by `bot.charts`. The pictures carry their own background and hold no words, so that they
read the same on Discord's dark and light themes, on a phone, and in every language.
"""

import json
import sys
from io import BytesIO
from typing import Any

from matplotlib import font_manager, rcParams
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator

BACKGROUND, INK, GRID = "#1e1f26", "#f2f3f5", "#454853"
SETTLED, OPEN, RELEASED, LIMIT = "#5b8cff", "#ff9f43", "#d5d8de", "#ff6b6b"
INCHES_WIDE, DOTS = 10.0, 100  # 1000 pixels
FONT = 21  # points at 100 dots an inch: some 10 pixels on a phone that shows the picture 350 wide
_WIDE_FONTS = (
    "DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Noto Sans"
)  # fmt: skip
_NAME_CHARS = 14


def paint(order: dict[str, Any]) -> bytes:
    """Return the picture of an order as PNG."""
    _use_fonts()
    tall = 4.6 if order["kind"] == "DaysChart" else 1.0 + 0.62 * max(3, len(order["names"]))
    figure = Figure(
        figsize=(INCHES_WIDE, tall),
        dpi=DOTS,
        facecolor=BACKGROUND,
        layout=ConstrainedLayoutEngine(w_pad=0.18, h_pad=0.18),
    )
    axes = figure.add_subplot(facecolor=BACKGROUND)
    if order["kind"] == "DaysChart":
        _paint_days(axes, order)
    else:
        _paint_members(axes, order)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(GRID)
    axes.tick_params(colors=INK, labelsize=FONT, length=0, pad=8)
    picture = BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(picture, format="png", facecolor=BACKGROUND)
    return picture.getvalue()


def _use_fonts() -> None:
    known = {entry.name for entry in font_manager.fontManager.ttflist}
    rcParams["font.family"] = [name for name in _WIDE_FONTS if name in known]


def _paint_days(axes: Axes, order: dict[str, Any]) -> None:
    places = range(len(order["days"]))
    floor = [0] * len(order["days"])
    for values, color in ((order["settled"], SETTLED), (order["open"], OPEN), (order["released"], RELEASED)):
        axes.bar(places, values, 0.8, bottom=floor, color=color)
        floor = [below + value for below, value in zip(floor, values, strict=True)]
    limit = order["limit"]
    highest = max([*floor, 1])
    if limit is not None and limit <= 4 * highest:
        axes.axhline(limit, color=LIMIT, linewidth=3, linestyle=(0, (4, 2)))
        highest = max(highest, limit)
    axes.set_ylim(0, highest * 1.12)
    axes.set_xlim(-0.6, len(order["days"]) - 0.4)
    step = max(1, len(order["days"]) // 6)
    shown = list(places)[::-step][::-1]  # the last day always
    axes.set_xticks(shown, [order["days"][place] for place in shown])
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.grid(axis="y", color=GRID, linewidth=1)
    axes.set_axisbelow(True)


def _paint_members(axes: Axes, order: dict[str, Any]) -> None:
    names = [_shown_name(name) for name in order["names"]]
    places = list(range(len(names)))
    totals = [settled + held for settled, held in zip(order["settled"], order["open"], strict=True)]
    axes.barh(places, order["settled"], 0.72, color=SETTLED)
    axes.barh(places, order["open"], 0.72, left=order["settled"], color=OPEN)
    room = max([*totals, 1])
    for place, total in zip(places, totals, strict=True):
        axes.text(total + room * 0.015, place, str(total), color=INK, fontsize=FONT, va="center", fontweight="bold")
    axes.set_yticks(places, names)
    axes.set_ylim(max(len(names), 3) - 0.4, -0.6)
    axes.set_xlim(0, room * 1.14)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.grid(axis="x", color=GRID, linewidth=1)
    axes.set_axisbelow(True)


def _shown_name(name: str) -> str:
    """Return rank and name without what no font here can draw and what would be read as a formula."""
    drawable = _drawable()
    rank, _, rest = name.partition("  ")
    text = "".join(letter for letter in rest if ord(letter) in drawable).replace("$", r"\$").strip()
    text = text if len(text) <= _NAME_CHARS else text[: _NAME_CHARS - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return f"{rank}\N{LEFT-TO-RIGHT MARK}  {text}"  # the mark keeps the rank before names written from the right


def _drawable() -> frozenset[int]:
    found: set[int] = set()
    for family in rcParams["font.family"]:
        font = font_manager.get_font(font_manager.findfont(family))
        found |= set(font.get_charmap())
    return frozenset(found)


if __name__ == "__main__":
    sys.stdout.buffer.write(paint(json.load(sys.stdin.buffer)))
