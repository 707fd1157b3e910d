"""Start what the browser tests of a module share."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from tests.sandbox.browsing import open_browser


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Give the system's headless Chromium."""
    async with open_browser() as opened:
        yield opened
