"""I15: with a dead or hung controller the enable falls by itself, and the wires still stop."""

from __future__ import annotations

from collections.abc import Iterator

from hw_sim.checkers.base import NS_PER_MS, Checker, Finding
from hw_sim.checkers.facts import OFF_NS_MAX, Facts
from hw_sim.checkers.windows import AfterOff
from hw_sim.plant.panel import LOOP_MASK
from hw_sim.recorder import TruthRecorder

# GATE_LIFE_US after the last feed, the longest the enable may outlive its firmware.
HUNG_GATE_NS_MAX = 100 * NS_PER_MS
GONE = ("mcu hung", "mcu booting", "mcu off")


def _judge(truth: TruthRecorder, facts: Facts) -> Iterator[Finding]:
    del facts
    after = AfterOff(truth)
    states = [mark for mark in truth.marks if mark.text.startswith("mcu ")]
    for index, mark in enumerate(states):
        if not mark.text.startswith(GONE):
            continue
        if after.lasting(mark.at_ns, HUNG_GATE_NS_MAX) is not None:
            yield Finding(mark.at_ns, f"enable stayed on after {mark.text}")
        until_ns = states[index + 1].at_ns if index + 1 < len(states) else 1 << 62
        for at_ns, contacts in truth.levels("contacts"):
            is_open = contacts & LOOP_MASK != LOOP_MASK
            is_meanwhile = mark.at_ns <= at_ns < until_ns
            if is_meanwhile and is_open and after.lasting(at_ns, OFF_NS_MAX) is not None:
                yield Finding(at_ns, f"contacts {contacts:#x} stopped nothing after {mark.text}")


CHECKER = Checker(
    id="I15",
    name="hung-is-safe",
    rule="A controller that hangs, restarts or has no power lets go; contacts stop without it.",
    bound="100 ms without a feed (GATE_LIFE_US), 1 ms for a contact",
    evidence="state of the chip, true contacts, the controller's enable",
    judge=_judge,
)
