"""Draw a watermark: a line of small letters, white on a dark plate, half seen through."""

import av

_WIDE, _TALL = 5, 7
# each letter is 35 bits, rows from the top, each from the left
_LETTERS = {
    "A": 0x3a31fc631, "B": 0x7a31f463e, "C": 0x3e108420f, "D": 0x7a318c63e, "E": 0x7e10f421f, "F": 0x7e10f4210,
    "G": 0x3e109c62f, "H": 0x4631fc631, "I": 0x38842108e, "J": 0x1c4210a4c, "K": 0x4654c5251, "L": 0x42108421f,
    "M": 0x4775ac631, "N": 0x47359c631, "O": 0x3a318c62e, "P": 0x7a31f4210, "Q": 0x3a318d64d, "R": 0x7a31f5251,
    "S": 0x3e107043e, "T": 0x7c8421084, "U": 0x46318c62e, "V": 0x46318c544, "W": 0x4631ad771, "X": 0x462a22a31,
    "Y": 0x462a21084, "Z": 0x7c222221f, "0": 0x3a33ae62e, "1": 0x11842108e, "2": 0x3a213221f, "3": 0x78217043e,
    "4": 0x08ca97c42, "5": 0x7e1e0862e, "6": 0x3a10f462e, "7": 0x7c2222108, "8": 0x3a317462e, "9": 0x3a317842e,
    ".": 0x00000018c, "-": 0x0000f8000, "_": 0x00000001f, "@": 0x3a37ade0f, "/": 0x042222210, ":": 0x018c03180,
    "#": 0x2bea57d4a, "!": 0x108421004, " ": 0x000000000,
}  # fmt: skip
_UNKNOWN = 0x7F18C6318FF & ((1 << _WIDE * _TALL) - 1)
_LONGEST = 32
_INK = bytes((255, 255, 255, 190))
_PLATE = bytes((0, 0, 0, 110))


def draw_watermark(text: str, video_height: int) -> av.VideoFrame:
    """Return the text as an rgba picture, its letters about a thirtieth of the video's height (pixels) tall."""
    shown = text.upper()[:_LONGEST]
    unit = max(1, round(video_height / 30 / _TALL))
    width, height = ((_WIDE + 1) * len(shown) + 3) * unit, (_TALL + 4) * unit
    pixels = bytearray(_PLATE * (width * height))
    for place, letter in enumerate(shown):
        bits = _LETTERS.get(letter, _UNKNOWN)
        for spot in range(_WIDE * _TALL):
            if bits >> (_WIDE * _TALL - 1 - spot) & 1:
                row, column = divmod(spot, _WIDE)
                left = (2 + place * (_WIDE + 1) + column) * unit
                for line in range((2 + row) * unit, (3 + row) * unit):
                    start = (line * width + left) * 4
                    pixels[start : start + unit * 4] = _INK * unit
    return _frame(pixels, width, height)


def _frame(pixels: bytearray, width: int, height: int) -> av.VideoFrame:
    frame = av.VideoFrame(width, height, "rgba")
    plane, row = frame.planes[0], width * 4
    lines = (bytes(pixels[start : start + row]) for start in range(0, len(pixels), row))
    plane.update(b"".join(line.ljust(plane.line_size, b"\0") for line in lines))
    return frame
