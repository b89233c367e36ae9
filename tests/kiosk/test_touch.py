"""What a hand does: STOP acts on the way down, all else on the way up, holding means holding.

Each test drives the built page in Chromium against the played service and looks at what arrived
there.
"""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page

from tests.kiosk.conftest import Kiosk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def _middle(page: Page, selector: str) -> tuple[float, float]:
    box = await page.locator(selector).first.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def test_stop_pressed_and_not_released_is_sent(kiosk: Kiosk) -> None:
    """Catches STOP on click: nothing would arrive while the finger is down."""
    page = await kiosk.open("treating")
    await page.mouse.move(*await _middle(page, ".stop"))
    await page.mouse.down()
    await kiosk.player.until("stop")
    await page.locator('.stop[data-stop="confirmed"]').wait_for()
    await page.mouse.up()


async def test_stop_slid_off_by_50_px_still_stops(kiosk: Kiosk) -> None:
    page = await kiosk.open("treating")
    x, y = await _middle(page, ".stop")
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x, y - 130)
    await page.mouse.up()
    await kiosk.player.until("stop")


async def test_stop_by_touch_is_sent_once_until_answered(kiosk: Kiosk) -> None:
    page = await kiosk.open("treating")
    await page.locator(".stop").tap()
    await page.locator('.stop[data-stop="confirmed"]').wait_for()
    await asyncio.sleep(0.25)
    assert len({message["id"] for message in kiosk.player.heard("stop")}) == 1


async def test_stop_unanswered_is_repeated_and_not_confirmed(kiosk: Kiosk) -> None:
    """Catches a page that believes its own press: only the machine's report may confirm."""
    page = await kiosk.open("treating")
    kiosk.player.is_deaf = True
    await page.locator(".stop").tap()
    await page.get_by_text("NOT CONFIRMED").wait_for(timeout=1000)
    await kiosk.player.until("stop", 4)
    kiosk.player.is_deaf = False
    await page.locator('.stop[data-stop="confirmed"]').wait_for()
    assert await page.get_by_text("NOT CONFIRMED").count() == 0


async def test_stop_on_the_lock_screen_is_sent(kiosk: Kiosk) -> None:
    page = await kiosk.open("lock")
    await page.locator(".stop").tap()
    await kiosk.player.until("stop")


async def test_keyboard_enter_on_stop_stops_and_escape_does_nothing(kiosk: Kiosk) -> None:
    page = await kiosk.open("treating")
    await page.keyboard.press("Escape")
    await page.locator(".stop").focus()
    assert not kiosk.player.heard("stop")
    await page.keyboard.press("Enter")
    await kiosk.player.until("stop")
    assert {message["t"] for message in kiosk.player.received} == {"beat", "stop"}


async def test_pause_slid_off_does_nothing_and_tapped_pauses(kiosk: Kiosk) -> None:
    page = await kiosk.open("treating")
    x, y = await _middle(page, ".actions .btn")
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x, y - 200)
    await page.mouse.up()
    await asyncio.sleep(0.15)
    assert not kiosk.player.heard("pause")
    await page.locator(".actions .btn").first.tap()
    await kiosk.player.until("pause")
    assert kiosk.player.heard("pause")[0]["rev"] == kiosk.player.rev


async def test_hold_released_early_or_slid_off_starts_nothing(kiosk: Kiosk) -> None:
    """Catches a hold button that starts on a tap, or that forgets a finger that left."""
    page = await kiosk.open("armed")
    x, y = await _middle(page, ".hold")
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.locator(".hold.held").wait_for()
    await asyncio.sleep(0.4)
    await page.mouse.up()
    assert await page.locator(".hold.held").count() == 0
    await page.mouse.down()
    await page.mouse.move(x, y - 200)
    await asyncio.sleep(1.4)
    await page.mouse.up()
    assert not kiosk.player.heard("start")


async def test_hold_for_its_time_starts_once(kiosk: Kiosk) -> None:
    page = await kiosk.open("armed")
    await page.mouse.move(*await _middle(page, ".hold"))
    await page.mouse.down()
    await asyncio.sleep(0.9)
    assert not kiosk.player.heard("start")
    await kiosk.player.until("start")
    await asyncio.sleep(0.2)
    await page.mouse.up()
    assert len(kiosk.player.heard("start")) == 1


