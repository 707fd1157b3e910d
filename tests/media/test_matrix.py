"""Every kind of clip that people have goes in, every kind of result comes out, and all of it plays."""

import asyncio
import base64
from dataclasses import dataclass, field
from pathlib import Path

import av
import pytest
from playwright.async_api import Page, async_playwright

from media.edit import Editor
from media.plans import InputPlan, frame_of
from media.probe import ClipDetails
from tests.environment import need_chromium
from tests.media.benches import Benches
from tests.media.making import make_clip
from tests.media.matrix import (
    CODECS,
    CONTAINERS,
    FPS,
    FRAMES,
    LENGTH_MS,
    NOT_ENCODED,
    NOT_HELD,
    NOT_WRITTEN,
    VARIANTS,
    Case,
    cases,
)
from tests.media.watching import Watched, watch

FRAME_MS = 1000 / FPS
IN_STEP_SECONDS = 0.02
AT_ONCE = 2
# So many videos play in the page at one time.
PAGE_HOLDS = 60

PLAY = """async videos => await Promise.all(videos.map(data => new Promise(done => {
    const video = document.createElement('video');
    const tell = error => {
        const sound = video.webkitAudioDecodedByteCount > 0;
        const pictures = video.getVideoPlaybackQuality().totalVideoFrames;
        done({error, width: video.videoWidth, height: video.videoHeight, seconds: video.duration, sound, pictures});
        video.remove();
    };
    video.muted = true;
    video.onended = () => tell('');
    video.onerror = () => tell(video.error.message || 'an error');
    video.src = 'data:video/mp4;base64,' + data;
    document.body.append(video);
    setTimeout(() => tell('it does not end'), 60000);
    video.play().catch(error => tell(String(error)));
})))"""


@dataclass(frozen=True, slots=True)
class Made:
    """Hold a file that was made of a clip: how, and what a player is to see of it."""

    name: str
    path: Path
    width: int
    height: int
    sounds: bool


@dataclass
class Gallery:
    """Make every clip of a container and both files of each, once; `complaints` are what is wrong with them."""

    folder: Path
    made: dict[str, list[Made]] = field(default_factory=dict)
    complaints: dict[str, list[str]] = field(default_factory=dict)

    async def fill(self, container: str) -> None:
        """Make what is not there yet, a few at a time."""
        if container in self.made:
            return
        folder = self.folder / container
        folder.mkdir()
        self.made[container], self.complaints[container] = [], []
        benches, places = Benches(folder), asyncio.Semaphore(AT_ONCE)

        async def show(case: Case) -> None:
            async with places:
                await self._show(benches, case)

        try:
            async with asyncio.TaskGroup() as group:
                for case in cases(container):
                    group.create_task(show(case))
        finally:
            await benches.workshop.close()

    async def _show(self, benches: Benches, case: Case) -> None:
        path = await asyncio.to_thread(make_clip, benches.folder / case.name, case.recipe)
        details, editor = await benches.details(path), Editor(benches.workshop)
        seen = await asyncio.to_thread(watch, path)
        self._complain(case, "as it is", _wrong_with_the_clip(case, details, seen))
        taken, played = path.with_suffix(".in.mp4"), path.with_suffix(".out.mp4")
        plan = InputPlan(frame_of(details), 0, details.duration_ms, ())
        await editor.convert(path, plan, taken, max_bytes=10_000_000)
        if not await editor.make_playable(path, details, played):
            played = path
        for way, out in (("in", taken), ("out", played)):
            made, watched = await benches.details(out), await asyncio.to_thread(watch, out)
            self._complain(case, way, _wrong(case, (details, seen), (made, watched)))
            if out == taken and (made.rotation, made.variable_frame_rate, made.profile) != (0, False, "High"):
                self._complain(case, way, [f"{made.rotation}, {made.variable_frame_rate}, {made.profile}"])
            self.made[case.container].append(Made(f"{case.name} {way}", out, *case.shown_size, case.sounds))

    def _complain(self, case: Case, way: str, wrong: list[str]) -> None:
        self.complaints[case.container] += [f"{case.name} {way}: {what}" for what in wrong]


def _wrong_with_the_clip(case: Case, details: ClipDetails, seen: Watched) -> list[str]:
    """Compare what was made with what was to be made: the matrix would prove nothing of clips that are all alike."""
    recipe = case.recipe
    turned = recipe.rotation in {90, 270}
    index = case.container in {"mp4", "mov", "3gp"}
    expected = {
        "size": (recipe.height, recipe.width) if turned else (recipe.width, recipe.height),
        "codec": case.codec,
        "rotation": recipe.rotation,
        "varies": case.variant == "varying",
        "10 bit": case.variant == "10 bit" or case.codec == "prores",
        "fragmented": case.variant == "fragmented",
        "index first": index and case.variant != "late index",
        "sound": case.sounds,
        "pictures": FRAMES,
    }
    got = {
        "size": (details.width, details.height),
        "codec": details.video_codec,
        "rotation": details.rotation,
        "varies": details.variable_frame_rate,
        "10 bit": details.bit_depth == 10,
        "fragmented": details.fragmented,
        "index first": details.faststart,
        "sound": bool(details.audio_ms) and details.audio_usable,
        "pictures": details.frames,
    }
    wrong = [f"{name} is {got[name]}, not {value}" for name, value in expected.items() if got[name] != value]
    if abs(details.duration_ms - LENGTH_MS) > FRAME_MS + 1:
        wrong.append(f"{details.duration_ms} ms long")
    if seen.flash is None or (seen.beep is not None) != case.sounds:
        wrong.append(f"flash {seen.flash}, beep {seen.beep}")
    return wrong


