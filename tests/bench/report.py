"""Hold what was measured, and write it as a table and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """Hold one figure: what, how much, in which unit, what it is aimed at, and whether it got there.

    A part that did not finish has one figure without a value.
    """

    part: str
    what: str
    value: float | None
    unit: str
    aim: str = ""
    met: bool | None = None


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of the values lies; the largest for 1."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def show(figure: Figure) -> str:
    """Return a figure as a line for a person who waits."""
    aim = f" (aim {figure.aim})" if figure.aim else ""
    return f"  {figure.what}: {_amount(figure)}{aim}{'  MISSED' if figure.met is False else ''}"


def write_report(figures: Sequence[Figure], parts: Sequence[str], machine: str, folder: Path) -> None:
    """Write bench-report.md and bench-report.json; parts that were not measured anew keep their last figures."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "bench-report.json"
    fresh = {figure.part for figure in figures}
    kept = [each for each in _read(path) if each.part not in fresh and each.part in parts]
    figures = sorted([*kept, *figures], key=lambda figure: parts.index(figure.part))
    path.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n")
    lines = [
        "# What was measured",
        "",
        f"Written by `make bench` on {machine}. Ratios compare with a baseline of the same run; times depend on the",
        "machine. A figure that misses its aim says so.",
        "",
        "| part | what | measured | aim | met |",
        "|---|---|---|---|---|",
        *(_row(figure) for figure in figures),
        "",
    ]
    (folder / "bench-report.md").write_text("\n".join(lines))


def _row(figure: Figure) -> str:
    met = {None: "", True: "yes", False: "**no**"}[figure.met]
    return f"| {figure.part} | {figure.what} | {_amount(figure)} | {figure.aim} | {met} |"


def _amount(figure: Figure) -> str:
    return "" if figure.value is None else f"{figure.value:.4g} {figure.unit}"


def _read(path: Path) -> list[Figure]:
    if not path.is_file():
        return []
    return [Figure(**fields) for fields in json.loads(path.read_text())]
