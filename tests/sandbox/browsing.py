"""Drive the page in the system's headless Chromium."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from tests.environment import need_chromium

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
_WAIT_MS = 15_000
JOB_MS = 60_000  # for a whole job of the demo
DESK, PHONE = (1280, 800), (390, 800)


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """Start Chromium; skip (in the CI: fail) where there is none."""
    path = need_chromium()
    expect.set_options(timeout=_WAIT_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


class Visitor:
    """Somebody at the page, with the few acts that every test needs."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.draft = page.get_by_role("combobox", name="Message")
        self.messages = page.locator("#messages > .message")
        self.menu = page.get_by_role("menu")
        self.dialog = page.get_by_role("dialog")

    def card_of(self, prompt: str) -> Locator:
        """Return the newest card with a prompt; messages that name its thread have no heading."""
        return self.messages.filter(has_text=prompt).filter(has=self.page.locator("h3")).last

    async def settle(self) -> None:
        """Wait until the page shows the person and place that were asked for."""
        await self.page.locator("body[data-ready=true] main[aria-busy=false]").wait_for()

    async def become(self, name: str) -> None:
        """Choose who to be."""
        await self.page.get_by_label("You are").select_option(label=name)
        await self.settle()

    async def go(self, place: str) -> None:
        """Open a channel or thread by the beginning of its name."""
        await self.page.locator("#channels .channel .name").filter(has_text=place).first.click()
        await expect(self.page.locator("#title")).to_contain_text(place)
        await self.settle()

    async def say(self, text: str) -> Locator:
        """Write a message and return it."""
        await self.draft.fill(text)
        await self.draft.press("Enter")
        await expect(self.draft).to_have_value("")
        return self.messages.last

    async def start_command(self, name: str) -> Locator:
        """Type a command and return its form."""
        await self.draft.fill(f"/{name}")
        await self.page.get_by_role("option", name=f"/{name}").first.wait_for()
        await self.draft.press("Enter")
        return self.page.get_by_role("form", name=f"/{name}")


@asynccontextmanager
async def visit(browser: Browser, address: str, size: tuple[int, int] = DESK) -> AsyncIterator[Visitor]:
    """Open the page in a fresh profile; an error in its scripts fails the test."""
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]})
    context.set_default_timeout(_WAIT_MS)
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        await page.goto(address)
        visitor = Visitor(page)
        await visitor.settle()
        yield visitor
    finally:
        await context.close()
    assert errors == []


class Guest(Visitor):
    """A visitor who looks at what the story needs and keeps pictures of it."""

    def __init__(self, visitor: Visitor, pictures: Path) -> None:
        super().__init__(visitor.page)
        self.pictures = pictures
        self.results = self.messages.filter(has=self.page.locator("video")).filter(has_text="Use as input")

    async def turn_into(self, name: str) -> None:
        """Choose who to be by the beginning of the name."""
        option = self.page.locator("#person option").filter(has_text=name).first
        await self.become(await option.inner_text())

    async def answer(self, text: str) -> Locator:
        """Wait for a message with this text and return the newest."""
        found = self.messages.filter(has_text=text).last
        await expect(found).to_be_visible(timeout=JOB_MS)
        return found

    async def reword(self, number: int, prompt: str) -> None:
        """Press "Edit prompt" under the newest result, send the form, and wait for result `number`."""
        await self.results.last.get_by_role("button", name="Edit prompt").click()
        field = self.dialog.get_by_label("How should the clip look?")
        await expect(field).not_to_have_value("")
        await field.fill(prompt)
        await self.dialog.get_by_role("button", name="Submit").click()
        await expect(self.dialog).to_have_count(0)
        await expect(self.results).to_have_count(number, timeout=JOB_MS)

    async def picture(self, name: str, shown: Locator) -> None:
        """Keep the page as a desk and a phone show it; nothing may stick out at the sides."""
        for label, size in (("phone", PHONE), ("desk", DESK)):
            await self.page.set_viewport_size({"width": size[0], "height": size[1]})
            await shown.scroll_into_view_if_needed()
            await self.page.screenshot(path=self.pictures / f"{name}-{label}.png")
            await expect(self.page.locator("#messages")).to_have_js_property("scrollLeft", 0)
            assert await self.page.locator("#messages").evaluate("list => list.scrollWidth <= list.clientWidth")
