"""Say what a file really is, asked in a child process, and why one will not do."""

import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from jobs.errors import UnusableClipError
from jobs.job import ClipFacts
from jobs.phrases import Phrase
from media.children import ChildFailedError
from media.counts import MediaCounts
from media.limited import ChildLimits, ChildRefusedError, Workshop, run_child

LOOK_LIMITS = ChildLimits(memory_bytes=768 << 20, cpu_seconds=10, file_bytes=0, wall_seconds=15.0)
_UNREADABLE = Phrase("This file can't be read as a video. Use an MP4, MOV, WebM, MKV, AVI, 3GP or GIF file.")
_TEXTS = {
    "not_video": Phrase("This file is not a video. Use an MP4, MOV, WebM, MKV, AVI, 3GP or GIF file."),
    "unreadable": _UNREADABLE,
    "no_video": Phrase("There is no picture in this file, only sound or text. Use a file with a video in it."),
    "still": Phrase("This is a still picture. Use a clip with at least two pictures."),
    "streams": Phrase(
        "This file has {value} tracks, too many for a clip. Export it with one video and one audio track."
    ),
    "videos": Phrase("This file has {value} video tracks. Export it with one."),
    "codec": Phrase(
        "This video is encoded as {value}. Export it as H.264 "
        "(HEVC, VP8, VP9, AV1, MPEG-4 and ProRes can be read as well)."
    ),
    "size": Phrase("This video is {value} pixels large. The most we can read is 4096x2304."),
    "fps": Phrase("This video has {value} pictures a second. The most we can read is 240."),
    "packets": Phrase("This video is too long to be read. Cut it first."),
    "broken": Phrase("This video is broken. Export it again, or try another file."),
}
# By what the child says of a broken one.
_BROKEN = {
    "it holds no pictures": Phrase("This video is broken: it holds no pictures. Export it again, or try another file."),
    "the first pictures do not decode": Phrase(
        "This video is broken: its first pictures can't be read. Export it again, or try another file."
    ),
    "the last pictures do not decode": Phrase(
        "This video is broken: its last pictures can't be read. Export it again, or try another file."
    ),
}


@dataclass(frozen=True, slots=True)
class ClipDetails:
    """State what a clip really is.

    Pixels as displayed, after `rotation` (degrees counter-clockwise, a multiple of 90); times in milliseconds by
    walking the packets; `fps` on average, lost pictures aside; `sample_aspect` the shape of one stored pixel;
    `audio_ms` 0 without sound.
    """

    container: str
    video_codec: str
    audio_codec: str
    width: int
    height: int
    duration_ms: int
    frames: int
    fps: float
    rotation: int
    size_bytes: int
    faststart: bool
    fragmented: bool
    pix_fmt: str
    bit_depth: int
    hdr: bool
    variable_frame_rate: bool
    audio_ms: int
    audio_usable: bool
    sample_aspect: Fraction
    profile: str

    @property
    def facts(self) -> ClipFacts:
        """Return what a job keeps of it."""
        return ClipFacts(
            container=self.container,
            video_codec=self.video_codec,
            audio_codec=self.audio_codec,
            width=self.width,
            height=self.height,
            duration_ms=self.duration_ms,
            size_bytes=self.size_bytes,
            fps=self.fps,
        )


class Prober:
    """Look at files, each in its own child process."""

    def __init__(
        self,
        workshop: Workshop,
        limits: ChildLimits = LOOK_LIMITS,
        counts: MediaCounts = MediaCounts(),  # noqa: B008 - frozen
    ) -> None:
        self._workshop = workshop
        self._limits = limits
        self._counts = counts

    async def probe(self, path: Path) -> ClipDetails:
        """Look at a file; raise UnusableClipError when it is no clip we can work with."""
        async with self._workshop.looking, self._workshop.bench(clip=path) as folder:
            began = time.monotonic()
            try:
                answer = await run_child(self._workshop.children, "look", {"file": "clip"}, self._limits, folder)
                return _read_details(answer)
            except ChildRefusedError as refusal:
                raise _unusable(refusal.rule, refusal.value) from None
            except (ChildFailedError, KeyError, TypeError, ValueError) as error:
                self._counts.failed()
                raise _unusable("unreadable", "") from error
            finally:
                self._counts.looked(time.monotonic() - began)

    async def close(self) -> None:
        """End the children."""
        await self._workshop.close()


def _read_details(answer: dict[str, Any]) -> ClipDetails:
    aspect = answer.pop("sample_aspect")
    return ClipDetails(**answer, sample_aspect=Fraction(int(aspect[0]), int(aspect[1])))


def _unusable(rule: str, value: str) -> UnusableClipError:
    text: Phrase = _TEXTS.get(rule, _UNREADABLE)
    if rule == "broken" and value in _BROKEN:
        text = _BROKEN[value]
    return UnusableClipError(text, rule=rule, value=value)
