"""What comes out plays to its end in a real browser, with all of its pictures and its sound."""

import base64
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from media.edit import Editor
from media.plans import InputPlan, frame_of
from tests.environment import need_chromium
from tests.media.benches import Benches
from tests.media.making import Recipe, make_clip

PLAY = """async data => {
    const video = document.createElement('video');
    video.muted = true;
    video.src = 'data:video/mp4;base64,' + data;
    document.body.append(video);
    await new Promise((done, failed) => {
        video.onended = done;
        video.onerror = () => failed(video.error.message);
        video.play();
    });
    return {
        width: video.videoWidth,
        height: video.videoHeight,
        seconds: video.duration,
        sound: video.webkitAudioDecodedByteCount > 0,
    };
}"""


async def _make(benches: Benches, folder: Path) -> dict[str, Path]:
    """Make one file by each way: converted, turned, repacked, fitted, compared."""
    editor = Editor(benches.workshop)
    made = {name: folder / f"{name}.mp4" for name in ("converted", "turned", "repacked", "fitted", "compared")}
    film = make_clip(folder / "film.webm", Recipe("vp9", frames=30))
    phone = make_clip(folder / "phone.mov", Recipe("hevc", frames=30, rotation=90, pix_fmt="yuv420p10le", hdr=True))
    late = make_clip(folder / "late.mkv", Recipe(frames=30))
    for name, path in {"converted": film, "turned": phone}.items():
        details = await benches.details(path)
        plan = InputPlan(frame_of(details), 0, details.duration_ms, ())
        await editor.convert(path, plan, made[name], max_bytes=10**7)
    details = await benches.details(late)
    await editor.make_playable(late, details, made["repacked"])
    large = make_clip(folder / "large.mp4", Recipe(width=640, height=360, frames=30))
    assert await editor.fit_to_bytes(large, await benches.details(large), made["fitted"], large.stat().st_size * 3 // 4)
    repacked = await benches.details(made["repacked"])
    await editor.compare(made["repacked"], repacked, made["repacked"], repacked, made["compared"])
    return made


@pytest.mark.browser
async def test_every_kind_of_file_we_make_plays_in_a_browser(benches: Benches) -> None:
    chromium = need_chromium()
    made = await _make(benches, benches.folder)
    sizes = {"turned": (96, 160), "compared": (160, 192), "fitted": (640, 360)}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            page = await browser.new_page()
            for name, path in made.items():
                seen = await page.evaluate(PLAY, base64.b64encode(path.read_bytes()).decode())
                assert (seen["width"], seen["height"]) == sizes.get(name, (160, 96)), name
                assert abs(seen["seconds"] - 1.2) < 0.05, name
                assert seen["sound"], name
        finally:
            await browser.close()
