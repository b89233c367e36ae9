"""Browser, server and page for the page's tests, all in one event loop.

One Chromium for the session, one context for each test; the aiohttp server plays fixtures in the
same loop, so that a test can look into it and make it misbehave. Real time, as it is about a real
browser.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.kiosk.fixture_server import DIST, PLAYER, Player, create_app

CHROMIUM = "/usr/bin/chromium"
HAS_CHROMIUM = Path(CHROMIUM).exists()
# Without these the browser calls home, many times, and is refused by a closed network.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
]
# Windows and their px per mm (sources.md kiosk 5.1 [M]).
PANELS = {"1280x800": (1280, 800, 5.9), "914x514": (914, 514, 5.9), "800x480": (800, 480, 5.19)}
LINT = Path(__file__).with_name("layout_lint.js").read_text()


@dataclass
class Kiosk:
    """The played service and the browser that looks at it."""

    server: TestServer
    player: Player
    context: BrowserContext
    wrong: list[str]

    async def open(self, fixture: str) -> Page:
        """A new tab on this picture."""
        page = await self.context.new_page()
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda m: self.wrong.append(m.text) if m.type == "error" else None)
        await page.goto(str(self.server.make_url(f"/?fixture={fixture}")))
        await page.locator('.app:not([data-rev="0"])').wait_for()
        return page

    async def show(self, page: Page, fixture: str) -> None:
        """Changes the picture and waits until it is drawn."""
        rev = await self.player.show(fixture)
        await page.locator(f'.app[data-rev="{rev}"]').wait_for()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    if not HAS_CHROMIUM:
        pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server() -> AsyncIterator[TestServer]:
    if not (DIST / "index.html").is_file():
        pytest.fail("kiosk/dist is missing: npm ci && npm run build in kiosk/")
    server = TestServer(create_app(), host="127.0.0.1")
    await server.start_server()
    yield server
    await server.close()


@pytest_asyncio.fixture(loop_scope="session")
async def kiosk(browser: Browser, server: TestServer) -> AsyncIterator[Kiosk]:
    player = server.app[PLAYER]
    player.reset()
    context = await browser.new_context(
        viewport={"width": 1280, "height": 800}, has_touch=True, locale="en-GB"
    )
    context.set_default_timeout(5000)
    kiosk = Kiosk(server, player, context, [])
    yield kiosk
    await context.close()
    assert not kiosk.wrong
