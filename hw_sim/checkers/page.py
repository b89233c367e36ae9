"""Writes docs/invariants.md: every rule with its bound, its evidence and the bugs it is proved on.

`python -m hw_sim.checkers.page` writes, with --check it compares. A contract test compares too.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hw_sim.checkers import CHECKERS
from hw_sim.plants import PLANTS

PAGE = Path(__file__).parents[2] / "docs" / "invariants.md"
HEAD = """\
<!-- Written by `python -m hw_sim.checkers.page` from the code. Change the code, not this page. -->

# Invariants

What always holds, judged outside the product: on the plant's own record of coil currents, wires and
temperatures, on frames heard beside the line, on pictures that screens were shown, on rows read
from the store and on the clinic's shelf. Numbers are those of reliability 2.4 in
[sources](sources.md). One small file each in `hw_sim/checkers`.

Each invariant is proved able to fail: a bug is planted into the product for the length of a run
(`hw_sim/plants`), and the invariant has to find it within 30 seconds. `python -m hw_sim plants`
runs all of them; `--only NAME` runs one.

| Id | Rule | Bound | Evidence | Planted bugs |
|---|---|---|---|---|
"""
MASKS = """
## Bugs that hide behind another defence

Alone, each of these bugs changes nothing that the invariants of its row could see, because another
defence stands beside it. Together they are found. The campaign runs both.

| Plant | Found by | Bug | Hidden alone by |
|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    rows = []
    for checker in CHECKERS:
        plants = [plant.name for plant in PLANTS.values() if checker.id in plant.breaks]
        cells = (
            checker.id,
            f"**{checker.name}**: {checker.rule}",
            checker.bound,
            checker.evidence,
            ", ".join(f"`{name}`" for name in plants),
        )
        rows.append("| " + " | ".join(cells) + " |")
    masks = [
        f"| `{plant.name}` | {', '.join(plant.breaks)} | {bug.text} | {plant.masked[bug.text]} |"
        for plant in PLANTS.values()
        for bug in plant.bugs
        if bug.text in plant.masked
    ]
    return HEAD + "\n".join(rows) + "\n" + MASKS + "\n".join(masks) + "\n"


def main() -> int:
    """The command; returns the exit status."""
    if "--check" in sys.argv[1:]:
        if PAGE.read_text(encoding="utf-8") == page():
            return 0
        sys.stderr.write(f"{PAGE.name} is not current: python -m hw_sim.checkers.page\n")
        return 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