def _wrong(case: Case, before: tuple[ClipDetails, Watched], after: tuple[ClipDetails, Watched]) -> list[str]:
    """Compare a file with the clip it was made of."""
    (details, seen), (made, watched) = before, after
    wrong = []
    if (made.container, made.video_codec, made.pix_fmt) != ("mp4", "h264", "yuv420p"):
        wrong.append(f"{made.container}, {made.video_codec}, {made.pix_fmt}")
    if made.audio_codec != ("aac" if case.sounds else ""):
        wrong.append(f"sound is {made.audio_codec}")
    if (made.width, made.height) != case.shown_size:
        wrong.append(f"{made.width}x{made.height}, not {case.shown_size}")
    if abs(made.duration_ms - details.duration_ms) > FRAME_MS + 1:
        wrong.append(f"{made.duration_ms} ms of {details.duration_ms} ms")
    if watched.sound_seconds * 1000 > made.duration_ms + FRAME_MS:
        wrong.append(f"sound for {watched.sound_seconds:.3f} s of {made.duration_ms} ms")
    if not made.faststart or made.fragmented:
        wrong.append(f"index first: {made.faststart}, fragmented: {made.fragmented}")
    unread = case.container == "avi" or case.variant == "varying" or case.recipe.rotation
    if not unread and watched.numbers != list(range(FRAMES)):
        wrong.append(f"pictures {watched.numbers}")
    if watched.errors:
        wrong.append(f"{watched.errors} pictures that do not decode")
    apart, was = _apart(watched), _apart(seen)
    if apart is None or was is None or abs(apart - was) > IN_STEP_SECONDS:
        wrong.append(f"sound {apart} s after the pictures, {was} s before")
    elif case.container != "avi" and abs(apart) > IN_STEP_SECONDS:  # which has no times: apart from the start
        wrong.append(f"sound {apart:.3f} s after the pictures")
    return wrong


def _apart(seen: Watched) -> float | None:
    """Return how long after the flash the beep comes, in seconds; None where one is lost, 0 without sound."""
    if seen.flash is None:
        return None
    return 0.0 if seen.beep is None else seen.beep - seen.flash


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """Open a gallery that all tests here share."""
    return Gallery(tmp_path_factory.mktemp("gallery"))


@pytest.mark.parametrize("container", CONTAINERS)
async def test_every_kind_of_clip_goes_in_and_comes_out(container: str, gallery: Gallery) -> None:
    await gallery.fill(container)
    assert not gallery.complaints[container], "\n".join(gallery.complaints[container])
    assert len(gallery.made[container]) == 2 * len(list(cases(container))) > 0


@pytest.mark.browser
@pytest.mark.timeout(300)
async def test_all_that_was_made_plays_to_its_end_in_a_browser(gallery: Gallery) -> None:
    chromium = need_chromium()
    for container in CONTAINERS:
        await gallery.fill(container)
    every = [made for container in CONTAINERS for made in gallery.made[container]]
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            page = await browser.new_page()
            for first in range(0, len(every), PAGE_HOLDS):
                complaints += await _play(page, every[first : first + PAGE_HOLDS])
        finally:
            await browser.close()
    assert not complaints, "\n".join(complaints)


async def _play(page: Page, batch: list[Made]) -> list[str]:
    data = [base64.b64encode(made.path.read_bytes()).decode() for made in batch]
    complaints = []
    for made, seen in zip(batch, await page.evaluate(PLAY, data), strict=True):
        got = (seen["error"], seen["width"], seen["height"], seen["sound"])
        if got != ("", made.width, made.height, made.sounds):
            complaints.append(f"{made.name}: {got}")
        elif abs(seen["seconds"] * 1000 - LENGTH_MS) > 2 * FRAME_MS + 1 or not seen["pictures"]:
            complaints.append(f"{made.name}: {seen['pictures']} pictures in {seen['seconds']} s")
    return complaints


def test_what_the_matrix_leaves_out_does_not_exist(tmp_path: Path) -> None:
    made = []
    for container, codecs in NOT_HELD.items():
        for codec in codecs:
            with pytest.raises((ValueError, av.FFmpegError)):
                made.append(make_clip(tmp_path / f"clip.{container}", Case(container, codec, "landscape").recipe))
    holders = {codec: next(name for name in CONTAINERS if codec not in NOT_HELD[name]) for codec in CODECS}
    for codec, variants in NOT_ENCODED.items():
        make_clip(tmp_path / f"fine.{holders[codec]}", Case(holders[codec], codec, "landscape").recipe)
        for variant in variants:
            with pytest.raises(av.FFmpegError, match="avcodec_open2"):
                made.append(make_clip(tmp_path / f"clip.{holders[codec]}", Case("", codec, variant).recipe))
    assert made == []


async def test_what_a_container_has_no_place_for_is_not_in_it(benches: Benches) -> None:
    for container, variants in NOT_WRITTEN.items():
        codec = next(codec for codec in CODECS if codec not in NOT_HELD[container])
        for variant in variants:
            case = Case(container, codec, variant)
            details = await benches.details(make_clip(benches.folder / case.name, case.recipe))
            assert (details.rotation, details.fragmented, details.faststart) == (0, False, False), case
    assert len(VARIANTS) * len(CODECS) * len(CONTAINERS) > sum(len(list(cases(name))) for name in CONTAINERS) > 200
