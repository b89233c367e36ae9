"""The line between page and service: silence, loss, another tab, log-in, and what a beat says."""

from __future__ import annotations

import asyncio

import pytest

from tests.kiosk.conftest import Kiosk

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.control("stale-marks"),
]


async def test_silence_of_a_second_greys_everything_and_says_so(kiosk: Kiosk) -> None:
    """Catches a page that goes on showing old numbers as if they were live."""
    page = await kiosk.open("treating")
    kiosk.player.is_silent = True
    loop = asyncio.get_running_loop()
    since = loop.time()
    await page.locator(".main.stale").wait_for()
    assert loop.time() - since < 2.5  # 1 s of silence, and a loaded machine
    await page.locator(".strip.high", has_text="Connection lost").wait_for()
    await page.get_by_text("Last heard").first.wait_for()
    kiosk.player.is_silent = False
    await page.locator(".main:not(.stale)").wait_for()


async def test_cut_network_is_shown_and_mended_by_itself(kiosk: Kiosk) -> None:
    page = await kiosk.open("today")
    await kiosk.context.set_offline(True)
    await page.locator(".main.stale").wait_for()
    await page.get_by_role("button", name="Open patient").tap(force=True)
    await page.locator(".notice.bad", has_text="Not sent").wait_for()
    await kiosk.context.set_offline(False)
    await page.locator(".main:not(.stale)").wait_for(timeout=8000)
    assert not kiosk.player.heard("open_visit")
    kiosk.wrong.clear()  # the browser itself reports each refused connection


async def test_another_tab_in_control_leaves_stop_and_the_offer(kiosk: Kiosk) -> None:
    page = await kiosk.open("ready_elsewhere")
    await page.get_by_text("Another screen runs this chair.").wait_for()
    assert await page.get_by_role("button", name="Arm", exact=True).count() == 0
    await page.get_by_role("button", name="Use this screen").tap()
    await page.locator(".stop").tap()
    await kiosk.player.until("take_control")
    await kiosk.player.until("stop")


async def test_log_in_with_wrong_then_right_pin_opens_the_day(kiosk: Kiosk) -> None:
    page = await kiosk.open("lock")
    await page.get_by_text("A. Novak").tap()
    for digit in "9999":
        await page.locator(f".key.d{digit}").tap()
    await page.locator(".key.go").tap()
    await page.get_by_text("This PIN is not right.").wait_for()
    await page.keyboard.type("1111")
    await page.locator(".key.go").tap()
    await page.locator('.app[data-screen="today"]').wait_for()
    kiosk.wrong.clear()  # the browser itself reports the 401
    assert [m["user_id"] for m in kiosk.player.heard("login")] == ["tech1", "tech1"]


async def test_lock_button_locks(kiosk: Kiosk) -> None:
    page = await kiosk.open("today")
    await page.get_by_role("button", name="Lock").tap()
    await page.locator('.app[data-screen="lock"]').wait_for()


async def test_beat_says_screen_revision_frames_and_touches(kiosk: Kiosk) -> None:
    """Catches a page that only lives: frames must grow while it draws."""
    page = await kiosk.open("stopped")
    await page.locator(".strip .words").tap()
    kiosk.player.received.clear()
    first = await kiosk.player.until("beat")
    second = await kiosk.player.until("beat", 2)
    assert second["screen"] == "stopped"
    assert second["shown_rev"] == kiosk.player.rev
    assert second["frames"] > first["frames"]
    assert second["touches"] >= 1


async def test_page_before_log_in_shows_machine_state_and_no_patient(kiosk: Kiosk) -> None:
    page = await kiosk.open("lock_treating")
    await page.get_by_text("Treatment is running").wait_for()
    assert await page.get_by_text("M. K.").count() == 0
    assert await page.locator(".stop.full").count() == 1


async def test_simulated_unit_is_marked_by_word_and_border(kiosk: Kiosk) -> None:
    page = await kiosk.open("treating")
    await page.get_by_text("SIMULATED").wait_for()
    assert await page.locator(".hatch").count() == 1
    kiosk.player.change = {"unit": {"is_simulated": False}}
    await kiosk.show(page, "treating")
    assert await page.get_by_text("SIMULATED").count() == 0
    assert await page.locator(".hatch").count() == 0
