"""Plans that found something once, as data in corpus/, each with the reason why it is kept.

Run by the tests on every commit. A plan is kept shrunk, apart from the seed that found it, so that
it survives a change in how plans are drawn.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from hw_sim.explore.plan import FaultPlan

FOLDER = Path(__file__).with_name("corpus")


@dataclass(frozen=True)
class Kept:
    """One plan and why it is kept."""

    name: str
    why: str
    plan: FaultPlan


def load_corpus(folder: Path = FOLDER) -> list[Kept]:
    """All of them by name. Raises PlanError for a file that is none."""
    return [_read(path) for path in sorted(folder.glob("*.json"))]


def _read(path: Path) -> Kept:
    document = json.loads(path.read_text(encoding="utf-8"))
    return Kept(path.stem, document["why"], FaultPlan.from_json(document["plan"]))
