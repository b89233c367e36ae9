"""I1: an opened interlock ends the enable, and closing it again is not enough."""

from __future__ import annotations

from collections.abc import Iterator

from hw_sim.checkers.base import Checker, Finding
from hw_sim.checkers.facts import OFF_NS_MAX, Facts
from hw_sim.checkers.windows import AfterOff
from hw_sim.plant.panel import LOOP_MASK
from hw_sim.recorder import TruthRecorder


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del facts
    after, before = AfterOff(truth), LOOP_MASK
    for at_ns, contacts in truth.levels("contacts"):
        opened = before & ~contacts & LOOP_MASK
        before = contacts
        if not opened:
            continue
        if after.lasting(at_ns, OFF_NS_MAX) is not None:
            yield Finding(at_ns, f"enable stayed on, interlock bits {opened:#x}")
        for pulse in after.pulses_before_rearming(at_ns, OFF_NS_MAX):
            yield Finding(pulse.at_ns, f"pulse after interlock bits {opened:#x}")


CHECKER = Checker(
    id="I1",
    name="interlock-latches",
    rule="An interlock that opens ends the enable; no pulse follows until somebody arms anew.",
    bound="1 ms (sources.md design 5)",
    evidence="true contacts, the controller's enable, coil currents",
    judge=_judge,
)
