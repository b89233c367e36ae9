"""Alarms on the page: rates, duty and colours of IEC 60601-1-8, and nothing else that looks so.

Looks at the rendered page: its animations as the browser runs them, and the pixels of its pictures.
With TMS_SHOTS naming a folder the three priorities are kept as pictures, as docs/images has them.
"""

from __future__ import annotations

import base64
import os
import re
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.kiosk.conftest import LINT, PANELS, Kiosk
from tests.kiosk.fixture_snapshots import snapshots

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STYLES = Path(__file__).parents[2] / "kiosk" / "src" / "styles"
# The table of the standard as the reference gives it (domain.md 7.4): hertz, then part of the time.
RATE_HZ = {"high": (1.4, 2.8), "medium": (0.4, 0.8)}
DUTY = (0.2, 0.6)
LETTER_MM = 4.2  # 14 minutes of arc at 1 m [C]
LETTER_EDGES = 30  # pixels between two colours that look like a third
PICTURES = {"high": "stopped", "medium": "paused_loud", "low": "treating_warm"}

# What goes on for ever, and how bright it is along one turn.
FLASHING = """() => document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().iterations === Infinity)
  .map((one) => {
    const { target } = one.effect;
    const { duration } = one.effect.getComputedTiming();
    const steps = 200;
    one.pause();
    let bright = 0;
    for (let at = 0; at < steps; at++) {
      one.currentTime = (duration * at) / steps;
      bright += getComputedStyle(target).opacity > 0.5;
    }
    one.play();
    const is_mark = target.matches(".strip:not(.calmed) .mark");
    return { is_mark, ms: duration, duty: bright / steps };
  })"""

# Pixels of a picture in an alarm's colour, outside the boxes where one belongs.
COLOURED = """async ([url, boxes]) => {
  const image = new Image();
  image.src = url;
  await image.decode();
  const pen = new OffscreenCanvas(image.width, image.height).getContext("2d");
  pen.drawImage(image, 0, 0);
  for (const { x, y, width, height } of boxes) pen.clearRect(x - 2, y - 2, width + 4, height + 4);
  const { data } = pen.getImageData(0, 0, image.width, image.height);
  const found = {};
  const nameOf = (hue) => {
    if (hue < 15 || hue > 345) return "red";
    if (hue > 40 && hue < 65) return "yellow";
    return hue > 172 && hue < 196 ? "cyan" : "";
  };
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b, a] = [data[i], data[i + 1], data[i + 2], data[i + 3]];
    const most = Math.max(r, g, b);
    const span = most - Math.min(r, g, b);
    if (a === 0 || most < 110 || span / most < 0.5) continue;
    const [first, then] = most === r ? [0, g - b] : most === g ? [2, b - r] : [4, r - g];
    const sixth = first + then / span;
    const name = nameOf((sixth * 60 + 360) % 360);
    if (name) found[name] = (found[name] ?? 0) + 1;
  }
  return found;
}"""
BOXES = """(places) => [...document.querySelectorAll(places)]
  .map((one) => one.getBoundingClientRect().toJSON())"""
# Where the colours of alarms may be: strip, its list, the row that failed, a lost line; and STOP.
ALARM_PLACES = ".strip:not(.calm), .alarms .mark, .safety li.bad, .stop, .lost"


async def flashing(page: Page) -> list[dict[str, float]]:
    found: list[dict[str, float]] = await page.evaluate(FLASHING)
    return found


async def coloured(eye: Page, page: Page) -> dict[str, int]:
    """Pixels by colour, alarms' own places left out. eye: a page without the kiosk's policy."""
    boxes = await page.evaluate(BOXES, ALARM_PLACES)
    picture = base64.b64encode(await page.screenshot()).decode()
    url = f"data:image/png;base64,{picture}"
    found: dict[str, int] = await eye.evaluate(COLOURED, [url, boxes])
    return found


async def opened(kiosk: Kiosk, picture: str, panel: str) -> tuple[Page, float]:
    """The picture on a panel of this size, and its px per mm."""
    width, height, mm = PANELS[panel]
    page = await kiosk.open(picture)
    await page.set_viewport_size({"width": width, "height": height})
    await kiosk.show(page, picture)
    # Laid out for the new size, with the fonts that it needs: two frames, then what they ask for.
    await page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    await page.evaluate("document.fonts.ready")
    return page, mm


