"""I34: nothing unsigned, altered or withdrawn is ever put to use."""

from __future__ import annotations

from collections.abc import Iterator

from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.recorder import TruthRecorder


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del truth
    assert facts.applied is not None
    for each in facts.applied:
        if each.is_applied and not each.is_genuine:
            yield Finding(0, f"{each.what} was put to use")
        elif each.is_genuine and not each.is_applied:
            yield Finding(0, f"{each.what} was refused although it is genuine")


CHECKER = Checker(
    id="I34",
    name="only-signed",
    rule="Firmware, protocols, settings and orders that are unsigned, altered or old are not used.",
    bound="none",
    evidence="files and orders offered to the product, and whether it took them",
    judge=_judge,
    needs=("applied",),
)
