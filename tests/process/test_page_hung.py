"""The real page hangs in a train: buttons stop the unit, and the unit pauses by itself.

Real processes, the built page in Chromium, its main thread busy for good, so that it neither draws
nor hears a finger. Catches a stop that needs the page, and a treatment that goes on although nobody
can see it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from edge.domain.faults import fault_row
from hw_sim.kiosk_robot import KioskRobot
from hw_sim.realtime.accounts import DEMO_ACCOUNTS
from tests.kiosk.conftest import CHROMIUM, FLAGS
from tests.process.test_visit_in_browser import Hand, begin_treating
from tests.support.http_hub import HttpHub
from tests.support.short_run import PULSES, ShortRun, short_run

pytestmark = [
    pytest.mark.process,
    pytest.mark.browser,
    pytest.mark.timeout(120),
    pytest.mark.control("page-presence"),
    pytest.mark.control("stop-path"),
]
HANG = "setTimeout(() => { for (;;); }, 0)"
LOOKS_S = 20.0
PRESS_NS = 1_000_000_000  # of real processes on a loaded machine; virtual time proves the 20 ms
QUIET_S = 2.0


@asynccontextmanager
async def treating(run: ShortRun) -> AsyncIterator[Hand]:
    """A finger on a page that shows pulses being given."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = await browser.new_context(
            viewport={"width": 1280, "height": 800}, has_touch=True, locale="en-GB"
        )
        hand = Hand(await context.new_page(), "hung")
        await begin_treating(hand, run)
        yield hand
        await browser.close()


@asynccontextmanager
async def onlooker(run: ShortRun) -> AsyncIterator[KioskRobot]:
    """Another screen, which sees and has no control."""
    hub = HttpHub(run.origin)
    robot = KioskRobot(hub)
    await robot.log_in(DEMO_ACCOUNTS[0].user_id, DEMO_ACCOUNTS[0].pin)
    yield robot
    await robot.close()
    await hub.close()


async def test_unit_whose_page_hangs_pauses_by_itself(tmp_path: Path) -> None:
    async with short_run(tmp_path) as run, treating(run) as hand, onlooker(run) as other:
        hung_ns = time.monotonic_ns()
        await hand.page.evaluate(HANG)
        seen = await other.until(lambda s: s.phase == "paused", LOOKS_S)
        paused = await run.bench("/truth")
        await asyncio.sleep(QUIET_S)
        after = await run.bench("/truth")

        assert seen.visit is not None
        assert seen.visit.session.stop is not None
        assert seen.visit.session.stop.code == "page_silent"
        within_ns = fault_row("page_silent").within_ms * 1_000_000
        assert paused["pulses"][-1]["at_ns"] - hung_ns < within_ns
        assert after["pulses_total"] == paused["pulses_total"] < PULSES


async def test_red_button_stops_a_unit_whose_page_hangs(tmp_path: Path) -> None:
    """The patient's button is the same wire beside it; hw_sim tries both in every state."""
    async with short_run(tmp_path) as run, treating(run) as hand, onlooker(run) as other:
        await hand.page.evaluate(HANG)
        pressed_ns = time.monotonic_ns()
        await run.act("estop", on=True)
        await other.until(lambda s: s.phase == "stopped", LOOKS_S)
        truth = await run.bench("/truth")
        await asyncio.sleep(QUIET_S)
        after = await run.bench("/truth")

        assert not truth["is_gate_on"]
        assert truth["pulses"][-1]["at_ns"] - pressed_ns < PRESS_NS
        assert after["pulses_total"] == truth["pulses_total"] < PULSES