def wrong_with(priority: str, marks: list[dict[str, float]]) -> list[str]:
    """What of the table these marks break."""
    if priority == "low":
        return ["a low alarm flashes"] if marks else []
    low_hz, high_hz = RATE_HZ[priority]
    wrong = [] if marks else ["nothing flashes"]
    for mark in marks:
        if not mark["is_mark"]:
            wrong.append("something else flashes")
        if not low_hz <= 1000 / mark["ms"] <= high_hz:
            wrong.append("rate")
        if not DUTY[0] <= mark["duty"] <= DUTY[1]:
            wrong.append("duty")
    return wrong


@pytest.mark.parametrize("priority", PICTURES)
async def test_alarm_flashes_at_the_rate_of_its_priority(kiosk: Kiosk, priority: str) -> None:
    page = await kiosk.open(PICTURES[priority])
    assert await page.locator(f".strip.{priority}").count() == 1

    assert wrong_with(priority, await flashing(page)) == []


async def test_alarm_with_a_planted_rate_or_duty_is_found(kiosk: Kiosk) -> None:
    """Catches a test that has gone blind."""
    page = await kiosk.open("stopped")
    mark = "document.querySelector('.strip b.mark').style"
    await page.evaluate(f"{mark}.animationDuration = '900ms'")
    assert wrong_with("high", await flashing(page)) == ["rate"]
    await page.evaluate(f"{mark}.cssText = 'animation-timing-function: steps(1, start)'")
    assert wrong_with("high", await flashing(page)) == []  # the other half of the time
    await page.evaluate(
        "document.querySelector('.btn').animate([{opacity: 1}, {opacity: 0}],"
        " {duration: 500, iterations: Infinity})"
    )
    assert "something else flashes" in wrong_with("high", await flashing(page))


async def test_nothing_else_flashes_on_any_picture(kiosk: Kiosk) -> None:
    page = await kiosk.open("lock")
    for name, picture in snapshots().items():
        await kiosk.show(page, name)
        marks = await flashing(page)
        first = picture.alarms[0] if picture.alarms else None
        is_loud = first is not None and first.is_active and not first.is_acknowledged
        priority = first.priority if first is not None and is_loud else "low"
        assert wrong_with(priority, marks) == [], name


@pytest.mark.parametrize("panel", ["1280x800", "800x480"])
async def test_alarm_colours_are_nowhere_else(kiosk: Kiosk, panel: str) -> None:
    page, _ = await opened(kiosk, "lock", panel)
    eye = await kiosk.context.new_page()
    seen = {}
    for name in snapshots():
        await kiosk.show(page, name)
        found = await coloured(eye, page)
        if sum(found.values()) > LETTER_EDGES:
            seen[name] = found
    assert seen == {}


async def test_alarm_colour_planted_elsewhere_is_found(kiosk: Kiosk) -> None:
    page, _ = await opened(kiosk, "today", "1280x800")
    eye = await kiosk.context.new_page()
    for colour, name in (("#d3222e", "red"), ("#ffd23f", "yellow"), ("#5fe0f0", "cyan")):
        await page.evaluate(f"document.querySelector('.pill').style.background = '{colour}'")
        assert (await coloured(eye, page)).get(name, 0) > 500


def users_of_alarm_colours(texts: list[str]) -> dict[str, set[str]]:
    """Selectors by the colour that they take."""
    users: dict[str, set[str]] = {}
    for text in texts:
        for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", text):
            for name in re.findall(r"var\(--(high|medium|low|stop|stop-ink)\)", body):
                users.setdefault(name, set()).add(selector.split("*/")[-1].strip())
    return users


async def test_styles_have_one_flash_and_one_list_of_alarm_colours() -> None:
    css = {path.name: path.read_text() for path in sorted(STYLES.glob("*.css"))}
    endless = [line for text in css.values() for line in text.splitlines() if "infinite" in line]
    assert [line.split()[1] for line in endless] == ["flash", "flash"]

    console = users_of_alarm_colours([css.pop("service.css")])
    assert console["medium"] == {".bar.medium", ".event.medium"}  # of alarms that were
    assert console["low"] == {".bar.low", ".event.low"}
    users = users_of_alarm_colours(list(css.values()))
    assert users["medium"] == {".strip.medium", ".alarms .medium .mark"}
    assert users["low"] == {".strip.low", ".alarms .low .mark"}
    assert users["high"] == {".strip.high", ".alarms .mark", ".safety .checklist li.bad", ".lost"}
    assert users["stop"] | users["stop-ink"] == {".stop", ".stop.quiet"}


