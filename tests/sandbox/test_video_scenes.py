"""Drawn scenes follow their prompt: colours, movement, start and end picture, loop."""

from pathlib import Path

import av
import numpy as np
import pytest

from sandbox.video.clip import draw_clip
from sandbox.video.drawing import Wish, draw
from sandbox.video.render import Extras, StoppedError, render
from sandbox.video.stills import UnreadableImageError, read_image, read_last_frame
from tests.sandbox.video_measure import Measured, measure

SIZE = (320, 176)


def picture(colour: tuple[int, int, int], size: tuple[int, int] = (300, 300)) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), colour, np.uint8), format="rgb24")


def drawn(tmp_path: Path, prompt: str, **wish: object) -> Measured:
    fields = {"seconds": 1.5} | wish
    draw(Wish(prompt, *SIZE, **fields), tmp_path / "scene.mp4")  # type: ignore[arg-type]  # fields of several types
    return measure(tmp_path / "scene.mp4")


def difference(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first - second).mean())


def test_a_scene_plays_everywhere_and_moves(tmp_path: Path) -> None:
    video = drawn(tmp_path, "Astronauts shuttle from space to volcano")
    assert (video.width, video.height, len(video.frames)) == (*SIZE, 36)
    assert video.codecs == ("h264", "aac")
    assert video.pix_fmt == "yuv420p"
    assert difference(video.frames[0], video.frames[18]) > 1
    assert abs(video.sound).max() > 0.02
    assert video.sound_seconds == pytest.approx(1.5, abs=0.03)


def test_the_prompt_decides_the_colours(tmp_path: Path) -> None:
    night = drawn(tmp_path, "a city at night")
    snow = drawn(tmp_path, "snow in winter")
    fire = drawn(tmp_path, "a volcano")
    assert night.brightness < 70
    assert snow.brightness > 150
    assert fire.warmth > 60 > night.warmth


def test_the_prompt_decides_the_camera(tmp_path: Path) -> None:
    for prompt in ("meadow", "meadow, zoom in", "meadow, drone shot rising"):
        told = draw(Wish(prompt, *SIZE, 0.5), tmp_path / "scene.mp4").applied
        assert told[-1] == {"meadow": "camera: pan right", "meadow, zoom in": "camera: zoom in"}.get(
            prompt, "camera: rise"
        )


def test_the_same_prompt_gives_the_same_video(tmp_path: Path) -> None:
    first, second = (drawn(tmp_path, "rain over tokyo") for _ in range(2))
    # x264 itself may differ by a level or two from run to run
    assert difference(first.frames, second.frames) < 2


def test_a_loop_has_no_seam_and_anything_else_has_one(tmp_path: Path) -> None:
    for prompt in ("a boat on the ocean", "a neon city in the rain", "a dragon over a volcano, zoom in"):
        loop = drawn(tmp_path, prompt, loop=True, seconds=2.0)
        plain = drawn(tmp_path, prompt, seconds=2.0)
        steps = np.abs(np.diff(loop.frames, axis=0)).mean(axis=(1, 2, 3))
        assert difference(loop.frames[-1], loop.frames[0]) < 1.6 * steps.max()
        assert difference(plain.frames[-1], plain.frames[0]) > 1.6 * difference(loop.frames[-1], loop.frames[0])


def test_start_and_end_pictures_are_honoured(tmp_path: Path) -> None:
    red, blue = picture((200, 30, 30)), picture((30, 30, 200), (90, 400))
    video = drawn(tmp_path, "a green forest", start=red, end=blue, seconds=3.0)
    assert len(video.frames) == 72
    assert difference(video.frames[0], np.array([200, 30, 30])) < 6
    assert difference(video.frames[-1], np.array([30, 30, 200])) < 6
    middle = video.frames[36].mean(axis=(0, 1))
    assert middle[1] > 100


def test_a_loop_with_a_start_picture_returns_to_it(tmp_path: Path) -> None:
    video = drawn(tmp_path, "a green forest", start=picture((200, 30, 30)), loop=True, seconds=3.0)
    assert difference(video.frames[0], video.frames[-1]) < 4


def test_a_clip_can_start_with_a_picture_and_keep_its_length(tmp_path: Path) -> None:
    clip = draw_clip(tmp_path / "clip.mp4", 2, 320, 180)
    edited = render(clip, "warm", tmp_path / "result.mp4", Extras(first_frame=picture((200, 30, 30))))
    video = measure(tmp_path / "result.mp4")
    assert edited.applied == ("warm grade", "starts with the picture given")
    assert difference(video.frames[0], np.array([200, 30, 30])) < 6
    assert len(video.frames) == 48
    assert difference(video.frames[-1], measure(clip).frames[-1]) < 25


def test_strength_keeps_part_of_a_look(tmp_path: Path) -> None:
    clip = draw_clip(tmp_path / "clip.mp4", 0.5, 320, 180)
    saturation = []
    for strength in (0.0, 0.5, 1.0):
        edited = render(clip, "black and white", tmp_path / "result.mp4", Extras(strength=strength))
        saturation.append(measure(tmp_path / "result.mp4").saturation)
    assert saturation[0] > saturation[1] + 10 > saturation[2] + 20
    assert edited.applied == ("black and white",)


def test_a_watermark_stands_in_the_lower_right_corner_all_along(tmp_path: Path) -> None:
    clip = draw_clip(tmp_path / "clip.mp4", 1, 320, 180)
    edited = render(clip, "warm", tmp_path / "result.mp4", Extras(watermark="Luma-7 äß"))
    render(clip, "warm", tmp_path / "plain.mp4")
    change = np.abs(measure(tmp_path / "result.mp4").frames - measure(tmp_path / "plain.mp4").frames).mean(axis=3)
    assert edited.applied == ("warm grade", "watermark")
    assert change[:, 80:, 120:].mean(axis=(1, 2)).min() > 10
    assert change[:, :70].mean() < 2
    assert change.shape[0] == 24


def test_the_last_frame_of_a_video_is_found(tmp_path: Path) -> None:
    video = drawn(tmp_path, "forest", end=picture((200, 30, 30)))
    last = read_last_frame(tmp_path / "scene.mp4").reformat(width=160, height=90, format="rgb24").to_ndarray()
    assert difference(last.astype(float), video.frames[-1]) < 2


def test_pictures_of_every_usual_kind_are_read_and_others_refused(tmp_path: Path) -> None:
    for ending in ("png", "jpg"):
        picture((200, 30, 30)).save(str(tmp_path / f"image.{ending}"))
        assert read_image(tmp_path / f"image.{ending}").width == 300
    draw_clip(tmp_path / "clip.mp4", 0.2, 64, 36)
    (tmp_path / "text.png").write_text("<svg/>")
    (tmp_path / "empty.png").touch()
    for name in ("clip.mp4", "text.png", "empty.png"):
        with pytest.raises(UnreadableImageError):
            read_image(tmp_path / name)


def test_drawing_can_be_stopped(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        draw(Wish("forest", *SIZE, 1.0), tmp_path / "scene.mp4", lambda: True)
