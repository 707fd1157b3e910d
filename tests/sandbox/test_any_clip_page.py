"""Act what people have in the page of the whole demo: phone videos, jokes, links, broken files, huge results."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Browser, Locator, expect

from tests.environment import need_chromium
from tests.media.making import Recipe, make_clip
from tests.sandbox.browsing import JOB_MS, Visitor, visit
from tests.sandbox.demo_process import demo_page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]
# 64 s as a phone makes them: held upright, which only a note in the file says; pictures when the light allows.
PHONE = Recipe("hevc", 192, 108, rotation=270, times_ms=tuple(n * 40 + n % 3 * 13 for n in range(1600)))
# Plays a video from its start and tells what was seen.
PLAY = """async video => {
    video.muted = true;
    video.currentTime = 0;
    await video.play();
    await new Promise(done => video.requestVideoFrameCallback(() => video.requestVideoFrameCallback(done)));
    const seen = {width: video.videoWidth, height: video.videoHeight, seconds: video.duration, at: video.currentTime};
    video.pause();
    return {...seen, sound: video.webkitAudioDecodedByteCount > 0};
}"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def address(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    need_chromium()
    async with demo_page(tmp_path_factory.mktemp("out"), "warm") as opened:
        yield opened


class Member:
    """Act as a member in the page."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.page = visitor, visitor.page

    async def ask(self, prompt: str, files: dict[str, Path] | None = None, **options: str) -> None:
        """Send `/luma modify`; an option that has suggestions is chosen from them."""
        form = await self.visitor.start_command("luma modify")
        await form.get_by_label("prompt").fill(prompt)
        for name, path in (files or {}).items():
            await form.locator(f"[data-option={name}] input[type=file]").set_input_files(path)
            await expect(form.locator(f"[data-option={name}] .picked")).to_contain_text(path.name)
        for name, value in options.items():
            await form.get_by_role("button", name=f"+ {name}", exact=True).click()
            field = form.locator(f"[data-option={name}]").locator("input, textarea, select").first
            if await field.evaluate("field => field.tagName") == "SELECT":
                await field.select_option(value)
                continue
            await field.fill(value)
            if await field.get_attribute("role") == "combobox":
                await form.get_by_role("option", name=value).first.click()
        await form.get_by_role("button", name="Send").click()

    def card(self, prompt: str) -> Locator:
        """Return the card of an edit."""
        return self.visitor.card_of(prompt)

    async def ending(self, prompt: str) -> Locator:
        """Go to the thread of an edit and return the message that it ended with."""
        await self.card(prompt).locator(".thread-card").click(timeout=JOB_MS)
        await expect(self.page.locator("#title")).to_contain_text(f"↳ {prompt}")
        await self.visitor.settle()
        ending = self.visitor.messages.filter(has_text="Luma edit").last
        await ending.wait_for(timeout=JOB_MS)
        await expect(ending.locator(".mention.mine")).to_have_text("@Mia")
        return ending


@pytest_asyncio.fixture(loop_scope="module")
async def mia(browser: Browser, address: str) -> AsyncIterator[Member]:
    async with visit(browser, address) as visitor:
        await visitor.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield Member(visitor)


async def test_a_phone_video_goes_in_with_every_option_and_plays(mia: Member, tmp_path: Path) -> None:
    phone = make_clip(tmp_path / "IMG_0001.mov", PHONE)
    await mia.ask(
        "make it golden", {"clip": phone}, style="Cinematic", start="0:12", watermark="by Mia", spoiler="true"
    )
    card = mia.card("make it golden")
    for words in ("IMG_0001.mov", "0:12-0:22 of 1:04", "turned upright", "a steady 25 pictures", "Cinematic", "by Mia"):
        await expect(card).to_contain_text(words)
    ending = await mia.ending("make it golden")
    await expect(ending).to_contain_text("your edit is ready")
    await ending.get_by_role("button", name="SPOILER").click()
    seen = await ending.locator("video").evaluate(PLAY)
    assert (seen["width"], seen["height"], seen["sound"]) == (108, 192, True)
    assert abs(seen["seconds"] - 10) < 0.1
    assert seen["at"] > 0


def _picture(path: Path) -> Path:
    Image.new("RGB", (160, 96), "navy").save(path)
    return path


async def test_a_joke_goes_to_another_service_and_comes_for_one_person_alone(mia: Member, tmp_path: Path) -> None:
    joke = make_clip(tmp_path / "joke.gif", Recipe("gif"))
    files = {"clip": joke, "first_frame": _picture(tmp_path / "first.png")}
    await mia.ask("paint it", files, strength="adhere_1", model="ray-2", private="true")
    await expect(mia.visitor.messages.last).to_contain_text("Your edit is private")
    await mia.visitor.go("Luma")
    card = mia.card("paint it")
    for words in ("converted to MP4 (was gif, gif)", "Luma Labs", "adhere_1", "ray-2", "first.png"):
        await expect(card).to_contain_text(words)
    ending = mia.visitor.messages.filter(has_text="Luma edit").last
    await ending.wait_for(timeout=JOB_MS)
    assert (await ending.locator("video").evaluate(PLAY))["at"] > 0


async def test_clips_come_by_link_by_message_link_and_by_the_messages_menu(mia: Member, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "screen.webm", Recipe("vp9", frames=300))
    page = mia.page
    await page.locator("#files").set_input_files([clip, _picture(tmp_path / "snow.png")])
    await mia.visitor.say("Look what I made")
    posted = mia.visitor.messages.filter(has_text="Look what I made").last
    links = {each: await posted.locator(each).get_attribute("src") or "" for each in ("video", "img")}
    await mia.ask("by its link", link=links["video"], first_frame_url=links["img"])
    for words in ("0:00-0:10 of 0:12", "converted to MP4 (was webm, vp9)", "First frame"):
        await expect(mia.card("by its link")).to_contain_text(words)
    ending = await mia.ending("by its link")
    assert (await ending.locator("video").evaluate(PLAY))["at"] > 0

    await ending.locator(".content").click(button="right")
    await mia.visitor.menu.get_by_role("menuitem", name="Copy message link").click()
    link = await page.evaluate("navigator.clipboard.readText()")
    await mia.visitor.go("edits")
    await mia.ask("by its message", link=link)
    assert (await (await mia.ending("by its message")).locator("video").evaluate(PLAY))["at"] > 0

    await mia.visitor.go("edits")
    await posted.locator(".content").click(button="right")
    await mia.visitor.menu.get_by_role("menuitem", name="Modify with Luma").click()
    await mia.visitor.dialog.get_by_label("How should the clip look?").fill("by the menu")
    await mia.visitor.dialog.get_by_label("Start").fill("0:04")
    await mia.visitor.dialog.get_by_label("Hide the video behind a spoiler").check()
    await mia.visitor.dialog.get_by_role("button", name="Submit").click()
    await expect(mia.card("by the menu")).to_contain_text("0:04-0:12 of 0:12")
    await expect((await mia.ending("by the menu")).get_by_role("button", name="SPOILER")).to_be_visible()


async def test_what_cannot_be_edited_is_refused_in_words_and_costs_nothing(mia: Member, tmp_path: Path) -> None:
    said = mia.visitor.messages.last
    await mia.ask("from a page", link="https://www.youtube.com/watch?v=1")
    await expect(said).to_contain_text("YouTube")
    await expect(said).to_contain_text("Only you can see this")
    clip = make_clip(tmp_path / "clip.mp4", Recipe())
    await mia.ask("сделай теплее", {"clip": clip})
    await expect(said).to_contain_text("understands English only")

    broken = tmp_path / "broken.mp4"
    broken.write_bytes(clip.read_bytes()[:2000])
    await mia.ask("a broken file", {"clip": broken})
    await expect(mia.card("a broken file")).to_contain_text("This clip can't be edited. It was not counted.")
    ending = await mia.ending("a broken file")
    await expect(ending).to_contain_text(
        "This file can't be read as a video. Use an MP4, MOV, WebM, MKV, AVI, 3GP or GIF"
    )
    await expect(ending).to_contain_text("It was not counted")


async def test_results_over_every_limit_come_smaller_or_as_links(mia: Member, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", Recipe(frames=50))
    faults = mia.page.get_by_label("The next task")
    sizes = {
        "comes back with 20 MB: more than Discord takes here": ("a smaller copy that fits here", "video"),
        "goes well, but Discord takes no file over 20 kB, now and later": ("too large to attach here", "img"),
        "comes back with 600 MB: more than the bot fetches": (
            "The video is larger than 500 MB, the most that I fetch",
            "",
        ),
    }
    for number, (fault, (words, shown)) in enumerate(sizes.items()):
        await mia.visitor.go("edits")
        await faults.select_option(fault)
        await mia.ask(f"size {number}", {"clip": clip})
        ending = await mia.ending(f"size {number}")
        await expect(ending).to_contain_text(words)
        link = ending.locator(".content a[href^=http]")
        answer = await mia.page.request.fetch(str(await link.get_attribute("href")), headers={"Range": "bytes=0-99"})
        assert (answer.status, len(await answer.body())) == (206, 100), fault
        await expect(ending).to_contain_text(re.compile(r"\(ends in (1[34] days|(1\d|20) minutes)\):"))
        await expect(ending.locator("figure")).to_have_count(1 if shown else 0)
        if shown == "video":
            assert (await ending.locator("video").evaluate(PLAY))["at"] > 0
        elif shown:
            assert await ending.locator("img").evaluate("img => img.decode().then(() => img.naturalWidth)") == 160
    await expect(ending).to_contain_text("/luma show gives you a new one")
    await faults.select_option("goes well")
