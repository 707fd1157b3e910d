"""Keep a paid result that our own end failed on: a child cut off, a name server or a clock that is wrong."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.errors import MediaError, SourceUnavailableError
from jobs.services import TemporaryLink
from media.clips import ClipLimits, ShelfClips
from media.fetch import Fetcher
from media.probe import LOOK_LIMITS, Prober
from tests.media.benches import Benches
from tests.media.certificates import open_authority
from tests.media.making import Recipe, make_clip
from tests.media.test_clips import Studio, open_studio
from tests.media.test_fetch import say
from tests.media.wires import WrittenResolver, WrittenSockets, open_fetcher, open_server


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


async def fetch_error(studio: Studio, benches: Benches, fetcher: Fetcher) -> MediaError:
    """Fetch a result through a fetcher; return what that ends in."""
    clips = ShelfClips(fetcher, benches.prober, studio.shelf, limits=ClipLimits())
    with pytest.raises(MediaError) as failed:
        await clips.fetch_result(studio.job(), TemporaryLink("https://clips.example/v.mp4?token=secret"))
    assert "secret" not in str(failed.value)
    return failed.value


async def test_a_result_whose_name_is_not_known_now_is_fetched_later(benches: Benches) -> None:
    unknown = WrittenResolver(socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
    async with open_studio(benches) as studio, open_fetcher(unknown) as fetcher:
        assert isinstance(await fetch_error(studio, benches, fetcher), SourceUnavailableError)


async def test_a_result_whose_certificate_does_not_fit_now_is_fetched_later(benches: Benches, tmp_path: Path) -> None:
    authority = open_authority(tmp_path)
    ended = authority.server("clips.example", ends="20010101000000Z")
    async with (
        open_studio(benches) as studio,
        open_server(say("200 OK\r\nContent-Length: 5", b"clips"), ended) as port,
        open_fetcher(sockets=WrittenSockets(port), tls=authority.client()) as fetcher,
    ):
        assert isinstance(await fetch_error(studio, benches, fetcher), SourceUnavailableError)


async def test_a_result_that_leads_inside_is_refused_at_once(benches: Benches) -> None:
    async with open_studio(benches) as studio, open_fetcher(WrittenResolver(["10.0.0.1"])) as fetcher:
        assert not isinstance(await fetch_error(studio, benches, fetcher), SourceUnavailableError)
