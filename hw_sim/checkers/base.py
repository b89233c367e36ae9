"""What a checker is: one rule about one unit, with the words that explain it.

A rule is asked for violations of a truth record and of facts from outside the product. needs names
the facts without which it cannot be judged; a fact left out (None) is no violation. Pure: no clock,
no product state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from hw_sim.checkers.facts import Facts
from hw_sim.recorder import TruthRecorder

NS_PER_US = 1_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
OPEN_END_NS = 1 << 63  # of a window that never closed
# [C: REF-BI] whole biphasic pulse, rounded down.
PULSE_NS = 296 * NS_PER_US


class Violation(NamedTuple):
    """One broken rule, in words."""

    checker: str
    at_ns: int
    text: str

    def __str__(self) -> str:
        return f"{self.checker} at {self.at_ns / 1e9:.9f} s: {self.text}"


class Finding(NamedTuple):
    """What a rule has found, before it has its id."""

    at_ns: int
    text: str


Judge = Callable[[TruthRecorder, Facts], Iterator[Finding]]


@dataclass(frozen=True)
class Checker:
    """One invariant. id is that of sources.md reliability 2.4."""

    id: str
    name: str
    rule: str  # in our own words
    bound: str  # the number it is held to, and where that comes from
    evidence: str  # what it looks at
    judge: Judge
    needs: tuple[str, ...] = ()  # fields of Facts

    def can_judge(self, facts: Facts) -> bool:
        """Whether everything it needs is there."""
        return all(getattr(facts, name) is not None for name in self.needs)

    def check(self, truth: TruthRecorder, facts: Facts) -> Iterator[Violation]:
        """Violations; none where it cannot judge."""
        if not self.can_judge(facts):
            return
        for at_ns, text in self.judge(truth, facts):
            yield Violation(self.id, at_ns, text)
