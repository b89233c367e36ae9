"""A whole visit with fingers on the real page, against real processes, at both panel sizes.

Log in, open the patient, checks, arm, hold to start, pause, resume, STOP, recheck, resume, sign,
and see the record arrive; then the coil and the clinic are asked what they know. With TMS_SHOTS
naming a folder the screens are kept as pictures (that is how docs/images is made).
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from edge.domain.checks import QUESTIONS
from hw_sim.realtime.accounts import DEMO_ACCOUNTS
from hw_sim.session import doses_of
from tests.kiosk.conftest import CHROMIUM, FLAGS
from tests.support.short_run import PULSES, ShortRun, short_run

pytestmark = [pytest.mark.process, pytest.mark.browser, pytest.mark.timeout(240)]
TECHNICIAN = DEMO_ACCOUNTS[0]
HOLD_MS = 1500
PATIENCE_MS = 20_000


class Hand:
    """A technician's finger on one page."""

    def __init__(self, page: Page, shots: str) -> None:
        self.page = page
        self._shots = shots

    async def tap(self, name: str) -> None:
        """Tap the button of this name."""
        await self.page.get_by_role("button", name=name, exact=True).first.click()

    async def hold(self, name: str) -> None:
        """Press until the ring is full."""
        box = await self.page.get_by_role("button", name=name).first.bounding_box()
        assert box is not None
        mouse = self.page.mouse
        await mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        await mouse.down()
        await self.page.wait_for_timeout(HOLD_MS)
        await mouse.up()

    async def pin(self) -> None:
        for digit in TECHNICIAN.pin:
            await self.page.locator(f".key.d{digit}").click()
        await self.page.locator(".key.go").click()

    async def stop(self) -> None:
        """Put a finger on STOP."""
        await self.page.locator(".stop").first.dispatch_event("pointerdown")

    async def sees(self, phase: str) -> None:
        """The screen of this phase."""
        await self.page.locator(f'.app[data-phase="{phase}"]').wait_for(timeout=PATIENCE_MS)

    async def keep(self, name: str) -> None:
        """Keep a picture, when pictures are wanted."""
        if folder := os.environ.get("TMS_SHOTS"):
            await self.page.wait_for_timeout(400)
            await self.page.screenshot(path=str(Path(folder) / f"{name}-{self._shots}.png"))


async def begin_treating(hand: Hand, run: ShortRun) -> None:
    """From log-in to the first pulse."""
    page = hand.page
    await page.goto(run.origin)
    await page.get_by_role("button", name=TECHNICIAN.name).click()
    await hand.pin()
    await page.get_by_role("button", name="Open patient").wait_for(timeout=PATIENCE_MS)
    await hand.keep("today")
    await hand.tap("Open patient")
    await hand.sees("patient")
    await hand.tap("Begin checks")
    for number in range(1, len(QUESTIONS) + 1):
        await expect(page.locator(".question .k")).to_contain_text(f"{number} of {len(QUESTIONS)}")
        await page.locator(".question .choice").first.click()
    await hand.tap("Continue")
    await hand.sees("ready")
    await hand.keep("ready")
    await hand.tap("Arm")
    await hand.sees("armed")
    await hand.hold("Hold to start")
    await hand.sees("treating")
    await expect(page.locator(".tile .v").first).not_to_have_text("0", timeout=PATIENCE_MS)
    await hand.keep("treating")


async def visit(hand: Hand, run: ShortRun) -> None:
    """The technician's part."""
    page = hand.page
    await begin_treating(hand, run)
    await hand.tap("Pause")
    await hand.sees("paused")
    await page.wait_for_timeout(1200)
    await hand.hold("Hold to resume")
    await hand.sees("treating")
    await page.wait_for_timeout(4500)
    await hand.stop()
    await hand.sees("stopped")
    await hand.keep("stopped")
    await hand.tap("Recheck")
    await hand.sees("paused")
    await hand.hold("Hold to resume")
    await hand.sees("treating")
    await page.locator('.app[data-phase="wrapup"]').wait_for(timeout=60_000)
    await page.locator(".pain button").nth(2).click()
    await hand.tap("Sign")
    await hand.pin()
    await hand.sees("record")
    await page.get_by_text("The clinic's server has it.").wait_for(timeout=PATIENCE_MS)
    await hand.keep("record")
    await hand.tap("Back to today")
    await hand.sees("idle")


@pytest.mark.parametrize(("size", "shots"), [((1280, 800), "1280x800"), ((800, 480), "800x480")])
async def test_visit_by_touch_gives_the_dose_once_and_reaches_the_clinic_once(
    tmp_path: Path, size: tuple[int, int], shots: str
) -> None:
    wrong: list[str] = []
    async with short_run(tmp_path) as run, async_playwright() as playwright:
        browser: Browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = await browser.new_context(
            viewport={"width": size[0], "height": size[1]}, has_touch=True, locale="en-GB"
        )
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))

        await visit(Hand(page, shots), run)

        assert (await run.bench("/truth"))["pulses_total"] == PULSES
        assert len(run.clinic.resources("Procedure")) == 1
        assert doses_of(run.clinic) == [PULSES]
        assert wrong == []
        await browser.close()