@pytest.mark.parametrize("panel", ["1280x800", "800x480"])
async def test_list_shows_every_alarm_with_its_figures_and_takes_each_answer(
    kiosk: Kiosk, panel: str
) -> None:
    page, mm = await opened(kiosk, "stopped", panel)
    assert await page.locator(".strip .count").inner_text() == "+2"
    await page.locator(".strip .words").tap()
    seen = ""
    while await page.locator(".panel").count():
        seen += await page.locator(".alarms").inner_text()
        assert not await page.evaluate(LINT, mm)
        for button in await page.get_by_role("button", name="Understood").all():
            await button.tap()
        more = page.get_by_role("button", name="More alarms", exact=True)
        if not await more.count() or "Disk" in seen:
            break
        await more.tap()
    for words in (
        "41.2 °C, limit 41 °C",
        "39.4 °C, limit 41 °C",
        "93 %, limit 90 %",
        "since 09:58",
    ):
        assert words in seen.replace("\u00a0", " ")
    answered = {message["alarm_id"] for message in kiosk.player.heard("acknowledge_alarm")}
    assert answered == {"surface_hot", "surface_warm", "disk_full"}


async def test_alarm_is_understood_and_silenced_by_keyboard(kiosk: Kiosk) -> None:
    page = await kiosk.open("stopped")
    await page.locator(".strip .words").focus()
    await page.keyboard.press("Enter")
    await page.locator(".panel").wait_for()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    heard = await kiosk.player.until("acknowledge_alarm")
    assert heard["alarm_id"] == "surface_hot"
    await page.get_by_role("button", name="Quiet 2 min").last.focus()
    await page.keyboard.press("Enter")
    await kiosk.player.until("pause_audio")
    await page.keyboard.press("Escape")
    await page.locator(".panel").wait_for(state="detached")
    assert await page.locator(".strip .words").evaluate("(e) => e === document.activeElement")


@pytest.mark.parametrize("panel", ["1280x800", "800x480"])
async def test_pause_of_the_sound_counts_down_beside_its_sign(kiosk: Kiosk, panel: str) -> None:
    page, _ = await opened(kiosk, "paused_quiet", panel)
    for left_ms, words in ((87_000, "Quiet 87 s"), (86_001, "Quiet 87 s"), (900, "Quiet 1 s")):
        kiosk.player.change["audio_paused_ms"] = left_ms
        await page.locator(".strip .audio", has_text=words).wait_for()
    assert await page.locator(".strip .audio svg").count() == 1


async def test_alarms_survive_a_reload_of_the_page(kiosk: Kiosk) -> None:
    page = await kiosk.open("stopped")
    before = await page.locator(".strip").inner_text()
    await page.reload()
    await page.locator('.app:not([data-rev="0"])').wait_for()

    assert await page.locator(".strip").inner_text() == before


async def test_alarm_test_is_asked_for_from_the_list(kiosk: Kiosk) -> None:
    page = await kiosk.open("today")
    await page.locator(".strip .words").tap()
    await page.get_by_role("button", name="Test alarms").tap()
    await kiosk.player.until("test_alarms")


@pytest.mark.parametrize("panel", ["1280x800", "800x480"])
@pytest.mark.parametrize("priority", PICTURES)
async def test_alarm_is_readable_and_kept_as_a_picture(
    kiosk: Kiosk, priority: str, panel: str
) -> None:
    page, mm = await opened(kiosk, PICTURES[priority], panel)
    assert not await page.evaluate(LINT, mm)
    what = page.locator(".strip .what")
    assert (
        float((await what.evaluate("(e) => getComputedStyle(e).fontSize"))[:-2]) / mm >= LETTER_MM
    )
    if folder := os.environ.get("TMS_SHOTS"):
        # In the bright half of the flash, so that the mark is on the picture.
        await page.evaluate("document.getAnimations().forEach((one) => one.cancel())")
        await page.screenshot(path=str(Path(folder) / f"alarm-{priority}-{panel}.png"))
