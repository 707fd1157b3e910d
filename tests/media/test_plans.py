"""What is decided about a clip before any file is touched."""

from dataclasses import replace
from fractions import Fraction

import pytest

from bot.remarks import say_remark
from jobs.errors import UnusableClipError
from media.plans import (
    displayed_size,
    frame_of,
    how_to_play,
    plan_fit,
    plan_input,
    plan_panes,
    sound_agrees,
    steady_rate,
)
from media.probe import ClipDetails
from tests.fakes import abilities_of

PLAIN = ClipDetails(
    container="mp4",
    video_codec="h264",
    audio_codec="aac",
    width=1280,
    height=720,
    duration_ms=8_000,
    frames=200,
    fps=25.0,
    rotation=0,
    size_bytes=4_000_000,
    faststart=True,
    fragmented=False,
    pix_fmt="yuv420p",
    bit_depth=8,
    hdr=False,
    variable_frame_rate=False,
    audio_ms=8_000,
    audio_usable=True,
    sample_aspect=Fraction(1),
    profile="High",
)


def test_a_plain_clip_goes_as_it_is() -> None:
    assert plan_input(PLAIN, abilities_of(), 0.0, 600.0) is None
    assert plan_input(replace(PLAIN, duration_ms=10_000), abilities_of(), 0.0, 600.0) is None


