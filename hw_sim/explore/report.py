"""Tells what went wrong in one run, so that somebody can play it again: on screen and as a file.

Seed, commit, plan, versions, invariant, the accounts that disagree, the last lines of the merged
story, the command that replays it and the shrunk plan. Writes build/explore/<plan>.json.
"""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import Any

from rich.console import Console

from hw_sim.commit import commit
from hw_sim.explore.outcome import Outcome
from hw_sim.explore.plan import FaultPlan

FOLDER = Path("build/explore")
SHOWN_MAX = 12  # violations on screen; the file has all
TIMELINE_SHOWN = 60  # lines on screen; the file has all


def versions() -> dict[str, str]:
    """Of everything a run depends on besides its plan."""
    import aiohttp
    import apsw
    import msgspec

    return {
        "python": platform.python_version(),
        "aiohttp": aiohttp.__version__,
        "apsw": apsw.apsw_version(),
        "msgspec": msgspec.__version__,
        "PYTHONHASHSEED": os.environ.get("PYTHONHASHSEED", "random"),
    }


def replay_seed(outcome: Outcome) -> str:
    """The command that draws and plays the same plan."""
    return f"python -m hw_sim explore --seed {outcome.plan.seed} --seeds 1"


def save(outcome: Outcome, shrunk: FaultPlan | None, folder: Path = FOLDER) -> Path:
    """Everything about this failure as JSON; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{outcome.plan.sha256[:12]}.json"
    document: dict[str, Any] = {
        "plan": outcome.plan.to_json(),
        "plan_sha256": outcome.plan.sha256,
        "shrunk": None if shrunk is None else shrunk.to_json(),
        "commit": commit(),
        "versions": versions(),
        "violations": outcome.violations,
        "records": outcome.records,
        "struck": outcome.struck,
        "sha256": outcome.sha256,
        "timeline": outcome.timeline,
    }
    path.write_text(json.dumps(document, indent=1) + "\n")
    return path


def tell(outcome: Outcome, shrunk: FaultPlan | None, path: Path, console: Console) -> None:
    """The same for a person."""
    lines = [
        f"seed {outcome.plan.seed}, commit {commit()}: {len(outcome.violations)} violations",
        *outcome.plan.describe(),
        f"  {', '.join(f'{name} {value}' for name, value in versions().items())}",
        *(f"  !! {text}" for text in outcome.violations[:SHOWN_MAX]),
        *(f"  {who}: {what}" for who, what in outcome.records.items()),
        *outcome.timeline[:1],
        *outcome.timeline[1:][-TIMELINE_SHOWN:],
        f"  replay: {replay_seed(outcome)}",
        f"  or:     python -m hw_sim explore --plan {path}",
    ]
    if shrunk is not None:
        lines += ["  shrunk to:", *(f"  {line}" for line in shrunk.describe())]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def tell_parted(first: Outcome, second: int | None, console: Console) -> None:
    """Two runs of one plan were not the same run."""
    where = "their hashes" if second is None else f"second {second} of virtual time"
    console.print(
        f"seed {first.plan.seed}: I43: two runs differ, first in {where};"
        f" replay: {replay_seed(first)}",
        markup=False,
    )
