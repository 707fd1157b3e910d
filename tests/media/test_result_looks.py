"""Keep a paid result that our own look at it failed on: a child that was too slow or died is no verdict."""

from dataclasses import replace

import pytest

from jobs.errors import MediaError, SourceUnavailableError
from media.probe import LOOK_LIMITS, Prober
from tests.media.benches import Benches
from tests.media.making import Recipe, make_clip
from tests.media.test_clips import open_studio


async def test_a_result_whose_look_was_cut_off_is_looked_at_again(benches: Benches) -> None:
    benches.prober = Prober(benches.workshop, replace(LOOK_LIMITS, wall_seconds=0.001))
    async with open_studio(benches) as studio:
        studio.files["result.mp4"] = make_clip(benches.folder / "made.mp4", Recipe()).read_bytes()
        with pytest.raises(SourceUnavailableError) as cut:
            await studio.clips.fetch_result(studio.job(), studio.link("result.mp4"))
        assert "secret" not in str(cut.value)


async def test_a_result_that_is_no_video_is_none_at_once(benches: Benches) -> None:
    async with open_studio(benches) as studio:
        studio.files["result.mp4"] = b"MZ" + bytes(99)
        with pytest.raises(MediaError) as bad:
            await studio.clips.fetch_result(studio.job(), studio.link("result.mp4"))
        assert not isinstance(bad.value, SourceUnavailableError)
