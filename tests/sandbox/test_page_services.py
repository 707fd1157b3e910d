"""Make videos with every service in the page: from a prompt, gone on with twice, modified by each, one down."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Locator, expect

from tests.environment import need_chromium
from tests.media.test_images import claim_png
from tests.sandbox.browsing import JOB_MS, Guest, visit
from tests.sandbox.demo_process import demo_page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]
_NO_RATIO = "2:1"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def address(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    need_chromium()
    async with demo_page(tmp_path_factory.mktemp("out"), "Warm, please") as opened:
        yield opened


class Maker(Guest):
    """A guest who runs commands and follows their jobs."""

    async def give(self, command: str, texts: dict[str, str], files: dict[str, FilePayload] | None = None) -> None:
        """Send a command; of an option with suggestions the one that is typed is taken where it is suggested."""
        form = await self.start_command(command)
        for name, text in texts.items():
            field = (await self.option(form, name)).locator("input, textarea, select").first
            if await field.evaluate("field => field.tagName") == "SELECT":
                await field.select_option(text)
                continue
            await field.fill(text)
            if await field.get_attribute("role") == "combobox" and text != _NO_RATIO:
                await form.get_by_role("option").filter(has_text=re.compile(text.replace(" ", "[ _]"))).first.click()
        for name, payload in (files or {}).items():
            await (await self.option(form, name)).locator("input[type=file]").set_input_files(payload)
        sample = form.get_by_role("button", name="Use the sample clip")
        if await sample.count():
            await sample.click()
            await expect(form.locator(".picked").first).to_contain_text("sample.mp4")
        await form.get_by_role("button", name="Send").click()
        await expect(form).to_have_count(0)

    async def option(self, form: Locator, name: str) -> Locator:
        """Return an option's part of a form, brought out first where it is optional."""
        more = form.get_by_role("button", name=f"+ {name}", exact=True)
        if await more.count():
            await more.click()
        return form.locator(f".option[data-option={name}]")

    async def make(self, command: str, prompt: str, *said: str, **texts: str) -> Locator:
        """Give a command, check what its card says, and return its finished video."""
        await self.give(command, {"prompt": prompt, **texts})
        card = await self.answer(prompt)
        for words in said:
            await expect(card).to_contain_text(words)
        await self.reach("delivered")
        await card.locator("a.mention").click()
        video = self.messages.last.locator("video")
        await video.wait_for()
        await self.page.wait_for_function("() => [...document.querySelectorAll('video')].at(-1)?.duration > 1")
        await self.picture(prompt.lower().replace(" ", "-"), self.messages.last)
        await self.go("edits")
        return video

    async def reach(self, state: str) -> None:
        """Wait until the newest job has come so far."""
        newest = self.page.locator("#panel .jobs li").first.locator(".state[aria-current=step]")
        await expect(newest).to_have_text(re.compile(state), timeout=JOB_MS)


@pytest_asyncio.fixture(loop_scope="module")
async def maker(browser: Browser, address: str, tmp_path: Path) -> AsyncIterator[Maker]:
    async with visit(browser, address) as visitor:
        await visitor.page.emulate_media(reduced_motion="reduce")
        yield Maker(visitor, tmp_path)


async def test_a_video_from_a_prompt_is_gone_on_with_twice(maker: Maker) -> None:
    await maker.make("luma generate", "A quiet sea", "Ace Data Cloud", "Aspect ratio", aspect_ratio="1:1", loop="true")
    code = (await maker.messages.last.locator("footer, .footer").last.inner_text()).split()[-1]
    await maker.make("luma extend", "The sun sets over it", f"Goes on from{code}", job="A quiet sea")
    await maker.make("luma extend", "The stars come out", "Goes on from", job="The sun sets")


async def test_each_service_modifies(maker: Maker) -> None:
    await maker.make("luma modify", "Mirror it", "KIE")
    await maker.make(
        "luma modify", "Darker by night", "Luma Labs", "flex_3", "ray-flash-2", strength="flex 3", model="ray-flash-2"
    )


async def test_what_will_not_do_is_refused_before_anything_is_counted(maker: Maker) -> None:
    await maker.give("luma generate", {"prompt": "Of no shape", "aspect_ratio": _NO_RATIO})
    await expect(maker.messages.last).to_contain_text("It takes these: 16:9, 9:16, 1:1")
    await maker.picture("ratio", maker.messages.last)
    fake = b"\x89PNG\r\n\x1a\n" + b"no picture" * 99
    for prompt, name, content, words in (
        ("From nothing", "end_image", fake, "This picture is broken"),
        ("From too much", "start_image", claim_png(9000, 9000), "This picture is 9000x9000 pixels large"),
    ):
        payload = FilePayload(name="picture.png", mimeType="image/png", buffer=content)
        await maker.give("luma generate", {"prompt": prompt}, {name: payload})
        card = await maker.answer(prompt)
        await maker.reach("failed")
        await expect(card).to_contain_text("A picture you gave can't be used. It was not counted.")
        await card.locator("a.mention").last.click()
        await expect(maker.messages.last).to_contain_text(words)
        await maker.picture(name, maker.messages.last)
        await maker.go("edits")


async def test_a_service_whose_key_is_refused_is_passed_over_and_the_doctor_names_it(maker: Maker) -> None:
    fault = "is refused by KIE, now and later: its key is not taken; the next service steps in"
    await maker.page.get_by_label("The next task").select_option(fault)
    await maker.give("luma modify", {"prompt": "This one stays with KIE"})
    await expect(await maker.answer("This one stays with KIE")).to_contain_text("its key was refused")
    await maker.picture("waits", maker.messages.last)
    await maker.make("luma modify", "This one goes on", "Luma Labs")
    await maker.turn_into("Ada")
    await maker.give("luma-setup doctor", {})
    report = await maker.answer("1 thing to mend")
    kie = re.compile(
        r"KIE: takes no new jobs: its key was refused; credit \d+; last error \d+ (s|min) ago: Auth \[401\]"
    )
    for words in (
        kie,
        "Ace Data Cloud: key accepted, credit unknown",
        re.compile(r"Luma Labs: key accepted, credit \d+"),
    ):
        await expect(report).to_contain_text(words)
    await maker.picture("doctor", report)
