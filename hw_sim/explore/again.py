"""Plays one plan a second time in another process, whose hashes of strings fall differently.

Two runs in one process would agree on the order of every set by chance of being the same process.
`python -m hw_sim.explore.again` reads a plan on standard input and answers with its hashes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import NamedTuple

from hw_sim.explore.outcome import play_plan
from hw_sim.explore.plan import FaultPlan
from hw_sim.explore.plants import planted
from hw_sim.faults.campaign import silence

HASH_SEED = "20261121"  # any; the other process draws its own or was given another
SECONDS_MAX = 300  # of real time; the longest visit takes some ten


class Again(NamedTuple):
    """What the second run was."""

    sha256: str
    seconds: list[str]


def play_again(plan: FaultPlan, plant: str = "") -> Again:
    """Raises CalledProcessError with the other process's words when it could not play."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "hw_sim.explore.again", plant],
        input=json.dumps(plan.to_json()),
        env=os.environ | {"PYTHONHASHSEED": HASH_SEED},
        capture_output=True,
        text=True,
        check=True,
        timeout=SECONDS_MAX,
    )
    return Again(*json.loads(done.stdout))


def main(plant: str) -> None:
    """The other process."""
    silence()
    plan = FaultPlan.from_json(json.load(sys.stdin))
    with planted(plant):
        outcome = play_plan(plan, has_seconds=True)
    sys.stdout.write(json.dumps([outcome.sha256, outcome.seconds]))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
