"""The table that brings HDR to ordinary light: greys stay grey and in order, nothing is cut off, hues stay."""

from pathlib import Path

import pytest

from media.inside.hdr import HLG, PQ, write_table

POINTS = 33


def read_table(folder: Path, transfer: int, monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float, float]]:
    """Write a table and read its colours."""
    monkeypatch.chdir(folder)
    head, *lines = Path(write_table(transfer)).read_text().splitlines()
    assert head == f"LUT_3D_SIZE {POINTS}"
    assert len(lines) == POINTS**3
    return [(float(red), float(green), float(blue)) for red, green, blue in map(str.split, lines)]


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_a_table_keeps_order_and_hues(transfer: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = read_table(tmp_path, transfer, monkeypatch)
    assert all(0.0 <= value <= 1.0 for colour in table for value in colour)
    greys = [table[step * (1 + POINTS + POINTS**2)] for step in range(POINTS)]
    assert all(max(grey) - min(grey) < 0.002 for grey in greys)
    levels = [grey[0] for grey in greys]
    assert levels == sorted(levels)
    assert levels[0] == 0.0
    assert levels[-1] > 0.95
    red, green, blue = (table[24 * POINTS**place] for place in range(3))
    assert max(red) == red[0] > red[1]
    assert max(green) == green[1] > green[2]
    assert max(blue) == blue[2] > blue[0]


def test_white_is_bright_and_a_highlight_is_brighter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = read_table(tmp_path, PQ, monkeypatch)
    grey = [table[step * (1 + POINTS + POINTS**2)][0] for step in range(POINTS)]
    # PQ codes of 0.58 and 0.75 are 203 and 1,000 cd/m2 (ITU-R BT.2408).
    assert 0.70 < grey[round(0.58 * 32)] < 0.85
    assert grey[24] > 0.97
