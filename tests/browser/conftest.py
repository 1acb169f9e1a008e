"""Debian's Chromium, without a window, and a server for it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from tests.running_server import RunningServer

CHROMIUM = shutil.which("chromium")

# As root there is no sandbox; and it must not call its maker's servers.
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("browser")
    with RunningServer.start(f"sqlite:///{folder / 'q.db'}", folder) as running:
        yield running


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium: apt-get install chromium")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield opened
        await opened.close()


@pytest_asyncio.fixture
async def context(browser: Browser, server: RunningServer) -> BrowserContext:
    return await browser.new_context(base_url=server.http_url, permissions=["clipboard-read", "clipboard-write"])


@pytest_asyncio.fixture
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """A page on which nothing may go wrong: neither its script nor its policy."""
    opened = await context.new_page()
    wrong: list[str] = []

    def look(said: ConsoleMessage) -> None:
        # A refused request is told there too, and is no fault of the page.
        if said.type in {"error", "warning"} and not said.text.startswith("Failed to load resource"):
            wrong.append(said.text)

    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", look)
    yield opened
    assert wrong == []
