"""I38: nothing in the process grows with the time it has been running."""

from __future__ import annotations

from collections.abc import Iterator

from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.recorder import TruthRecorder

GROWTH_PM = 2  # [P] from the middle of the run to its end
SLACK = {"objects": 300, "tasks": 5, "rows": 20}  # [P] caches that still fill


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del truth
    assert facts.sizes is not None
    by_name: dict[str, list[tuple[int, int]]] = {}
    for size in facts.sizes:
        by_name.setdefault(size.name, []).append((size.at_ns, size.value))
    for name, values in by_name.items():
        middle = values[len(values) // 2][1]
        at_ns, end = values[-1]
        if end > middle * (1000 + GROWTH_PM) // 1000 + SLACK[name]:
            yield Finding(at_ns, f"{name}: {middle} in the middle of the run, {end} at its end")


CHECKER = Checker(
    id="I38",
    name="stays-bounded",
    rule="Memory, tasks and rows of a unit that idles for days come to a level and stay there.",
    bound="2 per mille from the middle of the run to its end, and what caches still fill [P]",
    evidence="objects and tasks of the process, rows of the store",
    judge=_judge,
    needs=("sizes",),
)
