"""The service console in a real browser, on the real HTTP server and a recorded session.

Real time, as it is about a real browser. The session was recorded in virtual time: an E-stop in a
train, and the rest of the dose.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from edge.adapters.box_readers import ShelfRecordings
from edge.adapters.box_shelf import BoxShelf
from edge.api import schema
from edge.api.page import read_page
from hw_sim import vtime
from hw_sim.kiosk_robot import KioskRobot
from hw_sim.replay.command import replay_file
from hw_sim.session import arm_and_start, finish, play, prepare
from hw_sim.system import SimSystem, SystemOptions
from tests.edge.api.fakes import ENGI, PINS
from tests.edge.api.site import Site, open_site
from tests.kiosk.fixture_server import DIST
from tests.kiosk.test_accessibility import RUN, SCRIPT
from tests.support.short_run import SHORT, write_library

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@dataclass
class Desk:
    """The engineer's browser before the console."""

    site: Site
    page: Page
    wrong: list[str]

    async def log_in(self) -> None:
        await self.page.goto(self.site.origin + "/service")
        await self.page.get_by_label("User").fill(ENGI)
        await self.page.get_by_label("PIN").fill(PINS[ENGI])
        await self.page.get_by_role("button", name="Log in").click()

    async def open(self) -> None:
        await self.log_in()
        await self.page.locator(".item").first.click()
        await self.page.locator(".lanes canvas").first.wait_for()

    async def moment(self) -> int:
        """Where the cursor stands, ms of the unit's clock."""
        return int(await self.page.get_by_label("Time in the session").input_value())

    async def event(self) -> str:
        return await self.page.locator('.event[aria-current="true"]').inner_text()


# What a track tells of a stop, within some milliseconds and in either order.
STOP_WORDS = ("Session stopped", "The emergency stop was pressed.", "Stopped")


async def stopped(system: SimSystem, robot: KioskRobot) -> None:
    await prepare(robot)
    await arm_and_start(robot)
    await robot.until(lambda s: s.visit is not None and s.visit.session.delivered >= 27, 60)
    system.unit.press_estop()
    await robot.until(lambda s: s.phase == "stopped", 5)
    await asyncio.sleep(3.0)
    system.unit.release_estop()
    await robot.until(lambda s: "acknowledge" not in s.refusals, 30)
    await robot.do(schema.Acknowledge)
    await robot.until(lambda s: "resume" not in s.refusals, 30)
    await robot.do(schema.Resume)
    await robot.until(lambda s: s.phase == "wrapup", 120)
    await finish(system, robot)


def record(folder: Path) -> BoxShelf:
    """In a thread of its own, which has no running loop."""
    write_library(folder / "protocols")
    options = SystemOptions(
        seed=3, protocol=str(SHORT["id"]), library=folder / "protocols", record=folder / "box"
    )
    vtime.run(play(options, stopped))
    return BoxShelf(folder / "box", None)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shelf(tmp_path_factory: pytest.TempPathFactory) -> BoxShelf:
    return await asyncio.to_thread(record, tmp_path_factory.mktemp("console"))


@pytest_asyncio.fixture(loop_scope="session")
async def desk(browser: Browser, shelf: BoxShelf) -> AsyncIterator[Desk]:
    context = await browser.new_context(
        viewport={"width": 1280, "height": 800}, has_touch=True, locale="en-GB"
    )
    context.set_default_timeout(5000)
    page = await context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    recordings = ShelfRecordings(shelf, lambda: "")
    async with open_site(recordings, read_page(DIST)) as site:
        yield Desk(site, page, wrong)
        await context.close()
    assert not wrong


async def test_console_opens_a_session_at_its_first_stop(desk: Desk) -> None:
    await desk.open()

    assert (await desk.page.locator(".event.stop").count()) == 1
    assert (await desk.event()).partition("\n")[2] in STOP_WORDS
    assert await desk.page.locator(".lane .bar.stop").count() >= 2  # phase and controller
    assert await desk.page.locator(".bar.pulses").count() == 5  # four trains, one in two parts


async def test_cursor_follows_keys_and_the_events_follow_the_cursor(desk: Desk) -> None:
    await desk.open()
    slider = desk.page.get_by_label("Time in the session")
    began = await desk.moment()

    await desk.page.keyboard.press("ArrowLeft")  # the slider has the focus already
    assert await desk.moment() == began - 100
    await desk.page.keyboard.press("Shift+ArrowRight")
    assert await desk.moment() == began + 900
    await slider.press("PageUp")
    before = await desk.event()
    await slider.press("PageDown")
    assert await desk.event() != before
    await slider.press("Home")
    assert await desk.page.locator(".event.later").count() > 20


async def test_cursor_is_dragged_by_a_mouse_and_by_a_finger_over_the_plots(desk: Desk) -> None:
    await desk.open()
    box = await desk.page.locator(".lanes").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2

    await desk.page.touchscreen.tap(box["x"] + 150, middle)
    early = await desk.moment()
    await desk.page.mouse.move(box["x"] + 300, middle)
    await desk.page.mouse.down()
    at_press = await desk.moment()
    await desk.page.mouse.move(box["x"] + 500, middle, steps=4)
    dragged = await desk.moment()
    await desk.page.mouse.up()
    await desk.page.mouse.move(box["x"] + 200, middle)

    assert early < at_press < dragged
    assert await desk.moment() == dragged
    cursor = await desk.page.locator(".cursor").bounding_box()
    assert cursor is not None
    assert abs(cursor["x"] - (box["x"] + 500)) <= 2


async def test_ten_seconds_before_the_stop_fill_the_plots(desk: Desk) -> None:
    await desk.open()
    await desk.page.get_by_role("button", name="10 s before stop 1").click()
    cursor = await desk.page.locator(".cursor").bounding_box()
    box = await desk.page.locator(".lanes").bounding_box()
    assert cursor is not None
    assert box is not None
    share = (cursor["x"] - box["x"] - 96) / (box["width"] - 96 - 12)

    assert abs(share - 10 / 12) < 0.01  # ten seconds before it and two after it
    phase = desk.page.locator(".lane", has_text="Phase").locator(".bar")
    words = [await bar.get_attribute("title") for bar in await phase.all()]
    assert words[-2:] == ["Treatment is running", "Session stopped"]


async def test_export_says_what_is_in_it_and_the_file_replays(desk: Desk, tmp_path: Path) -> None:
    await desk.open()
    await desk.page.get_by_role("button", name="Export").click()
    words = await desk.page.locator("dialog").inner_text()
    async with desk.page.expect_download() as waiting:
        await desk.page.get_by_role("link", name="Download").click()
    download = await waiting.value
    await download.save_as(tmp_path / download.suggested_filename)
    result, damage = await asyncio.to_thread(
        replay_file, tmp_path / download.suggested_filename, None
    )

    assert "names and birth dates" in words
    assert "no PIN" in words
    assert (damage, result.difference) == ("", None)


async def test_console_has_no_fault_of_level_a_or_aa(desk: Desk) -> None:
    await desk.open()
    await desk.page.evaluate(SCRIPT)

    assert await desk.page.evaluate(RUN) == []


async def test_wrong_pin_is_said_and_nothing_is_shown(desk: Desk) -> None:
    await desk.page.goto(desk.site.origin + "/service")
    await desk.page.get_by_label("User").fill(ENGI)
    await desk.page.get_by_label("PIN").fill("9999")
    await desk.page.get_by_role("button", name="Log in").click()

    await desk.page.get_by_role("alert").wait_for()
    assert await desk.page.locator(".item").count() == 0
