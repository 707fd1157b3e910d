"""A creator's evening in the page: versions, a comparison, the showcase, a vote, and what a moderator sees of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.environment import need_chromium
from tests.sandbox.browsing import JOB_MS, Guest, visit
from tests.sandbox.demo_process import demo_page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]
_FIRST = "Black and white, please"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def address(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    need_chromium()
    async with demo_page(tmp_path_factory.mktemp("out"), _FIRST) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def guest(browser: Browser, address: str, tmp_path: Path) -> AsyncIterator[Guest]:
    async with visit(browser, address) as visitor:
        await visitor.page.emulate_media(reduced_motion="reduce")
        yield Guest(visitor, tmp_path)


async def test_a_creators_evening(guest: Guest) -> None:
    await _choose_the_showcase(guest)
    await guest.turn_into("Mia")
    hint = await guest.answer("Your first result")
    await expect(hint).to_contain_text("Only you can see this")
    await guest.picture("first-result", hint)
    await guest.go(_FIRST)
    await expect(guest.results).to_have_count(1, timeout=JOB_MS)
    await guest.reword(2, "Like an old sepia film")
    await guest.reword(3, "Make it warm and blurred")
    await guest.picture("results", guest.results.last)
    await _compare_first_and_last(guest)
    await _share(guest)
    await _vote_and_withdraw(guest)
    await _read_the_log(guest)


async def _choose_the_showcase(guest: Guest) -> None:
    await guest.turn_into("Ada")
    form = await guest.start_command("luma-setup showcase")
    await form.get_by_role("button", name="+ channel").click()
    await form.get_by_label("channel").select_option("#showcase")
    await form.get_by_role("button", name="Send").click()
    await guest.picture("chosen", await guest.answer("showcase"))


async def _compare_first_and_last(guest: Guest) -> None:
    code = await guest.results.last.locator(".content code").last.inner_text()
    form = await guest.start_command("luma show")
    await form.get_by_label("job").fill(code)
    await form.get_by_role("button", name="Send").click()
    menu = guest.page.get_by_role("listbox", name="Compare two versions")
    await expect(menu.locator("option")).to_have_count(3)
    await expect(guest.messages.last.locator("img")).to_have_count(1)
    await guest.picture("versions", guest.messages.last)
    values = [await menu.locator("option").nth(index).get_attribute("value") for index in (0, 2)]
    await menu.select_option([value for value in values if value])
    await guest.messages.last.get_by_role("button", name="Choose").click()
    await guest.answer("Side by side:")
    posted = guest.messages.filter(has_text="side by side").filter(has=guest.page.locator("video"))
    await expect(posted).to_have_count(1)
    await expect(posted).to_contain_text("v1")
    await expect(posted).to_contain_text(f"v3 ({code})")
    await guest.picture("compared", posted)


async def _share(guest: Guest) -> None:
    await guest.results.last.get_by_role("button", name="Share", exact=True).click()
    preview = await guest.answer("Nothing is shared until")
    await preview.get_by_role("button", name="Before and after").click()
    await expect(preview.locator(".embed")).to_contain_text("before and after")
    await guest.picture("preview", preview)
    await preview.get_by_role("button", name="Share", exact=True).click()
    await guest.answer("stands in the showcase")
    await guest.go("showcase")
    await expect(guest.messages.last.locator("video")).to_be_visible()
    await expect(guest.messages.last).to_contain_text("before and after")


async def _vote_and_withdraw(guest: Guest) -> None:
    post = guest.messages.filter(has=guest.page.locator("video"))
    await guest.turn_into("Noah")
    await post.get_by_role("button", name="👍").click()
    await guest.answer("Your vote counts")
    await expect(post.get_by_role("button", name="👍 1")).to_be_visible()
    await guest.picture("voted", post)
    await guest.turn_into("Mia")
    await post.get_by_role("button", name="Withdraw").click()
    await guest.answer("out of the showcase")
    await expect(post).to_have_count(0)


async def _read_the_log(guest: Guest) -> None:
    await guest.turn_into("Robin")
    await guest.go("mods")
    form = await guest.start_command("luma-mod log")
    await form.get_by_role("button", name="Send").click()
    log = guest.messages.last
    await expect(log).to_contain_text("Only you can see this")
    await expect(log).to_contain_text("@Ada")
    await expect(log).to_contain_text("@Mia")
    await guest.picture("log", log)


async def test_a_chinese_member_reads_chinese(guest: Guest) -> None:
    await guest.turn_into("Noah")
    await guest.page.get_by_label("Language").select_option("zh-CN")
    await guest.settle()
    await _modify_in_chinese(guest, "下雨的夜晚")
    await guest.answer("请用英文写提示词")
    prompt = "A rainy night in the old town, neon lights in the wet street, the camera moves on slowly"
    await _modify_in_chinese(guest, prompt)
    card = guest.card_of(prompt)
    await expect(card.locator("h3")).to_have_text("✅ 已完成", timeout=JOB_MS)
    await guest.picture("chinese", card)
    await guest.picture("chinese-first-result", await guest.answer("你的第一个结果"))
    await card.locator(".thread-card").click()
    await expect(guest.messages.last.get_by_role("button", name="修改提示词")).to_be_visible()
    await guest.picture("chinese-thread", guest.messages.last)


async def _modify_in_chinese(guest: Guest, prompt: str) -> None:
    await guest.draft.fill("/luma modify")
    await guest.page.get_by_role("option", name="/luma 修改").first.wait_for()
    await guest.draft.press("Enter")
    form = guest.page.get_by_role("form", name="/luma 修改")
    await form.get_by_label("提示词").fill(prompt)
    await form.get_by_role("button", name="Use the sample clip").click()
    await expect(form.locator(".picked").first).to_contain_text("sample.mp4")
    await form.get_by_role("button", name="Send").click()
    await expect(form).to_have_count(0)
