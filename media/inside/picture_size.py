"""Read the size in pixels that a picture's header claims, before anything is decoded.

PNG: https://www.w3.org/TR/png-3/#11IHDR · JPEG: ITU-T T.81, B.2.2 · WebP: RFC 9649
"""

from pathlib import Path
from typing import BinaryIO, Literal

_MOST_SEGMENTS = 1000
# SOF0 to SOF15 without DHT, JPG and DAC, which share their range.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE = frozenset({0x01, *range(0xD0, 0xDA)})


def read_claimed_size(path: Path, kind: str) -> tuple[int, int] | None:
    """Return width and height as the header of a png, jpg or webp has them; None where it has none to read."""
    with path.open("rb") as file:
        if kind == "jpg":
            return _size_of_jpeg(file)
        head = file.read(30)
    if kind == "png":
        return _pair(head[16:24], 4, "big") if head[12:16] == b"IHDR" else None
    return _size_of_webp(head)


def _size_of_webp(head: bytes) -> tuple[int, int] | None:
    chunk = head[12:16]
    if chunk == b"VP8X" and (pair := _pair(head[24:30], 3, "little")):
        return pair[0] + 1, pair[1] + 1
    if chunk == b"VP8L" and len(head) >= 25:
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 " and (pair := _pair(head[26:30], 2, "little")):
        return pair[0] & 0x3FFF, pair[1] & 0x3FFF
    return None


def _size_of_jpeg(file: BinaryIO) -> tuple[int, int] | None:
    file.seek(2)
    for _ in range(_MOST_SEGMENTS):
        start = file.read(2)
        while start[1:] == b"\xff":  # a marker may be filled up in front
            start = start[1:] + file.read(1)
        if len(start) < 2 or start[0] != 0xFF:
            return None
        if start[1] in _BARE:
            continue
        length = int.from_bytes(file.read(2), "big")
        if start[1] in _FRAMES:
            pair = _pair(file.read(5)[1:], 2, "big")
            return None if pair is None else (pair[1], pair[0])
        file.seek(max(length - 2, 0), 1)
    return None


def _pair(content: bytes, size: int, order: Literal["big", "little"]) -> tuple[int, int] | None:
    if len(content) < 2 * size:
        return None
    return int.from_bytes(content[:size], order), int.from_bytes(content[size : 2 * size], order)
