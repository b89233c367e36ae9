"""Makes a failing plan small: fewer strikes, a shorter visit, a simpler person; the same failure.

Delta debugging on the strikes, then on everything else that a plan has. A smaller plan counts only
when it violates the same invariant as the first did. Plays through a function it is given; bounded
by a number of runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from hw_sim.explore.plan import COMPLETE, EARLY, FaultPlan, Strike

RUNS_MAX = 60  # about a minute
SHORTEST = "ctbs-300"
PLAINEST = "technician"
CHAOS_S_MIN = 20
Violations = Callable[[FaultPlan], list[str]]


def invariant_of(violation: str) -> str:
    """The id that a violation begins with."""
    return violation.partition(":")[0].split(" ")[0]


class Shrinker:
    """One failing plan on its way to a small one."""

    def __init__(self, plan: FaultPlan, violations: list[str], play: Violations) -> None:
        self.plan = plan
        self.runs = 0
        self._wanted = {invariant_of(text) for text in violations}
        self._play = play

    def shrink(self) -> FaultPlan:
        """The smallest plan found that fails in the same way."""
        self._strikes()
        for smaller in self._simpler():
            self._try(smaller)
        self._strikes()
        return self.plan

    def _strikes(self) -> None:
        """Drop halves, quarters ... and at last single strikes, while it still fails."""
        size = max(len(self.plan.strikes) // 2, 1)
        while self.plan.strikes:
            if not self._drop(size):
                if size == 1:
                    return
                size = max(size // 2, 1)

    def _drop(self, size: int) -> bool:
        strikes = self.plan.strikes
        for at in range(0, len(strikes), size):
            if self._try(replace(self.plan, strikes=strikes[:at] + strikes[at + size :])):
                return True
        return False

    def _simpler(self) -> Iterator[FaultPlan]:
        """Each on top of what has worked so far."""
        if self.plan.protocol != SHORTEST:
            yield replace(self.plan, protocol=SHORTEST)
        if self.plan.ends == COMPLETE:
            yield replace(self.plan, ends=EARLY)
        if self.plan.chaos_s > CHAOS_S_MIN:
            yield replace(self.plan, chaos_s=CHAOS_S_MIN)
        if self.plan.chaos_s > CHAOS_S_MIN:
            yield replace(self.plan, chaos_s=self.plan.chaos_s // 2)
        if self.plan.quirks:
            yield replace(self.plan, quirks="")
        if self.plan.has_attend:
            yield replace(self.plan, has_attend=False)
        if self.plan.person != PLAINEST:
            yield replace(self.plan, person=PLAINEST)
        for number, strike in enumerate(self.plan.strikes):
            if strike.delay_ms:
                yield self._with(number, replace(strike, delay_ms=0))
        yield replace(self.plan, enabled=tuple(sorted({s.fault for s in self.plan.strikes})))

    def _with(self, number: int, strike: Strike) -> FaultPlan:
        strikes = self.plan.strikes
        return replace(self.plan, strikes=(*strikes[:number], strike, *strikes[number + 1 :]))

    def _try(self, plan: FaultPlan) -> bool:
        if self.runs >= RUNS_MAX or plan == self.plan:
            return False
        self.runs += 1
        found = {invariant_of(text) for text in self._play(plan)}
        if not found & self._wanted:
            return False
        self.plan = plan
        return True
