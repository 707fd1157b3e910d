"""Drive the page in the system's headless Chromium."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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
