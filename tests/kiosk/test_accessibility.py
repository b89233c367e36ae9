"""The WCAG rules that a machine can check, on the main screens of both themes: no A or AA fault.

Stale values and blocked buttons are faded on purpose and are not judged for contrast.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kiosk.conftest import Kiosk
from tests.kiosk.fixture_server import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SCRIPT = AXE.read_text() if AXE.is_file() else ""
PICTURES = (
    "lock",
    "today",
    "patient_problems",
    "checks_red",
    "ready",
    "treating",
    "stopped",
    "wrapup",
    "record",
)
RUN = """async () => {
  const only = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] };
  const result = await axe.run(document, { runOnly: only });
  return result.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.target.join(" ")));
}"""


async def test_main_screens_have_no_fault_of_level_a_or_aa(kiosk: Kiosk) -> None:
    assert SCRIPT, f"{Path('kiosk/node_modules/axe-core')} is missing: npm ci in kiosk/"
    page = await kiosk.open("lock")
    await page.evaluate(SCRIPT)
    faults = []
    for name in PICTURES:
        await kiosk.show(page, name)
        faults += [f"{name}: {fault}" for fault in await page.evaluate(RUN)]
    assert not faults, "\n".join(faults)
