"""Read the outline of an MP4 or MOV file: where its index lies."""

from pathlib import Path

MAX_BOXES = 4_096


def read_outline(path: Path) -> tuple[bool, bool]:
    """Return (faststart, fragmented): whether `moov` comes before `mdat`, and whether there is a `moof`."""
    end = path.stat().st_size
    first: list[bytes] = []
    position = 0
    with path.open("rb") as file:
        for _ in range(MAX_BOXES):
            file.seek(position)
            head = file.read(16)
            size = int.from_bytes(head[:4])
            if size == 1:
                size = int.from_bytes(head[8:16])
            if len(head) < 8 or (size and size < 8):
                break
            if head[4:8] in {b"moov", b"mdat", b"moof"} and head[4:8] not in first:
                first.append(head[4:8])
            position += size
            if not size or position >= end:
                break
    faststart = b"moov" in first and (b"mdat" not in first or first.index(b"moov") < first.index(b"mdat"))
    return faststart, b"moof" in first