@pytest.mark.parametrize(
    ("changes", "start", "notes"),
    [
        ({"duration_ms": 64_000}, 12.0, "0:12-0:22 of 1:04"),
        ({"duration_ms": 10_040}, 0.0, "0:00-0:10 of 0:10"),
        ({}, 6.5, "0:06.5-0:08 of 0:08"),
        ({"container": "webm", "video_codec": "vp9"}, 0.0, "converted to MP4 (was webm, vp9)"),
        ({"container": "mp4", "video_codec": "hevc"}, 0.0, "converted to MP4 (was mp4, hevc)"),
        ({"rotation": 90}, 0.0, "turned upright"),
        ({"variable_frame_rate": True, "fps": 27.0}, 0.0, "given a steady 29.97 pictures a second"),
        ({"hdr": True, "pix_fmt": "yuv420p10le"}, 0.0, "brought from HDR to ordinary colours"),
        ({"pix_fmt": "yuv444p"}, 0.0, "converted to plain H.264 (was yuv444p)"),
        ({"fragmented": True}, 0.0, "converted to plain H.264 (was yuv420p)"),
        ({"width": 1281}, 0.0, "given even sizes"),
        ({"sample_aspect": Fraction(4, 3)}, 0.0, "given even sizes"),
        ({"size_bytes": 600_000_000}, 0.0, "made smaller than 500 MB"),
        (
            {"width": 1281, "audio_codec": "dts", "audio_usable": False},
            0.0,
            "given even sizes, left without its sound, which I can't read (dts)",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_reason_to_touch_a_clip_is_told(changes: dict[str, object], start: float, notes: str) -> None:
    plan = plan_input(replace(PLAIN, **changes), abilities_of(), start, 600.0)  # type: ignore[arg-type]  # named above
    assert plan is not None
    assert ", ".join(say_remark(note) for note in plan.notes) == notes
    assert plan.length_ms <= 10_000
    assert plan.frame.width % 2 == plan.frame.height % 2 == 0


def test_several_reasons_are_all_told() -> None:
    film = replace(PLAIN, width=3840, height=2160, duration_ms=20_000, hdr=True, rotation=270, video_codec="hevc")
    plan = plan_input(film, abilities_of(), 3.0, 600.0)
    assert plan is not None
    assert tuple(say_remark(note) for note in plan.notes) == (
        "0:03-0:13 of 0:20",
        "converted to MP4 (was mp4, hevc)",
        "brought from HDR to ordinary colours",
        "turned upright",
        "scaled to 1920x1080",
    )
    assert (plan.start_ms, plan.length_ms) == (3_000, 10_000)


def test_a_start_behind_the_end_and_a_film_are_refused() -> None:
    for start in (8.0, 7.97, 1e9):
        with pytest.raises(UnusableClipError, match="0:08 long") as refused:
            plan_input(PLAIN, abilities_of(), start, 600.0)
        assert refused.value.rule == "start"
    with pytest.raises(UnusableClipError, match="the most I take is 10:00") as refused:
        plan_input(replace(PLAIN, duration_ms=700_000), abilities_of(), 0.0, 600.0)
    assert refused.value.rule == "seconds"


@pytest.mark.parametrize(
    ("fps", "varies", "rate"),
    [
        (29.969, False, Fraction(30000, 1001)),
        (30.0, False, Fraction(30)),
        (23.976, False, Fraction(24000, 1001)),
        (24.0, False, Fraction(24)),
        (12.5, False, Fraction(25, 2)),
        (240.0, False, Fraction(60)),
        (17.3, True, Fraction(24000, 1001)),
        (28.0, True, Fraction(30000, 1001)),
        (59.2, True, Fraction(60000, 1001)),
        (0.0, True, Fraction(25)),
        (0.2, False, Fraction(1)),
    ],
)
def test_rates_become_steady_and_usual(fps: float, varies: bool, rate: Fraction) -> None:
    assert steady_rate(replace(PLAIN, fps=fps, variable_frame_rate=varies)) == rate


def test_sizes_follow_the_shape_of_the_pixels() -> None:
    wide = replace(PLAIN, width=720, height=576, sample_aspect=Fraction(64, 45))
    assert displayed_size(wide) == (1024.0, 576)
    assert (frame_of(wide).width, frame_of(wide).height) == (1024, 576)
    turned = replace(wide, width=576, height=720, rotation=90)
    assert (frame_of(turned).width, frame_of(turned).height) == (576, 1024)
    assert frame_of(replace(PLAIN, width=3, height=1)).height == 2


def test_only_what_does_not_play_is_made_to() -> None:
    assert how_to_play(PLAIN) == "nothing"
    for clip in (
        replace(PLAIN, faststart=False),
        replace(PLAIN, fragmented=True),
        replace(PLAIN, container="mov"),
        replace(PLAIN, audio_codec="mp3"),
    ):
        assert how_to_play(clip) == "remux", clip
    for clip in (
        replace(PLAIN, video_codec="hevc"),
        replace(PLAIN, pix_fmt="yuv444p"),
        replace(PLAIN, bit_depth=10),
        replace(PLAIN, container="avi"),
    ):
        assert how_to_play(clip) == "encode", clip


def test_sound_is_laid_under_a_silent_result_of_the_same_length_only() -> None:
    silent = replace(PLAIN, audio_codec="").facts
    assert sound_agrees(silent, PLAIN.facts)
    assert sound_agrees(replace(silent, duration_ms=8_150), PLAIN.facts)
    assert not sound_agrees(replace(silent, duration_ms=8_200), PLAIN.facts)
    assert not sound_agrees(silent, silent)
    assert not sound_agrees(PLAIN.facts, PLAIN.facts)


def test_a_video_is_fitted_by_rate_then_by_size_and_not_below_the_floor() -> None:
    film = replace(PLAIN, width=1920, height=1080, duration_ms=60_000, fps=30.0, size_bytes=400_000_000)

    def fit(megabytes: float, steps: int = 1) -> tuple[int, int, int] | None:
        plan = plan_fit(film, int(megabytes * 1e6), floor=0.02, comfort=0.06, steps=steps)
        if plan is None:
            return None
        total = plan.video_kbps + plan.audio_kbps
        assert total * 1000 / 8 * 60 < megabytes * 1e6
        return plan.frame.width, plan.frame.height, plan.audio_kbps

    assert fit(50) == (1920, 1080, 128)
    assert fit(25) == (1280, 720, 128)
    assert fit(10) == (1280, 720, 128)
    assert fit(4) is None
    assert fit(4, steps=2) == (960, 540, 64)
    assert fit(0.5, steps=2) is None
    silent = plan_fit(replace(film, audio_codec=""), 25_000_000, floor=0.02, comfort=0.06, steps=1)
    assert silent is not None
    assert silent.audio_kbps == 0
    simple = plan_fit(replace(film, size_bytes=4_000_000), 3_000_000, floor=0.02, comfort=0.06, steps=1)
    assert simple is not None
    assert simple.frame.height == 1080
    fast = plan_fit(replace(film, fps=60.0), 40_000_000, floor=0.02, comfort=0.06, steps=1)
    assert fast is not None
    assert (fast.frame.height, int(fast.frame.fps)) == (1080, 30)


def test_panes_stand_side_by_side_or_one_above_the_other() -> None:
    portrait = replace(PLAIN, width=1080, height=1920)
    pane, stacked = plan_panes(portrait, portrait)
    assert ((pane.width, pane.height), stacked) == ((720, 1280), False)
    pane, stacked = plan_panes(PLAIN, PLAIN)
    assert ((pane.width, pane.height), stacked) == ((1280, 720), True)
    assert plan_panes(PLAIN, replace(PLAIN, width=720))[1] is False