async def test_hold_when_the_screen_changes_under_the_finger_is_cancelled(kiosk: Kiosk) -> None:
    page = await kiosk.open("armed")
    await page.mouse.move(*await _middle(page, ".hold"))
    await page.mouse.down()
    await page.locator(".hold.held").wait_for()
    await kiosk.show(page, "stopped_by_hand")
    await asyncio.sleep(1.3)
    await page.mouse.up()
    assert not kiosk.player.heard("start")


async def test_answer_tapped_is_sent_with_key_and_revision(kiosk: Kiosk) -> None:
    page = await kiosk.open("checks")
    await page.locator(".choice").first.tap()
    await kiosk.player.until("answer_check")
    message = kiosk.player.heard("answer_check")[0]
    assert (message["key"], message["answer"]) == ("health", "well")
    assert message["rev"] == kiosk.player.rev


async def test_refused_command_shows_the_sentence(kiosk: Kiosk) -> None:
    page = await kiosk.open("patient")
    kiosk.player.refuse["begin_checks"] = "stale_screen"
    await page.get_by_role("button", name="Begin checks").tap()
    await page.locator(".notice.bad", has_text="No: stale_screen.").wait_for()


async def test_blocked_button_says_why_and_sends_nothing(kiosk: Kiosk) -> None:
    page = await kiosk.open("patient_problems")
    await page.get_by_role("button", name="Begin checks").tap(force=True)
    await page.locator(".notice.bad", has_text="The order has problems.").wait_for()
    assert not kiosk.player.heard("begin_checks")


async def test_sign_with_pin_sends_pain_notes_and_pin(kiosk: Kiosk) -> None:
    page = await kiosk.open("wrapup")
    await page.get_by_role("button", name="2", exact=True).tap()
    await page.get_by_role("button", name="Headache").tap()
    await page.locator(".actions .btn").tap()
    for digit in "1234":
        await page.get_by_role("dialog").get_by_role("button", name=digit, exact=True).tap()
    await page.locator(".key.go").tap()
    await kiosk.player.until("wrap_up")
    message = kiosk.player.heard("wrap_up")[0]
    assert (message["pain_0_10"], message["note"], message["pin"]) == (2, "Headache", "1234")


async def test_release_by_a_clinician_sends_who_why_and_pin(kiosk: Kiosk) -> None:
    page = await kiosk.open("checks_red")
    for selector in (".answer.red", ".verdict .btn", ".panel .chip", ".panel .chip"):
        await page.locator(selector).first.tap()
    for digit in "4321":
        await page.get_by_role("dialog").get_by_role("button", name=digit, exact=True).tap()
    await page.locator(".key.go").tap()
    await kiosk.player.until("release_check")
    message = kiosk.player.heard("release_check")[0]
    assert (message["key"], message["user_id"], message["pin"]) == ("sleep", "clin1", "4321")
    assert len(message["reason"]) >= 3


async def test_end_session_needs_a_reason_and_names_the_train(kiosk: Kiosk) -> None:
    page = await kiosk.open("paused")
    await page.get_by_role("button", name="End session").tap()
    await page.get_by_role("button", name="Discomfort").tap()
    await page.get_by_role("button", name="End session at train 15").tap()
    await kiosk.player.until("end_session")
    assert kiosk.player.heard("end_session")[0]["reason"] == "discomfort"


async def test_gap_released_by_a_clinician_sends_who_why_and_pin(kiosk: Kiosk) -> None:
    page = await kiosk.open("paused_too_long")
    for selector in (".actions .btn", ".panel .chip", ".panel .chip"):
        await page.locator(selector).first.tap()
    for digit in "4321":
        await page.get_by_role("dialog").get_by_role("button", name=digit, exact=True).tap()
    await page.locator(".key.go").tap()
    await kiosk.player.until("release_gap")
    message = kiosk.player.heard("release_gap")[0]
    assert (message["user_id"], message["pin"]) == ("clin1", "4321")
    assert len(message["reason"]) >= 3


async def test_gap_that_no_clinician_can_release_offers_only_the_end(kiosk: Kiosk) -> None:
    page = await kiosk.open("paused_other_day")
    assert await page.get_by_role("button", name="Clinician release").count() == 0
    await page.get_by_role("button", name="End session").wait_for()
