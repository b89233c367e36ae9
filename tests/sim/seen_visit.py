"""A run and everything that was seen of it, to be spoilt in one point by a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from hw_sim.checkers import Facts, Violation, check
from hw_sim.evidence import collect
from hw_sim.faults.bench import FaultBench
from hw_sim.plants.scenes_visit import visit
from hw_sim.recorder import TruthRecorder

MS = 1_000_000
S = 1_000 * MS


@dataclass
class Seen:
    """A run and everything about it; a case spoils a copy."""

    truth: TruthRecorder
    facts: Facts

    def copy(self) -> Seen:
        truth = TruthRecorder()
        truth.pulses = list(self.truth.pulses)
        truth.wires = list(self.truth.wires)
        truth.temperatures = list(self.truth.temperatures)
        truth.marks = list(self.truth.marks)
        return Seen(truth, self.facts)

    def violations(self) -> list[Violation]:
        self.truth.wires.sort(key=lambda wire: wire.at_ns)
        return check(self.truth, self.facts)

    def wire(self, at_ns: int, name: str, value: int) -> None:
        self.truth.wire(at_ns, name, value)

    def frames(self, change: Callable[[Any], Any]) -> None:
        """Each frame changed, or left out where None comes back."""
        assert self.facts.frames is not None
        changed = (change(frame) for frame in self.facts.frames)
        self.facts = replace(self.facts, frames=tuple(f for f in changed if f is not None))

    def rows(self, table: str, change: Callable[[Any], Any]) -> None:
        changed = (change(row) for row in getattr(self.facts, table))
        kept = tuple(row for row in changed if row is not None)
        fields: dict[str, Any] = {table: kept}
        self.facts = replace(self.facts, **fields)

    def pictures(self, change: Callable[[Any], Any]) -> None:
        """Each snapshot changed by fields, {} for none."""

        def one(picture: Any) -> Any:
            fields = change(picture)
            return picture._replace(shown=msgspec.structs.replace(picture.shown, **fields))

        self.rows("pictures", one)

    @property
    def middle_ns(self) -> int:
        return self.truth.pulses[15].at_ns


async def played_visit(library: Path) -> Seen:
    bench = await FaultBench.boot(1, library)
    await visit(bench)
    facts = collect(bench.system, stuck="")
    await bench.leave()
    return Seen(bench.system.unit.recorder, facts)
