"""Hold what the operator's figures hear of links and looks."""

from dataclasses import replace
from pathlib import Path

import pytest

from jobs.errors import UnusableClipError
from media.counts import MediaCounts
from media.fetch import Fetcher
from media.limited import Workshop
from media.probe import LOOK_LIMITS, Prober
from tests.media.making import make_clip


async def test_a_refused_link_is_counted_by_its_reason_alone(tmp_path: Path) -> None:
    heard: list[str] = []
    fetcher = Fetcher(counts=MediaCounts(refused=heard.append))
    try:
        for link in ("http://secret.example/a.mp4", "https://127.0.0.1/secret.mp4", "https://user:secret@a.example/"):
            with pytest.raises(UnusableClipError):
                await fetcher.fetch(link, tmp_path / "clip", limit_bytes=1000)
    finally:
        await fetcher.close()
    assert len(heard) == 3
    assert not any("secret" in reason for reason in heard)
    assert list(tmp_path.iterdir()) == []


async def test_looks_and_killed_children_are_counted(tmp_path: Path) -> None:
    looked: list[float] = []
    failed: list[bool] = []
    counts = MediaCounts(looked=looked.append, failed=lambda: failed.append(True))
    path = make_clip(tmp_path / "clip.mp4")
    workshop = Workshop(tmp_path / "workshop")
    try:
        await Prober(workshop, counts=counts).probe(path)
        assert (len(looked), len(failed)) == (1, 0)
        with pytest.raises(UnusableClipError):
            await Prober(workshop, replace(LOOK_LIMITS, wall_seconds=0.0), counts).probe(path)
        assert (len(looked), len(failed)) == (2, 1)
    finally:
        await workshop.close()
