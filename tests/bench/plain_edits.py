"""Do what an edit does with a plain program: the `ffmpeg` command line where there is one, else FFmpeg in one process.

`python -m tests.bench.plain_edits EDIT` (JSON) does it in this process, through PyAV, and prints the seconds.
"""

import asyncio
import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.container import InputContainer
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from media.edit import NICENESS

FFMPEG = shutil.which("ffmpeg")
RATE = 48_000


@dataclass(frozen=True, slots=True)
class Edit:
    """Say what is done: a part from `start` on, `seconds` long; by `crf`, or in two passes towards `kbps`."""

    path: str
    out: str
    start: float
    seconds: float
    width: int
    height: int
    fps: int
    preset: str = "veryfast"
    crf: float = 18.0
    kbps: int = 0
    audio_kbps: int = 160

    @property
    def passes(self) -> Sequence[int]:
        """Return the numbers of the passes."""
        return (1, 2) if self.kbps else (0,)


def name_program() -> str:
    """Say what the plain program is."""
    return "ffmpeg" if FFMPEG else "FFmpeg in one process"


async def run_plain(edit: Edit, folder: Path) -> float:
    """Do an edit and return its seconds."""
    if FFMPEG is None:
        return float(await _output(sys.executable, "-m", "tests.bench.plain_edits", json.dumps(asdict(edit))))
    started = time.perf_counter()
    for number in edit.passes:
        await _output(FFMPEG, *_arguments(edit, number, folder))
    return time.perf_counter() - started


def _arguments(edit: Edit, number: int, folder: Path) -> list[str]:
    shape = f"fps={edit.fps},scale={edit.width}:{edit.height}:flags=bicubic,format=yuv420p"
    words = f"-v error -y -threads 2 -ss {edit.start} -i {edit.path} -t {edit.seconds} -vf {shape} -c:v libx264"
    words += f" -preset {edit.preset} -profile:v high -g {edit.fps * 2} -threads 2"
    if edit.kbps:
        words += f" -b:v {edit.kbps}k -maxrate {edit.kbps * 3 // 2}k -bufsize {edit.kbps * 2}k"
        words += f" -pass {number} -passlogfile {folder / 'plain'}"
    else:
        words += f" -crf {edit.crf}"
    if number == 1:
        return f"{words} -an -f null /dev/null".split()
    return f"{words} -c:a aac -b:a {edit.audio_kbps}k -ar {RATE} -ac 2 -movflags +faststart {edit.out}".split()


async def _output(*command: str) -> str:
    # As nice as our own edits are, so that what else the machine does strikes both alike.
    nice = ("nice", "-n", str(NICENESS))
    process = await asyncio.create_subprocess_exec(*nice, *command, stdout=asyncio.subprocess.PIPE)
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return said.decode()


def work(edit: Edit) -> float:
    """Do an edit in this process; return its seconds."""
    started = time.perf_counter()
    for number in edit.passes:
        _one_pass(edit, number)
    return time.perf_counter() - started


def _one_pass(edit: Edit, number: int) -> None:
    with av.open(edit.path) as source, av.open(edit.out, "w", options={"movflags": "+faststart"}) as out:
        video = _add_video(out.add_stream("libx264", rate=edit.fps, options=_options(edit, number)), edit, number)
        pictures = source.streams.video[0]
        pictures.thread_type, pictures.codec_context.thread_count = "AUTO", 2
        graph = _graph(pictures, edit)
        audio = None
        if number != 1:
            audio = out.add_stream("aac", rate=RATE, layout="stereo")
            assert isinstance(audio, AudioStream)
            audio.codec_context.bit_rate = edit.audio_kbps * 1000
        end, count = edit.start + edit.seconds, 0
        for frame in _decoded(source, edit, with_sound=audio is not None):
            at = float(frame.pts * frame.time_base) if frame.pts is not None and frame.time_base else 0.0
            if not edit.start - 1e-6 <= at < end:
                continue
            if not isinstance(frame, VideoFrame):
                assert audio is not None
                out.mux(audio.encode(frame))
                continue
            graph.vpush(frame)
            shaped = graph.vpull()
            shaped.pts, shaped.time_base = count, Fraction(1, edit.fps)
            count += 1
            out.mux(video.encode(shaped))
        out.mux(video.encode(None))
        if audio is not None:
            out.mux(audio.encode(None))


def _decoded(source: InputContainer, edit: Edit, *, with_sound: bool) -> Iterator[VideoFrame | AudioFrame]:
    if edit.start:
        source.seek(int(edit.start * av.time_base))
    streams = [source.streams.video[0], *(source.streams.audio[:1] if with_sound else ())]
    for frame in source.decode(*streams):
        if isinstance(frame, VideoFrame | AudioFrame):
            yield frame


def _options(edit: Edit, number: int) -> dict[str, str]:
    options = {"preset": edit.preset, "profile": "high"}
    if edit.kbps:
        return options | {
            "maxrate": f"{edit.kbps * 3 // 2}k",
            "bufsize": f"{edit.kbps * 2}k",
            "stats": f"{edit.out}.log",
        }
    return options | {"crf": str(edit.crf)}


def _add_video(stream: object, edit: Edit, number: int) -> VideoStream:
    assert isinstance(stream, VideoStream)
    context = stream.codec_context
    context.width, context.height, context.pix_fmt = edit.width, edit.height, "yuv420p"
    context.gop_size, context.thread_count = edit.fps * 2, 2
    stream.thread_type = "AUTO"
    context.bit_rate = edit.kbps * 1000
    if number:
        context.flags |= Flags.pass1 if number == 1 else Flags.pass2
    return stream


def _graph(pictures: VideoStream, edit: Edit) -> Graph:
    graph = Graph()
    graph.threads = 2
    nodes = [
        graph.add_buffer(template=pictures),
        graph.add("scale", f"{edit.width}:{edit.height}:flags=bicubic"),
        graph.add("format", "yuv420p"),
        graph.add("buffersink"),
    ]
    for one, other in pairwise(nodes):
        one.link_to(other)
    graph.configure()
    return graph


if __name__ == "__main__":
    print(work(Edit(**json.loads(sys.argv[1]))))
