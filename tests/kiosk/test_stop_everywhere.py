"""STOP on every screen and over every dialog: one press of a finger or of a key, one request.

Catches a dialog, a notice or a stale picture that lies over STOP or takes its key, a STOP that a
screen leaves out, and a press that asks twice or asks for something else. A page whose main thread
hangs cannot send anything: that is what the wired buttons and the page's beat are for, and its beat
is seen to end.
"""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page

from tests.kiosk.conftest import PANELS, Kiosk
from tests.kiosk.fixture_snapshots import snapshots
from tests.kiosk.test_layout import TOUCHED

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(180),
    pytest.mark.control("stop-path"),
]
SETTLE_S = 0.03  # a second request of the same press would be there by then
PATIENCE_S = 15.0
TABS_MAX = 60  # more than any screen has places for the keyboard


async def _press_by_touch(page: Page) -> None:
    await page.locator(".stop").tap()


async def _press_by_key(page: Page) -> None:
    """With nothing but the keyboard, from wherever the focus is."""
    for _ in range(TABS_MAX):
        if await page.evaluate("document.activeElement?.classList.contains('stop') ?? false"):
            break
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")


WAYS = {"touch": _press_by_touch, "key": _press_by_key}


async def _wrong(kiosk: Kiosk, page: Page, way: str) -> str:
    """'' when the press sent one STOP and nothing else."""
    kiosk.player.received.clear()
    await WAYS[way](page)
    try:
        await kiosk.player.until("stop", within_s=PATIENCE_S)
    except TimeoutError:
        return "no STOP went out"
    await page.locator('.stop[data-stop="confirmed"]').wait_for()
    await asyncio.sleep(SETTLE_S)
    sent = [m for m in kiosk.player.received if m["t"] != "beat"]
    kinds = {m["t"] for m in sent}
    if kinds != {"stop"} or len({m["id"] for m in sent}) != 1:
        return f"sent {[(m['t'], m['id']) for m in sent]}"
    return ""


async def _shown(kiosk: Kiosk, page: Page, picture: str) -> None:
    """This picture, with nothing open and nothing left of the last press."""
    kiosk.player.change.clear()
    await kiosk.show(page, "record")
    await kiosk.show(page, picture)


@pytest.mark.parametrize("way", WAYS)
async def test_stop_on_every_picture_sends_one_request(kiosk: Kiosk, way: str) -> None:
    page = await kiosk.open("lock")
    wrong = {}
    for name in snapshots():
        await _shown(kiosk, page, name)
        if found := await _wrong(kiosk, page, way):
            wrong[name] = found

    assert wrong == {}


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("way", WAYS)
async def test_stop_over_every_dialog_sends_one_request(kiosk: Kiosk, way: str, panel: str) -> None:
    page = await kiosk.open("lock")
    width, height, _ = PANELS[panel]
    await page.set_viewport_size({"width": width, "height": height})
    wrong = {}
    for name, (picture, touches) in TOUCHED.items():
        if ".subtabs" in touches[0] and width == max(size[0] for size in PANELS.values()):
            continue  # the large panel shows chart and checks at once
        await _shown(kiosk, page, picture)
        for touch in touches:
            await page.locator(touch).first.click()
        if found := await _wrong(kiosk, page, way):
            wrong[name] = found

    assert wrong == {}


async def test_stop_under_a_planted_cover_is_missed_by_this_test(kiosk: Kiosk) -> None:
    """Catches a check that has gone blind: an overlay that takes the touch is found."""
    page = await kiosk.open("treating")
    page.set_default_timeout(500)
    await page.evaluate(
        """() => {
          const cover = document.createElement("div");
          cover.style.cssText = "position:fixed;inset:0;z-index:99999";
          document.body.append(cover);
        }"""
    )
    box = await page.locator(".stop").bounding_box()
    assert box
    await page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await asyncio.sleep(SETTLE_S)

    assert not kiosk.player.heard("stop")


async def test_page_whose_main_thread_hangs_beats_no_more(kiosk: Kiosk) -> None:
    """The silence that pauses a session by itself (edge/services/page_watch.py)."""
    page = await kiosk.open("treating")
    await kiosk.player.until("beat")
    await page.evaluate(
        "setTimeout(() => { const end = performance.now() + 2500;"
        " while (performance.now() < end); }, 0)"
    )
    await asyncio.sleep(0.3)
    kiosk.player.received.clear()
    await asyncio.sleep(1.5)
    assert not kiosk.player.received
    await kiosk.player.until("beat")  # it lives again, and says so
