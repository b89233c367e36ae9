"""I2: no pulse while an interlock, E-stop or coil contact is open."""

from __future__ import annotations

from collections.abc import Iterator

from hw_sim.checkers.base import NS_PER_US, Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.checkers.windows import Levels
from hw_sim.plant.panel import LOOP_MASK
from hw_sim.recorder import TruthRecorder


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del facts
    levels = Levels(truth.levels("contacts"))
    for pulse in truth.pulses:
        contacts = levels.at(pulse.at_ns) or 0
        is_open = contacts & LOOP_MASK != LOOP_MASK
        if is_open and pulse.at_ns > levels.since(pulse.at_ns) + NS_PER_US:
            yield Finding(pulse.at_ns, f"pulse with contacts {contacts:#x}")


CHECKER = Checker(
    id="I2",
    name="no-pulse-while-open",
    rule="No coil current flows while E-stop, door, cover, patient's button or coil plug is open.",
    bound="1 us, the time in which metal moves",
    evidence="true contacts, coil currents",
    judge=_judge,
)
