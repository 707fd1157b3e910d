"""Sound stays in step with the picture through every edit that touches time."""

from pathlib import Path

import av
import numpy as np
import pytest

from sandbox.video.clip import draw_clip
from sandbox.video.examine import UnreadableClipError, examine, find_cuts
from sandbox.video.render import render
from tests.sandbox.video_measure import measure

FRAME = 1 / 24
# what a picture, an audio block, and atempo's window may be off together
SLACK = 0.07


@pytest.fixture(scope="module")
def clapper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw a clip that flashes and beeps at 1.0 s and nowhere else."""
    return draw_clip(tmp_path_factory.mktemp("sync") / "clapper.mp4", 2, 320, 180, flash_at=1.0)


def test_the_sample_itself_is_in_step(clapper: Path) -> None:
    video = measure(clapper)
    assert video.seen_at() == pytest.approx(1.0, abs=FRAME / 2)
    assert video.heard_at() == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("prompt", "factor"),
    [
        ("warm", 1),
        ("slow motion", 2),
        ("0.25x slow motion", 4),
        ("0.8x speed", 1.25),
        ("speed up", 0.5),
        ("4x faster", 0.25),
        ("slow motion with motion blur", 2),
        ("stabilise and upscale", 1),
    ],
)
def test_flash_and_beep_stay_together(prompt: str, factor: float, clapper: Path, tmp_path: Path) -> None:
    result = tmp_path / "result.mp4"
    edited = render(clapper, prompt, result)
    video = measure(result)
    assert video.seconds == pytest.approx(2 * factor, abs=SLACK)
    assert video.sound_seconds == pytest.approx(2 * factor, abs=SLACK)
    assert edited.seconds == pytest.approx(2 * factor, abs=0.01)
    # blended pictures reach full white a frame or two after the flash begins
    assert video.seen_at() == pytest.approx(1.0 * factor, abs=SLACK + FRAME * max(1, factor))
    assert video.heard_at() == pytest.approx(video.seen_at(), abs=SLACK + FRAME * max(1, factor))


def test_sound_stays_in_step_across_a_transition(tmp_path: Path) -> None:
    clip = draw_clip(tmp_path / "cut.mp4", 4, 320, 180, scenes=2, flash_at=3.0)
    assert find_cuts(clip, examine(clip))[0] == pytest.approx(2.0, abs=FRAME)
    result = tmp_path / "result.mp4"
    render(clip, "crossfade between scenes", result)
    video = measure(result)
    assert video.seen_at() == pytest.approx(2.5, abs=SLACK)
    assert video.heard_at() == pytest.approx(2.5, abs=SLACK)


def test_a_clip_without_sound_stays_silent(tmp_path: Path) -> None:
    silent = draw_clip(tmp_path / "silent.mp4", 1, 320, 180, sound=False)
    render(silent, "slow motion", tmp_path / "result.mp4")
    assert measure(tmp_path / "result.mp4").codecs == ("h264",)


def test_odd_sizes_and_other_containers_are_edited_too(tmp_path: Path) -> None:
    avi = tmp_path / "odd.avi"
    with av.open(str(avi), "w") as container:
        stream = container.add_stream("mjpeg", rate=15)
        stream.width, stream.height, stream.pix_fmt = 161, 121, "yuvj444p"
        for number in range(15):
            frame = av.VideoFrame(161, 121, "yuvj444p")
            for plane in frame.planes:
                plane.update(bytes([60 + number * 8]) * plane.buffer_size)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    render(avi, "warm", tmp_path / "result.mp4")
    video = measure(tmp_path / "result.mp4")
    assert (video.width, video.height) == (160, 120)
    assert video.seconds == pytest.approx(1.0, abs=0.08)


def test_a_clip_filmed_sideways_comes_out_upright(tmp_path: Path) -> None:
    clip = draw_clip(tmp_path / "clip.mp4", 0.5, 320, 180)
    data = bytearray(clip.read_bytes())
    matrix = data.index(b"tkhd") + 44
    # a quarter turn clockwise, as a phone held upright writes it
    turn = (0, 0x10000, 0, -0x10000, 0, 0, 180 << 16, 0, 0x40000000)
    data[matrix : matrix + 36] = b"".join(number.to_bytes(4, "big", signed=True) for number in turn)
    (tmp_path / "sideways.mp4").write_bytes(data)
    render(tmp_path / "sideways.mp4", "upscale 2x", tmp_path / "result.mp4")
    video = measure(tmp_path / "result.mp4", 90, 160)
    assert (video.width, video.height) == (360, 640)
    stored = np.rot90(measure(clip, 160, 90).frames, k=-1, axes=(1, 2))
    assert np.abs(video.frames - stored).mean() < 6


def test_what_is_no_clip_is_refused(tmp_path: Path) -> None:
    for data in (b"", b"x", b"<html></html>", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", b"\0" * 4096):
        path = tmp_path / "clip.mp4"
        path.write_bytes(data)
        with pytest.raises(UnreadableClipError):
            examine(path)


def test_the_sample_clip_is_what_was_asked_for(tmp_path: Path) -> None:
    clip = draw_clip(tmp_path / "clip.mp4", 1.5, 426, 240, 30, scenes=1)
    video = measure(clip)
    assert (video.width, video.height, len(video.frames)) == (426, 240, 45)
    assert video.codecs == ("h264", "aac")
    assert video.seconds == pytest.approx(1.5, abs=0.01)
    assert abs(video.sound).max() > 0.1
