"""I44: for each fault in each state the reaction is one that was declared."""

from __future__ import annotations

from collections.abc import Iterator

from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.recorder import TruthRecorder


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del truth
    assert facts.undeclared is not None
    for text in facts.undeclared:
        yield Finding(facts.end_ns or 0, text)


CHECKER = Checker(
    id="I44",
    name="reactions-declared",
    rule="Each fault of the catalogue, in each state of a visit, has a reaction of its row.",
    bound="reaction class and time of the row (hw_sim/faults/catalogue*.py)",
    evidence="the fault campaign's own judgement",
    judge=_judge,
    needs=("undeclared",),
)
