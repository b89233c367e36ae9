"""I17: from reset until somebody confirms an arming, no enable and no pulse."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from hw_sim.checkers.base import OPEN_END_NS, Checker, Finding
from hw_sim.checkers.facts import Facts
from hw_sim.checkers.windows import gate_windows
from hw_sim.recorder import TruthRecorder


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del facts
    confirms = [at_ns for at_ns, _ in truth.levels("rx_Confirm")]
    for mark in truth.marks:
        if not mark.text.startswith("mcu booting"):
            continue
        index = bisect_right(confirms, mark.at_ns)
        until_ns = confirms[index] if index < len(confirms) else OPEN_END_NS
        for on_ns, _ in gate_windows(truth):
            if mark.at_ns < on_ns < until_ns:
                yield Finding(on_ns, "enable on before any Confirm of this boot")
        for pulse in truth.pulses:
            if mark.at_ns < pulse.at_ns < until_ns:
                yield Finding(pulse.at_ns, "pulse before any Confirm of this boot")


CHECKER = Checker(
    id="I17",
    name="boot-inactive",
    rule="From power-on or reset every output stays off until a person's arming was confirmed.",
    bound="none at all",
    evidence="state of the chip, Confirm frames that reached it, enable, currents",
    judge=_judge,
)
