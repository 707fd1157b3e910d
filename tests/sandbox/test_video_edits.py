"""Every modification the services promise really changes the picture in the expected direction."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from sandbox.video import looks
from sandbox.video.clip import draw_clip
from sandbox.video.edits import read_prompt
from sandbox.video.render import Edited, StoppedError, render
from tests.sandbox.video_measure import Measured, measure

SIZE = (320, 180)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_clip(tmp_path_factory.mktemp("edits") / "clip.mp4", 1, *SIZE)


@pytest.fixture(scope="module")
def before(clip: Path) -> Measured:
    return measure(clip)


def edit(clip: Path, prompt: str, tmp_path: Path) -> tuple[Measured, Edited]:
    path = tmp_path / "edited.mp4"
    edited = render(clip, prompt, path)
    return measure(path), edited


Check = Callable[[Measured, Measured], bool]

LOOKS: dict[str, tuple[str, Check]] = {
    "cinematic": (
        "give it a cinematic look",
        lambda old, new: new.contrast > old.contrast * 1.1 and new.tone(0, 60)[2] > new.tone(0, 60)[0],
    ),
    "warm": ("warm tones", lambda old, new: new.warmth > old.warmth + 15),
    "cool": ("cool tones", lambda old, new: new.warmth < old.warmth - 15),
    "vintage": (
        "vintage",
        lambda old, new: (
            new.saturation < old.saturation * 0.6 and new.frames[:, 40:50, 70:90].mean() > new.luma[:, -5:, :5].mean()
        ),
    ),
    "black and white": ("make it black and white", lambda old, new: new.saturation < 3 < old.saturation),
    "B&W": ("B&W please", lambda old, new: new.saturation < 3 < old.saturation),
    "orange and teal": (
        "orange and teal",
        lambda old, new: new.warmth > old.warmth + 30 and new.tone(0, 50)[2] > new.tone(0, 50)[0],
    ),
    "lift shadows": (
        "lift shadows",
        lambda old, new: float(np.quantile(new.luma, 0.05)) > float(np.quantile(old.luma, 0.05)) + 8,
    ),
    "crush blacks": (
        "crush the blacks",
        lambda old, new: new.share(0, 40) > old.share(0, 40) and new.contrast > old.contrast,
    ),
    "magenta highlights": (
        "add grade with magenta highlights",
        lambda old, new: new.magenta(200, 256) > old.magenta(200, 256) + 8,
    ),
    "green shadows": ("green shadows", lambda old, new: new.tone(0, 60)[1] > old.tone(0, 60)[1] + 5),
    "brighten": ("brighten the video", lambda old, new: new.brightness > old.brightness + 20),
    "darken": ("darken it", lambda old, new: new.brightness < old.brightness - 20),
    "more contrast": ("adjust contrast", lambda old, new: new.contrast > old.contrast * 1.2),
    "less contrast": ("reduce the contrast", lambda old, new: new.contrast < old.contrast * 0.85),
    "blur": ("blur the background", lambda old, new: new.sharpness < old.sharpness * 0.9),
    "sharpen": ("sharpen it", lambda old, new: new.sharpness > old.sharpness * 1.08),
    "clarity": ("enhance clarity", lambda old, new: new.sharpness > old.sharpness * 1.08),
    "vivid": ("vivid colors", lambda old, new: new.saturation > old.saturation * 1.2),
    "muted": ("muted colors", lambda old, new: new.saturation < old.saturation * 0.8),
    "grain": ("film grain", lambda old, new: new.flicker > old.flicker + 0.5),
    "vignette": ("vignette", lambda old, new: new.luma[:, :8, :8].mean() < old.luma[:, :8, :8].mean() - 20),
    "night": ("turn day into night", lambda old, new: new.brightness < old.brightness * 0.7 and new.warmth < 0),
    "neon": ("neon cyberpunk", lambda old, new: new.saturation > old.saturation * 1.3),
    "sepia": ("sepia", lambda old, new: new.rgb[0] > new.rgb[1] > new.rgb[2] > old.warmth),
    "unknown": ("zzz qqq", lambda old, new: old.contrast * 1.3 > new.contrast > old.contrast * 1.03),
}


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_changes_the_picture_in_its_direction(name: str, clip: Path, before: Measured, tmp_path: Path) -> None:
    prompt, holds = LOOKS[name]
    after, edited = edit(clip, prompt, tmp_path)
    assert holds(before, after), (before.rgb, after.rgb, before.contrast, after.contrast, edited.applied)
    assert edited.applied
    assert after.seconds == pytest.approx(before.seconds, abs=0.05)
    assert (after.width, after.height) == SIZE


def test_results_play_everywhere(clip: Path, tmp_path: Path) -> None:
    after, _ = edit(clip, "warm", tmp_path)
    assert after.codecs == ("h264", "aac")
    assert after.pix_fmt == "yuv420p"
    data = (tmp_path / "edited.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_denoise_takes_noise_away(clip: Path, before: Measured, tmp_path: Path) -> None:
    noisy = tmp_path / "noisy.mp4"
    render(clip, "add film grain", noisy)
    cleaned = tmp_path / "cleaned.mp4"
    edited = render(noisy, "reduce noise", cleaned)
    assert measure(cleaned).flicker < measure(noisy).flicker * 0.5
    assert edited.applied == ("noise reduced",)


def test_upscale_reaches_the_size_asked_for(clip: Path, tmp_path: Path) -> None:
    after, edited = edit(clip, "upscale it", tmp_path)
    assert (after.width, after.height) == (640, 360) == (edited.width, edited.height)
    after, edited = edit(clip, "Upscale to 1080p", tmp_path)
    assert (after.width, after.height) == (1920, 1080)
    assert "upscaled to 1920 pixels" in edited.applied


def test_stabilise_calms_a_trembling_camera(tmp_path: Path) -> None:
    shaky = draw_clip(tmp_path / "shaky.mp4", 2, *SIZE, shake_px=6)
    after, edited = edit(shaky, "stabilize the footage", tmp_path)
    assert edited.applied == ("stabilised",)
    assert _tremble(measure(tmp_path / "edited.mp4", *SIZE)) < _tremble(measure(shaky, *SIZE)) * 0.6
    assert after.seconds == pytest.approx(2, abs=0.05)


def _tremble(video: Measured) -> float:
    """Return the mean movement of the whole picture between frames, in pixels, by phase correlation."""
    moves = []
    spectra = [np.fft.fft2(luma - luma.mean()) for luma in video.luma]
    for first, second in pairwise(spectra):
        cross = first * np.conj(second)
        peak = np.unravel_index(np.argmax(np.fft.ifft2(cross / (np.abs(cross) + 1e-9)).real), cross.shape)
        moves.append(sum(min(int(at), size - int(at)) for at, size in zip(peak, cross.shape, strict=True)))
    return float(np.mean(moves))


def test_motion_blur_smears_only_when_asked(clip: Path, tmp_path: Path) -> None:
    plain, edited = edit(clip, "slow motion without motion blur", tmp_path)
    assert edited.applied == ("slow motion, 0.5x",)
    blurred, edited = edit(clip, "Slow down the video to 0.5x speed and add motion blur", tmp_path)
    assert edited.applied == ("slow motion, 0.5x", "motion blur")
    assert blurred.seconds == pytest.approx(plain.seconds, abs=0.05)
    moving = np.abs(np.diff(plain.luma, axis=0)).max(), np.abs(np.diff(blurred.luma, axis=0)).max()
    assert moving[1] < moving[0] * 0.75


def test_several_edits_in_one_prompt_all_happen(clip: Path, before: Measured, tmp_path: Path) -> None:
    prompt = "Apply warm, cinematic color grading, slow it down to 0.5x, sharpen, upscale 2x and fade to black"
    after, edited = edit(clip, prompt, tmp_path)
    assert after.seconds == pytest.approx(2, abs=0.06)
    assert (after.width, after.height) == (640, 360)
    assert after.warmth > before.warmth + 10
    assert after.luma[-1].mean() < 20
    assert len(edited.applied) == 6


def test_fades_reach_black_at_the_ends(clip: Path, tmp_path: Path) -> None:
    after, _ = edit(clip, "fade in and fade out", tmp_path)
    light = after.luma.mean(axis=(1, 2))
    assert light[0] < 20
    assert light[-1] < 20
    assert light[len(light) // 2] > 80
    assert float(np.abs(after.sound[:480]).max()) < 0.05 < float(np.abs(after.sound[22_000:26_000]).max())


@pytest.mark.parametrize("prompt", ["crossfade between scenes", "wipe transition"])
def test_a_transition_replaces_the_hard_cut(prompt: str, tmp_path: Path) -> None:
    cut = draw_clip(tmp_path / "cut.mp4", 3, *SIZE, scenes=2)
    after, edited = edit(cut, prompt, tmp_path)
    assert "between scenes" in edited.applied[0]
    assert after.seconds == pytest.approx(2.5, abs=0.06)
    assert after.sound_seconds == pytest.approx(2.5, abs=0.06)
    hard, soft = (np.abs(np.diff(video.frames.mean(axis=(1, 2)), axis=0)).max() for video in (measure(cut), after))
    assert soft < hard * 0.5


def test_a_dip_to_black_is_black_between_the_scenes(tmp_path: Path) -> None:
    cut = draw_clip(tmp_path / "cut.mp4", 3, *SIZE, scenes=2)
    after, _ = edit(cut, "dip to black between the scenes", tmp_path)
    light = after.luma.mean(axis=(1, 2))
    assert light[[0, -1]].min() > 60
    assert light.min() < 30


def test_a_transition_in_one_scene_fades_its_ends_and_says_so(clip: Path, tmp_path: Path) -> None:
    after, edited = edit(clip, "add transition effects between scenes", tmp_path)
    assert edited.applied == ("no scene cut found: fade in and fade out",)
    assert after.luma[0].mean() < 20
    assert after.luma[-1].mean() < 20


def test_the_default_grade_says_that_nothing_was_recognised(clip: Path, tmp_path: Path) -> None:
    _, edited = edit(clip, "a dragon lands on the hill", tmp_path)
    assert edited.applied == ("a small default grade (nothing in the prompt was recognised)",)


def test_an_edit_can_be_stopped(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        render(clip, "warm", tmp_path / "never.mp4", stopped=lambda: True)


PROMPTS: dict[str, tuple[str, ...]] = {
    "Add cinematic color grading with warm tones and slow motion effect": ("cinematic", "warm grade", "slow motion"),
    "Apply warm, cinematic color grading with orange and teal tones": ("warm grade", "cinematic", "orange highlights"),
    "Slow down the video to 0.5x speed and add motion blur": ("slow motion, 0.5x", "motion blur"),
    "Upscale to 4K, reduce noise, and enhance clarity": ("noise reduced", "sharpened", "upscaled to 3840 pixels"),
    "Professional color grading: lift shadows, crush blacks, add grade with magenta highlights": (
        "shadows lifted", "blacks crushed", "magenta highlights", "cinematic"),
    "speed it up 2x": ("sped up, 2x",),
    "make it 3x faster": ("sped up, 3x",),
    "2x slower": ("slow motion, 0.5x",),
    "4x slow motion": ("slow motion, 0.25x",),
    "play at 50% speed": ("slow motion, 0.5x",),
    "time-lapse": ("sped up, 4x",),
    "upscale 2x": ("upscaled to twice the size",),
    "remove blur": ("sharpened",),
    "remove the grain and make it less saturated": ("noise reduced", "less saturation"),
    "reduce brightness, increase contrast": ("darkened", "more contrast"),
    "warm, no blur, don't sharpen": ("warm grade",),
    "tint the shadows blue": ("blue shadows",),
    "stabilise, denoise and brighten": ("stabilised", "noise reduced", "brightened"),
    "fade to black": ("fade out",),
    "fade from black": ("fade in",),
    "fade through white between scenes": ("dip to white between scenes",),
}  # fmt: skip


def test_prompts_are_read_as_a_person_means_them() -> None:
    for prompt, wanted in PROMPTS.items():
        applied = read_prompt(prompt).applied
        assert len(applied) == len(wanted), (prompt, applied)
        for words in wanted:
            assert any(words in told for told in applied), (prompt, words, applied)


def test_every_look_is_made_of_filters_ffmpeg_has(clip: Path, tmp_path: Path) -> None:
    for look in looks.COLOUR + looks.LIGHT + looks.REPAIR + looks.DETAIL:
        assert look.text not in {"", None}
    everything = "sepia neon cartoon desaturated vivid vignette dreamy grain auto-enhance quality"
    edited = partial(render, clip, everything, tmp_path / "all.mp4")()
    assert len(edited.applied) == 9
