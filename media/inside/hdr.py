"""Bring HDR to ordinary light by a table of colours, worked out once for a clip.

FFmpeg's own ways need a library its wheel lacks, or five seconds to begin. Transfer functions: ITU-R BT.2100;
primaries: BT.2087; the curve: Reinhard's, extended, from a highlight of 1,000 cd/m2 down.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

# Transfer characteristics by ITU-T H.273 table 3.
PQ, HLG = 16, 18
HDR_TRANSFERS = frozenset({PQ, HLG})
_POINTS = 33
_WHITE_NITS = 203.0
_PEAK = 1000.0 / _WHITE_NITS
_GAMMA = 1 / 2.4
_BT2020_TO_BT709 = (
    (1.660491, -0.587641, -0.072850),
    (-0.124550, 1.132900, -0.008349),
    (-0.018151, -0.100579, 1.118730),
)

Colour = tuple[float, float, float]


def write_table(transfer: int) -> str:
    """Write the table for a transfer into this folder, if it is not there yet; return its name."""
    path = Path(f"hdr{transfer}.cube")
    if not path.exists():
        lines = (f"{red:.5f} {green:.5f} {blue:.5f}\n" for red, green, blue in _table(transfer))
        path.write_text(f"LUT_3D_SIZE {_POINTS}\n" + "".join(lines))
    return path.name


def _table(transfer: int) -> Iterator[Colour]:
    levels = [
        _pq_light(step / (_POINTS - 1)) if transfer == PQ else _hlg_light(step / (_POINTS - 1))
        for step in range(_POINTS)
    ]
    for blue, green, red in product(levels, repeat=3):  # red changes fastest
        light = (red, green, blue) if transfer == PQ else _displayed(red, green, blue)
        yield _ordinary(light)


def _pq_light(code: float) -> float:
    """Return the light of a PQ code, 1 for diffuse white."""
    power: float = code ** (1 / 78.84375)
    share: float = (max(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
    return 10_000 / _WHITE_NITS * share


def _hlg_light(code: float) -> float:
    """Return the scene light of an HLG code, 1 at its brightest."""
    if code <= 0.5:
        return code * code / 3
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return float((2.718281828459045 ** ((code - c) / a) + b) / 12)


def _displayed(red: float, green: float, blue: float) -> Colour:
    scene = 0.2627 * red + 0.6780 * green + 0.0593 * blue
    gain = _PEAK * scene**0.2 if scene > 0 else 0.0
    return red * gain, green * gain, blue * gain


def _ordinary(light: Colour) -> Colour:
    red, green, blue = (max(0.0, sum(a * b for a, b in zip(row, light, strict=True))) for row in _BT2020_TO_BT709)
    most = max(red, green, blue)
    gain = (1 + most / _PEAK**2) / (1 + most)  # by the strongest colour, so that hues stay
    red, green, blue = (min(1.0, value * gain) ** _GAMMA for value in (red, green, blue))
    return red, green, blue
