"""I43: one seed gives one run, down to the last entry of the truth."""

from __future__ import annotations

from collections.abc import Iterator

from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.recorder import TruthRecorder


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del truth
    assert facts.twins is not None
    for twin in facts.twins:
        if twin.first != twin.second:
            text = f"seed {twin.seed} gave {twin.first[:12]} and then {twin.second[:12]}"
            yield Finding(0, text)


CHECKER = Checker(
    id="I43",
    name="same-seed-same-run",
    rule="A seed that is run twice gives the same coil currents, wires, frames and times.",
    bound="equal hashes",
    evidence="hash of the truth record of two runs",
    judge=_judge,
    needs=("twins",),
)
