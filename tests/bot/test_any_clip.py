"""Take any ordinary clip in and bring any video out, with real files, through the real bot on the local Discord."""

from pathlib import Path

import pytest

from bot.language import speaking
from bot.refused_places import say_detail
from jobs.errors import SourceUnavailableError
from jobs.job import FailureCode, State
from jobs.phrases import Phrase
from jobs.retries import failure_of
from tests.bot.media_world import open_media_world
from tests.jobs.making import make_job
from tests.media.making import Recipe, make_clip
from tests.media.watching import watch

KINDS = {
    "phone.mov": (Recipe("hevc", rotation=90), ("converted to MP4 (was mov, hevc)", "turned upright")),
    "screen.webm": (Recipe("vp9"), ("converted to MP4 (was webm, vp9)",)),
    "film.mkv": (Recipe("av1"), ("converted to MP4 (was matroska, av1)",)),
    "old.avi": (Recipe("mpeg4"), ("converted to MP4 (was avi, mpeg4)",)),
    "joke.gif": (Recipe("gif", sound=False), ("converted to MP4 (was gif, gif)",)),
    "small.3gp": (Recipe("mpeg4", sound=False), ("converted to MP4 (was 3gp, mpeg4)",)),
}


@pytest.mark.timeout(180)
async def test_six_kinds_of_files_come_out_as_videos_that_play(tmp_path: Path) -> None:
    async with open_media_world(tmp_path) as world:
        world.finish_with(make_clip(tmp_path / "result.mp4", Recipe()))
        for name, (recipe, told) in KINDS.items():
            job = await world.run(await world.modify(make_clip(tmp_path / name, recipe)))
            assert job.state is State.DELIVERED, (name, job.failure)
            assert job.clip is not None
            facts = job.clip.facts
            assert (facts.container, facts.video_codec, facts.width % 2) == ("mp4", "h264", 0), name
            assert bool(facts.audio_codec) == recipe.sound
            for words in told:
                assert words in world.card(job), (name, world.card(job))
            (video,) = world.ending(job).attachments
            assert video.filename == f"luma-{job.code}.mp4"


async def test_a_plain_clip_goes_as_it_is_in_four_requests(tmp_path: Path) -> None:
    async with open_media_world(tmp_path) as world:
        world.finish_with(make_clip(tmp_path / "result.mp4", Recipe()))
        clip = make_clip(tmp_path / "plain.mp4", Recipe())
        await world.base.results.note_told(world.base.server.world.find_user("Mia").id, now_ms=1)
        before = len(world.base.server.exchanges)
        job = await world.run(await world.modify(clip))
        assert job.clip is not None
        assert (job.clip.notes, world.media.shelf.path(job.clip.file).read_bytes()) == ((), clip.read_bytes())
        own = [one for one in world.base.server.exchanges[before:] if "/attachments/" not in one.path]
        assert len(own) == 4, [(one.method, one.path) for one in own]


async def test_a_long_clip_is_cut_from_its_start_and_the_card_says_so_before_money_is_spent(tmp_path: Path) -> None:
    async with open_media_world(tmp_path) as world:
        world.finish_with(make_clip(tmp_path / "result.mp4", Recipe(frames=250)))
        shown: list[str] = []

        async def look() -> None:
            await world.base.delivery.settle()
            shown.append(world.card(await world.read(job)))

        world.base.provider.during_submit = look
        job = await world.modify(make_clip(tmp_path / "long.mp4", Recipe(frames=1600)), start="0:12")
        assert "From: 0:12" in world.card(job)
        job = await world.run(job)
        assert job.state is State.DELIVERED
        assert "0:12-0:22 of 1:04" in shown[0]
        assert job.clip is not None
        assert job.clip.facts.duration_ms == 10_000
        seen = watch(world.media.shelf.path(job.clip.file))
        assert (seen.numbers[0], len(seen.numbers)) == (300, 250)


async def test_a_start_behind_the_end_is_refused_for_free_with_the_way_out(tmp_path: Path) -> None:
    async with open_media_world(tmp_path) as world:
        job = await world.run(await world.modify(make_clip(tmp_path / "clip.mp4", Recipe()), start="5"))
        assert job.failure is not None
        assert job.failure.code is FailureCode.UNUSABLE_CLIP
        assert "Use an earlier start" in world.ending(job).content
        assert "not counted" in world.ending(job).content
        assert world.base.provider.billed == []


async def test_a_file_that_only_claims_to_be_a_video_is_refused(tmp_path: Path) -> None:
    async with open_media_world(tmp_path) as world:
        lie = tmp_path / "clip.mp4"
        lie.write_bytes(b"MZ" + bytes(5_000))
        job = await world.run(await world.modify(lie))
        assert job.state is State.FAILED
        assert "not a video" in world.ending(job).content


@pytest.mark.parametrize(
    ("name", "said"), [("broken", "开头的画面无法读取"), ("other", "不是视频"), ("cut", "作为视频读取")]
)
async def test_why_a_clip_will_not_do_is_told_in_the_members_language(name: str, said: str, tmp_path: Path) -> None:
    async with open_media_world(tmp_path) as world:
        world.base.server.world.find_user("Mia").locale = "zh-CN"
        clip = tmp_path / "clip.mp4"
        whole = make_clip(clip, Recipe(movflags="faststart", sound=False)).read_bytes()
        broken = whole[: whole.index(b"mdat") + 60]
        clip.write_bytes(
            {"broken": broken, "other": b"MZ" + bytes(5_000), "cut": whole[: whole.index(b"mdat") // 2]}[name]
        )
        job = await world.run(await world.modify(clip))
        assert job.failure is not None
        content = world.ending(job).content
        (why,) = [line for line in content.splitlines() if line.startswith("> ")]
        assert said in why, content
        assert "Export" not in why
        assert world.base.provider.billed == []


def test_why_a_download_broke_is_told_in_the_members_language_and_its_details_are_not() -> None:
    error = SourceUnavailableError(Phrase("The link's server answered {status}."), status=503, log="ClientError")
    with speaking("zh-CN"):
        assert say_detail(failure_of(error, make_job(State.QUEUED))) == "链接所在的服务器返回了 503。"


async def test_a_silent_result_gets_the_clips_own_sound_and_says_so(tmp_path: Path) -> None:
    async with open_media_world(tmp_path) as world:
        world.finish_with(make_clip(tmp_path / "silent.mp4", Recipe("hevc", sound=False, frames=50)))
        job = await world.run(await world.modify(make_clip(tmp_path / "clip.mp4", Recipe(frames=50))))
        message = world.ending(job)
        assert "own sound was laid under it" in message.content
        status, _, body = await world.download(message.attachments[0].url)
        assert status == 200
        posted = tmp_path / "posted.mp4"
        posted.write_bytes(body)
        details = await world.media.clips._prober.probe(posted)
        assert (details.video_codec, details.audio_codec, details.faststart) == ("h264", "aac", True)
