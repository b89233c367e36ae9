"""Every screen, every awkward case, three panels: nothing small, cut, covered, outside.

STOP is hit at nine points in each. The rules are in layout_lint.js; planted faults show that it
sees.
"""

from __future__ import annotations

import pytest

from tests.kiosk.conftest import LINT, PANELS, Kiosk
from tests.kiosk.fixture_snapshots import snapshots

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Places that need touches: picture, then what is touched.
TOUCHED = {
    "lock pin": ("lock", [".person"]),
    "lock busy pin": ("lock_treating", [".person"]),
    "today done": ("today", [".row.past"]),
    "device": ("today", [".tab >> nth=1"]),
    "device held": ("today_held", [".tab >> nth=1"]),
    "device unknown": ("today_unknown", [".tab >> nth=1"]),
    "held who": ("today_held", [".tab >> nth=1", ".held .btn"]),
    "ledger": ("record_partial", [".actions .btn >> nth=1"]),
    "ledger next": ("record_partial", [".actions .btn >> nth=1", ".panel-foot .btn >> nth=-1"]),
    "ledger unsure": ("record_unsure", [".actions .btn >> nth=1"]),
    "gap who": ("paused_too_long", [".actions .btn"]),
    "gap why": ("paused_too_long", [".actions .btn", ".panel .chip"]),
    "controller": ("today", [".tab >> nth=2"]),
    "controller key refused": ("today_key_refused", [".tab >> nth=2"]),
    "alarms": ("stopped", [".strip .words"]),
    "release who": ("checks_red", [".answer.red", ".verdict .btn"]),
    "release why": ("checks_red", [".answer.red", ".verdict .btn", ".panel .chip"]),
    "release pin": ("checks_red", [".answer.red", ".verdict .btn", ".panel .chip", ".panel .chip"]),
    "lock alarms": ("lock_not_ready", [".strip .words"]),
    "note": ("treating", [".actions .btn >> nth=1"]),
    "end": ("paused", [".actions .btn >> nth=1"]),
    "end chosen": ("paused", [".actions .btn >> nth=1", ".panel .chip"]),
    "sign": ("wrapup", [".pain button", ".actions .btn"]),
    "coil tab": ("treating", [".subtabs button >> nth=1"]),
    "safety tab": ("treating", [".subtabs button >> nth=2"]),
}


@pytest.mark.parametrize("panel", PANELS)
async def test_layout_of_every_picture_has_no_fault(kiosk: Kiosk, panel: str) -> None:
    width, height, mm = PANELS[panel]
    page = await kiosk.open("lock")
    await page.set_viewport_size({"width": width, "height": height})
    faults = []
    for name in snapshots():
        await kiosk.show(page, name)
        await page.evaluate("document.fonts.ready")
        faults += [f"{name}: {fault}" for fault in await page.evaluate(LINT, mm)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("panel", PANELS)
async def test_layout_behind_touches_has_no_fault(kiosk: Kiosk, panel: str) -> None:
    width, height, mm = PANELS[panel]
    page = await kiosk.open("lock")
    await page.set_viewport_size({"width": width, "height": height})
    faults = []
    for name, (picture, touches) in TOUCHED.items():
        if ".subtabs" in touches[0] and width == 1280:
            continue  # the large panel shows chart and checks at once
        await kiosk.show(page, "record")  # another screen: closes what is open
        await kiosk.show(page, picture)
        for touch in touches:
            await page.locator(touch).first.click()
        faults += [f"{name}: {fault}" for fault in await page.evaluate(LINT, mm)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("panel", PANELS)
async def test_layout_when_nothing_is_heard_or_confirmed_has_no_fault(
    kiosk: Kiosk, panel: str
) -> None:
    width, height, mm = PANELS[panel]
    page = await kiosk.open("treating")
    await page.set_viewport_size({"width": width, "height": height})
    kiosk.player.is_deaf = True
    await page.locator(".stop").tap()
    await page.get_by_text("NOT CONFIRMED").wait_for()
    faults = await page.evaluate(LINT, mm)
    kiosk.player.is_silent = True
    await page.locator(".lost").wait_for()
    faults += await page.evaluate(LINT, mm)
    assert not faults, "\n".join(faults)


async def test_lint_with_planted_faults_finds_each(kiosk: Kiosk) -> None:
    """Catches a lint that has gone blind."""
    page = await kiosk.open("treating")
    await page.evaluate(
        """() => {
          const button = document.querySelector(".btn");
          button.style.cssText = "min-height:0;height:40px;align-self:start";
          document.querySelector(".tile .k span").style.fontSize = "12px";
          document.querySelector(".tile .v").style.fontSize = "150px";
          const cover = document.createElement("div");
          cover.style.cssText = "position:fixed;right:0;bottom:0;width:90px;height:90px";
          document.body.append(cover);
        }"""
    )
    found = " | ".join(await page.evaluate(LINT, 5.9))
    for fault in ("small target", "small text", "runs out of its box", "STOP is covered"):
        assert fault in found, found
