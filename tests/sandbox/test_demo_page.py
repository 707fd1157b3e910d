"""The page of the whole demo: the real bot, the real protocols, a person who looks on and interferes."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from tests.environment import need_chromium
from tests.sandbox.browsing import JOB_MS, Visitor, visit
from tests.sandbox.demo_process import demo_page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def address(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    need_chromium()
    async with demo_page(tmp_path_factory.mktemp("out"), "Black and white, please") as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def visitor(browser: Browser, address: str) -> AsyncIterator[Visitor]:
    async with visit(browser, address) as visitor:
        yield visitor


async def edit(visitor: Visitor, prompt: str) -> Locator:
    """Send the sample clip with a prompt and return the card."""
    form = await visitor.start_command("luma modify")
    await form.get_by_label("prompt").fill(prompt)
    await form.get_by_role("button", name="Use the sample clip").click()
    await expect(form.locator(".picked").first).to_contain_text("sample.mp4")
    await form.get_by_role("button", name="Send").click()
    card = visitor.card_of(prompt)
    await card.wait_for()
    return card


def last_state(visitor: Visitor) -> Locator:
    """Return the latest state of the newest job in the panel."""
    return visitor.page.locator("#panel .jobs li").first.locator(".state[aria-current=step]")


async def test_a_newcomer_finds_a_finished_thread(visitor: Visitor) -> None:
    await visitor.page.locator(".thread-card").first.click()
    await expect(visitor.page.locator("#title")).to_contain_text("Black and white, please")
    await expect(visitor.messages.last.locator(".mention.mine")).to_have_text("@Mia")
    await visitor.page.wait_for_function("() => document.querySelector('video')?.duration > 1")
    await expect(last_state(visitor)).to_have_text(re.compile("delivered"))
    await expect(visitor.page.locator("#panel .tasks")).to_contain_text("black and white")
    await expect(visitor.page.locator("#panel .flow")).to_contain_text("POST /channels/")


async def test_a_job_is_followed_from_the_command_to_the_video(visitor: Visitor) -> None:
    await visitor.become("Noah")
    card = await edit(visitor, "Make it warm and blurred")
    await expect(last_state(visitor)).to_have_text(re.compile("delivered"), timeout=JOB_MS)
    await expect(card).to_contain_text("Done")
    await card.locator("a.mention").click()
    await expect(visitor.page.locator("#title")).to_contain_text("Make it warm and blurred")
    await expect(visitor.messages.last.locator("video")).to_be_visible()
    await expect(visitor.messages.last).to_contain_text("@Noah")


async def test_a_video_is_made_from_two_pictures_and_gone_on_with(visitor: Visitor) -> None:
    form = await visitor.start_command("luma generate")
    await form.get_by_label("prompt").fill("From dusk to dawn")
    for button in await form.get_by_role("button", name="Use a sample picture").all():
        await button.click()
    await expect(form.locator(".picked").nth(1)).to_contain_text("end_image.png")
    await form.get_by_role("button", name="Send").click()
    card = visitor.messages.filter(has_text="From dusk to dawn").last
    await card.wait_for()
    await expect(card).to_contain_text("Ace Data Cloud")
    await expect(last_state(visitor)).to_have_text(re.compile("delivered"), timeout=JOB_MS)
    await card.locator("a.mention").click()
    await expect(visitor.messages.last.locator("video")).to_be_visible()
    await visitor.messages.last.locator(".mention").first.click(button="right")
    await visitor.menu.get_by_role("menuitem", name="Extend with Luma").click()
    await visitor.dialog.get_by_label("How should the video go on?").fill("The day begins")
    await visitor.dialog.get_by_role("button", name="Submit").click()
    await expect(visitor.messages.filter(has_text="The day begins").first).to_contain_text("Goes on from")
    await expect(last_state(visitor)).to_have_text(re.compile("delivered"), timeout=JOB_MS)


async def test_a_waiting_job_is_cancelled_by_its_owner_alone(visitor: Visitor) -> None:
    await visitor.page.get_by_label("The next task").select_option("takes 30 s longer")
    card = await edit(visitor, "Never to be seen")
    await expect(last_state(visitor)).to_have_text(re.compile("running"), timeout=JOB_MS)
    await visitor.become("Noah")
    await card.get_by_role("button", name="Cancel").click()
    await expect(visitor.messages.last).to_contain_text("Only you can see this")
    await visitor.become("Mia (Creator)")
    await card.get_by_role("button", name="Cancel").click()
    await expect(last_state(visitor)).to_have_text(re.compile("cancelled"))
    await expect(card.get_by_role("button", name="Cancel")).to_have_count(0)


async def test_a_bot_killed_in_the_middle_finishes_after_its_restart(visitor: Visitor) -> None:
    await visitor.page.get_by_label("The next task").select_option("takes 5 s longer")
    await edit(visitor, "Survive this")
    await expect(last_state(visitor)).to_have_text(re.compile("running"), timeout=JOB_MS)
    await visitor.page.get_by_role("button", name="Kill bot").click()
    await expect(visitor.page.locator("#panel .bot")).to_contain_text("killed by signal 9")
    form = await visitor.start_command("luma history")
    await form.get_by_role("button", name="Send").click()
    await expect(visitor.page.locator("#notice")).to_have_text("The application did not respond")
    await visitor.page.get_by_role("button", name="Restart bot").click()
    await expect(visitor.page.locator("#panel .bot")).to_contain_text("running, process", timeout=JOB_MS)
    await expect(last_state(visitor)).to_have_text(re.compile("delivered"), timeout=JOB_MS)
    await visitor.go("Survive this")
    await expect(visitor.page.locator("video")).to_have_count(1)


async def test_one_service_steps_in_for_another(visitor: Visitor) -> None:
    faults = visitor.page.get_by_label("The next task")
    await faults.select_option("is refused by KIE, now and later: no credit left; the next service steps in")
    card = await edit(visitor, "This one waits for KIE")
    await expect(card).to_contain_text("out of credit")
    card = await edit(visitor, "This one does not wait")
    await expect(card).to_contain_text("Luma Labs")
    await expect(last_state(visitor)).to_have_text(re.compile("delivered"), timeout=JOB_MS)
